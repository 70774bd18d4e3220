#include "store/row.h"

#include <utility>

#include "absl/strings/str_join.h"
#include "base/status.h"
#include "base/strings.h"

namespace millrace::store {

Row::Row(Columns columns, std::vector<Value> values)
    : columns_(std::move(columns)), values_(std::move(values)) {}

const Value& Row::Get(std::string_view column) const {
  for (size_t i = 0; i < columns_->size(); ++i) {
    if ((*columns_)[i] == column) return values_[i];
  }
  Throw(absl::InternalError(
      StrCat("the result has no column \"", column,
             "\"; it has: ", absl::StrJoin(*columns_, ", "))));
}

void Row::Mismatch(std::string_view column, std::string_view wanted) const {
  Throw(absl::InternalError(StrCat("column \"", column, "\" is ",
                                   Get(column).type_name(), ", not ", wanted)));
}

int64_t Row::Int(std::string_view column) const {
  const auto* value = std::get_if<int64_t>(&Get(column).variant());
  if (value == nullptr) Mismatch(column, "an integer");
  return *value;
}

double Row::Double(std::string_view column) const {
  const Value::Variant& value = Get(column).variant();
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* number = std::get_if<int64_t>(&value)) {
    return static_cast<double>(*number);
  }
  Mismatch(column, "a double");
}

bool Row::Bool(std::string_view column) const {
  const Value::Variant& value = Get(column).variant();
  if (const auto* truth = std::get_if<bool>(&value)) return *truth;
  if (const auto* number = std::get_if<int64_t>(&value)) {
    if (*number == 0 || *number == 1) return *number == 1;
  }
  Mismatch(column, "a boolean");
}

const std::string& Row::Text(std::string_view column) const {
  const auto* value = std::get_if<std::string>(&Get(column).variant());
  if (value == nullptr) Mismatch(column, "text");
  return *value;
}

const std::string& Row::Bytes(std::string_view column) const {
  const auto* value = std::get_if<store::Bytes>(&Get(column).variant());
  if (value == nullptr) Mismatch(column, "bytes");
  return value->data;
}

bool Row::IsNull(std::string_view column) const {
  return Get(column).is_null();
}

}  // namespace millrace::store
