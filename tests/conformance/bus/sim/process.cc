#include "tests/conformance/bus/sim/process.h"

#include <google/protobuf/wrappers.pb.h>

#include <iterator>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "bus/testing/forwarding.h"
#include "loop/combinators.h"

namespace millrace::bus::sim {
namespace {

constexpr absl::Duration kDrain = absl::Seconds(30);

constexpr Kind kSpecial[] = {Kind::kSlow,    Kind::kAway,  Kind::kFlaky,
                             Kind::kPoison,  Kind::kLarge, Kind::kDoomed,
                             Kind::kTooLarge};

}  // namespace

// Where a process may be killed around a Publish().
class Process::Gateway final : public ForwardingTransport {
 public:
  Gateway(Transport& inner, Process& process)
      : ForwardingTransport(inner), process_(process) {}

  Promise<void> Publish(std::vector<Record> records) override {
    return PublishIt(inner_, process_, std::move(records));
  }

 private:
  static Promise<void> PublishIt(Transport& inner, Process& process,
                                 std::vector<Record> records) {
    co_await process.PointOfDeath("before a publish");
    co_await inner.Publish(std::move(records));
    co_await process.PointOfDeath("after a publish");
  }

  Process& process_;
};

Process::Process(Stage& stage, int number, int life,
                 std::function<void()> on_killed)
    : stage_(stage),
      number_(number),
      name_(StrCat("p", number, ".", life)),
      on_killed_(std::move(on_killed)) {}

Process::~Process() = default;

void Process::Start() {
  stage_.Note(StrCat(name_, " starts"));
  transport_ = std::make_unique<SimTransport>(stage_.log, name_);
  if (stage_.mutant != nullptr) mutated_ = stage_.mutant->Wrap(*transport_);
  gateway_ = std::make_unique<Gateway>(
      mutated_ != nullptr ? *mutated_ : *transport_, *this);
  outbox_ = std::make_unique<Outbox>(*stage_.database, "/simulation");
  RelayOptions relay = stage_.plan.relay;
  relay.contracts.push_back(&stage_.contract.info());
  relay_ = std::make_unique<OutboxRelay>(stage_.loop, *outbox_, *gateway_,
                                         stage_.logger, stage_.metrics, relay);
  ThrowIfError(relay_->Start());
  BusOptions options;
  if (stage_.plan.static_members) options.instance_id = StrCat("p", number_);
  options.subscription = stage_.plan.subscription;
  bus_ = std::make_unique<Bus>(stage_.loop, *gateway_, stage_.logger,
                               stage_.metrics, options);
  for (const std::string& group : stage_.groups) {
    handlers_.push_back(std::make_unique<Handler>(stage_, *this, name_, group));
    EventListener* listener = handlers_.back().get();
    if (stage_.mutant != nullptr) {
      if (auto mutated = stage_.mutant->Wrap(*listener)) {
        listener = mutated.get();
        mutated_listeners_.push_back(std::move(mutated));
      }
    }
    ThrowIfError(bus_->Subscribe(stage_.contract.info(), group, *listener));
  }
}

void Process::Kill() {
  if (dying_ || dead_) return;
  dying_ = true;
  stage_.loop.SetImmediate([this] { Die(); });
}

void Process::Die() {
  if (dead_) return;
  stage_.Note(StrCat(name_, " is killed"));
  dead_ = true;
  transport_->Kill();
  relay_.reset();
  bus_.reset();
  died_.Abort(absl::CancelledError("the process was killed"));
  on_killed_();
}

Promise<void> Process::PointOfDeath(const char* where) {
  if (!dying_ && !dead_) {
    if (!stage_.chaos || !stage_.random.Chance(stage_.plan.crash)) {
      return Promise<void>::Resolve();
    }
    stage_.Note(StrCat(name_, " will be killed ", where));
    Kill();
  }
  // Rejects once it has died.
  return Delay(absl::Hours(1), died_.signal());
}

bool Process::IsLost() {
  return (dying_ || dead_) && stage_.random.Chance(0.5);
}

bool Process::idle() const {
  return transacting_ == 0 && handling() == 0 && transport_->publishing() == 0;
}

int Process::handling() const {
  int running = 0;
  for (const auto& handler : handlers_) running += handler->running();
  return running;
}

Promise<absl::Status> Process::Stop(std::shared_ptr<Process> self) {
  self->stage_.Note(StrCat(self->name_, " stops"));
  self->stopping_ = true;
  absl::Status outcome = co_await AsStatusOr(self->bus_->Drain(kDrain));
  if (!self->dead_) {
    outcome.Update(co_await AsStatusOr(self->relay_->Stop(kDrain)));
  }
  if (!self->dead_) {
    outcome.Update(co_await AsStatusOr(self->transport_->Close(kDrain)));
  }
  if (!self->dead_) {
    self->stage_.Note(StrCat(self->name_, " has stopped: ",
                             absl::StatusCodeToString(outcome.code())));
  }
  co_return outcome;
}

std::vector<Text> Process::NewEvents() {
  std::vector<Text> events(static_cast<size_t>(1 + stage_.random.Below(4)));
  for (Text& event : events) {
    event.key = StrCat("k", stage_.random.Below(stage_.plan.keys));
    if (stage_.random.Chance(stage_.plan.special)) {
      event.kind = kSpecial[stage_.random.Below(std::size(kSpecial))];
    }
  }
  return events;
}

void Process::Transact() {
  if (!alive()) return;
  std::vector<Text> events = NewEvents();
  const bool commit = !stage_.random.Chance(stage_.plan.rollback);
  TransactIt(*this, std::move(events), commit).Detach();
}

void Process::Emit(store::Tx& tx, const std::vector<Text>& events) {
  for (const Text& text : events) {
    google::protobuf::StringValue payload;
    payload.ParseFromString(PayloadOf(text));
    outbox_->Emit(tx, stage_.contract.info(), stage_.contract.said(), payload,
                  text.key);
  }
}

Promise<void> Process::TransactIt(Process& self, std::vector<Text> events,
                                  bool commit) {
  ++self.transacting_;
  Stage& stage = self.stage_;
  const bool apart = stage.mutant != nullptr && stage.mutant->EmitsApart();
  const auto work = [&self, &stage, &events, commit, apart](store::Tx& tx) {
    // Numbered here, where nothing else can commit any more.
    std::map<std::string, int> next;
    for (Text& text : events) {
      const auto [number, is_new] = next.try_emplace(text.key, 0);
      if (is_new) number->second = stage.ledger.NextNumber(text.key);
      text.number = number->second++;
      if (!commit) text.kind = Kind::kRolledBack;
      tx.Execute("INSERT INTO changes (text) VALUES (:text)",
                 store::Params{{"text", text.ToString()}});
    }
    if (!apart) self.Emit(tx, events);
    if (!commit || self.IsLost()) Throw(absl::AbortedError("rolled back"));
    tx.OnCommit([&stage, events] {
      for (const Text& text : events) {
        stage.Note(StrCat("committed: ", text.ToString()));
        stage.ledger.Committed(text);
      }
    });
  };
  Promise<void> changing = stage.database->Transact(work);
  (void)co_await AsStatusOr(std::move(changing));
  if (apart) {
    const auto emit = [&self, &events](store::Tx& tx) {
      self.Emit(tx, events);
    };
    Promise<void> emitting = stage.database->Transact(emit);
    (void)co_await AsStatusOr(std::move(emitting));
  }
  --self.transacting_;
}

}  // namespace millrace::bus::sim
