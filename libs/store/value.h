// What goes into a statement and comes out of a row. Plain values, no thread
// affinity.
//
// Text is UTF-8 without NUL; anything else is Bytes. Both databases are held
// to this, so that what works on SQLite works on PostgreSQL.
#ifndef MILLRACE_STORE_VALUE_H_
#define MILLRACE_STORE_VALUE_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/types/span.h"

namespace millrace::store {

struct Bytes {
  std::string data;
  bool operator==(const Bytes&) const = default;
};

// NULL, a 64-bit integer, a double, a boolean, text or bytes.
class Value {
 public:
  using Variant =
      std::variant<std::monostate, int64_t, double, bool, std::string, Bytes>;

  Value() = default;
  Value(std::nullptr_t) {}
  Value(std::same_as<bool> auto value) : value_(value) {}
  template <std::integral T>
  requires(!std::same_as<T, bool> &&
           (std::signed_integral<T> || sizeof(T) < sizeof(int64_t)))
      Value(T value)
      : value_(static_cast<int64_t>(value)) {}
  Value(double value) : value_(value) {}
  Value(const char* value) : value_(std::string(value)) {}
  Value(std::string_view value) : value_(std::string(value)) {}
  Value(std::string value) : value_(std::move(value)) {}
  Value(Bytes value) : value_(std::move(value)) {}
  template <typename T>
  Value(std::optional<T> value) {
    if (value.has_value()) value_ = Value(*std::move(value)).value_;
  }

  bool is_null() const { return value_.index() == 0; }
  const Variant& variant() const { return value_; }
  // "NULL", "an integer", "text" ...: for messages.
  std::string_view type_name() const;

  bool operator==(const Value&) const = default;

 private:
  Variant value_;
};

// The value of the parameter `:name` of a statement.
struct Param {
  Param(std::string name, Value value)
      : name(std::move(name)), value(std::move(value)) {}

  std::string name;
  Value value;
};

using Params = std::vector<Param>;
using ParamSpan = absl::Span<const Param>;

}  // namespace millrace::store

#endif  // MILLRACE_STORE_VALUE_H_
