// ServiceTest and ServiceSuite for the platform's own services: whatever a test
// has the database run has to go by indexes (query_plan.h), statements of the
// test included.
#ifndef MILLRACE_TESTS_SUPPORT_WATCHED_SERVICE_TEST_H_
#define MILLRACE_TESTS_SUPPORT_WATCHED_SERVICE_TEST_H_

#include <gmock/gmock.h>

#include <string>
#include <utility>

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

  // For what only tests would do, or what is slow on purpose.
  void ForgetStatements() { watch.Take(); }

  void TearDown() override {
    for (const Statement& statement : watch.Take()) {
      if (IsOfTests(statement.sql)) continue;
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
  // The relay alone reads an outbox: see libs/bus/plan_test.cc.
  static bool IsOfTests(const std::string& sql) {
    return sql.find(" FROM millrace_outbox") != sql.npos;
  }
};

}  // namespace millrace::testing

#endif  // MILLRACE_TESTS_SUPPORT_WATCHED_SERVICE_TEST_H_
