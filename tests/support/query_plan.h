// How a database would run the statements of a service's store.
#ifndef MILLRACE_TESTS_SUPPORT_QUERY_PLAN_H_
#define MILLRACE_TESTS_SUPPORT_QUERY_PLAN_H_

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "store/options.h"
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

// Remembers what a database is told to run, one statement of each text. Its
// listener may be called by any thread.
class StatementWatch {
 public:
  // For DatabaseOptions; the watch outlives the database.
  store::StatementListener Listener();

  // What was told until now, and is forgotten: what reads or changes rows.
  std::vector<Statement> Take();

 private:
  std::mutex mutex_;
  std::map<std::string, store::Params> statements_;
};

// As Explain(), of tables that may be empty: SQLite, which knows nothing of
// their sizes, plans as for large ones, and PostgreSQL is told to go by an
// index wherever it can. Until the transaction ends.
std::string ExplainForAnySize(store::Tx& tx, const Statement& statement);

// The steps of a plan that read a whole table, or sort what they have read. A
// page along an index is none, nor is a table that stays small (kSmallTables).
std::vector<std::string> StepsWithoutIndex(store::Dialect dialect,
                                           const std::string& plan);

}  // namespace millrace::testing

#endif  // MILLRACE_TESTS_SUPPORT_QUERY_PLAN_H_
