#include "tests/faults/service.h"

#include <fcntl.h>
#include <google/protobuf/wrappers.pb.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "base/status.h"
#include "base/strings.h"
#include "bus/kafka/kafka_transport.h"
#include "loop/combinators.h"
#include "tests/faults/ledger.h"

namespace millrace::faults {
namespace {

using google::protobuf::Message;
using google::protobuf::StringValue;

constexpr absl::Duration kAgain = absl::Milliseconds(50);
constexpr absl::Duration kMeasure = absl::Milliseconds(200);
constexpr absl::Duration kEndBound = absl::Seconds(10);
// Every so many transactions, one is rolled back.
constexpr int kRollBackEvery = 7;

const Message& Prototype() { return StringValue::default_instance(); }

std::string KeyOf(const Message& message) {
  const std::string& text = static_cast<const StringValue&>(message).value();
  return text.substr(0, text.find(' '));
}

}  // namespace

Service::Service(EventLoop& loop, Options options, Logger& logger)
    : loop_(loop),
      options_(std::move(options)),
      dead_letter_topic_(options_.topic + ".dead"),
      logger_(logger),
      mortal_(options_.die),
      said_{"Said", "test.v1.TestEvents.Said", Prototype, KeyOf} {
  contract_.full_name = "test.v1.TestEvents";
  contract_.topic = options_.topic;
  contract_.partitions = options_.partitions;
  contract_.retention = absl::Hours(24);
  contract_.retry = {5, absl::Milliseconds(20), absl::Milliseconds(500), 2};
  contract_.dead_letter_topic = dead_letter_topic_;
  contract_.events = absl::MakeConstSpan(&said_, 1);
}

Service::~Service() {
  if (acks_ >= 0) close(acks_);
}

Promise<void> Service::Start(Service& self) {
  bus::KafkaOptions kafka;
  kafka.brokers = self.options_.brokers;
  kafka.session_timeout = absl::Milliseconds(self.options_.session_ms);
  kafka.metadata_refresh = absl::Seconds(1);
  self.kafka_ =
      ValueOrThrow(bus::OpenKafka(self.loop_, std::move(kafka), self.logger_));
  self.transport_ = MakeMortal(*self.kafka_, self.options_.topic, self.mortal_);
  if (!self.options_.emit.empty()) co_await StartEmitting(self);
  if (!self.options_.apply.empty()) co_await StartApplying(self);
}

Promise<void> Service::OpenDatabase(
    Service& self, std::string url,
    std::unique_ptr<store::Database>* database) {
  store::DatabaseOptions options;
  options.url = std::move(url);
  *database = ValueOrThrow(
      store::Database::Open(self.loop_, options, self.logger_, self.metrics_));
  for (;;) {
    const absl::Status answers = co_await AsStatusOr((*database)->Ping());
    if (answers.ok()) break;
    co_await Delay(kAgain);
  }
  co_await (*database)->Migrate("ledger", LedgerMigrations());
  co_await (*database)->Migrate(bus::kOutboxModule, bus::Outbox::Migrations());
  co_await (*database)->Migrate(bus::kInboxModule, bus::Inbox::Migrations());
}

Promise<void> Service::StartEmitting(Service& self) {
  const Options& options = self.options_;
  co_await OpenDatabase(self, options.emit, &self.emit_database_);
  self.outbox_ = std::make_unique<bus::Outbox>(*self.emit_database_, "/faults");
  if (options.relay) {
    bus::RelayOptions relay;
    relay.shared = options.shared;
    relay.lease = absl::Milliseconds(options.lease_ms);
    relay.poll = absl::Milliseconds(500);
    relay.backoff.max = absl::Seconds(1);
    relay.contracts = {&self.contract_};
    self.relay_ = std::make_unique<bus::OutboxRelay>(
        self.loop_, *self.outbox_, *self.transport_, self.logger_,
        self.metrics_, relay);
    ThrowIfError(self.relay_->Start());
  }
  if (options.events == 0) co_return;
  if (!options.acks.empty()) {
    self.acks_ = open(options.acks.c_str(),
                      O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  }
  for (int lane = 0; lane < options.lanes; ++lane) Write(self, lane).Detach();
}

Promise<void> Service::StartApplying(Service& self) {
  co_await OpenDatabase(self, self.options_.apply, &self.apply_database_);
  self.inbox_ =
      std::make_unique<bus::Inbox>(*self.apply_database_, self.options_.group);
  bus::BusOptions options;
  options.source = "/faults";
  options.instance_id = self.options_.member;
  options.subscription.max_parallel = 64;
  options.subscription.revoke_bound = absl::Seconds(5);
  self.bus_ = std::make_unique<bus::Bus>(self.loop_, *self.transport_,
                                         self.logger_, self.metrics_, options);
  ThrowIfError(self.bus_->Subscribe(self.contract_, self.options_.group, self));
  Measure(self).Detach();
}

Promise<void> Service::Measure(Service& self) {
  while (!self.stopping_) {
    // While brokers are away there is no answer.
    (void)co_await AsStatusOr(self.bus_->Measure());
    co_await Delay(kMeasure);
  }
}

Promise<void> Service::Write(Service& self, int lane) {
  const Options& options = self.options_;
  std::vector<std::string> keys;
  for (int key = lane; key < options.keys; key += options.lanes) {
    keys.push_back(StrCat("k", key));
  }
  const absl::Duration pause =
      options.rate > 0
          ? absl::Seconds(1) * options.per_tx * options.lanes / options.rate
          : absl::ZeroDuration();
  const size_t count = std::max(1, options.per_tx);
  size_t idle = 0;  // keys in a row that had nothing left
  for (int round = 1; !self.stopping_ && idle < keys.size(); ++round) {
    std::vector<std::string> some;
    for (size_t i = 0; i < std::min(count, keys.size()); ++i) {
      some.push_back(keys[(round * count + i) % keys.size()]);
    }
    const size_t tried = some.size();
    const auto changed = co_await AsStatusOr(
        Change(self, std::move(some), round % kRollBackEvery == 0));
    // A key whose change was rolled back has something left.
    idle = changed.ok() && *changed == 0 ? idle + tried : 0;
    if (!changed.ok() && round % kRollBackEvery != 0) {
      self.logger_.Warning("a change failed; will try again",
                           {{"error", changed.status().ToString()}});
      co_await Delay(kAgain);
    }
    if (pause > absl::ZeroDuration()) co_await Delay(pause);
  }
}

Promise<int> Service::Change(Service& self, std::vector<std::string> keys,
                             bool roll_back) {
  const int64_t wanted = self.options_.events / self.options_.keys;
  const auto work = [&self, keys, wanted, roll_back](store::Tx& tx) {
    std::vector<std::string> lines;
    for (const std::string& key : keys) {
      int64_t number = AddChange(tx, key, wanted);
      if (number == 0) continue;
      if (roll_back) number += kRolledBack;
      StringValue payload;
      payload.set_value(StrCat(key, " ", number));
      self.outbox_->Emit(tx, self.contract_, self.said_, payload, key);
      lines.push_back(payload.value());
    }
    if (!lines.empty() && !roll_back) self.mortal_.At("before-commit");
    if (!lines.empty() && roll_back) {
      Throw(absl::InvalidArgumentError("to be rolled back"));
    }
    return lines;
  };
  // Apart from the co_await: within it, GCC 12 destroys captures twice.
  Promise<std::vector<std::string>> changing =
      self.emit_database_->Transact(work);
  const std::vector<std::string> lines = co_await std::move(changing);
  self.Acknowledge(lines);
  if (!lines.empty()) self.mortal_.At("after-commit");
  co_return static_cast<int>(lines.size());
}

void Service::Acknowledge(const std::vector<std::string>& lines) const {
  if (acks_ < 0 || lines.empty()) return;
  std::string text;
  for (const std::string& line : lines) StrAppend(&text, line, "\n");
  if (write(acks_, text.data(), text.size()) !=
      static_cast<ssize_t>(text.size())) {
    Throw(absl::InternalError("the file of acknowledged changes is full"));
  }
}

Promise<void> Service::Deliver(const EventEnvelope& event) {
  return Apply(*this, event);
}

Promise<void> Service::Apply(Service& self, const EventEnvelope& event) {
  if (self.options_.handler_ms > 0) {
    co_await Delay(absl::Milliseconds(self.options_.handler_ms));
  }
  StringValue payload;
  ThrowIfError(DecodePayload(event, &payload));
  const std::string& text = payload.value();
  int64_t number = 0;
  if (event.type != self.said_.type ||
      !absl::SimpleAtoi(text.substr(text.find(' ') + 1), &number)) {
    Throw(absl::InvalidArgumentError(
        StrCat("event ", event.id, " is no change: '", text, "'")));
  }
  const auto effects = [key = KeyOf(payload), number](store::Tx& tx) {
    AddApplied(tx, key, number);
  };
  Promise<bool> once = self.inbox_->Once(event, effects);
  co_await std::move(once);
  self.mortal_.At("after-effect");
}

Promise<Progress> Service::Look(Service& self) {
  Progress progress;
  if (self.emit_database_ != nullptr) {
    const auto count = [](store::Tx& tx) {
      return std::pair(Count(tx, "changes"), Count(tx, "millrace_outbox"));
    };
    std::tie(progress.committed, progress.waiting) =
        co_await self.emit_database_->Read(count);
  }
  if (self.apply_database_ != nullptr) {
    const auto count = [](store::Tx& tx) { return Count(tx, "applied"); };
    progress.applied = co_await self.apply_database_->Read(count);
  }
  co_return progress;
}

Promise<void> Service::Stop(Service& self) {
  self.stopping_ = true;
  std::vector<Promise<void>> ending;
  if (self.bus_ != nullptr) ending.push_back(self.bus_->Drain(kEndBound));
  if (self.relay_ != nullptr) ending.push_back(self.relay_->Stop(kEndBound));
  for (Promise<void>& one : ending) {
    const absl::Status status = co_await AsStatusOr(std::move(one));
    if (!status.ok()) {
      self.logger_.Warning("not everything was finished",
                           {{"error", status.ToString()}});
    }
  }
  (void)co_await AsStatusOr(self.transport_->Close(kEndBound));
  if (self.emit_database_ != nullptr) co_await self.emit_database_->Close();
  if (self.apply_database_ != nullptr) co_await self.apply_database_->Close();
}

}  // namespace millrace::faults
