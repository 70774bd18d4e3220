// SQL on SQLite or PostgreSQL, from the loop without blocking it.
//
//   auto database = ValueOrThrow(Database::Open(loop, options, logger,
//   metrics)); co_await database->Migrate("users", UsersMigrations()); const
//   int64_t n = co_await database->Transact(context, [&](Tx& tx) {
//     return tx.Execute("DELETE FROM users WHERE id = :id", {{"id", id}});
//   });
//
// Belongs to the loop it was opened on. Loops of other threads may share it:
// they may call everything but Close() and the destructor, and their promises
// settle on the loop that called. What they began has settled before the
// Database is destroyed. So there is one writer per SQLite file and process,
// however many loops there are.
//
// The functions given to the methods run on a worker thread, as plain functions
// (not coroutines), and must be repeatable: a transaction that loses against
// another runs again. So they have no effects but through their Tx. What they
// return is moved to the loop; what they throw undoes the transaction and
// rejects the promise.
//
// GCC 12 destroys twice what a lambda written inside a co_await expression
// captures by value, unless that is trivial. Capture by reference, which is
// safe while the coroutine waits, or name the lambda first.
//
// Isolation: transactions behave as if they ran one after another (SQLite has
// one writer; PostgreSQL runs them SERIALIZABLE). Reads see one snapshot and
// never wait for writers. When the promise resolves the change is on disk.
// Rejected with UNAVAILABLE "... during COMMIT ..." means: nobody knows.
//
// Opening needs no server: while it is away everything rejects UNAVAILABLE
// naming host and database, and works again when it is back.
//
// Errors: see transaction.h. Also RESOURCE_EXHAUSTED when no connection became
// free in time, FAILED_PRECONDITION after Close(), CANCELLED for what was
// queued when the Database was destroyed.
#ifndef MILLRACE_STORE_DATABASE_H_
#define MILLRACE_STORE_DATABASE_H_

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "base/context.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "loop/event_loop.h"
#include "loop/promise.h"
#include "store/dialect.h"
#include "store/migration.h"
#include "store/options.h"
#include "store/transaction.h"

namespace millrace::store {

class Database {
 public:
  // INVALID_ARGUMENT for options that cannot work. The loop, the logger and
  // the metrics must outlive the Database.
  static absl::StatusOr<std::unique_ptr<Database>> Open(EventLoop& loop,
                                                        DatabaseOptions options,
                                                        Logger& logger,
                                                        Metrics& metrics);

  // Waits for what runs, drops what is queued. Close() first to drop nothing.
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  template <typename F>
  using ResultOf = std::invoke_result_t<F&, Tx&>;

  template <typename F>
  Promise<ResultOf<F>> Transact(CallContext context, F f) {
    return Start(kWrite, std::move(context), std::move(f));
  }
  template <typename F>
  Promise<ResultOf<F>> Transact(F f) {
    return Start(kWrite, CallContext(), std::move(f));
  }
  // For reading only: writing throws INTERNAL.
  template <typename F>
  Promise<ResultOf<F>> Read(CallContext context, F f) {
    return Start(kRead, std::move(context), std::move(f));
  }
  template <typename F>
  Promise<ResultOf<F>> Read(F f) {
    return Start(kRead, CallContext(), std::move(f));
  }

  // Resolves when the database answers.
  Promise<void> Ping();

  // Brings the schema of one module to its last version, a transaction per
  // migration, under a lock: any number of processes may do it at once.
  // FAILED_PRECONDITION when the database is ahead of the program by more than
  // migrations that expand, or an applied migration was changed (see
  // migration.h).
  Promise<void> Migrate(std::string module, std::vector<Migration> migrations);

  // Refuses what comes from now on, finishes what is queued or runs, closes
  // the connections. Twice is as good as once.
  Promise<void> Close();

  Dialect dialect() const;
  // The URL without user and password, for logs.
  const std::string& name() const;

 private:
  enum Kind { kWrite, kRead, kMigrate };
  template <typename F>
  struct Run;
  struct Parts;

  explicit Database(std::unique_ptr<Parts> parts);

  template <typename F>
  Promise<ResultOf<F>> Start(Kind kind, CallContext context, F f);
  void Submit(Kind kind, CallContext context,
              absl::AnyInvocable<void(Tx&)> body,
              absl::AnyInvocable<void(std::exception_ptr)> settle);

  std::unique_ptr<Parts> parts_;
};

// One call: the function, its result and the promise. Made and destroyed on
// the loop; the worker only runs the function.
template <typename F>
struct Database::Run {
  using Result = ResultOf<F>;
  using Slot =
      std::conditional_t<std::is_void_v<Result>, std::monostate, Result>;

  explicit Run(F f) : f(std::move(f)) {}

  F f;
  std::optional<Slot> result;
  Deferred<Result> deferred;
};

template <typename F>
Promise<Database::ResultOf<F>> Database::Start(Kind kind, CallContext context,
                                               F f) {
  using Result = ResultOf<F>;
  static_assert(!std::is_reference_v<Result>,
                "return a value: the rows are gone when the promise resolves");
  const auto run = std::make_shared<Run<F>>(std::move(f));
  Submit(
      kind, std::move(context),
      [run](Tx& tx) {
        if constexpr (std::is_void_v<Result>) {
          run->f(tx);
        } else {
          run->result.emplace(run->f(tx));
        }
      },
      [run](std::exception_ptr error) {
        if (error != nullptr) {
          run->deferred.Reject(error);
        } else if constexpr (std::is_void_v<Result>) {
          run->deferred.Resolve();
        } else {
          run->deferred.Resolve(*std::move(run->result));
        }
      });
  return run->deferred.promise();
}

}  // namespace millrace::store

#endif  // MILLRACE_STORE_DATABASE_H_
