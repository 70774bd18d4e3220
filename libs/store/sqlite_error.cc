#include <sqlite3.h>

#include "base/strings.h"
#include "store/sql_error.h"

namespace millrace::store {
namespace {

// "UNIQUE constraint failed: users.email" -> ": users.email"
std::string Columns(std::string_view message) {
  constexpr std::string_view kMark = "constraint failed: ";
  const size_t at = message.rfind(kMark);
  if (at == std::string_view::npos) return "";
  return StrCat(": ", message.substr(at + kMark.size()));
}

SqlError Constraint(int code, std::string_view message) {
  using enum absl::StatusCode;
  const auto error = [&](absl::StatusCode status, std::string_view kind) {
    return SqlError(Fault::kStatement,
                    absl::Status(status, StrCat(kind, " constraint failed",
                                                Columns(message))));
  };
  switch (code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
      return error(kAlreadyExists, "unique");
    case SQLITE_CONSTRAINT_FOREIGNKEY:
      return error(kFailedPrecondition, "foreign key");
    case SQLITE_CONSTRAINT_TRIGGER:
      // ON DELETE RESTRICT says this; RAISE(ABORT) what the schema has it say.
      if (message == "FOREIGN KEY constraint failed") {
        return error(kFailedPrecondition, "foreign key");
      }
      return SqlError(Fault::kStatement,
                      absl::Status(kFailedPrecondition, ToAbsl(message)));
    case SQLITE_CONSTRAINT_NOTNULL:
      return error(kInvalidArgument, "not null");
    default:
      return error(kInvalidArgument, "check");
  }
}

}  // namespace

SqlError FromSqlite(int code, std::string_view message,
                    std::string_view database, bool reading) {
  const auto error = [&](Fault fault, absl::StatusCode status) {
    return SqlError(fault, absl::Status(status, StrCat("database ", database,
                                                       ": ", message)));
  };
  const auto unfit = [&](std::string_view advice) {
    return SqlError(Fault::kConnection,
                    absl::UnavailableError(StrCat("database ", database, ": ",
                                                  message, "; ", advice)));
  };
  using enum absl::StatusCode;
  // A read that writes, not a file that nobody may write.
  if (code == SQLITE_READONLY && reading) {
    return error(Fault::kStatement, kInternal);
  }
  switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
      return Constraint(code, message);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return error(Fault::kContention, kAborted);
    case SQLITE_FULL:
      return error(Fault::kStatement, kResourceExhausted);
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
      return error(Fault::kStatement, kInvalidArgument);
    case SQLITE_NOMEM:
      return error(Fault::kStatement, kResourceExhausted);
    case SQLITE_INTERRUPT:
      return error(Fault::kStatement, kDeadlineExceeded);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return unfit("put a backup in the place of the file");
    case SQLITE_READONLY:
      return unfit("let this process write the file and its folder");
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return error(Fault::kConnection, kUnavailable);
    default:
      return error(Fault::kStatement, kInternal);
  }
}

}  // namespace millrace::store
