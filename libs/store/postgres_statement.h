// A statement that is prepared on one connection to PostgreSQL, and the values
// of its parameters as libpq takes them. Belongs to the session's thread.
#ifndef MILLRACE_STORE_POSTGRES_STATEMENT_H_
#define MILLRACE_STORE_POSTGRES_STATEMENT_H_

#include <libpq-fe.h>
#include <soci/soci.h>

#include <string>
#include <vector>

#include "store/row.h"
#include "store/statement_text.h"
#include "store/value.h"

namespace millrace::store {

class PostgresStatement {
 public:
  // Prepares `sql`, whose parameters are named as SOCI has it; throws
  // soci_error. The session outlives it.
  PostgresStatement(soci::session& session, const std::string& sql);

  // On the server.
  const char* name() const { return name_.c_str(); }

  // What the statement has answered.
  std::vector<Row> Rows(const PGresult* result);

 private:
  // A statement may be planned anew under a changed schema.
  void RefreshColumns(const PGresult* result);

  soci::statement statement_;
  std::string name_;
  Row::Columns columns_;
};

// The values of a statement's parameters, in the order of the text.
class PostgresArguments {
 public:
  // Each name of the text is among `params`.
  PostgresArguments(const StatementText& text, ParamSpan params);

  int size() const { return static_cast<int>(values_.size()); }
  const char* const* values() const { return values_.data(); }

 private:
  std::vector<std::string> texts_;
  std::vector<const char*> values_;  // into texts_; null is NULL
};

}  // namespace millrace::store

#endif  // MILLRACE_STORE_POSTGRES_STATEMENT_H_
