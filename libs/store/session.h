// One connection to a database, used by one thread at a time. The two
// implementations are the only users of SOCI.
//
// SOCI opens and prepares; values go in and come out through the native
// handles, because SOCI's dynamic rows lose types: SQLite's INTEGER becomes an
// int32 and an expression text, PostgreSQL's booleans and NULs do not survive.
//
// Everything throws SqlError; no SOCI exception leaves.
#ifndef MILLRACE_STORE_SESSION_H_
#define MILLRACE_STORE_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "store/database_url.h"
#include "store/dialect.h"
#include "store/options.h"
#include "store/row.h"
#include "store/statement_metrics.h"
#include "store/statement_note.h"
#include "store/value.h"

namespace millrace::store {

class Session {
 public:
  enum class Mode {
    kWrite,    // serializable; SQLite takes the write lock at once
    kRead,     // one snapshot; writing is refused
    kMigrate,  // as kWrite, but each statement of PostgreSQL sees what was
               // committed before it, so that a lock can be waited for
  };

  struct Options {
    DatabaseUrl url;
    bool read_only = false;  // SQLite: a reader beside the writer
    size_t statement_cache = 128;
    absl::Duration busy_timeout = absl::Seconds(5);
    // Of the database; outlives its sessions.
    StatementMetrics* statements = nullptr;
    StatementListener on_statement;
  };

  static std::unique_ptr<Session> Connect(const Options& options);

  virtual ~Session() = default;

  // Who is told from now on what is run; null: nobody.
  void TellStatements(StatementNote* note) { note_ = note; }
  // And from the beginning to the end.
  void TellStatements(StatementListener listener) {
    listener_ = std::move(listener);
  }
  void Tell(std::string_view sql, ParamSpan params) {
    if (note_ != nullptr) note_->Set(sql);
    if (listener_) listener_(sql, params);
  }

  // The deadline bounds each statement of the transaction, which PostgreSQL may
  // end later by a sixteenth of what was left. What begins it may travel with
  // its first statement: that throws Fault::kNotBegun then, when it finds the
  // connection broken. (As Begin() throws Fault::kConnection, nothing has been
  // done.)
  virtual void Begin(Mode mode, absl::Time deadline) = 0;
  virtual void Commit() = 0;
  // Does nothing outside a transaction. When it fails the session is lost.
  virtual void Rollback() = 0;
  // Whether a transaction is open; false when the database ended it itself.
  virtual bool in_transaction() const = 0;
  // False once the connection broke: throw the session away.
  virtual bool usable() const = 0;

  // Rows changed.
  virtual int64_t Execute(std::string_view sql, ParamSpan params) = 0;
  virtual std::vector<Row> Query(std::string_view sql, ParamSpan params) = 0;
  // Any number of statements, without parameters, unprepared.
  virtual void Script(const std::string& sql) = 0;

  virtual void Savepoint() = 0;
  virtual void ReleaseSavepoint() = 0;
  virtual void RollbackToSavepoint() = 0;
  // For the next statements of a transaction that several callers share.
  virtual void SetDeadline(absl::Time deadline) = 0;

 private:
  StatementNote* note_ = nullptr;
  StatementListener listener_;
};

std::unique_ptr<Session> ConnectSqlite(const Session::Options& options);
std::unique_ptr<Session> ConnectPostgres(const Session::Options& options);

}  // namespace millrace::store

#endif  // MILLRACE_STORE_SESSION_H_
