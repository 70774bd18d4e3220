// Every query of the service goes by an index, on 100,000 people and as many
// sessions, tickets and failed logins.
#include <functional>
#include <utility>

#include "services/users/permissions.h"
#include "services/users/sessions_store.h"
#include "services/users/store.h"
#include "services/users/users_suite.h"
#include "tests/support/query_plan.h"

namespace millrace::users {
namespace {

using store::Dialect;
using store::Tx;

constexpr int kPeople = 100'000;

// Made by the database itself: a tenth suspended, a tenth deleted.
void Populate(Tx& tx) {
  const bool sqlite = tx.dialect() == Dialect::kSqlite;
  const std::string numbers =
      sqlite ? StrCat(
                   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
                   "FROM n WHERE i < ",
                   kPeople, ") ")
             : StrCat("WITH n AS (SELECT generate_series(1, ", kPeople,
                      ") AS i) ");
  // As a UUID, in an order that has nothing to do with the addresses'.
  const std::string hash =
      sqlite ? "printf('%08x-0000-7000-8000-000000000000', (i * 2654435761) & "
               "4294967295)"
             : "substr(md5(i::text), 1, 8) || '-' || lpad(to_hex(i), 27, '0')";
  tx.Execute(StrCat(
      "INSERT INTO people (id, email, display_name, name_key, locale, "
      "revision, create_time, update_time, suspend_time, delete_time, "
      "purge_time) ",
      numbers, "SELECT ", hash,
      ", 'person' || i || '@example.org', 'Name ' || (i % 1000), 'name ' || "
      "(i % 1000), 'en', 1, i, i, CASE WHEN i % 10 = 0 THEN i END, CASE WHEN i "
      "% 10 = 1 THEN i END, CASE WHEN i % 10 = 1 THEN i END FROM n"));
  for (const char* insert :
       {"credentials (user_id, password_hash, change_time) SELECT id, 'hash', "
        "create_time FROM people",
        "password_tickets (user_id, digest, expire_time) SELECT id, 'digest' "
        "|| create_time, create_time FROM people",
        "sessions (id, user_id, family, current, create_time, expire_time) "
        "SELECT 's' || id, id, 'f' || id, 'c' || id, create_time, create_time "
        "FROM people",
        "login_failures (bucket, failures, last_time) SELECT 'bucket' || "
        "create_time, 1, create_time FROM people",
        "user_permissions (user_id, permissions, change_time) SELECT id, 'a', "
        "create_time FROM people"}) {
    tx.Execute(StrCat("INSERT INTO ", insert));
  }
  for (const char* table : {"people", "credentials", "password_tickets",
                            "sessions", "login_failures", "user_permissions"}) {
    tx.Execute(StrCat("ANALYZE ", table));
  }
}

TEST_P(UsersSuite, EveryQueryGoesByAnIndex) {
  ASSERT_EQ(Await(database_->Transact([](Tx& tx) { Populate(tx); })),
            absl::OkStatus());
  ForgetStatements();
  const std::string id = "7fffffff-0000-7000-8000-000000000000";
  const Person person = NewPerson(id, "a@b.org", "Ada", "en", clock_.Now());
  const absl::Time early = absl::FromUnixMicros(100);
  const std::vector<std::pair<const char*, std::function<void(Tx&)>>> uses = {
      {"Find", [&](Tx& tx) { Find(tx, id); }},
      {"FindDeleted", [&](Tx& tx) { FindDeleted(tx, id); }},
      {"FindByEmail", [&](Tx& tx) { FindByEmail(tx, "person7@example.org"); }},
      {"FindMany",
       [&](Tx& tx) {
         FindMany(tx, {id, id, id});
       }},
      {"List", [&](Tx& tx) { List(tx, std::nullopt, id, 50); }},
      {"List active", [&](Tx& tx) { List(tx, State::kActive, id, 50); }},
      {"List suspended", [&](Tx& tx) { List(tx, State::kSuspended, id, 50); }},
      {"List deleted", [&](Tx& tx) { List(tx, State::kDeleted, id, 50); }},
      {"ListByEmail", [&](Tx& tx) { ListByEmail(tx, "person7", "", 50); }},
      {"ListByName", [&](Tx& tx) { ListByName(tx, "name 7", "", "", 50); }},
      {"ListPurgeable", [&](Tx& tx) { ListPurgeable(tx, clock_.Now(), 50); }},
      {"Update", [&](Tx& tx) { Update(tx, person); }},
      {"Purge", [&](Tx& tx) { Purge(tx, id, clock_.Now()); }},
      {"FindCredential", [&](Tx& tx) { FindCredential(tx, id); }},
      {"RenewPasswordHash",
       [&](Tx& tx) { RenewPasswordHash(tx, id, "hash", "renewed"); }},
      {"HasTicket", [&](Tx& tx) { HasTicket(tx, "digest7"); }},
      {"TakeTicket", [&](Tx& tx) { TakeTicket(tx, "digest7", early); }},
      {"FindSession", [&](Tx& tx) { FindSession(tx, "f7"); }},
      {"UpdateSession", [&](Tx& tx) { UpdateSession(tx, {.id = "s7"}); }},
      {"DeleteSession", [&](Tx& tx) { DeleteSession(tx, "s7"); }},
      {"DeleteSessionsOf", [&](Tx& tx) { DeleteSessionsOf(tx, id); }},
      {"FindFailures", [&](Tx& tx) { FindFailures(tx, "bucket7"); }},
      {"ForgetFailures", [&](Tx& tx) { ForgetFailures(tx, "bucket7"); }},
      {"PruneSessions", [&](Tx& tx) { PruneSessions(tx, early, early); }},
      {"FindPermissions", [&](Tx& tx) { FindPermissions(tx, id); }},
      {"SavePermissions without any",
       [&](Tx& tx) { SavePermissions(tx, id, {}, early); }},
  };
  for (const auto& [name, use] : uses) {
    const auto statements = testing::Record(database_->dialect(), use);
    ASSERT_FALSE(statements.empty()) << name;
    for (const testing::Statement& statement : statements) {
      const auto plan = Await(database_->Transact(
          [&](Tx& tx) { return testing::Explain(tx, statement); }));
      ASSERT_TRUE(plan.ok()) << name << ": " << plan.status();
      EXPECT_TRUE(testing::GoesByIndex(database_->dialect(), *plan))
          << name << ": " << statement.sql << "\n"
          << *plan;
    }
  }
}

TEST_P(UsersSuite, PlansAreToldApart) {
  ASSERT_EQ(Await(database_->Transact([](Tx& tx) { Populate(tx); })),
            absl::OkStatus());
  ForgetStatements();
  const auto plan = Await(database_->Transact([&](Tx& tx) {
    return testing::Explain(tx, {"SELECT id FROM people WHERE locale = :locale",
                                 {{"locale", "x"}}});
  }));
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_FALSE(testing::GoesByIndex(database_->dialect(), *plan)) << *plan;
}

}  // namespace
}  // namespace millrace::users
