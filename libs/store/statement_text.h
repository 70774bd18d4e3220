// Reads the SQL of one statement before a database sees it: finds its named
// parameters, drops its comments and checks the values. Pure functions, any
// thread.
//
// It knows string literals, quoted identifiers, comments and casts (`::`), but
// not PostgreSQL's E'...' and $$...$$; a statement with values in its text
// should use parameters anyway, and migrations do not pass through here.
#ifndef MILLRACE_STORE_STATEMENT_TEXT_H_
#define MILLRACE_STORE_STATEMENT_TEXT_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "store/value.h"

namespace millrace::store {

struct StatementText {
  // The text between the parameters: pieces.size() == names.size() + 1.
  std::vector<std::string> pieces;
  // In order of appearance; a name may appear more than once.
  std::vector<std::string> names;
};

// INTERNAL when there is no statement, more than one, or an open quote.
absl::StatusOr<StatementText> ParseStatement(std::string_view sql);

// INTERNAL when a parameter has no value, or a value no parameter;
// INVALID_ARGUMENT for text that is not UTF-8 or has a NUL, and for NaN.
absl::Status CheckParams(absl::Span<const std::string> names, ParamSpan params);

// The statement as PostgreSQL is to see it. Numbers, booleans and bytes get a
// cast to their own type, so that the server need not guess it from the
// context ("SELECT :a + 1" would make an int4 of :a). Text and NULL have none,
// so that they take the type of the column (uuid, timestamptz, jsonb).
std::string ForPostgres(const StatementText& text, ParamSpan params);

// The statement as SQLite is to see it.
std::string ForSqlite(const StatementText& text);

}  // namespace millrace::store

#endif  // MILLRACE_STORE_STATEMENT_TEXT_H_
