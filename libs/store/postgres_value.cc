#include "store/postgres_value.h"

#include <cmath>
#include <cstdio>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "base/status.h"
#include "base/strings.h"

namespace millrace::store {
namespace {

// The object ids of pg_type, fixed since PostgreSQL exists.
enum Type : unsigned {
  kBool = 16,
  kBytea = 17,
  kInt8 = 20,
  kInt2 = 21,
  kInt4 = 23,
  kOid = 26,
  kFloat4 = 700,
  kFloat8 = 701,
  kNumeric = 1700,
};

std::string DoubleText(double value) {
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  char text[32];
  std::snprintf(text, sizeof(text), "%.17g", value);
  return text;
}

[[noreturn]] void Unexpected(unsigned type, std::string_view text) {
  Throw(absl::InternalError(StrCat("PostgreSQL sent ", text.size(),
                                   " characters that are no value of type ",
                                   type)));
}

Value Double(unsigned type, std::string_view text) {
  double value = 0;
  if (!absl::SimpleAtod(ToAbsl(text), &value)) Unexpected(type, text);
  return value;
}

Value FromBytea(std::string_view text) {
  if (text.substr(0, 2) != "\\x" || text.size() % 2 != 0) {
    Unexpected(kBytea, text);
  }
  return Bytes{absl::HexStringToBytes(ToAbsl(text.substr(2)))};
}

}  // namespace

std::string ToPostgresText(const Value& value) {
  const Value::Variant& v = value.variant();
  if (const auto* i = std::get_if<int64_t>(&v)) return StrCat(*i);
  if (const auto* d = std::get_if<double>(&v)) return DoubleText(*d);
  if (const auto* b = std::get_if<bool>(&v)) return *b ? "true" : "false";
  if (const auto* s = std::get_if<std::string>(&v)) return *s;
  if (const auto* b = std::get_if<Bytes>(&v)) {
    return StrCat("\\x", absl::BytesToHexString(b->data));
  }
  return "";
}

Value FromPostgresText(unsigned type, std::string_view text) {
  switch (type) {
    case kInt2:
    case kInt4:
    case kInt8:
    case kOid: {
      int64_t value = 0;
      if (!absl::SimpleAtoi(ToAbsl(text), &value)) Unexpected(type, text);
      return value;
    }
    case kNumeric: {
      int64_t value = 0;
      if (absl::SimpleAtoi(ToAbsl(text), &value)) return value;
      return Double(type, text);
    }
    case kFloat4:
    case kFloat8:
      return Double(type, text);
    case kBool:
      return text == "t";
    case kBytea:
      return FromBytea(text);
    default:
      return text;
  }
}

}  // namespace millrace::store
