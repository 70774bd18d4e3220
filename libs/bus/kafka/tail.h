// Reads topics without a group, into a stream. Loop thread only.
#ifndef MILLRACE_BUS_KAFKA_TAIL_H_
#define MILLRACE_BUS_KAFKA_TAIL_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "bus/kafka/environment.h"
#include "bus/kafka/reachability.h"
#include "bus/transport.h"
#include "loop/stream.h"

namespace millrace::bus::kafka {

struct TailSpec {
  std::vector<std::string> topics;
  TailFrom from = TailFrom::kEnd;
  // In place of topics and `from`: these partitions alone, each from this
  // offset on.
  std::optional<absl::flat_hash_map<TopicPartition, int64_t>> starts;
  bool follow = true;
};

// As Transport::Tail() and TailAt(). `client` gives the instance to ask where
// the partitions begin and end; it is called only until the environment is
// closed. While the cluster does not answer, the opening is tried again for a
// while, then the stream fails with UNAVAILABLE; once open it waits for ever.
// Partitions that are added later are not read.
Stream<Record> OpenTail(Environment& environment, Reachability& reachability,
                        std::function<Handle()> client, TailSpec spec);

}  // namespace millrace::bus::kafka

#endif  // MILLRACE_BUS_KAFKA_TAIL_H_
