// One row of a result: an immutable value, cheap to copy the names of, usable
// on any thread and after its transaction.
//
// The getters throw StatusError(INTERNAL) naming the column when it is not in
// the result, is NULL or is of another type: a mismatch between a statement
// and the code that reads it is a bug. What each getter takes:
//
//   Int     integers; a numeric without a fraction (PostgreSQL's sum())
//   Double  doubles, integers
//   Bool    booleans; the integers 0 and 1 (SQLite has no boolean)
//   Text    text          Bytes   bytes
#ifndef MILLRACE_STORE_ROW_H_
#define MILLRACE_STORE_ROW_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "store/value.h"

namespace millrace::store {

class Row {
 public:
  using Columns = std::shared_ptr<const std::vector<std::string>>;

  Row(Columns columns, std::vector<Value> values);

  int64_t Int(std::string_view column) const;
  double Double(std::string_view column) const;
  bool Bool(std::string_view column) const;
  const std::string& Text(std::string_view column) const;
  const std::string& Bytes(std::string_view column) const;
  bool IsNull(std::string_view column) const;

  // As it came, for code that does not know the columns beforehand.
  const Value& Get(std::string_view column) const;
  const std::vector<std::string>& columns() const { return *columns_; }
  const std::vector<Value>& values() const { return values_; }

 private:
  [[noreturn]] void Mismatch(std::string_view column,
                             std::string_view wanted) const;

  Columns columns_;
  std::vector<Value> values_;
};

}  // namespace millrace::store

#endif  // MILLRACE_STORE_ROW_H_
