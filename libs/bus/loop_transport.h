// A transport of one loop, for the code of another: each call is made on the
// loop that has the transport, and settles on the one that called.
//
// For publishing, tailing and asking. Consumer groups are joined on the
// transport's own loop: Join() fails with FAILED_PRECONDITION. Order holds as
// for one caller: calls arrive in their order.
//
// Made, used and destroyed on the calling loop. The transport, and its loop,
// are there until Close() has resolved.
#ifndef MILLRACE_BUS_LOOP_TRANSPORT_H_
#define MILLRACE_BUS_LOOP_TRANSPORT_H_

#include <memory>
#include <string>
#include <vector>

#include "bus/transport.h"
#include "loop/loop_ref.h"

namespace millrace::bus {

class LoopTransport final : public Transport {
 public:
  // `transport` belongs to the loop of `home`; it is touched there only.
  LoopTransport(LoopRef home, Transport& transport);
  ~LoopTransport() override;

  Promise<void> Publish(std::vector<Record> records) override;
  Promise<void> EnsureTopics(std::vector<TopicSpec> topics) override;
  absl::StatusOr<std::unique_ptr<Consumer>> Join(
      GroupSpec spec, ConsumerEvents& events) override;
  Stream<Record> Tail(std::vector<std::string> topics, TailFrom from,
                      bool follow) override;
  Stream<Record> TailAt(std::vector<TailStart> starts, bool follow) override;
  Promise<std::vector<GroupOffset>> Offsets(
      std::string group, std::vector<std::string> topics) override;
  Promise<std::vector<std::string>> Groups() override;
  // What the transport said when this was asked for last; asks anew.
  absl::Status health() override;
  // Ends the tails of this loop; the transport itself goes on.
  Promise<void> Close(absl::Duration bound) override;

 private:
  struct AtHome;

  const LoopRef home_;
  // The transport and what there is of it for this loop.
  std::shared_ptr<AtHome> at_home_;
  const std::shared_ptr<absl::Status> health_;
  bool closed_ = false;
};

}  // namespace millrace::bus

#endif  // MILLRACE_BUS_LOOP_TRANSPORT_H_
