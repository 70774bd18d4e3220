// What the processes of a simulation share: loop, clocks, log, database,
// ledger and dice. Loop thread only.
#ifndef MILLRACE_TESTS_CONFORMANCE_BUS_SIM_STAGE_H_
#define MILLRACE_TESTS_CONFORMANCE_BUS_SIM_STAGE_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/logger.h"
#include "base/metrics.h"
#include "loop/event_loop.h"
#include "loop/testing/virtual_time.h"
#include "store/database.h"
#include "tests/conformance/bus/sim/ledger.h"
#include "tests/conformance/bus/sim/mutant.h"
#include "tests/conformance/bus/sim/plan.h"
#include "tests/conformance/bus/sim/random.h"
#include "tests/conformance/bus/sim/sim_log.h"
#include "tests/conformance/bus/sim/sqlite_clock.h"
#include "tests/conformance/bus/support.h"

namespace millrace::bus::sim {

class Stage {
 public:
  Stage(Plan plan, std::shared_ptr<Mutant> mutant, bool whole_trace);
  ~Stage();
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  void Note(const std::string& text);
  static Promise<void> Open(Stage& stage);

  const Plan plan;
  const std::shared_ptr<Mutant> mutant;  // or null
  EventLoop loop;
  VirtualTime time;
  SqliteClock sqlite_clock;
  NullLogger logger;
  NullMetrics metrics;
  Random random;
  const std::shared_ptr<SimLog> log;
  const conformance::TestContract contract;
  Ledger ledger;
  std::unique_ptr<store::Database> database;
  std::vector<std::string> groups;
  // False once nothing is to befall the system any more.
  bool chaos = true;

  uint64_t digest = 14695981039346656037u;
  std::deque<std::string> trace;

 private:
  const bool whole_trace_;
};

}  // namespace millrace::bus::sim

#endif  // MILLRACE_TESTS_CONFORMANCE_BUS_SIM_STAGE_H_
