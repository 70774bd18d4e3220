#include "runtime/bus_host.h"

#include <filesystem>

#include "base/status.h"
#include "base/strings.h"
#include "bus/kafka/kafka_transport.h"
#include "bus/local/local_transport.h"
#include "loop/combinators.h"
#include "runtime/kafka_options.h"
#include "runtime/retry.h"

namespace millrace::runtime {
namespace {

constexpr char kNeed[] = "bus";

bus::Expired ExpiredFrom(std::string_view name) {
  if (name == "dead_letter") return bus::Expired::kDeadLetter;
  if (name == "deliver") return bus::Expired::kDeliver;
  return bus::Expired::kPassOver;
}

bus::BusOptions OptionsOf(const HostParts& parts) {
  const Config& config = parts.config;
  bus::BusOptions options;
  options.spans = &parts.spans;
  if (config.bus().transport() == "kafka") {
    options.instance_id = config.bus().kafka().member_id();
  }
  options.subscription.max_parallel = config.bus().max_parallel();
  options.subscription.max_in_flight = config.bus().max_in_flight();
  options.subscription.max_in_flight_bytes = config.bus().max_in_flight_bytes();
  const absl::Duration retry_for = DurationOf(config.bus().retry_for());
  options.subscription.retry_for =
      retry_for > absl::ZeroDuration() ? retry_for : absl::InfiniteDuration();
  const absl::Duration unavailable_for =
      DurationOf(config.bus().unavailable_for());
  options.subscription.unavailable_for = unavailable_for > absl::ZeroDuration()
                                             ? unavailable_for
                                             : absl::InfiniteDuration();
  options.subscription.slow_after = DurationOf(config.bus().slow_after());
  options.max_in_flight_total = config.bus().max_in_flight_total();
  options.max_in_flight_bytes_total = config.bus().max_in_flight_bytes_total();
  options.subscription.expired = ExpiredFrom(config.bus().expired());
  return options;
}

}  // namespace

BusHost::BusHost(HostParts& parts, bus::Transport* transport)
    : parts_(parts), logger_(parts.logger("millrace")), transport_(transport) {
  parts_.readiness.Need(kNeed);
}

BusHost::~BusHost() = default;

void BusHost::Use(std::unique_ptr<bus::Transport> transport) {
  own_ = std::move(transport);
  transport_ = own_.get();
}

Promise<void> BusHost::Open(AbortSignal stop) {
  for (int failures = 1; transport_ == nullptr; ++failures) {
    const absl::Status status = co_await AsStatusOr(OpenTransport());
    if (!status.ok()) co_await WaitOut(status, failures, stop);
  }
  bus_ = std::make_unique<bus::Bus>(parts_.loop, *transport_, logger_,
                                    parts_.metrics, OptionsOf(parts_));
}

Promise<void> BusHost::MakeTopics(std::vector<const ContractInfo*> contracts,
                                  AbortSignal stop) {
  for (int failures = 1; !complete_; ++failures) {
    const absl::Status status = co_await AsStatusOr(DeclareAll(contracts));
    if (!status.ok()) co_await WaitOut(status, failures, stop);
    complete_ = status.ok();
  }
  Check();
}

Promise<void> BusHost::DeclareAll(
    const std::vector<const ContractInfo*>& contracts) {
  for (const ContractInfo* contract : contracts) {
    co_await bus_->Declare(*contract);
  }
}

Promise<void> BusHost::WaitOut(absl::Status status, int failures,
                               AbortSignal stop) {
  if (!IsTransient(status)) {
    Throw(absl::Status(status.code(),
                       StrCat("the bus cannot be used: ", MessageOf(status))));
  }
  parts_.readiness.Set(kNeed, status);
  co_await Delay(PauseAfter(failures), stop);
}

Promise<void> BusHost::OpenTransport() {
  if (parts_.config.bus().transport() == "kafka") {
    own_ = ValueOrThrow(
        bus::OpenKafka(parts_.loop, KafkaOptionsOf(parts_.config), logger_));
  } else {
    co_await OpenLocal();
  }
  transport_ = own_.get();
}

Promise<void> BusHost::OpenLocal() {
  if (database_ == nullptr) {
    std::filesystem::path file = parts_.config.bus().local().path();
    if (file.empty()) {
      file = std::filesystem::path(parts_.config.data_dir()) / "bus.db";
    }
    store::DatabaseOptions options;
    options.url = StrCat("sqlite://", std::filesystem::absolute(file).string());
    database_ = ValueOrThrow(store::Database::Open(
        parts_.loop, std::move(options), logger_, parts_.metrics));
  }
  own_ = co_await bus::local::LocalTransport::Open(
      parts_.loop, *database_, parts_.clock, logger_, parts_.metrics);
}

void BusHost::Check() {
  if (complete_) parts_.readiness.Set(kNeed, transport_->health());
}

Promise<void> BusHost::Measure() {
  if (bus_ != nullptr) bus_->ShowHeld();
  if (!complete_ || !transport_->health().ok()) co_return;
  // Without an answer the metrics stay as they were; Check() says why.
  (void)co_await AsStatusOr(bus_->Measure());
}

void BusHost::Forget() { bus_.reset(); }

Promise<void> BusHost::Drain(absl::Duration bound) {
  if (bus_ == nullptr) return Promise<void>::Resolve();
  return bus_->Drain(bound);
}

Promise<void> BusHost::Close(absl::Duration bound) {
  complete_ = false;
  if (transport_ != nullptr) co_await transport_->Close(bound);
  if (database_ != nullptr) co_await database_->Close();
}

}  // namespace millrace::runtime
