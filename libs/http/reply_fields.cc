#include "http/reply_fields.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "base/strings.h"
#include "contract/json_string.h"

namespace millrace::http {
namespace {

std::string AsText(std::string_view name, const std::string& value) {
  if (!name.ends_with("-bin")) return value;
  std::string base64 = absl::Base64Escape(value);
  while (base64.ends_with('=')) base64.pop_back();
  return base64;
}

}  // namespace

void AddFields(const Metadata& metadata, std::string_view prefix,
               Headers* headers) {
  for (const auto& [name, value] : metadata) {
    headers->Add(StrCat(prefix, name), AsText(name, value));
  }
}

std::string MetadataJson(const Metadata& metadata) {
  std::vector<std::pair<std::string_view, std::string>> lists;
  for (const auto& [name, value] : metadata) {
    const auto at = std::find_if(
        lists.begin(), lists.end(),
        [&name = name](const auto& list) { return list.first == name; });
    const std::string text = JsonString(AsText(name, value));
    if (at == lists.end()) {
      lists.emplace_back(name, text);
    } else {
      StrAppend(&at->second, ",", text);
    }
  }
  std::string json;
  for (const auto& [name, values] : lists) {
    StrAppend(&json, json.empty() ? "{" : ",", JsonString(name), ":[", values,
              "]");
  }
  return json.empty() ? "{}" : json + "}";
}

}  // namespace millrace::http
