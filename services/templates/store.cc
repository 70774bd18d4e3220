#include "services/templates/store.h"

#include <utility>

#include "base/status.h"
#include "base/strings.h"

namespace millrace::templates {
namespace {

constexpr char kSelect[] =
    "SELECT name, locale, version, state, content_type, body, create_time, "
    "publish_time FROM templates WHERE name = :name AND locale = :locale ";

TemplateVersion FromRow(const store::Row& row) {
  TemplateVersion version = {
      .name = row.Text("name"),
      .locale = row.Text("locale"),
      .version = row.Int("version"),
      .state = static_cast<State>(row.Int("state")),
      .content_type = row.Text("content_type"),
      .body = row.Text("body"),
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

}  // namespace

TemplateVersion InsertNext(store::Tx& tx, TemplateVersion draft) {
  const auto row = tx.QueryOne(
      "SELECT COALESCE(MAX(version), 0) + 1 AS next FROM templates WHERE name "
      "= :name AND locale = :locale",
      {{"name", draft.name}, {"locale", draft.locale}});
  draft.version = row->Int("next");
  draft.state = State::kDraft;
  tx.Execute(
      "INSERT INTO templates (name, locale, version, state, content_type, "
      "body, create_time) VALUES (:name, :locale, :version, :state, "
      ":content_type, :body, :create_time)",
      {{"name", draft.name},
       {"locale", draft.locale},
       {"version", draft.version},
       {"state", static_cast<int64_t>(draft.state)},
       {"content_type", draft.content_type},
       {"body", draft.body},
       {"create_time", absl::ToUnixMicros(draft.create_time)}});
  return draft;
}

TemplateVersion FindVersion(store::Tx& tx, std::string_view name,
                            std::string_view locale, int64_t version) {
  const auto row = tx.QueryOne(StrCat(kSelect, "AND version = :version"),
                               {{"name", std::string(name)},
                                {"locale", std::string(locale)},
                                {"version", version}});
  if (!row) {
    Throw(absl::NotFoundError(StrCat("template '", name, "' in '", locale,
                                     "' has no version ", version)));
  }
  return FromRow(*row);
}

std::optional<TemplateVersion> FindPublished(
    store::Tx& tx, std::string_view name,
    const std::vector<std::string>& locales) {
  for (const std::string& locale : locales) {
    const auto row =
        tx.QueryOne(StrCat(kSelect, "AND state = :state"),
                    {{"name", std::string(name)},
                     {"locale", locale},
                     {"state", static_cast<int64_t>(State::kPublished)}});
    if (row) return FromRow(*row);
  }
  return std::nullopt;
}

Publication Publish(store::Tx& tx, std::string_view name,
                    std::string_view locale, int64_t version, absl::Time now) {
  TemplateVersion chosen = FindVersion(tx, name, locale, version);
  if (chosen.state == State::kPublished) return {std::move(chosen)};
  tx.Execute(
      "UPDATE templates SET state = :retired WHERE name = :name AND locale = "
      ":locale AND state = :published",
      {{"retired", static_cast<int64_t>(State::kRetired)},
       {"name", chosen.name},
       {"locale", chosen.locale},
       {"published", static_cast<int64_t>(State::kPublished)}});
  tx.Execute(
      "UPDATE templates SET state = :published, publish_time = :now WHERE name "
      "= :name AND locale = :locale AND version = :version",
      {{"published", static_cast<int64_t>(State::kPublished)},
       {"now", absl::ToUnixMicros(now)},
       {"name", chosen.name},
       {"locale", chosen.locale},
       {"version", version}});
  chosen.state = State::kPublished;
  chosen.publish_time = now;
  return {std::move(chosen), true};
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
  store::Params params = {{"user_id", std::string(user_id)}, {"limit", limit}};
  if (!before.empty()) {
    sql += "AND id < :before ";
    params.push_back({"before", std::string(before)});
  }
  sql += "ORDER BY id DESC LIMIT :limit";
  std::vector<RenderedText> texts;
  for (const store::Row& row : tx.Query(sql, params)) {
    texts.push_back(MessageFromRow(row));
  }
  return texts;
}

}  // namespace millrace::templates
