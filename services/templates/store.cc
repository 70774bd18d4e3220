#include "services/templates/store.h"

#include <utility>

#include "base/status.h"
#include "base/strings.h"

namespace millrace::templates {
namespace {

constexpr char kSelect[] =
    "SELECT name, locale, version, state, content_type, body, syntax, "
    "data_type, unsafe_allowed, create_time, publish_time FROM templates WHERE "
    "name = :name AND locale = :locale ";

constexpr char kSelectWithoutBody[] =
    "SELECT name, locale, version, state, content_type, '' AS body, syntax, "
    "data_type, unsafe_allowed, create_time, publish_time FROM templates WHERE "
    "name = :name AND locale = :locale ";

TemplateVersion FromRow(const store::Row& row) {
  TemplateVersion version = {
      .name = row.Text("name"),
      .locale = row.Text("locale"),
      .version = row.Int("version"),
      .state = static_cast<State>(row.Int("state")),
      .content_type = row.Text("content_type"),
      .body = row.Text("body"),
      .syntax = row.Int("syntax"),
      .data_type = row.Text("data_type"),
      .unsafe_allowed = row.Int("unsafe_allowed") != 0,
      .create_time = absl::FromUnixMicros(row.Int("create_time"))};
  if (!row.IsNull("publish_time")) {
    version.publish_time = absl::FromUnixMicros(row.Int("publish_time"));
  }
  return version;
}

RenderedText MessageFromRow(const store::Row& row) {
  return {.id = row.Text("id"),
          .event_id = row.Text("event_id"),
          .user_id = row.Text("user_id"),
          .name = row.Text("template"),
          .locale = row.Text("locale"),
          .version = row.Int("version"),
          .content_type = row.Text("content_type"),
          .body = row.Text("body"),
          .render_time = absl::FromUnixMicros(row.Int("render_time"))};
}

store::Params ToParams(const TemplateVersion& version) {
  store::Params params = {{"name", version.name},
                          {"locale", version.locale},
                          {"version", version.version},
                          {"state", static_cast<int64_t>(version.state)},
                          {"content_type", version.content_type},
                          {"body", version.body},
                          {"syntax", version.syntax},
                          {"data_type", version.data_type},
                          {"unsafe_allowed", int64_t{version.unsafe_allowed}},
                          {"publish_time", nullptr}};
  if (version.publish_time) {
    params.back().value = absl::ToUnixMicros(*version.publish_time);
  }
  return params;
}

}  // namespace

int64_t GreatestVersion(store::Tx& tx, std::string_view name,
                        std::string_view locale) {
  const auto row = tx.QueryOne(
      "SELECT version FROM templates WHERE name = :name AND locale = :locale "
      "ORDER BY version DESC LIMIT 1",
      {{"name", name}, {"locale", locale}});
  return row ? row->Int("version") : 0;
}

void InsertVersion(store::Tx& tx, const TemplateVersion& version) {
  store::Params params = ToParams(version);
  params.push_back({"create_time", absl::ToUnixMicros(version.create_time)});
  tx.Execute(
      "INSERT INTO templates (name, locale, version, state, content_type, "
      "body, syntax, data_type, unsafe_allowed, create_time, publish_time) "
      "VALUES (:name, :locale, :version, :state, :content_type, :body, "
      ":syntax, "
      ":data_type, :unsafe_allowed, :create_time, :publish_time)",
      params);
}

void UpdateVersion(store::Tx& tx, const TemplateVersion& version) {
  tx.Execute(
      "UPDATE templates SET state = :state, content_type = :content_type, body "
      "= :body, syntax = :syntax, data_type = :data_type, unsafe_allowed = "
      ":unsafe_allowed, publish_time = :publish_time WHERE name = :name AND "
      "locale = :locale AND version = :version",
      ToParams(version));
}

void DeleteVersion(store::Tx& tx, std::string_view name,
                   std::string_view locale, int64_t version) {
  tx.Execute(
      "DELETE FROM templates WHERE name = :name AND locale = :locale AND "
      "version = :version",
      {{"name", name}, {"locale", locale}, {"version", version}});
}

void DeleteVersions(store::Tx& tx, std::string_view name,
                    std::string_view locale) {
  tx.Execute("DELETE FROM templates WHERE name = :name AND locale = :locale",
             {{"name", name}, {"locale", locale}});
}

TemplateVersion FindVersion(store::Tx& tx, std::string_view name,
                            std::string_view locale, int64_t version) {
  const auto row =
      tx.QueryOne(StrCat(kSelect, "AND version = :version"),
                  {{"name", name}, {"locale", locale}, {"version", version}});
  if (!row) {
    Throw(absl::NotFoundError(
        StrCat(Describe(name, locale), " has no version ", version)));
  }
  return FromRow(*row);
}

std::vector<TemplateVersion> ListVersions(store::Tx& tx, std::string_view name,
                                          std::string_view locale,
                                          int64_t before, int64_t limit) {
  std::vector<TemplateVersion> versions;
  for (const store::Row& row :
       tx.Query(StrCat(kSelectWithoutBody,
                       "AND version < :before ORDER BY version DESC LIMIT "
                       ":limit"),
                {{"name", name},
                 {"locale", locale},
                 {"before", before},
                 {"limit", limit}})) {
    versions.push_back(FromRow(row));
  }
  return versions;
}

// In both below the state is a literal, for the partial index to be used.

std::optional<TemplateVersion> FindRetiredBefore(store::Tx& tx,
                                                 std::string_view name,
                                                 std::string_view locale,
                                                 int64_t version) {
  const auto row = tx.QueryOne(
      StrCat(kSelect,
             "AND state = 3 AND version < :version ORDER BY version DESC LIMIT "
             "1"),
      {{"name", name}, {"locale", locale}, {"version", version}});
  if (!row) return std::nullopt;
  return FromRow(*row);
}

std::optional<TemplateVersion> FindPublished(
    store::Tx& tx, std::string_view name,
    const std::vector<std::string>& locales) {
  for (const std::string& locale : locales) {
    const auto row = tx.QueryOne(StrCat(kSelect, "AND state = 2"),
                                 {{"name", name}, {"locale", locale}});
    if (row) return FromRow(*row);
  }
  return std::nullopt;
}

TemplateVersion RequirePublished(store::Tx& tx, std::string_view name,
                                 const std::vector<std::string>& locales) {
  auto found = FindPublished(tx, name, locales);
  if (!found) {
    Throw(absl::NotFoundError(
        StrCat("template '", name, "' is not published in '", locales.front(),
               "' or what it falls back to; see PutTemplate and "
               "PublishTemplate")));
  }
  return *std::move(found);
}

void InsertMessage(store::Tx& tx, const RenderedText& text) {
  tx.Execute(
      "INSERT INTO messages (id, event_id, user_id, template, locale, version, "
      "content_type, body, render_time) VALUES (:id, :event_id, :user_id, "
      ":template, :locale, :version, :content_type, :body, :render_time)",
      {{"id", text.id},
       {"event_id", text.event_id},
       {"user_id", text.user_id},
       {"template", text.name},
       {"locale", text.locale},
       {"version", text.version},
       {"content_type", text.content_type},
       {"body", text.body},
       {"render_time", absl::ToUnixMicros(text.render_time)}});
}

std::vector<RenderedText> ListMessages(store::Tx& tx, std::string_view user_id,
                                       std::string_view before, int64_t limit) {
  std::string sql =
      "SELECT id, event_id, user_id, template, locale, version, content_type, "
      "body, render_time FROM messages WHERE user_id = :user_id ";
  store::Params params = {{"user_id", user_id}, {"limit", limit}};
  if (!before.empty()) {
    sql += "AND id < :before ";
    params.push_back({"before", before});
  }
  sql += "ORDER BY id DESC LIMIT :limit";
  std::vector<RenderedText> texts;
  for (const store::Row& row : tx.Query(sql, params)) {
    texts.push_back(MessageFromRow(row));
  }
  return texts;
}

void DeleteMessages(store::Tx& tx, std::string_view user_id) {
  tx.Execute("DELETE FROM messages WHERE user_id = :user_id",
             {{"user_id", user_id}});
}

void NoteErased(store::Tx& tx, std::string_view user_id, absl::Time now) {
  tx.Execute(
      "INSERT INTO erased_recipients (user_id, erase_time) VALUES (:user_id, "
      ":erase_time) ON CONFLICT DO NOTHING",
      {{"user_id", user_id}, {"erase_time", absl::ToUnixMicros(now)}});
}

bool IsErased(store::Tx& tx, std::string_view user_id) {
  return tx
      .QueryOne(
          "SELECT user_id FROM erased_recipients WHERE user_id = :user_id",
          {{"user_id", user_id}})
      .has_value();
}

}  // namespace millrace::templates
