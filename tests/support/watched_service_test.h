// ServiceTest and ServiceSuite for the platform's own services: whatever a test
// has the database run has to go by indexes (query_plan.h), statements of the
// test included.
#ifndef MILLRACE_TESTS_SUPPORT_WATCHED_SERVICE_TEST_H_
#define MILLRACE_TESTS_SUPPORT_WATCHED_SERVICE_TEST_H_

#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/query_plan.h"
#include "tests/support/service_test.h"

namespace millrace::testing {

// There before the database, and longer.
struct HasStatementWatch {
  StatementWatch watch;
};

template <typename Fixture>
class Watched : private HasStatementWatch, public Fixture {
 protected:
  template <typename... Args>
  explicit Watched(Args&&... args)
      : Fixture(std::forward<Args>(args)..., watch.Listener()) {}

  // For what only tests would do, or what is slow on purpose: all up to now, or
  // those that begin so.
  void ForgetStatements() { watch.Take(); }
  void IgnoreStatement(std::string beginning) {
    ignored_.push_back(std::move(beginning));
  }

  void TearDown() override {
    for (const Statement& statement : watch.Take()) {
      if (IsIgnored(statement.sql)) continue;
      const auto explain = [&](store::Tx& tx) {
        return StepsWithoutIndex(tx.dialect(),
                                 ExplainForAnySize(tx, statement));
      };
      const auto steps = this->Await(this->database_->Transact(explain));
      // The test has closed the database, or dropped a table.
      if (!steps.ok()) continue;
      EXPECT_THAT(*steps, ::testing::IsEmpty()) << statement.sql;
    }
    Fixture::TearDown();
  }

 private:
  bool IsIgnored(const std::string& sql) const {
    // The relay alone reads an outbox: see libs/bus/plan_test.cc.
    if (sql.find(" FROM millrace_outbox") != sql.npos) return true;
    return std::any_of(
        ignored_.begin(), ignored_.end(),
        [&](const std::string& part) { return sql.starts_with(part); });
  }

  std::vector<std::string> ignored_;
};

}  // namespace millrace::testing

#endif  // MILLRACE_TESTS_SUPPORT_WATCHED_SERVICE_TEST_H_
