// What a seed stands for: a small system, its work, and what befalls it. Plain
// values; the same seed gives the same plan everywhere.
#ifndef MILLRACE_TESTS_CONFORMANCE_BUS_SIM_PLAN_H_
#define MILLRACE_TESTS_CONFORMANCE_BUS_SIM_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "bus/relay.h"
#include "bus/subscription.h"
#include "contract/event.h"
#include "tests/conformance/bus/sim/sim_log.h"

namespace millrace::bus::sim {

inline constexpr size_t kMaxRecordBytes = 4000;

// Something that befalls the system, beside what the faults' dice decide.
struct Step {
  enum class Kind {
    kCrash,      // a process is killed, and started again after `lasts`
    kStop,       // a process is drained and stopped, and started again
    kLose,       // a process's session in a group runs out, it learns so late
    kRebalance,  // a group gives its partitions out anew
    kAway,       // the log is away for `lasts`
    kPause,      // a process's listeners are paused for `lasts`
    kClock,      // the clock on the wall is set by an hour, forward or back
    kGarbage,    // somebody else publishes what is no event
  };

  absl::Duration at;
  Kind kind = Kind::kCrash;
  int process = 0;
  int group = 0;
  absl::Duration lasts;
  bool back = false;

  std::string ToString() const;
};

struct Plan {
  uint64_t seed = 0;
  int partitions = 1;
  int keys = 1;
  int processes = 1;
  int groups = 1;
  bool static_members = false;
  int transactions = 0;
  absl::Duration length;  // after which nothing befalls the system any more
  double rollback = 0;    // of a transaction
  double crash = 0;       // at each point where a process may be killed
  double special = 0;     // of an event, to be of a kind other than kPlain
  absl::Duration work;    // of a handler, up to
  Faults faults;
  RetryPolicy retry;
  SubscriptionOptions subscription;
  RelayOptions relay;
  std::vector<Step> steps;  // in the order of their times

  // For people who look for what went wrong.
  std::string ToString() const;
};

Plan MakePlan(uint64_t seed);

}  // namespace millrace::bus::sim

#endif  // MILLRACE_TESTS_CONFORMANCE_BUS_SIM_PLAN_H_
