// The table `template_heads`.
#include "base/status.h"
#include "base/strings.h"
#include "services/templates/store.h"
#include "store/columns.h"

namespace millrace::templates {
namespace {

constexpr char kSelect[] =
    "SELECT name, locale, revision, latest_version, published_version, "
    "create_time, update_time, archive_time, erase_time FROM template_heads ";

TemplateHead FromRow(const store::Row& row) {
  return {.name = row.Text("name"),
          .locale = row.Text("locale"),
          .revision = row.Int("revision"),
          .latest_version = row.Int("latest_version"),
          .published_version = row.Int("published_version"),
          .create_time = absl::FromUnixMicros(row.Int("create_time")),
          .update_time = absl::FromUnixMicros(row.Int("update_time")),
          .archive_time = store::OptionalTime(row, "archive_time"),
          .erase_time = store::OptionalTime(row, "erase_time")};
}

}  // namespace

std::optional<TemplateHead> TryFindHead(store::Tx& tx, std::string_view name,
                                        std::string_view locale) {
  const auto row =
      tx.QueryOne(StrCat(kSelect, "WHERE name = :name AND locale = :locale"),
                  {{"name", name}, {"locale", locale}});
  if (!row) return std::nullopt;
  return FromRow(*row);
}

TemplateHead FindHead(store::Tx& tx, std::string_view name,
                      std::string_view locale) {
  auto head = TryFindHead(tx, name, locale);
  if (!head || head->erase_time) {
    Throw(absl::NotFoundError(
        StrCat("there is no ", Describe(name, locale), "; see PutTemplate")));
  }
  return *std::move(head);
}

void SaveHead(store::Tx& tx, const TemplateHead& head) {
  tx.Execute(
      "INSERT INTO template_heads (name, locale, revision, latest_version, "
      "published_version, create_time, update_time, archive_time, erase_time) "
      "VALUES (:name, :locale, :revision, :latest_version, "
      ":published_version, :create_time, :update_time, :archive_time, "
      ":erase_time) ON CONFLICT (name, locale) DO UPDATE SET revision = "
      "excluded.revision, latest_version = excluded.latest_version, "
      "published_version = excluded.published_version, create_time = "
      "excluded.create_time, update_time = excluded.update_time, archive_time "
      "= excluded.archive_time, erase_time = excluded.erase_time",
      {{"name", head.name},
       {"locale", head.locale},
       {"revision", head.revision},
       {"latest_version", head.latest_version},
       {"published_version", head.published_version},
       {"create_time", absl::ToUnixMicros(head.create_time)},
       {"update_time", absl::ToUnixMicros(head.update_time)},
       {"archive_time", store::OptionalMicros(head.archive_time)},
       {"erase_time", store::OptionalMicros(head.erase_time)}});
}

std::vector<TemplateHead> ListHeads(store::Tx& tx, const HeadQuery& query,
                                    int64_t limit) {
  // As the partial indexes have it.
  std::string sql =
      StrCat(kSelect, "WHERE ",
             query.archived ? "archive_time IS NOT NULL AND erase_time IS NULL"
                            : "archive_time IS NULL",
             " AND name >= :prefix AND name < :end ");
  store::Params params = {{"prefix", query.prefix},
                          {"end", store::EndOfPrefix(query.prefix)},
                          {"after_name", query.after_name},
                          {"limit", limit}};
  if (query.locale.empty()) {
    sql +=
        "AND (name, locale) > (:after_name, :after_locale) ORDER BY name, "
        "locale";
    params.push_back({"after_locale", query.after_locale});
  } else {
    sql += "AND locale = :locale AND name > :after_name ORDER BY name";
    params.push_back({"locale", query.locale});
  }
  sql += " LIMIT :limit";
  std::vector<TemplateHead> heads;
  for (const store::Row& row : tx.Query(sql, params)) {
    heads.push_back(FromRow(row));
  }
  return heads;
}

std::vector<std::string> ListPublishedNames(store::Tx& tx,
                                            std::string_view prefix,
                                            int64_t limit) {
  std::vector<std::string> names;
  for (const store::Row& row : tx.Query(
           "SELECT DISTINCT name FROM template_heads WHERE archive_time IS "
           "NULL AND name >= :prefix AND name < :end AND "
           "published_version > 0 ORDER BY name LIMIT :limit",
           {{"prefix", prefix},
            {"end", store::EndOfPrefix(prefix)},
            {"limit", limit}})) {
    names.push_back(row.Text("name"));
  }
  return names;
}

}  // namespace millrace::templates
