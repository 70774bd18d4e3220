#include "tests/support/query_plan.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "base/strings.h"
#include "store/session.h"

namespace millrace::testing {
namespace {

using store::ParamSpan;
using store::Row;

class Recorder final : public store::Session {
 public:
  // Runs what it records in `tx`, if there is one.
  explicit Recorder(store::Tx* tx) : tx_(tx) {}

  void Begin(Mode, absl::Time) override {}
  void Commit() override {}
  void Rollback() override {}
  bool in_transaction() const override { return true; }
  bool usable() const override { return true; }
  int64_t Execute(std::string_view sql, ParamSpan params) override {
    Add(sql, params);
    return tx_ == nullptr ? 1 : tx_->Execute(sql, params);
  }
  std::vector<Row> Query(std::string_view sql, ParamSpan params) override {
    Add(sql, params);
    if (tx_ == nullptr) return {};
    return tx_->Query(sql, params);
  }
  void Script(const std::string& sql) override { Add(sql, {}); }
  void Savepoint() override {}
  void ReleaseSavepoint() override {}
  void RollbackToSavepoint() override {}
  void SetDeadline(absl::Time) override {}

  std::vector<Statement> statements;

 private:
  void Add(std::string_view sql, ParamSpan params) {
    statements.push_back(
        {std::string(sql), store::Params(params.begin(), params.end())});
  }

  store::Tx* const tx_;
};

// Tables that stay small, whatever a platform has to do.
constexpr const char* kSmallTables[] = {
    // Roles are made by administrators, by hand.
    "roles", "role_permissions",
    // One row.
    "audit_head", "millrace_outbox_lease",
    // Empty but while the entries of an old program are adopted.
    "audit_unchained",
    // Those that rotation has not thrown away yet.
    "signing_keys",
    // One row to a migration.
    "millrace_migrations"};

bool IsOfSmallTable(absl::string_view step) {
  for (const absl::string_view word : absl::StrSplit(step, ' ')) {
    for (const char* table : kSmallTables) {
      if (word == table) return true;
    }
  }
  return false;
}

// What names its table behind these words of a plan reads all of it.
bool ReadsAll(store::Dialect dialect, absl::string_view step) {
  if (dialect == store::Dialect::kPostgres) {
    return absl::StrContains(step, "Seq Scan on ");
  }
  // Along an index, in its order, a page ends soon.
  return absl::StartsWith(step, "SCAN ") &&
         !absl::StrContains(step, " USING ") &&
         !absl::StrContains(step, "VIRTUAL TABLE") &&
         !absl::StrContains(step, "CONSTANT ROW") &&
         !absl::StartsWith(step, "SCAN (");
}

bool Sorts(store::Dialect dialect, absl::string_view step) {
  return dialect == store::Dialect::kPostgres
             ? absl::StrContains(step, "Sort  (")
             : absl::StrContains(step, "TEMP B-TREE FOR ORDER BY") ||
                   absl::StrContains(step, "AUTOMATIC");
}

bool Has(const std::string& text, const char* part) {
  return text.find(part) != text.npos;
}

}  // namespace

std::vector<Statement> Record(store::Dialect dialect,
                              const std::function<void(store::Tx&)>& body) {
  Recorder recorder(nullptr);
  const CallContext context;
  store::Tx tx(recorder, context, dialect);
  try {
    body(tx);
  } catch (const StatusError&) {
    // It did not find what it looked for.
  }
  return std::move(recorder.statements);
}

std::vector<Statement> Record(store::Tx& tx,
                              const std::function<void(store::Tx&)>& body) {
  Recorder recorder(&tx);
  const CallContext context;
  store::Tx recorded(recorder, context, tx.dialect());
  body(recorded);
  return std::move(recorder.statements);
}

std::string Explain(store::Tx& tx, const Statement& statement) {
  const bool sqlite = tx.dialect() == store::Dialect::kSqlite;
  std::string plan;
  for (const Row& row : tx.Query(
           StrCat(sqlite ? "EXPLAIN QUERY PLAN " : "EXPLAIN ", statement.sql),
           statement.params)) {
    StrAppend(&plan, row.Text(sqlite ? "detail" : "QUERY PLAN"), "\n");
  }
  return plan;
}

store::StatementListener StatementWatch::Listener() {
  return [this](std::string_view sql, ParamSpan params) {
    const std::string text(sql);
    const std::string verb =
        absl::AsciiStrToUpper(text.substr(0, text.find_first_of(" \n")));
    if (verb != "SELECT" && verb != "UPDATE" && verb != "DELETE" &&
        verb != "INSERT") {
      return;
    }
    const std::lock_guard lock(mutex_);
    statements_.try_emplace(text, params.begin(), params.end());
  };
}

std::vector<Statement> StatementWatch::Take() {
  const std::lock_guard lock(mutex_);
  std::vector<Statement> taken;
  for (auto& [sql, params] : std::exchange(statements_, {})) {
    taken.push_back({sql, params});
  }
  return taken;
}

std::string ExplainForAnySize(store::Tx& tx, const Statement& statement) {
  if (tx.dialect() == store::Dialect::kPostgres) {
    tx.Execute("SET LOCAL enable_seqscan = off");
    tx.Execute("SET LOCAL enable_sort = off");
  }
  return Explain(tx, statement);
}

std::vector<std::string> StepsWithoutIndex(store::Dialect dialect,
                                           const std::string& plan) {
  std::vector<std::string> steps;
  for (const absl::string_view step : absl::StrSplit(plan, '\n')) {
    const bool slow = ReadsAll(dialect, step) || Sorts(dialect, step);
    if (slow && !IsOfSmallTable(step)) steps.emplace_back(step);
  }
  return steps;
}

bool GoesByIndex(store::Dialect dialect, const std::string& plan) {
  if (!Has(plan, dialect == store::Dialect::kSqlite ? "INDEX" : "Index")) {
    return false;
  }
  if (dialect == store::Dialect::kPostgres) {
    return !Has(plan, "Seq Scan") && !Has(plan, "Sort");
  }
  for (const absl::string_view step : absl::StrSplit(plan, '\n')) {
    const bool scans = absl::StartsWith(step, "SCAN ") &&
                       !absl::StrContains(step, "VIRTUAL TABLE");
    if (scans || absl::StrContains(step, "TEMP B-TREE") ||
        absl::StrContains(step, "AUTOMATIC")) {
      return false;
    }
  }
  return true;
}

}  // namespace millrace::testing
