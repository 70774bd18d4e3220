#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/strings.h"
#include "store/sql_error.h"

namespace millrace::store {
namespace {

// "users.email" from the table and "Key (email)=(...) already exists.".
std::string KeyColumns(const PostgresDiagnosis& diagnosis) {
  constexpr std::string_view kStart = "Key (";
  const size_t end = diagnosis.detail.find(")=(");
  if (diagnosis.detail.compare(0, kStart.size(), kStart) != 0 ||
      end == std::string::npos || diagnosis.table.empty()) {
    return diagnosis.table;
  }
  const std::string columns =
      diagnosis.detail.substr(kStart.size(), end - kStart.size());
  std::vector<std::string> full;
  for (const absl::string_view column : absl::StrSplit(columns, ", ")) {
    full.push_back(StrCat(diagnosis.table, ".", column));
  }
  return absl::StrJoin(full, ", ");
}

SqlError Constraint(absl::StatusCode code, std::string_view kind,
                    const PostgresDiagnosis& diagnosis) {
  const std::string key = KeyColumns(diagnosis);
  std::string text = StrCat(kind, " constraint failed");
  if (!key.empty()) StrAppend(&text, ": ", key);
  if (!diagnosis.constraint.empty()) {
    StrAppend(&text, " [", diagnosis.constraint, "]");
  }
  return SqlError(Fault::kStatement, absl::Status(code, text));
}

SqlError Away(const PostgresDiagnosis& diagnosis, std::string_view database) {
  return SqlError(Fault::kConnection,
                  absl::UnavailableError(StrCat(
                      "database ", database, " is away: ", diagnosis.message)));
}

// Not of what was asked, but of where: another session may do better.
SqlError Unfit(const PostgresDiagnosis& diagnosis, std::string_view database,
               std::string_view what, std::string_view advice) {
  return SqlError(Fault::kConnection,
                  absl::UnavailableError(StrCat(
                      "database ", database, " ", what, ": ", diagnosis.message,
                      " [", diagnosis.sqlstate, "]; ", advice)));
}

// A standby, or a server that was set to take no writes.
bool TakesNoWrites(const PostgresDiagnosis& diagnosis) {
  if (diagnosis.sqlstate == "25006") return !diagnosis.reading;
  return diagnosis.sqlstate == "0A000" &&
         absl::StrContains(diagnosis.message, "hot standby");
}

}  // namespace

SqlError FromPostgres(const PostgresDiagnosis& diagnosis,
                      std::string_view database) {
  const std::string& state = diagnosis.sqlstate;
  const auto in = [&](std::string_view prefix) {
    return state.compare(0, prefix.size(), prefix) == 0;
  };
  const auto error = [&](Fault fault, absl::StatusCode code) {
    return SqlError(
        fault, absl::Status(code, StrCat("database ", database, ": ",
                                         diagnosis.message, " [", state, "]")));
  };
  using enum absl::StatusCode;
  // 57P01-57P05: the server shuts down, crashed, or is still starting.
  if (state.empty() || in("08") || in("57P")) return Away(diagnosis, database);
  if (state == "53300") return error(Fault::kConnection, kUnavailable);
  if (TakesNoWrites(diagnosis)) {
    return Unfit(diagnosis, database, "takes no writes",
                 "promote it, or name the hosts of both in the URL");
  }
  // The system's errors (of files), and damaged data or indexes.
  if (in("58") || state == "XX001" || state == "XX002") {
    return Unfit(diagnosis, database, "cannot use its files",
                 "see the log of the server");
  }
  if (state == "23505" || state == "23P01") {
    return Constraint(kAlreadyExists, "unique", diagnosis);
  }
  if (state == "23503" || state == "23001") {
    return Constraint(kFailedPrecondition, "foreign key", diagnosis);
  }
  if (state == "23502") {
    return Constraint(kInvalidArgument, "not null", diagnosis);
  }
  if (state == "23514") {
    return Constraint(kInvalidArgument, "check", diagnosis);
  }
  // RAISE EXCEPTION, of a trigger: what the schema has it say.
  if (state == "P0001") {
    return SqlError(Fault::kStatement,
                    absl::Status(kFailedPrecondition, diagnosis.message));
  }
  if (in("40") || state == "55P03") return error(Fault::kContention, kAborted);
  if (state == "57014") return error(Fault::kStatement, kDeadlineExceeded);
  if (in("53")) return error(Fault::kStatement, kResourceExhausted);
  if (in("22")) return error(Fault::kStatement, kInvalidArgument);
  if (state == "0A000" && absl::StrContains(diagnosis.message, "cached plan")) {
    return error(Fault::kStalePlan, kAborted);
  }
  return error(Fault::kStatement, kInternal);
}

}  // namespace millrace::store
