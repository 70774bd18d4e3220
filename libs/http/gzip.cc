#include "http/gzip.h"

#include <algorithm>

#include "http/headers.h"

namespace millrace::http {
namespace {

// The value of "q" among the parameters of a list's member; 1 without one.
bool IsRefused(std::string_view parameters) {
  const size_t at = parameters.find("q=");
  if (at == std::string_view::npos) return false;
  const std::string_view value = Trim(parameters.substr(at + 2));
  return value.starts_with('0') &&
         value.find_first_of("123456789") == std::string_view::npos;
}

}  // namespace

bool TakesGzip(std::string_view accept_encoding) {
  while (!accept_encoding.empty()) {
    const size_t comma =
        std::min(accept_encoding.find(','), accept_encoding.size());
    const std::string_view member = accept_encoding.substr(0, comma);
    const size_t semicolon = std::min(member.find(';'), member.size());
    if (EqualsIgnoreCase(Trim(member.substr(0, semicolon)), "gzip")) {
      return !IsRefused(member.substr(semicolon));
    }
    accept_encoding.remove_prefix(std::min(comma + 1, accept_encoding.size()));
  }
  return false;
}

}  // namespace millrace::http
