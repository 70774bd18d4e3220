// What SQLite takes for now (julianday('now') and its like) on this thread,
// while it lives: the clock of a simulation. For databases that were opened
// after UseSqliteClocks() and whose transactions run on this thread.
#ifndef MILLRACE_TESTS_CONFORMANCE_BUS_SIM_SQLITE_CLOCK_H_
#define MILLRACE_TESTS_CONFORMANCE_BUS_SIM_SQLITE_CLOCK_H_

#include "base/clock.h"

namespace millrace::bus::sim {

// Once per process, before the first SqliteClock; any thread. Threads without
// a SqliteClock keep the system's time.
void UseSqliteClocks();

class SqliteClock {
 public:
  explicit SqliteClock(const Clock& clock);
  ~SqliteClock();
  SqliteClock(const SqliteClock&) = delete;
  SqliteClock& operator=(const SqliteClock&) = delete;
};

}  // namespace millrace::bus::sim

#endif  // MILLRACE_TESTS_CONFORMANCE_BUS_SIM_SQLITE_CLOCK_H_
