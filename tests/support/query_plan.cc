#include "tests/support/query_plan.h"

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
