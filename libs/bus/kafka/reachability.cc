#include "bus/kafka/reachability.h"

#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "bus/kafka/errors.h"

namespace millrace::bus::kafka {
namespace {

constexpr int kProbeTimeoutMs = 3000;
constexpr absl::Duration kProbeInterval = absl::Seconds(1);
// After this much silence a reachable cluster is probed when it is asked for.
constexpr int64_t kStaleMs = 5000;

}  // namespace

Reachability::Reachability(Environment& environment,
                           std::function<Handle()> client)
    : environment_(environment),
      client_(std::move(client)),
      self_(std::make_shared<Reachability*>(this)) {}

Reachability::~Reachability() {
  Stop();
  *self_ = nullptr;
}

absl::Status Reachability::status() {
  if (!reachable_) {
    return absl::UnavailableError(
        StrCat("broker ", environment_.options.brokers, " is away: ", reason_));
  }
  if (environment_.loop.TimeMs() - last_good_ms_ > kStaleMs) Probe();
  return absl::OkStatus();
}

bool Reachability::known_away() const { return told_away_; }

void Reachability::Good() {
  last_good_ms_ = environment_.loop.TimeMs();
  if (!reachable_) Settle(true);
}

void Reachability::Suspect(std::string reason) {
  reason_ = std::move(reason);
  if (!next_.active()) Probe();
}

void Reachability::Stop() {
  stopped_ = true;
  next_.Clear();
}

void Reachability::Probe() {
  if (probing_ || stopped_) return;
  Handle client = client_();
  if (client == nullptr) return OnProbe(absl::UnavailableError(reason_));
  probing_ = true;
  auto done = [self = self_](const absl::Status& result) {
    if (*self != nullptr) (*self)->OnProbe(result);
  };
  (void)environment_.calls
      .Run([client = std::move(client)]() mutable {
        const Handle mine = std::move(client);
        const struct rd_kafka_metadata* metadata = nullptr;
        const rd_kafka_resp_err_t error = rd_kafka_metadata(
            mine.get(), 0, nullptr, &metadata, kProbeTimeoutMs);
        if (metadata != nullptr) rd_kafka_metadata_destroy(metadata);
        return ToStatus(error, "no answer to a request for metadata");
      })
      .Then(done,
            [done](std::exception_ptr error) { done(StatusFrom(error)); });
}

void Reachability::OnProbe(absl::Status result) {
  probing_ = false;
  if (stopped_) return;
  if (result.ok()) {
    reason_.clear();
    return Good();
  }
  if (reason_.empty()) reason_ = std::string(MessageOf(result));
  Settle(false);
  next_ = environment_.loop.SetTimeout(kProbeInterval, [this] { Probe(); });
  next_.Unref();
}

void Reachability::Settle(bool reachable) {
  reachable_ = reachable;
  if (reachable) next_.Clear();
  if (told_away_ != reachable) return;
  told_away_ = !reachable;
  const std::string& brokers = environment_.options.brokers;
  if (reachable) {
    environment_.logger.Info("Kafka is back", {{"brokers", brokers}});
  } else {
    environment_.logger.Warning("Kafka is away",
                                {{"brokers", brokers}, {"reason", reason_}});
  }
}

}  // namespace millrace::bus::kafka
