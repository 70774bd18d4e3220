#include "store/value.h"

namespace millrace::store {

std::string_view Value::type_name() const {
  static constexpr std::string_view kNames[] = {
      "NULL", "an integer", "a double", "a boolean", "text", "bytes"};
  return kNames[value_.index()];
}

}  // namespace millrace::store
