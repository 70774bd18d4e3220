// One transaction, as the function given to Database::Transact() or Read()
// sees it. Lives on a worker thread for the length of one run of that
// function; everything else of the loop is out of reach there.
//
// All failures are thrown as StatusError:
//   ALREADY_EXISTS       a unique constraint, named as table.column
//   FAILED_PRECONDITION  a foreign key, or what a trigger raised
//   INVALID_ARGUMENT     NOT NULL, CHECK, a value that its column cannot take
//   UNAVAILABLE          the database is away; with a google.rpc.RetryInfo
//   ABORTED              lost against another transaction, after retries
//   RESOURCE_EXHAUSTED   disk or memory full
//   DEADLINE_EXCEEDED    the context's deadline
//   INTERNAL             wrong SQL, wrong parameters, wrong columns
//
// A statement that failed dooms its transaction on both databases, as
// PostgreSQL has it: catching its error does not save what came before. To
// try an insert that may collide, write ON CONFLICT DO NOTHING and look at
// the number of rows changed.
#ifndef MILLRACE_STORE_TRANSACTION_H_
#define MILLRACE_STORE_TRANSACTION_H_

#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/context.h"
#include "store/dialect.h"
#include "store/row.h"
#include "store/value.h"

namespace millrace::store {

class Session;

class Tx {
 public:
  Tx(Session& session, const CallContext& context, Dialect dialect);
  Tx(const Tx&) = delete;
  Tx& operator=(const Tx&) = delete;

  const CallContext& context() const { return context_; }
  Dialect dialect() const { return dialect_; }

  // Runs one statement and returns the number of rows it changed. Parameters
  // are named: Execute("DELETE FROM t WHERE id = :id", {{"id", id}}).
  int64_t Execute(std::string_view sql, ParamSpan params = {});
  std::vector<Row> Query(std::string_view sql, ParamSpan params = {});
  // The only row, or none. INTERNAL when there are more.
  std::optional<Row> QueryOne(std::string_view sql, ParamSpan params = {});
  // Any number of statements without parameters: for migrations.
  void Script(const std::string& sql);

  // Runs `hook` on the loop once this run has committed, in order, before the
  // promise of Transact() settles. Dropped when it does not commit.
  void OnCommit(std::function<void()> hook);

  // What the runner needs: the first failure of a statement, and the hooks.
  std::exception_ptr failure() const { return failure_; }
  std::vector<std::function<void()>> TakeHooks() { return std::move(hooks_); }

 private:
  template <typename F>
  auto Run(const F& f);

  Session& session_;
  const CallContext& context_;
  const Dialect dialect_;
  std::exception_ptr failure_;
  std::vector<std::function<void()>> hooks_;
};

}  // namespace millrace::store

#endif  // MILLRACE_STORE_TRANSACTION_H_
