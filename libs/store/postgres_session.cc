// PostgreSQL through SOCI. Every parameter travels as text, bytes as bytea's
// hex form; results are read from libpq's result, which keeps their types.
//
// Transactions are SERIALIZABLE: code that is right on SQLite, where writers
// run one after another, is then right here too, and the price is a rerun on
// a serialization failure. Reads use REPEATABLE READ READ ONLY, a snapshot
// that never fails.
#include <libpq-fe.h>
#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/time/clock.h"
#include "base/strings.h"
#include "store/postgres_value.h"
#include "store/session.h"
#include "store/sql_error.h"
#include "store/statement_cache.h"
#include "store/statement_text.h"

namespace millrace::store {
namespace {

using ResultPtr = std::unique_ptr<PGresult, void (*)(PGresult*)>;

struct Prepared {
  struct Slot {
    std::string name;
    std::string text;
    soci::indicator indicator = soci::i_null;
  };

  Prepared(soci::session& session, const std::string& sql, ParamSpan params)
      : statement(session) {
    statement.alloc();
    statement.prepare(sql);
    for (const Param& param : params) {
      Slot& slot = slots.emplace_back(Slot{param.name});
      statement.exchange(soci::use(slot.text, slot.indicator, slot.name));
    }
    statement.define_and_bind();
  }

  soci::postgresql_statement_backend& backend() {
    return *static_cast<soci::postgresql_statement_backend*>(
        statement.get_backend());
  }

  std::deque<Slot> slots;  // stays in place: SOCI keeps pointers
  soci::statement statement;
  Row::Columns columns;
};

std::string OneLine(std::string line) {
  std::replace_if(
      line.begin(), line.end(), [](char c) { return absl::ascii_isspace(c); },
      ' ');
  absl::RemoveExtraAsciiWhitespace(&line);
  return line;
}

// The server's or libpq's own words, without SOCI's before them.
std::string Said(const soci::soci_error& error) {
  const std::string text = error.get_error_message();
  for (const std::string_view mark : {"ERROR:", "\n"}) {
    const size_t at = text.find(mark);
    if (at != std::string::npos) return OneLine(text.substr(at + mark.size()));
  }
  return OneLine(text);
}

class PostgresSession final : public Session {
 public:
  explicit PostgresSession(const Options& options)
      : options_(options), statements_(options.statement_cache) {
    try {
      soci_.emplace(soci::postgresql, options_.url.target);
    } catch (const soci::soci_error& e) {
      throw FromPostgres({.message = Said(e)}, options_.url.display);
    }
    native_ =
        static_cast<soci::postgresql_session_backend*>(soci_->get_backend())
            ->conn_;
    PQsetNoticeProcessor(
        native_, [](void*, const char*) {}, nullptr);
    Script(
        "SET bytea_output = 'hex'; SET standard_conforming_strings = on;"
        "SET client_encoding = 'UTF8'; SET client_min_messages = warning");
  }

  ~PostgresSession() override { statements_.Clear(); }

  void Begin(Mode mode, absl::Time deadline) override {
    std::string sql;
    switch (mode) {
      case Mode::kWrite:
        sql = "BEGIN ISOLATION LEVEL SERIALIZABLE";
        break;
      case Mode::kRead:
        sql = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        break;
      case Mode::kMigrate:
        sql = "BEGIN ISOLATION LEVEL READ COMMITTED";
        break;
    }
    if (deadline != absl::InfiniteFuture()) {
      StrAppend(&sql, "; ", TimeoutFor(deadline));
    }
    Script(sql);
  }

  void Commit() override {
    ResultPtr result = Send("COMMIT");
    if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) {
      if (!usable()) {
        throw SqlError(Fault::kUnknown,
                       absl::UnavailableError(StrCat(
                           "database ", options_.url.display,
                           " went away during COMMIT: whether the transaction"
                           " happened is not known")));
      }
      Fail(result.get());
    }
    // The server answers ROLLBACK to the COMMIT of a failed transaction.
    if (std::string_view(PQcmdStatus(result.get())) != "COMMIT") {
      throw SqlError(Fault::kStatement,
                     absl::InternalError(StrCat(
                         "database ", options_.url.display,
                         ": the transaction had failed and was undone")));
    }
    statements_.Trim();
  }

  void Rollback() override {
    if (in_transaction()) Script("ROLLBACK");
    statements_.Trim();
  }

  bool in_transaction() const override {
    const PGTransactionStatusType status = PQtransactionStatus(native_);
    return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
  }

  bool usable() const override { return PQstatus(native_) == CONNECTION_OK; }

  int64_t Execute(std::string_view sql, ParamSpan params) override {
    Prepared& prepared = Run(sql, params);
    auto& result = prepared.backend().result_;
    const std::string_view changed = PQcmdTuples(result.get_result());
    // A SELECT reports its rows here too, but changes none.
    const bool select =
        std::string_view(PQcmdStatus(result.get_result())).substr(0, 6) ==
        "SELECT";
    int64_t count = 0;
    if (!select && !changed.empty()) count = std::stoll(std::string(changed));
    result.reset();
    return count;
  }

  std::vector<Row> Query(std::string_view sql, ParamSpan params) override {
    Prepared& prepared = Run(sql, params);
    auto& result = prepared.backend().result_;
    const PGresult* const native = result.get_result();
    RefreshColumns(prepared, native);
    std::vector<Row> rows;
    const int row_count = PQntuples(native);
    const int columns = PQnfields(native);
    rows.reserve(row_count);
    for (int row = 0; row < row_count; ++row) {
      std::vector<Value> values;
      values.reserve(columns);
      for (int i = 0; i < columns; ++i) {
        if (PQgetisnull(native, row, i) != 0) {
          values.emplace_back();
          continue;
        }
        const std::string_view text(PQgetvalue(native, row, i),
                                    PQgetlength(native, row, i));
        values.push_back(FromPostgresText(PQftype(native, i), text));
      }
      rows.emplace_back(prepared.columns, std::move(values));
    }
    result.reset();
    return rows;
  }

  void Script(const std::string& sql) override {
    ResultPtr result = Send(sql.c_str());
    const ExecStatusType status = PQresultStatus(result.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK &&
        status != PGRES_EMPTY_QUERY) {
      Fail(result.get());
    }
  }

  void Savepoint() override { Script("SAVEPOINT job"); }
  void ReleaseSavepoint() override { Script("RELEASE SAVEPOINT job"); }
  void RollbackToSavepoint() override {
    Script("ROLLBACK TO SAVEPOINT job; RELEASE SAVEPOINT job");
  }
  void SetDeadline(absl::Time deadline) override {
    Script(TimeoutFor(deadline));
  }

 private:
  static std::string TimeoutFor(absl::Time deadline) {
    if (deadline == absl::InfiniteFuture()) {
      return "SET LOCAL statement_timeout = 0";
    }
    const int64_t left = absl::ToInt64Milliseconds(deadline - absl::Now());
    return StrCat("SET LOCAL statement_timeout = ",
                  std::clamp<int64_t>(left, 1, 2'000'000'000));
  }

  ResultPtr Send(const char* sql) {
    return ResultPtr(PQexec(native_, sql), PQclear);
  }

  [[noreturn]] void Fail(const PGresult* result) {
    const auto field = [&](int code) {
      const char* text = PQresultErrorField(result, code);
      return std::string(text == nullptr ? "" : text);
    };
    FailWith({.sqlstate = field(PG_DIAG_SQLSTATE),
              .message = field(PG_DIAG_MESSAGE_PRIMARY),
              .detail = field(PG_DIAG_MESSAGE_DETAIL),
              .table = field(PG_DIAG_TABLE_NAME),
              .constraint = field(PG_DIAG_CONSTRAINT_NAME)});
  }

  [[noreturn]] void FailWith(PostgresDiagnosis diagnosis) {
    if (!usable()) {
      // Any error that ended the connection is a lost connection.
      if (diagnosis.message.empty()) {
        diagnosis.message = OneLine(PQerrorMessage(native_));
      }
      diagnosis.sqlstate.clear();
    } else if (diagnosis.sqlstate.empty()) {
      diagnosis.sqlstate = "XX000";
      if (diagnosis.message.empty()) {
        diagnosis.message = OneLine(PQerrorMessage(native_));
      }
    }
    throw FromPostgres(diagnosis, options_.url.display);
  }

  template <typename F>
  void Guard(Prepared* prepared, const F& f) {
    try {
      f();
    } catch (const soci::soci_error& e) {
      if (prepared != nullptr) {
        prepared->statement.undefine_and_bind();  // frees SOCI's buffers
        const PGresult* const result = prepared->backend().result_;
        if (PQresultErrorField(result, PG_DIAG_SQLSTATE) != nullptr) {
          Fail(result);
        }
      }
      const auto* known = dynamic_cast<const soci::postgresql_soci_error*>(&e);
      std::string state = known == nullptr ? "" : known->sqlstate();
      absl::StripAsciiWhitespace(&state);
      FailWith({.sqlstate = state, .message = Said(e)});
    }
  }

  Prepared& Run(std::string_view sql, ParamSpan params) {
    const auto text = ValueOrThrow(ParseStatement(sql));
    ThrowIfError(CheckParams(text.names, params));
    Prepared* prepared = nullptr;
    Guard(nullptr, [&] {
      prepared = statements_.Get(
          ForPostgres(text, params), [&](const std::string& key) {
            return std::make_unique<Prepared>(*soci_, key, params);
          });
    });
    for (Prepared::Slot& slot : prepared->slots) {
      for (const Param& param : params) {
        if (param.name != slot.name) continue;
        slot.indicator = param.value.is_null() ? soci::i_null : soci::i_ok;
        slot.text = ToPostgresText(param.value);
        break;
      }
    }
    Guard(prepared, [&] { prepared->statement.execute(true); });
    return *prepared;
  }

  static void RefreshColumns(Prepared& prepared, const PGresult* result) {
    const int count = PQnfields(result);
    bool same = prepared.columns != nullptr &&
                static_cast<int>(prepared.columns->size()) == count;
    for (int i = 0; same && i < count; ++i) {
      same = (*prepared.columns)[i] == PQfname(result, i);
    }
    if (same) return;
    std::vector<std::string> names;
    for (int i = 0; i < count; ++i) names.emplace_back(PQfname(result, i));
    prepared.columns =
        std::make_shared<const std::vector<std::string>>(std::move(names));
  }

  Options options_;
  // Declared before the statements, which must go first.
  std::optional<soci::session> soci_;
  PGconn* native_ = nullptr;
  StatementCache<Prepared> statements_;
};

}  // namespace

std::unique_ptr<Session> ConnectPostgres(const Session::Options& options) {
  return std::make_unique<PostgresSession>(options);
}

}  // namespace millrace::store
