#include "contract/page_token.h"

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "base/strings.h"
#include "contract/errors.h"

namespace millrace {
namespace {

// The form of the key, so that it can change without misreading old tokens.
constexpr char kVersion = '1';

absl::Status Malformed() {
  return InvalidArgument(
      {{"page_token",
        "is not a token of this service; send next_page_token of the page "
        "before as it came, or nothing for the first page"}});
}

}  // namespace

std::string WritePageToken(std::string_view last_key) {
  return absl::WebSafeBase64Escape(StrCat(kVersion, last_key));
}

absl::StatusOr<std::string> ReadPageToken(std::string_view token) {
  if (token.empty()) return "";
  std::string key;
  if (!absl::WebSafeBase64Unescape(ToAbsl(token), &key) || key.size() < 2 ||
      key[0] != kVersion || WritePageToken(key.substr(1)) != token) {
    return Malformed();
  }
  return key.substr(1);
}

absl::StatusOr<int64_t> ReadPageNumber(std::string_view token, int64_t first) {
  if (token.empty()) return first;
  const absl::StatusOr<std::string> key = ReadPageToken(token);
  if (!key.ok()) return key.status();
  int64_t number;
  if (!absl::SimpleAtoi(*key, &number)) return Malformed();
  return number;
}

}  // namespace millrace
