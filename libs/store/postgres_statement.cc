#include "store/postgres_statement.h"

#include <soci/postgresql/soci-postgresql.h>

#include <algorithm>
#include <utility>

#include "store/postgres_value.h"

namespace millrace::store {

PostgresStatement::PostgresStatement(soci::session& session,
                                     const std::string& sql)
    : statement_(session) {
  statement_.alloc();
  statement_.prepare(sql);
  name_ =
      static_cast<soci::postgresql_statement_backend*>(statement_.get_backend())
          ->statementName_;
}

std::vector<Row> PostgresStatement::Rows(const PGresult* result) {
  RefreshColumns(result);
  std::vector<Row> rows;
  const int row_count = PQntuples(result);
  const int columns = PQnfields(result);
  rows.reserve(row_count);
  for (int row = 0; row < row_count; ++row) {
    std::vector<Value> values;
    values.reserve(columns);
    for (int i = 0; i < columns; ++i) {
      if (PQgetisnull(result, row, i) != 0) {
        values.emplace_back();
        continue;
      }
      const std::string_view text(PQgetvalue(result, row, i),
                                  PQgetlength(result, row, i));
      values.push_back(FromPostgresText(PQftype(result, i), text));
    }
    rows.emplace_back(columns_, std::move(values));
  }
  return rows;
}

void PostgresStatement::RefreshColumns(const PGresult* result) {
  const int count = PQnfields(result);
  bool same =
      columns_ != nullptr && static_cast<int>(columns_->size()) == count;
  for (int i = 0; same && i < count; ++i) {
    same = (*columns_)[i] == PQfname(result, i);
  }
  if (same) return;
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) names.emplace_back(PQfname(result, i));
  columns_ = std::make_shared<const std::vector<std::string>>(std::move(names));
}

PostgresArguments::PostgresArguments(const StatementText& text,
                                     ParamSpan params) {
  texts_.reserve(text.names.size());  // so that they stay where they are
  for (const std::string& name : text.names) {
    const auto found =
        std::find_if(params.begin(), params.end(),
                     [&](const Param& param) { return param.name == name; });
    const bool null = found->value.is_null();
    texts_.push_back(null ? "" : ToPostgresText(found->value));
    values_.push_back(null ? nullptr : texts_.back().c_str());
  }
}

}  // namespace millrace::store
