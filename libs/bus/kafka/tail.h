// Reads topics without a group, into a stream. Loop thread only.
#ifndef MILLRACE_BUS_KAFKA_TAIL_H_
#define MILLRACE_BUS_KAFKA_TAIL_H_

#include <functional>
#include <string>
#include <vector>

#include "bus/kafka/environment.h"
#include "bus/kafka/reachability.h"
#include "bus/transport.h"
#include "loop/stream.h"

namespace millrace::bus::kafka {

// As Transport::Tail(). `client` gives the instance to ask where the partitions
// begin and end; it is called only until the environment is closed. While the
// cluster does not answer, the opening is tried again for a while, then the
// stream fails with UNAVAILABLE; once open it waits for ever. Partitions that
// are added later are not read.
Stream<Record> OpenTail(Environment& environment, Reachability& reachability,
                        std::function<Handle()> client,
                        std::vector<std::string> topics, TailFrom from,
                        bool follow);

}  // namespace millrace::bus::kafka

#endif  // MILLRACE_BUS_KAFKA_TAIL_H_
