// Databases that a suite of tests runs on, as values of a parameterized test.
#ifndef MILLRACE_TESTS_SUPPORT_DATABASE_BACKEND_H_
#define MILLRACE_TESTS_SUPPORT_DATABASE_BACKEND_H_

#include <functional>
#include <ostream>
#include <string>

#include <gtest/gtest.h>

#include "absl/status/statusor.h"

namespace millrace::testing {

struct Backend {
  std::string name;
  // The URL of an empty database, which lives as long as the test; or why there
  // is none, for GTEST_SKIP.
  std::function<absl::StatusOr<std::string>()> fresh;
};

inline Backend SqliteBackend() {
  return {"Sqlite", [] { return std::string("sqlite::memory:"); }};
}

// The databases of SharedPostgres(). In millrace_test_postgres.
Backend PostgresBackend();

class PostgresServer;

// One server for the program, which the first test that wants it starts and the
// end of the program stops; or why there is none.
absl::StatusOr<PostgresServer*> SharedPostgres();

// The name of a test case must not change from run to run.
inline void PrintTo(const Backend& backend, std::ostream* out) {
  *out << backend.name;
}

inline std::string NameOf(const ::testing::TestParamInfo<Backend>& info) {
  return info.param.name;
}

}  // namespace millrace::testing

#endif  // MILLRACE_TESTS_SUPPORT_DATABASE_BACKEND_H_
