#include "store/sql_error.h"

#include <sqlite3.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"
#include "contract/retry.h"

namespace millrace::store {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(SqlError, UniqueViolationReadsTheSameOnBoth) {
  const SqlError sqlite =
      FromSqlite(SQLITE_CONSTRAINT_UNIQUE,
                 "UNIQUE constraint failed: users.tenant, users.email", "d");
  const SqlError postgres = FromPostgres(
      {.sqlstate = "23505",
       .message = "duplicate key value violates unique constraint \"u\"",
       .detail = "Key (tenant, email)=(1, ann@example.com) already exists.",
       .table = "users",
       .constraint = "users_email_key"},
      "d");
  for (const SqlError& error : {sqlite, postgres}) {
    EXPECT_EQ(error.status().code(), absl::StatusCode::kAlreadyExists);
    EXPECT_EQ(error.fault(), Fault::kStatement);
    EXPECT_THAT(
        MessageOf(error.status()),
        HasSubstr("unique constraint failed: users.tenant, users.email"));
    EXPECT_THAT(MessageOf(error.status()), Not(HasSubstr("ann@")));
  }
}

TEST(SqlError, MapsPostgresStates) {
  const auto code = [](std::string_view state) {
    return FromPostgres({.sqlstate = std::string(state), .message = "m"}, "d")
        .status()
        .code();
  };
  EXPECT_EQ(code("23503"), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(code("23502"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code("23514"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code("22003"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code("40001"), absl::StatusCode::kAborted);
  EXPECT_EQ(code("40P01"), absl::StatusCode::kAborted);
  EXPECT_EQ(code("53100"), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(code("53300"), absl::StatusCode::kUnavailable);
  EXPECT_EQ(code("57014"), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(code("57P01"), absl::StatusCode::kUnavailable);
  EXPECT_EQ(code("08006"), absl::StatusCode::kUnavailable);
  EXPECT_EQ(code(""), absl::StatusCode::kUnavailable);
  EXPECT_EQ(code("42601"), absl::StatusCode::kInternal);
}

TEST(SqlError, MapsSqliteCodes) {
  const auto code = [](int result) {
    return FromSqlite(result, "m", "d").status().code();
  };
  EXPECT_EQ(code(SQLITE_CONSTRAINT_PRIMARYKEY),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(code(SQLITE_CONSTRAINT_FOREIGNKEY),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(code(SQLITE_CONSTRAINT_NOTNULL),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(SQLITE_CONSTRAINT_CHECK), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(SQLITE_BUSY_SNAPSHOT), absl::StatusCode::kAborted);
  EXPECT_EQ(code(SQLITE_FULL), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(code(SQLITE_CANTOPEN), absl::StatusCode::kUnavailable);
  EXPECT_EQ(code(SQLITE_ERROR), absl::StatusCode::kInternal);
}

// What a whole database cannot do is nobody's statement's fault.
TEST(SqlError, ADatabaseThatIsUnfitIsAway) {
  std::vector<SqlError> errors = {
      FromPostgres({.sqlstate = "0A000",
                    .message = "cannot use serializable mode in a hot standby"},
                   "d"),
      FromSqlite(SQLITE_READONLY, "m", "d"),
      FromSqlite(SQLITE_READONLY_DBMOVED, "m", "d"),
      FromSqlite(SQLITE_READONLY_RECOVERY, "m", "d", /*reading=*/true),
      FromSqlite(SQLITE_CORRUPT_VTAB, "m", "d"),
      FromSqlite(SQLITE_NOTADB, "m", "d")};
  for (const char* state : {"25006", "58030", "58P01", "XX001", "XX002"}) {
    errors.push_back(FromPostgres({.sqlstate = state, .message = "m"}, "d"));
    EXPECT_THAT(MessageOf(errors.back().status()), HasSubstr(state));
  }
  for (const SqlError& error : errors) {
    EXPECT_EQ(error.status().code(), absl::StatusCode::kUnavailable)
        << error.status();
    EXPECT_EQ(error.fault(), Fault::kConnection) << error.status();
    // What is wrong, and what to do.
    EXPECT_THAT(MessageOf(error.status()),
                AllOf(StartsWith("database d"), HasSubstr("; ")));
  }
  // But a write within a read is.
  for (const SqlError& error :
       {FromPostgres({.sqlstate = "25006", .message = "m", .reading = true},
                     "d"),
        FromSqlite(SQLITE_READONLY, "m", "d", /*reading=*/true),
        FromPostgres({.sqlstate = "0A000", .message = "not supported"}, "d")}) {
    EXPECT_EQ(error.status().code(), absl::StatusCode::kInternal);
    EXPECT_EQ(error.fault(), Fault::kStatement);
  }
}

TEST(SqlError, SaysWhichDatabaseIsAway) {
  const SqlError error =
      FromPostgres({.message = "connection refused"}, "postgresql://h/db");
  EXPECT_EQ(MessageOf(error.status()),
            "database postgresql://h/db is away: connection refused");
  EXPECT_EQ(error.fault(), Fault::kConnection);
  EXPECT_EQ(RetryDelay(error.status()), absl::Seconds(1));
  // What comes back to no other answer has no such advice.
  EXPECT_EQ(RetryDelay(FromPostgres({.sqlstate = "42601"}, "d").status()),
            std::nullopt);
}

// The schema's own words reach who broke its rule.
TEST(SqlError, WhatATriggerSaysIsPassedOn) {
  const absl::Status sqlite =
      FromSqlite(SQLITE_CONSTRAINT_TRIGGER, "rows are never changed", "db")
          .status();
  const absl::Status postgres =
      FromPostgres({.sqlstate = "P0001", .message = "rows are never changed"},
                   "db")
          .status();
  EXPECT_EQ(sqlite, absl::FailedPreconditionError("rows are never changed"));
  EXPECT_EQ(postgres, sqlite);
  // What ON DELETE RESTRICT says is a foreign key's.
  EXPECT_EQ(FromSqlite(SQLITE_CONSTRAINT_TRIGGER,
                       "FOREIGN KEY constraint failed", "db")
                .status(),
            absl::FailedPreconditionError("foreign key constraint failed"));
}

}  // namespace
}  // namespace millrace::store
