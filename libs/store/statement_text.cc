#include "store/statement_text.h"

#include <cmath>
#include <utility>

#include "absl/strings/ascii.h"
#include "base/strings.h"
#include "store/utf8.h"

namespace millrace::store {
namespace {

bool StartsName(char c) { return absl::ascii_isalpha(c) || c == '_'; }
bool ContinuesName(char c) { return absl::ascii_isalnum(c) || c == '_'; }

absl::Status Wrong(std::string_view what, std::string_view sql) {
  return absl::InternalError(StrCat(what, " in the statement: ", sql));
}

// The end of the quoted run that starts at `start`, past its closing quote.
size_t EndOfQuoted(std::string_view sql, size_t start) {
  const size_t end = sql.find(sql[start], start + 1);
  return end == std::string_view::npos ? end : end + 1;
}

size_t EndOfBlockComment(std::string_view sql, size_t start) {
  const size_t end = sql.find("*/", start + 2);
  return end == std::string_view::npos ? end : end + 2;
}

const Param* Find(ParamSpan params, std::string_view name) {
  for (const Param& param : params) {
    if (param.name == name) return &param;
  }
  return nullptr;
}

std::string_view CastOf(const Value& value) {
  switch (value.variant().index()) {
    case 1:
      return "::int8";
    case 2:
      return "::float8";
    case 3:
      return "::bool";
    case 5:
      return "::bytea";
    default:
      return "";
  }
}

}  // namespace

absl::StatusOr<StatementText> ParseStatement(std::string_view sql) {
  StatementText out;
  std::string piece;
  bool ended = false;  // a semicolon was seen
  bool any = false;    // something that is not a blank was seen
  for (size_t i = 0; i < sql.size();) {
    const std::string_view rest = sql.substr(i);
    const char c = sql[i];
    if (rest.substr(0, 2) == "--") {
      const size_t end = sql.find('\n', i);
      i = end == std::string_view::npos ? sql.size() : end;
      piece += ' ';
      continue;
    }
    if (rest.substr(0, 2) == "/*") {
      i = EndOfBlockComment(sql, i);
      if (i == std::string_view::npos) return Wrong("an open comment", sql);
      piece += ' ';
      continue;
    }
    if (absl::ascii_isspace(c)) {
      piece += c;
      ++i;
      continue;
    }
    if (ended) {
      return Wrong("more than one statement where one is expected", sql);
    }
    if (c == ';') {
      ended = true;
      ++i;
      continue;
    }
    any = true;
    if (c == '\'' || c == '"') {
      const size_t end = EndOfQuoted(sql, i);
      if (end == std::string_view::npos) return Wrong("an open quote", sql);
      piece.append(sql.substr(i, end - i));
      i = end;
    } else if (rest.substr(0, 2) == "::") {
      piece += "::";
      i += 2;
    } else if (c == ':' && rest.size() > 1 && StartsName(rest[1])) {
      size_t end = i + 1;
      while (end < sql.size() && ContinuesName(sql[end])) ++end;
      out.pieces.push_back(std::exchange(piece, {}));
      out.names.emplace_back(sql.substr(i + 1, end - i - 1));
      i = end;
    } else if (c == '\0') {
      return Wrong("a NUL character", sql.substr(0, i));
    } else {
      piece += c;
      ++i;
    }
  }
  if (!any) return Wrong("nothing", sql);
  out.pieces.push_back(std::move(piece));
  return out;
}

absl::Status CheckParams(absl::Span<const std::string> names,
                         ParamSpan params) {
  for (const std::string& name : names) {
    if (Find(params, name) == nullptr) {
      return absl::InternalError(
          StrCat("the statement's parameter :", name, " has no value"));
    }
  }
  for (const Param& param : params) {
    bool known = false;
    for (const std::string& name : names) known |= name == param.name;
    if (!known) {
      return absl::InternalError(
          StrCat("a value is given for :", param.name,
                 ", but the statement has no such parameter"));
    }
    const Value::Variant& value = param.value.variant();
    if (const auto* string = std::get_if<std::string>(&value)) {
      if (!IsText(*string)) {
        return absl::InvalidArgumentError(
            StrCat("the text for :", param.name,
                   " is not UTF-8 without NUL; such data belongs in Bytes"));
      }
    }
    if (const auto* number = std::get_if<double>(&value)) {
      if (std::isnan(*number)) {
        return absl::InvalidArgumentError(StrCat(
            "the number for :", param.name, " is NaN, which cannot be stored"));
      }
    }
  }
  return absl::OkStatus();
}

std::string ForPostgres(const StatementText& text, ParamSpan params) {
  std::string sql = text.pieces[0];
  for (size_t i = 0; i < text.names.size(); ++i) {
    const Param* param = Find(params, text.names[i]);
    StrAppend(&sql, ":", text.names[i],
              param == nullptr ? "" : CastOf(param->value), text.pieces[i + 1]);
  }
  return sql;
}

std::string ForSqlite(const StatementText& text) {
  std::string sql = text.pieces[0];
  for (size_t i = 0; i < text.names.size(); ++i) {
    StrAppend(&sql, ":", text.names[i], text.pieces[i + 1]);
  }
  return sql;
}

}  // namespace millrace::store
