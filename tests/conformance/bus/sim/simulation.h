// One run: the system that a seed stands for, on a virtual clock, from its
// start through its faults until it is quiet.
//
// The system is made of the real outbox, relay, bus, subscriptions and inbox
// on SQLite in memory; simulated are the log, the clocks, the processes and the
// dice. A loop and a database of its own on the calling thread.
#ifndef MILLRACE_TESTS_CONFORMANCE_BUS_SIM_SIMULATION_H_
#define MILLRACE_TESTS_CONFORMANCE_BUS_SIM_SIMULATION_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/conformance/bus/sim/mutant.h"
#include "tests/conformance/bus/sim/plan.h"

namespace millrace::bus::sim {

struct Outcome {
  Plan plan;
  std::vector<std::string> failures;  // empty: everything held
  uint64_t digest = 0;                // of the trace
  std::vector<std::string> trace;     // its end, or all of it
  int64_t committed = 0;              // events
  int64_t applied = 0;
  int64_t letters = 0;
  int64_t deliveries = 0;
  int64_t lives = 0;  // processes that were started

  // The failures, the plan, the end of the trace and how to run it alone.
  std::string ToString() const;
};

struct RunOptions {
  std::shared_ptr<Mutant> mutant;
  bool whole_trace = false;
};

Outcome RunSeed(uint64_t seed, const RunOptions& options = {});

struct Summary {
  std::vector<Outcome> failed;  // at most a few; in the order of their seeds
  int64_t runs = 0;
  int64_t committed = 0;
  int64_t applied = 0;
  int64_t letters = 0;
  int64_t deliveries = 0;
  int64_t lives = 0;

  std::string ToString() const;
};

// The seeds from `first` on, on as many threads; stops after a few failures.
Summary RunSeeds(uint64_t first, int64_t count, int threads,
                 const RunOptions& options = {});

}  // namespace millrace::bus::sim

#endif  // MILLRACE_TESTS_CONFORMANCE_BUS_SIM_SIMULATION_H_
