// How the sessions report failure: a StatusError that also says what a
// transaction should do about it.
#ifndef MILLRACE_STORE_SQL_ERROR_H_
#define MILLRACE_STORE_SQL_ERROR_H_

#include <string>
#include <string_view>

#include "base/status.h"

namespace millrace::store {

enum class Fault {
  kStatement,   // running it again would fail again
  kContention,  // serialization failure, deadlock, busy: run it again
  kStalePlan,   // the schema changed under a prepared statement: reconnect
  kConnection,  // the session is lost; the transaction did not happen
  kNotBegun,    // as kConnection, and nothing of the transaction was done: it
                // runs again at once on a session that was not idle before
  kUnknown,     // the session was lost during COMMIT: nobody knows
};

class SqlError : public StatusError {
 public:
  // UNAVAILABLE says when to come back (contract/retry.h): a server that
  // crashed needs about a second, and who asks sooner is in its way.
  SqlError(Fault fault, absl::Status status);
  Fault fault() const { return fault_; }

 private:
  Fault fault_;
};

// What a failed statement of PostgreSQL tells, as far as it is known.
struct PostgresDiagnosis {
  std::string sqlstate;  // five characters; empty when there is none
  std::string message;   // primary message, without the values of the row
  std::string detail;    // "Key (email)=(...) already exists."
  std::string table;
  std::string constraint;
  bool reading = false;  // in a transaction that was begun as a read
};

// The errors of the two databases as one model. `database` is its display
// name. A database that takes no writes, or whose files are damaged, is away:
// nothing that is tried on it says anything of who tries. A violated constraint
// is named by table and columns, never with the values: the message may reach a
// log or a caller. What a trigger raises is passed on as it is.
SqlError FromPostgres(const PostgresDiagnosis& diagnosis,
                      std::string_view database);
// `code` is SQLite's extended result code.
SqlError FromSqlite(int code, std::string_view message,
                    std::string_view database, bool reading = false);

}  // namespace millrace::store

#endif  // MILLRACE_STORE_SQL_ERROR_H_
