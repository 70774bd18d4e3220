// PostgreSQL: SOCI opens and prepares, libpq runs. Every parameter travels as
// text, bytes as bytea's hex form; results are read from libpq's result, which
// keeps their types.
//
// Transactions are SERIALIZABLE: code that is right on SQLite, where writers
// run one after another, is then right here too, and the price is a rerun on
// a serialization failure. Reads use REPEATABLE READ READ ONLY, a snapshot
// that never fails.
//
// Round trips are what a short transaction costs. BEGIN travels in front of the
// first statement, the answer to a read's COMMIT is looked at when the session
// is used again, and the statement timeout stays set from one transaction to
// the next: a read of one statement waits once, a write twice and once for each
// statement behind the first.
#include <libpq-fe.h>
#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "base/strings.h"
#include "store/postgres_statement.h"
#include "store/session.h"
#include "store/sql_error.h"
#include "store/statement_cache.h"
#include "store/statement_text.h"

namespace millrace::store {
namespace {

using ResultPtr = std::unique_ptr<PGresult, void (*)(PGresult*)>;

std::string_view LevelOf(Session::Mode mode) {
  switch (mode) {
    case Session::Mode::kWrite:
      return "SERIALIZABLE";
    case Session::Mode::kRead:
      return "REPEATABLE READ READ ONLY";
    case Session::Mode::kMigrate:
      return "READ COMMITTED";
  }
  return "SERIALIZABLE";
}

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
      : options_(options),
        texts_(options.statement_cache),
        statements_(options.statement_cache) {
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
    ReadAnswers();
    Trim();
    mode_ = mode;
    begin_.clear();
    const int64_t timeout = TimeoutMillis(deadline);
    if (timeout != timeout_) {
      begin_.push_back(StrCat("SET statement_timeout = ", timeout));
      timeout_ = timeout;
    }
    begin_.push_back(StrCat("BEGIN ISOLATION LEVEL ", LevelOf(mode)));
  }

  void Commit() override {
    if (!begin_.empty()) return Rollback();  // nothing was done
    if (mode_ == Mode::kRead && PQsendQuery(native_, "COMMIT") == 1) return;
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
  }

  void Rollback() override {
    begin_.clear();
    timeout_ = kUnknown;  // what was set in a transaction goes with it
    if (in_transaction()) Script("ROLLBACK");
  }

  bool in_transaction() const override {
    const PGTransactionStatusType status = PQtransactionStatus(native_);
    return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
  }

  bool usable() const override {
    return !lost_ && PQstatus(native_) == CONNECTION_OK &&
           PQpipelineStatus(native_) == PQ_PIPELINE_OFF;
  }

  int64_t Execute(std::string_view sql, ParamSpan params) override {
    const Call call = Prepare(sql, params);
    const MeteredRun run(call.meter);
    const ResultPtr result = Run(call);
    const std::string_view changed = PQcmdTuples(result.get());
    // A SELECT reports its rows here too, but changes none.
    const bool select =
        std::string_view(PQcmdStatus(result.get())).substr(0, 6) == "SELECT";
    int64_t count = 0;
    if (!select && !changed.empty()) count = std::stoll(std::string(changed));
    return count;
  }

  std::vector<Row> Query(std::string_view sql, ParamSpan params) override {
    const Call call = Prepare(sql, params);
    const MeteredRun run(call.meter);
    const ResultPtr result = Run(call);
    return call.statement->Rows(result.get());
  }

  void Script(const std::string& sql) override {
    SendBegin();
    Check(Send(sql.c_str()));
  }

  void Savepoint() override { Script("SAVEPOINT job"); }
  void ReleaseSavepoint() override { Script("RELEASE SAVEPOINT job"); }
  void RollbackToSavepoint() override {
    Script("ROLLBACK TO SAVEPOINT job; RELEASE SAVEPOINT job");
  }
  // Until the transaction ends.
  void SetDeadline(absl::Time deadline) override {
    Script(StrCat("SET LOCAL statement_timeout = ", TimeoutMillis(deadline)));
  }

 private:
  static constexpr int64_t kUnknown = -1;

  // A statement that is ready to run, with its values.
  struct Call {
    PostgresStatement* statement;
    PostgresArguments arguments;
    const StatementMeter& meter;
  };

  struct Parsed {
    StatementText text;
    const StatementMeter& meter;
  };

  // 0 is none. Rounded up, so that deadlines as far away as the last one leave
  // the timeout as it is.
  static int64_t TimeoutMillis(absl::Time deadline) {
    if (deadline == absl::InfiniteFuture()) return 0;
    const int64_t left = std::clamp<int64_t>(
        absl::ToInt64Milliseconds(deadline - absl::Now()), 1, 2'000'000'000);
    int64_t step = 1;
    while (step * 32 <= left) step *= 2;
    return (left + step - 1) / step * step;
  }

  ResultPtr Send(const char* sql) {
    return ResultPtr(PQexec(native_, sql), PQclear);
  }

  // What the server has answered to a COMMIT that nobody waited for. Had it
  // failed, a read would be none the worse.
  void ReadAnswers() {
    while (PGresult* const result = PQgetResult(native_)) PQclear(result);
  }

  // PostgreSQL cannot drop a statement in a transaction that has failed.
  void Trim() {
    texts_.Trim();
    statements_.Trim();
  }

  void SendBegin() {
    if (begin_.empty()) return;
    Check(Send(absl::StrJoin(begin_, "; ").c_str()));
    begin_.clear();
  }

  ResultPtr Check(ResultPtr result) {
    const ExecStatusType status = PQresultStatus(result.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK &&
        status != PGRES_EMPTY_QUERY) {
      Fail(result.get());
    }
    return result;
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
    diagnosis.reading = mode_ == Mode::kRead;
    const SqlError error = FromPostgres(diagnosis, options_.url.display);
    if (error.fault() == Fault::kConnection) {
      // Though it may be open: the next one may find a better server.
      lost_ = true;
      if (!begin_.empty()) throw SqlError(Fault::kNotBegun, error.status());
    }
    throw error;
  }

  template <typename F>
  void Guard(const F& f) {
    try {
      f();
    } catch (const soci::soci_error& e) {
      const auto* known = dynamic_cast<const soci::postgresql_soci_error*>(&e);
      std::string state = known == nullptr ? "" : known->sqlstate();
      absl::StripAsciiWhitespace(&state);
      FailWith({.sqlstate = state, .message = Said(e)});
    }
  }

  Call Prepare(std::string_view sql, ParamSpan params) {
    const Parsed& parsed =
        *texts_.Get(std::string(sql), [&](const std::string& sql) {
          StatementText text = ValueOrThrow(ParseStatement(sql));
          const StatementMeter& meter = options_.statements->Of(text);
          return std::make_unique<Parsed>(Parsed{std::move(text), meter});
        });
    const StatementText& text = parsed.text;
    ThrowIfError(CheckParams(text.names, params));
    PostgresStatement* statement = nullptr;
    Guard([&] {
      statement = statements_.Get(
          ForPostgres(text, params), [&](const std::string& key) {
            SendBegin();
            try {
              return std::make_unique<PostgresStatement>(*soci_, key);
            } catch (...) {
              parsed.meter.errors.Add();
              throw;
            }
          });
    });
    return {statement, PostgresArguments(text, params), parsed.meter};
  }

  ResultPtr Run(const Call& call) {
    if (!begin_.empty()) return RunBehindBegin(call);
    return Check(ResultPtr(
        PQexecPrepared(native_, call.statement->name(), call.arguments.size(),
                       call.arguments.values(), nullptr, nullptr, 0),
        PQclear));
  }

  // All in one round trip. After an error the server passes over what follows.
  ResultPtr RunBehindBegin(const Call& call) {
    bool sent = PQenterPipelineMode(native_) == 1;
    for (const std::string& sql : begin_) {
      sent = sent && PQsendQueryParams(native_, sql.c_str(), 0, nullptr,
                                       nullptr, nullptr, nullptr, 0) == 1;
    }
    sent = sent &&
           PQsendQueryPrepared(native_, call.statement->name(),
                               call.arguments.size(), call.arguments.values(),
                               nullptr, nullptr, 0) == 1 &&
           PQpipelineSync(native_) == 1;
    if (!sent) FailWith({});
    std::vector<ResultPtr> results;
    for (size_t i = 0; i <= begin_.size(); ++i) results.push_back(NextResult());
    ResultPtr end = NextResult();
    while (end != nullptr && PQresultStatus(end.get()) != PGRES_PIPELINE_SYNC) {
      end = NextResult();
    }
    PQexitPipelineMode(native_);
    ResultPtr result = std::move(results.back());
    results.pop_back();
    for (const ResultPtr& begun : results) {
      if (PQresultStatus(begun.get()) != PGRES_COMMAND_OK) Fail(begun.get());
    }
    begin_.clear();
    return Check(std::move(result));
  }

  // The results of a pipeline have a null behind each.
  ResultPtr NextResult() {
    PGresult* result = PQgetResult(native_);
    if (result == nullptr) result = PQgetResult(native_);
    return ResultPtr(result, PQclear);
  }

  Options options_;
  // Declared before the statements, which must go first.
  std::optional<soci::session> soci_;
  PGconn* native_ = nullptr;
  StatementCache<Parsed> texts_;
  StatementCache<PostgresStatement> statements_;
  Mode mode_ = Mode::kWrite;
  std::vector<std::string> begin_;  // what is still to be sent
  int64_t timeout_ = kUnknown;      // the session's, in ms
  bool lost_ = false;               // to be replaced
};

}  // namespace

std::unique_ptr<Session> ConnectPostgres(const Session::Options& options) {
  return std::make_unique<PostgresSession>(options);
}

}  // namespace millrace::store
