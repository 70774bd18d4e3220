// Where partitions begin and end, and how far a group has come. Asked for on a
// thread of the environment's pool, because librdkafka 2.0.2 gives it only to
// who waits. Both are called on the loop; the promises settle there.
#ifndef MILLRACE_BUS_KAFKA_OFFSETS_H_
#define MILLRACE_BUS_KAFKA_OFFSETS_H_

#include <string>
#include <vector>

#include "bus/kafka/environment.h"
#include "bus/transport.h"
#include "loop/promise.h"

namespace millrace::bus::kafka {

// Every partition of `topics`, `committed` unset. NOT_FOUND names the topic
// that does not exist; UNAVAILABLE when the cluster does not answer.
Promise<std::vector<GroupOffset>> Watermarks(Environment& environment,
                                             Handle client,
                                             std::vector<std::string> topics);

// The same with what `group` committed.
Promise<std::vector<GroupOffset>> CommittedOffsets(
    Environment& environment, Handle client, std::string group,
    std::vector<std::string> topics);

// The consumer groups of the cluster, by name. UNAVAILABLE when a broker does
// not answer, for each knows a part of them.
Promise<std::vector<std::string>> GroupNames(Environment& environment,
                                             Handle client);

}  // namespace millrace::bus::kafka

#endif  // MILLRACE_BUS_KAFKA_OFFSETS_H_
