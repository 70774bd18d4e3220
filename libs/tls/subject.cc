#include "tls/subject.h"

#include <algorithm>

namespace millrace::tls {
namespace {

constexpr char kSpiffe[] = "spiffe://";

bool IsText(const std::string& name) {
  return std::none_of(name.begin(), name.end(),
                      [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

}  // namespace

std::string Subject(const std::vector<std::string>& uris,
                    const std::string& common_name) {
  const bool spiffe = std::any_of(
      uris.begin(), uris.end(),
      [](const std::string& uri) { return uri.starts_with(kSpiffe); });
  if (spiffe && uris.size() > 1) return {};
  const std::string& name = spiffe ? uris.front() : common_name;
  return IsText(name) ? name : std::string();
}

}  // namespace millrace::tls
