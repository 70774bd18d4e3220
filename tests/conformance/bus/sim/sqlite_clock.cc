#include "tests/conformance/bus/sim/sqlite_clock.h"

#include <sqlite3.h>

#include <mutex>

namespace millrace::bus::sim {
namespace {

thread_local const Clock* thread_clock = nullptr;

// 1970 in SQLite's days, in milliseconds.
constexpr sqlite3_int64 kEpochMs = 210'866'760'000'000;

sqlite3_vfs* Original() {
  static sqlite3_vfs* const original = sqlite3_vfs_find(nullptr);
  return original;
}

int CurrentTimeMs(sqlite3_vfs*, sqlite3_int64* ms) {
  if (thread_clock == nullptr) {
    return Original()->xCurrentTimeInt64(Original(), ms);
  }
  *ms = kEpochMs + absl::ToUnixMillis(thread_clock->Now());
  return SQLITE_OK;
}

int CurrentTimeDays(sqlite3_vfs* vfs, double* days) {
  sqlite3_int64 ms = 0;
  const int result = CurrentTimeMs(vfs, &ms);
  *days = static_cast<double>(ms) / 86'400'000.0;
  return result;
}

}  // namespace

void UseSqliteClocks() {
  static std::once_flag once;
  std::call_once(once, [] {
    static sqlite3_vfs vfs = *Original();
    vfs.pNext = nullptr;
    vfs.zName = "millrace-simulated-time";
    vfs.xCurrentTime = CurrentTimeDays;
    vfs.xCurrentTimeInt64 = CurrentTimeMs;
    sqlite3_vfs_register(&vfs, 1);
  });
}

SqliteClock::SqliteClock(const Clock& clock) { thread_clock = &clock; }

SqliteClock::~SqliteClock() { thread_clock = nullptr; }

}  // namespace millrace::bus::sim
