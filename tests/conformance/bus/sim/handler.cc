#include "tests/conformance/bus/sim/handler.h"

#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "loop/combinators.h"

namespace millrace::bus::sim {

Handler::Handler(Stage& stage, Killable& process, std::string process_name,
                 std::string group)
    : stage_(stage),
      process_(process),
      name_(StrCat(process_name, "/", group)),
      group_(group),
      inbox_(*stage.database, std::move(group)) {}

Promise<void> Handler::Handle(Handler& self, const EventEnvelope& event) {
  Text text;
  if (!ParseText(event.payload, &text)) {
    Throw(absl::DataLossError("this is no text"));
  }
  ++self.stage_.ledger.deliveries;
  ++self.running_;
  if (++self.running_of_key_[text.key] > 1) {
    self.stage_.ledger.Fail(StrCat(self.name_, " handles two events of key ",
                                   text.key, " at once: ", text.ToString()));
  }
  const absl::Status status = co_await AsStatusOr(Work(self, event, text));
  --self.running_of_key_[text.key];
  --self.running_;
  ThrowIfError(status);
}

Promise<void> Handler::Work(Handler& self, const EventEnvelope& event,
                            Text text) {
  Stage& stage = self.stage_;
  absl::Duration work = stage.random.UpTo(stage.plan.work);
  if (text.kind == Kind::kSlow && stage.chaos) work += absl::Seconds(12);
  if (work > absl::ZeroDuration()) {
    co_await Delay(work, self.process_.died());
  }
  if (absl::Status failure = self.Failure(text); !failure.ok()) {
    stage.Note(StrCat(self.name_, " fails ", text.ToString()));
    Throw(failure);
  }
  co_await self.process_.PointOfDeath("before an effect");
  const auto effect = [&self, text](store::Tx& tx) { self.Apply(tx, text); };
  // Apart from the co_await: within it, GCC 12 destroys captures twice.
  Promise<bool> once = self.inbox_.Once(event, effect);
  const bool first = co_await std::move(once);
  if (!first) stage.Note(StrCat(self.name_, " has seen ", text.ToString()));
  co_await self.process_.PointOfDeath("after an effect");
}

absl::Status Handler::Failure(const Text& text) {
  const auto fails_first = [&](int64_t times) {
    int& failures = failures_[text.ToString()];
    return failures < times && (++failures, true);
  };
  switch (text.kind) {
    case Kind::kPoison:
    case Kind::kLarge:
      return absl::InvalidArgumentError("never right");
    case Kind::kDoomed:
      return absl::InternalError("never works");
    case Kind::kFlaky:
      if (fails_first(stage_.plan.retry.max_attempts - 1)) {
        return absl::InternalError("not yet");
      }
      break;
    case Kind::kAway:
      if (fails_first(3)) return absl::UnavailableError("something is away");
      break;
    default:
      break;
  }
  return absl::OkStatus();
}

void Handler::Apply(store::Tx& tx, const Text& text) {
  if (process_.IsLost()) Throw(absl::AbortedError("killed before the commit"));
  tx.Execute("INSERT INTO applied (consumer, text) VALUES (:consumer, :text)",
             store::Params{{"consumer", group_}, {"text", text.ToString()}});
  if (stage_.mutant != nullptr) stage_.mutant->AfterEffect(tx);
  tx.OnCommit([this, text] {
    stage_.Note(StrCat(name_, " applies ", text.ToString()));
    stage_.ledger.Applied(group_, text);
  });
}

}  // namespace millrace::bus::sim
