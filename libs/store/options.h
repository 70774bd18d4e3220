// How a Database behaves.
#ifndef MILLRACE_STORE_OPTIONS_H_
#define MILLRACE_STORE_OPTIONS_H_

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "store/value.h"

namespace millrace::store {

// Any worker thread.
using StatementListener =
    std::function<void(std::string_view sql, ParamSpan params)>;

struct DatabaseOptions {
  // See database_url.h for the forms.
  std::string url;
  // PostgreSQL: connections. SQLite: readers, beside the one writer.
  int pool_size = 4;
  // How long a transaction waits for a connection; RESOURCE_EXHAUSTED then.
  absl::Duration acquire_timeout = absl::Seconds(5);
  // How long connecting to PostgreSQL may take (libpq counts whole seconds).
  absl::Duration connect_timeout = absl::Seconds(5);
  // How long SQLite waits for another process's write lock.
  absl::Duration busy_timeout = absl::Seconds(5);
  // A transaction that loses against another runs again, at most so often and
  // so long; ABORTED then.
  int max_attempts = 20;
  absl::Duration retry_for = absl::Seconds(5);
  // Prepared statements kept per connection.
  int statement_cache = 128;
  // SQLite: the most queued writes that share one commit and one fsync.
  int group_commit = 256;
  // SQLite in memory: no threads, each transaction runs within a turn of the
  // loop, which it holds up. For tests whose order must follow from a seed.
  bool on_loop = false;
  // Told of each statement of a Tx before it runs. For tests that ask what the
  // database makes of it.
  StatementListener on_statement;

  // INVALID_ARGUMENT naming the option.
  absl::Status Validate() const;
};

}  // namespace millrace::store

#endif  // MILLRACE_STORE_OPTIONS_H_
