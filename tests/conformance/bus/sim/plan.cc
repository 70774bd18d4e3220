#include "tests/conformance/bus/sim/plan.h"

#include <algorithm>

#include "base/strings.h"
#include "tests/conformance/bus/sim/random.h"

namespace millrace::bus::sim {
namespace {

absl::Duration Some(Random& random, int64_t from_ms, int64_t to_ms) {
  return absl::Milliseconds(from_ms + random.Below(to_ms - from_ms + 1));
}

// Half of the plans do without a fault, so that others show alone, too.
double Maybe(Random& random, double most) {
  if (random.Chance(0.5)) return 0;
  return most * static_cast<double>(random.Below(1000)) / 1000;
}

Faults MakeFaults(Random& random) {
  Faults faults;
  faults.delay = Some(random, 1, random.Chance(0.2) ? 3'000 : 100);
  faults.batch = static_cast<int>(1 + random.Below(30));
  faults.max_record_bytes = kMaxRecordBytes;
  faults.refuse = Maybe(random, 0.3);
  faults.lose_ack = Maybe(random, 0.3);
  faults.cut = Maybe(random, 0.3);
  faults.hold = Maybe(random, 1);
  faults.rewind = Maybe(random, 0.3);
  faults.shuffle = random.Chance(0.5);
  faults.commit_delay = Some(random, 1, 2'000);
  faults.revoke_bound = Some(random, 100, 10'000);
  faults.session = Some(random, 100, 10'000);
  return faults;
}

Step MakeStep(Random& random, const Plan& plan) {
  Step step;
  step.at = Some(random, 0, absl::ToInt64Milliseconds(plan.length));
  step.kind = static_cast<Step::Kind>(random.Below(8));
  step.process = static_cast<int>(random.Below(plan.processes));
  step.group = static_cast<int>(random.Below(plan.groups));
  step.lasts = Some(random, 10, random.Chance(0.2) ? 10'000 : 1'000);
  step.back = random.Chance(0.5);
  return step;
}

std::string Seconds(absl::Duration duration) {
  return absl::FormatDuration(duration);
}

}  // namespace

Plan MakePlan(uint64_t seed) {
  Random random(seed);
  Plan plan;
  plan.seed = seed;
  plan.partitions = static_cast<int>(1 + random.Below(5));
  plan.keys = static_cast<int>(1 + random.Below(8));
  plan.processes = static_cast<int>(1 + random.Below(3));
  plan.groups = static_cast<int>(1 + random.Below(2));
  plan.static_members = random.Chance(0.5);
  plan.transactions = static_cast<int>(5 + random.Below(30));
  plan.length = Some(random, 3'000, 30'000);
  plan.rollback = Maybe(random, 0.4);
  plan.crash = Maybe(random, 0.02);
  plan.special = Maybe(random, 0.4);
  plan.work = Some(random, 0, random.Chance(0.3) ? 3'000 : 50);
  plan.faults = MakeFaults(random);
  plan.retry = {static_cast<int>(1 + random.Below(4)), Some(random, 1, 100),
                Some(random, 100, 2'000), 2};
  plan.subscription.max_parallel = static_cast<int>(1 + random.Below(20));
  plan.subscription.max_in_flight = static_cast<size_t>(1 + random.Below(40));
  plan.subscription.max_in_flight_bytes =
      1'000 + static_cast<size_t>(random.Below(40'000));
  plan.subscription.max_uncommitted =
      plan.subscription.max_in_flight + static_cast<size_t>(random.Below(40));
  plan.subscription.slow_after =
      random.Chance(0.5) ? absl::ZeroDuration() : Some(random, 1, 3'000);
  plan.subscription.retry_for = absl::Minutes(30);
  plan.subscription.revoke_bound = Some(random, 50, 10'000);
  plan.relay.batch_rows = static_cast<int>(1 + random.Below(20));
  plan.relay.backoff = {Some(random, 10, 200), Some(random, 200, 2'000), 2};
  plan.relay.shared = true;
  plan.relay.lease = Some(random, 1'000, 20'000);
  plan.relay.poll = Some(random, 50, 2'000);
  const int steps = static_cast<int>(random.Below(12));
  for (int i = 0; i < steps; ++i) plan.steps.push_back(MakeStep(random, plan));
  std::stable_sort(plan.steps.begin(), plan.steps.end(),
                   [](const Step& a, const Step& b) { return a.at < b.at; });
  return plan;
}

std::string Step::ToString() const {
  const std::string when = StrCat("  at ", Seconds(at), " ");
  const std::string whom = StrCat("process ", process);
  const std::string time = StrCat(" for ", Seconds(lasts));
  switch (kind) {
    case Kind::kCrash:
      return StrCat(when, whom, " is killed", time);
    case Kind::kStop:
      return StrCat(when, whom, " is stopped", time);
    case Kind::kLose:
      return StrCat(when, whom, " loses its session in group ", group,
                    " and learns it within ", Seconds(lasts));
    case Kind::kRebalance:
      return StrCat(when, "group ", group, " rebalances");
    case Kind::kAway:
      return StrCat(when, "the log is away", time);
    case Kind::kPause:
      return StrCat(when, whom, " is paused", time);
    case Kind::kClock:
      return StrCat(when, "the clock is set ", back ? "back" : "forward",
                    " by an hour");
    case Kind::kGarbage:
      return StrCat(when, "garbage is published");
  }
  return when;
}

std::string Plan::ToString() const {
  std::string text = StrCat(
      "seed ", seed, ": ", processes, " processes, ", groups, " groups",
      static_members ? " of static members, " : ", ", partitions,
      " partitions, ", keys, " keys, ", transactions, " transactions within ",
      Seconds(length), "\n  rolled back ", rollback, ", killed at a point ",
      crash, ", special events ", special, ", work up to ", Seconds(work),
      "\n  log: delay ", Seconds(faults.delay), ", batch ", faults.batch,
      ", refuse ", faults.refuse, ", lose the answer ", faults.lose_ack,
      ", cut ", faults.cut, ", hold ", faults.hold, ", rewind ", faults.rewind,
      faults.shuffle ? ", shuffle" : "", ", commits durable after ",
      Seconds(faults.commit_delay), ", revoke bound ",
      Seconds(faults.revoke_bound), ", session ", Seconds(faults.session));
  StrAppend(
      &text, "\n  subscription: attempts ", retry.max_attempts, ", backoff ",
      Seconds(retry.initial_backoff), " to ", Seconds(retry.max_backoff),
      ", parallel ", subscription.max_parallel, ", in flight ",
      subscription.max_in_flight, ", bytes ", subscription.max_in_flight_bytes,
      ", uncommitted ", subscription.max_uncommitted, ", slow after ",
      Seconds(subscription.slow_after), ", revoke bound ",
      Seconds(subscription.revoke_bound), "\n  relay: batch ", relay.batch_rows,
      ", lease ", Seconds(relay.lease), ", poll ", Seconds(relay.poll), "\n");
  for (const Step& step : steps) StrAppend(&text, step.ToString(), "\n");
  return text;
}

}  // namespace millrace::bus::sim
