#include "bus/loop_transport.h"

#include <utility>

#include "base/status.h"
#include "loop/abort.h"
#include "loop/channel.h"
#include "loop/combinators.h"

namespace millrace::bus {
namespace {

// Records that may wait between the loops.
constexpr size_t kTailRecords = 256;

absl::Status IsClosed() {
  return absl::UnavailableError("the bus of this loop is closed");
}

// Runs on the transport's loop until the tail ends, nobody reads any more or
// `stop` aborts.
Promise<void> Pump(Stream<Record> tail, ChannelSender<Record> sender,
                   AbortSignal stop) {
  const AbortSignal end = AbortSignal::Any({stop, sender.Cancelled()});
  try {
    for (;;) {
      Promise<std::optional<Record>> next = tail.Next();
      std::optional<Record> record = co_await WithSignal(std::move(next), end);
      if (!record.has_value()) break;
      co_await sender.Send(*std::move(record));
    }
    sender.Close();
  } catch (...) {
    if (stop.aborted()) {
      sender.Close();
    } else {
      sender.Fail(StatusFrom(std::current_exception()));
    }
  }
}

}  // namespace

// Touched and destroyed on the transport's loop only.
struct LoopTransport::AtHome {
  explicit AtHome(Transport& t) : transport(t) {}

  Transport& transport;
  std::optional<AbortController> stopping;  // ends this loop's tails

  AbortController& stop() {
    if (!stopping.has_value()) stopping.emplace();
    return *stopping;
  }
};

LoopTransport::LoopTransport(LoopRef home, Transport& transport)
    : home_(std::move(home)),
      at_home_(std::make_shared<AtHome>(transport)),
      health_(std::make_shared<absl::Status>()) {}

LoopTransport::~LoopTransport() {
  home_.Post([at = std::move(at_home_)] {});
}

Promise<void> LoopTransport::Publish(std::vector<Record> records) {
  if (closed_) return Promise<void>::Reject(IsClosed());
  return CallOn(home_, [at = at_home_, records = std::move(records)]() mutable {
    return at->transport.Publish(std::move(records));
  });
}

Promise<void> LoopTransport::EnsureTopics(std::vector<TopicSpec> topics) {
  if (closed_) return Promise<void>::Reject(IsClosed());
  return CallOn(home_, [at = at_home_, topics = std::move(topics)]() mutable {
    return at->transport.EnsureTopics(std::move(topics));
  });
}

absl::StatusOr<std::unique_ptr<Consumer>> LoopTransport::Join(GroupSpec,
                                                              ConsumerEvents&) {
  return absl::FailedPreconditionError(
      "events are handed to groups on the first loop of a process only; name "
      "the subscription with ModuleContext::Subscribe()");
}

Stream<Record> LoopTransport::Tail(std::vector<std::string> topics,
                                   TailFrom from, bool follow) {
  if (closed_) return Stream<Record>::Failed(IsClosed());
  auto [sender, stream] = MakeChannel<Record>(kTailRecords);
  // A home that is gone drops the sender, which fails the stream.
  home_.Post([at = at_home_, sender = std::move(sender),
              topics = std::move(topics), from, follow]() mutable {
    (void)Pump(at->transport.Tail(std::move(topics), from, follow),
               std::move(sender), at->stop().signal());
  });
  return std::move(stream);
}

Stream<Record> LoopTransport::TailAt(std::vector<TailStart> starts,
                                     bool follow) {
  if (closed_) return Stream<Record>::Failed(IsClosed());
  auto [sender, stream] = MakeChannel<Record>(kTailRecords);
  home_.Post([at = at_home_, sender = std::move(sender),
              starts = std::move(starts), follow]() mutable {
    (void)Pump(at->transport.TailAt(std::move(starts), follow),
               std::move(sender), at->stop().signal());
  });
  return std::move(stream);
}

Promise<std::vector<GroupOffset>> LoopTransport::Offsets(
    std::string group, std::vector<std::string> topics) {
  using Offsets = std::vector<GroupOffset>;
  if (closed_) return Promise<Offsets>::Reject(IsClosed());
  return CallOn(home_, [at = at_home_, group = std::move(group),
                        topics = std::move(topics)]() mutable {
    return at->transport.Offsets(std::move(group), std::move(topics));
  });
}

Promise<std::vector<std::string>> LoopTransport::Groups() {
  if (closed_) return Promise<std::vector<std::string>>::Reject(IsClosed());
  return CallOn(home_, [at = at_home_] { return at->transport.Groups(); });
}

absl::Status LoopTransport::health() {
  if (closed_) return IsClosed();
  (void)CallOn(home_, [at = at_home_] { return at->transport.health(); })
      .Then([health = health_](const absl::Status& now) { *health = now; },
            [health = health_](std::exception_ptr error) {
              *health = StatusFrom(error);
            });
  return *health_;
}

Promise<void> LoopTransport::Close(absl::Duration) {
  closed_ = true;
  return CallOn(home_, [at = at_home_] {
    at->stop().Abort(absl::CancelledError("the bus of a loop is closed"));
  });
}

}  // namespace millrace::bus
