// Every query of the service goes by an index, on 100,000 templates, versions
// and messages each.
#include <functional>
#include <utility>

#include "services/templates/store.h"
#include "services/templates/templates_suite.h"
#include "tests/support/query_plan.h"

namespace millrace::templates {
namespace {

using store::Dialect;
using store::Tx;

constexpr int kRows = 100'000;

// Made by the database itself: templates in five locales, every eleventh of
// them archived; of some, fifty versions of which the last but one is
// published; and two hundred messages for each of five hundred people.
void Populate(Tx& tx) {
  const bool sqlite = tx.dialect() == Dialect::kSqlite;
  const std::string numbers =
      sqlite ? StrCat(
                   "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 "
                   "FROM n WHERE i + 1 < ",
                   kRows, ") ")
             : StrCat("WITH n AS (SELECT generate_series(0, ", kRows - 1,
                      ") AS i) ");
  tx.Execute(StrCat(
      "INSERT INTO templates (name, locale, version, state, content_type, "
      "body, create_time) ",
      numbers,
      "SELECT 'name' || (i / 250), 'l' || (i / 50 % 5), i % 50 + 1, CASE i % "
      "50 WHEN 48 THEN 2 WHEN 49 THEN 1 ELSE 3 END, 'text/html', 'x', i FROM "
      "n"));
  tx.Execute(StrCat(
      "INSERT INTO template_heads (name, locale, revision, latest_version, "
      "published_version, create_time, update_time, archive_time) ",
      numbers,
      "SELECT 'name' || (i / 5), 'l' || (i % 5), 1, 50, 49, i, i, CASE WHEN i "
      "% 11 = 0 THEN i END FROM n"));
  tx.Execute(StrCat(
      "INSERT INTO messages (id, event_id, user_id, template, locale, version, "
      "content_type, body, render_time) ",
      numbers,
      "SELECT 'm' || i, 'e' || i, 'u' || (i % 500), 'welcome', 'en', 1, "
      "'text/html', 'x', i FROM n"));
  tx.Execute(StrCat("INSERT INTO erased_recipients (user_id, erase_time) ",
                    numbers, "SELECT 'u' || i, 0 FROM n"));
  for (const char* table :
       {"templates", "template_heads", "messages", "erased_recipients"}) {
    tx.Execute(StrCat("ANALYZE ", table));
  }
}

TEST_P(TemplatesSuite, EveryQueryGoesByAnIndex) {
  ASSERT_EQ(Await(database_->Transact([](Tx& tx) { Populate(tx); })),
            absl::OkStatus());
  const std::string name = "name7";
  const std::string locale = "l3";
  const TemplateVersion version = {.name = name, .locale = locale};
  const auto list = [](HeadQuery query) {
    return [query = std::move(query)](Tx& tx) { ListHeads(tx, query, 50); };
  };
  const std::vector<std::pair<const char*, std::function<void(Tx&)>>> uses = {
      {"TryFindHead", [&](Tx& tx) { TryFindHead(tx, name, locale); }},
      {"ListHeads", list({})},
      {"ListHeads behind", list({.after_name = name, .after_locale = locale})},
      {"ListHeads prefix", list({.prefix = "name12"})},
      {"ListHeads locale", list({.locale = locale, .after_name = name})},
      {"ListHeads locale and prefix",
       list({.prefix = "name12", .locale = locale})},
      {"ListHeads archived", list({.archived = true, .after_name = name})},
      {"ListHeads archived, locale",
       list({.locale = locale, .archived = true})},
      {"ListPublishedNames",
       [](Tx& tx) { ListPublishedNames(tx, "name12", 100); }},
      {"GreatestVersion", [&](Tx& tx) { GreatestVersion(tx, name, locale); }},
      {"UpdateVersion", [&](Tx& tx) { UpdateVersion(tx, version); }},
      {"DeleteVersion", [&](Tx& tx) { DeleteVersion(tx, name, locale, 50); }},
      {"DeleteVersions", [&](Tx& tx) { DeleteVersions(tx, name, locale); }},
      {"FindVersion", [&](Tx& tx) { FindVersion(tx, name, locale, 49); }},
      {"ListVersions",
       [&](Tx& tx) { ListVersions(tx, name, locale, 100, 10); }},
      {"FindRetiredBefore",
       [&](Tx& tx) { FindRetiredBefore(tx, name, locale, 49); }},
      {"FindPublished", [&](Tx& tx) { FindPublished(tx, name, {locale}); }},
      {"ListMessages", [&](Tx& tx) { ListMessages(tx, "u7", "", 50); }},
      {"ListMessages behind",
       [&](Tx& tx) { ListMessages(tx, "u7", "m5", 50); }},
      {"DeleteMessages", [&](Tx& tx) { DeleteMessages(tx, "u7"); }},
      {"IsErased", [&](Tx& tx) { IsErased(tx, "u7"); }},
  };
  for (const auto& [what, use] : uses) {
    const auto statements = testing::Record(database_->dialect(), use);
    ASSERT_EQ(statements.size(), 1u) << what;
    const auto plan = Await(database_->Transact(
        [&](Tx& tx) { return testing::Explain(tx, statements[0]); }));
    ASSERT_TRUE(plan.ok()) << what << ": " << plan.status();
    EXPECT_TRUE(testing::GoesByIndex(database_->dialect(), *plan))
        << what << ": " << statements[0].sql << "\n"
        << *plan;
  }
  // And what does not is told apart.
  const testing::Statement slow = {
      "SELECT name FROM templates WHERE body = :body", {{"body", "y"}}};
  const auto plan = Await(
      database_->Transact([&](Tx& tx) { return testing::Explain(tx, slow); }));
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_FALSE(testing::GoesByIndex(database_->dialect(), *plan)) << *plan;
  ForgetStatements();  // those that fill the tables
}

}  // namespace
}  // namespace millrace::templates
