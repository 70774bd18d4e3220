// Every statement that the service makes finds its rows by an index, on tables
// of 100,000 rows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "absl/strings/str_split.h"
#include "base/status.h"
#include "base/strings.h"
#include "services/admin/access_store.h"
#include "services/admin/seal_older.h"
#include "services/admin/sealing.h"
#include "services/admin/store.h"
#include "services/admin/testing/admin_test.h"
#include "tests/support/query_plan.h"

namespace millrace::admin {
namespace {

using ::testing::IsEmpty;

constexpr char kNumbers[] =
    "WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM "
    "numbers WHERE i < 100000) ";

// Whether a step of a plan reads a table from one end to the other. Walking
// along an index is none: it gives the order of a page, which ends soon. There
// are only ever some dozen roles, audit_head has one row, and audit_unchained
// is empty but once.
bool IsFullScan(const std::string& step) {
  const bool scans = step.starts_with("SCAN ")
                         ? step.find(" USING ") == step.npos &&
                               step.find("CONSTANT ROW") == step.npos
                         : step.find("Seq Scan on ") != step.npos;
  if (!scans) return false;
  for (const char* small :
       {" roles", " role_permissions", " audit_head", " audit_unchained"}) {
    if (step.find(small) != step.npos) return false;
  }
  return true;
}

AuditRecord PersonalRecord() {
  ::users::v1::UserCreated created;
  created.set_user_id("user-7");
  created.set_email("ada@example.org");
  return {.event_id = "e",
          .source = "/users",
          .record_time = absl::UnixEpoch(),
          .payload_type = "users.v1.UserCreated",
          .payload = created.SerializeAsString()};
}

class QueryPlanTest : public AdminTest {
 protected:
  void SetUp() override {
    AdminTest::SetUp();
    if (IsSkipped()) return;
    const auto filled = Await(database_->Transact([](store::Tx& tx) {
      Fill(tx);
      // What the planner knows of the tables.
      tx.Script("ANALYZE");
    }));
    ASSERT_TRUE(filled.ok()) << filled;
  }

  static void Fill(store::Tx& tx) {
    tx.Execute(
        StrCat(
            kNumbers,
            "INSERT INTO audit (id, event_id, event_type, source, subject, "
            "actor, occur_time, record_time, trace_id, payload_type, "
            "payload, previous_hash, hash) SELECT i, 'event-' || i, 'type-' "
            "|| (i % 20), '/users', 'user-' || (i % 5000), 'user-' || (i % "
            "500), 1700000000000000 + i * 1000, 1700000000000000 + i * 1000, "
            "'trace-' || (i % 30000), 'T', :bytes, :bytes, :bytes FROM "
            "numbers"),
        {{"bytes", store::Bytes{std::string(32, 'x')}}});
    tx.Execute("UPDATE audit_head SET id = 100000, entries = 100000");
    tx.Execute(StrCat(kNumbers,
                      "INSERT INTO audit_keys (data_subject, seal_key, "
                      "create_time) SELECT 'user-' || i, 'k', 0 FROM numbers"));
    tx.Execute(StrCat(kNumbers,
                      "INSERT INTO audit_sealed_later (id, noted_in) SELECT i, "
                      "100000 FROM numbers"));
    tx.Execute(StrCat(kNumbers,
                      "INSERT INTO access (user_id, revision, holdings, "
                      "change_time, changed_by) SELECT 'user-' || i, 1, i % 2, "
                      "0, '' FROM numbers"));
    tx.Execute(StrCat(kNumbers,
                      "INSERT INTO grants (user_id, permission) SELECT 'user-' "
                      "|| i, 'permission-' || (i % 30) FROM numbers"));
    tx.Execute(StrCat(kNumbers,
                      "INSERT INTO grants (user_id, permission) SELECT 'user-' "
                      "|| i, 'users.*' FROM numbers WHERE i % 100 = 0"));
    tx.Execute(
        StrCat(kNumbers,
               "INSERT INTO roles (name, description, revision, "
               "create_time, update_time) SELECT 'role-' || i, '', 1, 0, "
               "0 FROM numbers WHERE i <= 50"));
    tx.Execute(StrCat(kNumbers,
                      "INSERT INTO role_permissions (role, permission) SELECT "
                      "'role-' || i, 'permission-' || (i % 30) FROM numbers "
                      "WHERE i <= 50"));
    tx.Execute(StrCat(kNumbers,
                      "INSERT INTO role_members (user_id, role) SELECT 'user-' "
                      "|| i, 'role-' || (i % 50 + 1) FROM numbers"));
  }

  using Body = std::function<void(store::Tx&)>;

  // "STATEMENT: STEP" for each step of a plan of what `body` does for which
  // `wrong` holds. `body` is undone.
  std::vector<std::string> Find(
      const Body& body,
      const std::function<bool(const std::string& step)>& wrong) {
    std::vector<std::string> found;
    const auto undone = Await(database_->Transact([&](store::Tx& tx) {
      found.clear();
      const auto statements = testing::Record(tx, body);
      EXPECT_FALSE(statements.empty());
      for (const testing::Statement& statement : statements) {
        const std::string plan = testing::Explain(tx, statement);
        for (const absl::string_view step : absl::StrSplit(plan, '\n')) {
          const std::string text(step);
          if (wrong(text)) found.push_back(StrCat(statement.sql, ": ", text));
        }
      }
      Throw(absl::CancelledError("undo it"));
    }));
    EXPECT_EQ(undone, absl::CancelledError("undo it"));
    return found;
  }
  std::vector<std::string> FullScans(const Body& body) {
    return Find(body, &IsFullScan);
  }
  // Also what SQLite has to sort: a page should come in its order. (PostgreSQL
  // may well sort a few rows where it could have them sorted.)
  std::vector<std::string> ScansAndSorts(const Body& body) {
    return Find(body, [](const std::string& step) {
      return IsFullScan(step) || step.find("TEMP B-TREE") != step.npos;
    });
  }
};

// One test, for to fill the tables takes a while.
TEST_F(QueryPlanTest, EveryStatementGoesByAnIndex) {
  const absl::Time day = absl::FromUnixSeconds(1'700'000'050);
  std::vector<AuditQuery> queries(7);
  queries[1].subject = "user-7";
  queries[2].event_type = "type-7";
  queries[3].actor = "user-7";
  queries[4].trace_id = "trace-7";
  queries[5].from = day;
  queries[6].subject = "user-7";
  queries[6].event_type = "type-7";
  for (AuditQuery& query : queries) {
    for (const bool bounded : {false, true}) {
      if (bounded) {
        query.from = day;
        query.before = day + absl::Seconds(10);
      }
      const AuditPlace later{.occur_time = day + absl::Seconds(5), .id = 7};
      EXPECT_THAT(ScansAndSorts([&](store::Tx& tx) {
                    admin::Find(tx, query, {}, 51);
                    admin::Find(tx, query, later, 51);
                  }),
                  IsEmpty());
    }
  }
  EXPECT_THAT(FullScans([](store::Tx& tx) {
                ReadHead(tx);
                HeadBefore(tx, 5000);
                Range(tx, 5000, 6000, 500);
                Append(tx, {.event_id = "new", .source = "/users"});
                AdoptSome(tx, 500);
              }),
              IsEmpty());
  EXPECT_THAT(FullScans([](store::Tx& tx) {
                NotedHashes(tx, 5000, 5200);
                std::vector<AuditRecord> records = {PersonalRecord()};
                HideErased(tx, records);
                records[0] = Seal(tx, PersonalRecord());
                Open(tx, records);
                Erase(tx, "user-7", absl::UnixEpoch());
              }),
              IsEmpty());
  EXPECT_THAT(
      FullScans([](store::Tx& tx) {
        const Access access = FindAccess(tx, "user-7");
        EXPECT_FALSE(access.Permissions().empty());
        Access changed = access;
        Clear(changed);
        admin::Grant({"permission-29"}, changed);
        SaveAccess(tx, access, changed);
        EXPECT_EQ(ListHolders(tx, "user-5", "", 51).size(), 51u);
        EXPECT_EQ(ListHolders(tx, "user-5", "permission-2", 51).size(), 51u);
        EXPECT_EQ(ListHolders(tx, "user-5", "users.users.read", 51).size(),
                  51u);
        EXPECT_EQ(Members(tx, "role-2").size(), 2000u);
      }),
      IsEmpty());
  EXPECT_THAT(FullScans([](store::Tx& tx) {
                const Role role = FindRole(tx, "role-1");
                Role changed = role;
                changed.permissions = {"permission-3"};
                UpdateRole(tx, role, changed);
                ListRoles(tx, "", 51);
                InsertRole(tx,
                           {.name = "new", .permissions = {"permission-1"}});
                DeleteRole(tx, "new");
              }),
              IsEmpty());
  // So that the above can fail.
  EXPECT_EQ(FullScans([](store::Tx& tx) {
              tx.Query("SELECT id FROM audit WHERE payload_type = 'x'");
            }).size(),
            1u);
  ForgetStatements();
}

}  // namespace
}  // namespace millrace::admin
