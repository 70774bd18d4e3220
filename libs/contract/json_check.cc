#include "contract/json_check.h"

#include <string>

#include "absl/container/flat_hash_set.h"
#include "base/strings.h"
#include "contract/utf8.h"

namespace millrace {
namespace {

bool CheckValue(JsonScanner& in);

bool CheckObject(JsonScanner& in) {
  absl::flat_hash_set<std::string> keys;
  return in.Object([&](size_t at, std::string_view key) {
    if (!in.rules().allow_duplicate_keys &&
        !keys.insert(std::string(key)).second) {
      return in.Fail(at, StrCat("the key '", Excerpt(key), "' is there twice"));
    }
    return CheckValue(in);
  });
}

bool CheckValue(JsonScanner& in) {
  JsonKind kind;
  if (!in.Kind(&kind)) return false;
  if (kind == JsonKind::kObject) return CheckObject(in);
  if (kind != JsonKind::kArray) return in.Skip();
  return in.Array([&] { return CheckValue(in); });
}

}  // namespace

absl::Status CheckJson(std::string_view text, const JsonRules& rules) {
  JsonScanner in(text, rules);
  if (in.Begin() && CheckValue(in) && in.End()) return absl::OkStatus();
  return in.status();
}

}  // namespace millrace
