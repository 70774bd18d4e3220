// How a database would run the statements of a service's store.
#ifndef MILLRACE_TESTS_SUPPORT_QUERY_PLAN_H_
#define MILLRACE_TESTS_SUPPORT_QUERY_PLAN_H_

#include <functional>
#include <string>
#include <vector>

#include "store/transaction.h"

namespace millrace::testing {

struct Statement {
  std::string sql;
  store::Params params;
};

// What `body` gives to its transaction. Nothing is run: queries find nothing,
// other statements change one row.
std::vector<Statement> Record(store::Dialect dialect,
                              const std::function<void(store::Tx&)>& body);

// The same, and each is run in `tx`: for what goes on with what it found.
std::vector<Statement> Record(store::Tx& tx,
                              const std::function<void(store::Tx&)>& body);

// The plan as the database prints it, a line for each step.
std::string Explain(store::Tx& tx, const Statement& statement);

// Whether each step finds its rows by an index, and none sorts or reads a whole
// table. Of small tables the databases do not care.
bool GoesByIndex(store::Dialect dialect, const std::string& plan);

}  // namespace millrace::testing

#endif  // MILLRACE_TESTS_SUPPORT_QUERY_PLAN_H_
