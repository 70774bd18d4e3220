// The transport over Apache Kafka, by librdkafka on the loop: no thread of
// ours polls, events wake the loop through a descriptor.
//
// Everything here is for the loop's thread. `loop` and `logger` outlive the
// transport, the transport outlives its consumers.
//
// Beyond what Transport promises:
//   - Publish() rejects with UNAVAILABLE when the producer had to be replaced:
//     then everything outstanding is rejected, so that no record passes one of
//     its key that was given up. Publish again; records may come twice.
//   - A consumer with a member_id keeps its partitions for session_timeout
//     after Close(), so that a restart moves none; one without gives them up
//     at once. Two live members of one id: the older is shut out, its
//     partitions are revoked (kLost) and health() says so from then on.
//   - health() is UNAVAILABLE until the first answer and while the cluster is
//     away, and recovers by itself.
#ifndef MILLRACE_BUS_KAFKA_KAFKA_TRANSPORT_H_
#define MILLRACE_BUS_KAFKA_KAFKA_TRANSPORT_H_

#include <memory>

#include "absl/status/statusor.h"
#include "base/logger.h"
#include "bus/kafka/options.h"
#include "bus/transport.h"
#include "loop/event_loop.h"

namespace millrace::bus {

// Does not wait for the cluster, which may be away. INVALID_ARGUMENT names the
// option that is wrong.
absl::StatusOr<std::unique_ptr<Transport>> OpenKafka(EventLoop& loop,
                                                     KafkaOptions options,
                                                     Logger& logger);

// For tests of what follows: the producer of `transport`, which OpenKafka()
// made, fails as it does after a sequence out of step.
void FailProducerForTest(Transport& transport);

}  // namespace millrace::bus

#endif  // MILLRACE_BUS_KAFKA_KAFKA_TRANSPORT_H_
