#include "store/id_list.h"

#include "absl/strings/str_join.h"
#include "base/strings.h"

namespace millrace::store {
namespace {

constexpr std::string_view kInJson = "IN (SELECT value FROM json_each(:ids))";

}  // namespace

IdList ListOf(Dialect dialect, const std::vector<int64_t>& ids) {
  const std::string list = absl::StrJoin(ids, ",");
  if (dialect == Dialect::kSqlite) return {kInJson, StrCat("[", list, "]")};
  return {"= ANY(CAST(string_to_array(:ids, ',') AS BIGINT[]))", list};
}

IdList ListOf(Dialect dialect, const std::vector<std::string>& ids) {
  if (dialect != Dialect::kSqlite) {
    return {"= ANY(string_to_array(:ids, ','))", absl::StrJoin(ids, ",")};
  }
  if (ids.empty()) return {kInJson, "[]"};
  return {kInJson, StrCat("[\"", absl::StrJoin(ids, "\",\""), "\"]")};
}

}  // namespace millrace::store
