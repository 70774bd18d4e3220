// `millrace admin bootstrap`, on both databases.
#include "tools/millrace/bootstrap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/logger.h"
#include "base/metrics.h"
#include "base/status.h"
#include "base/strings.h"
#include "loop/combinators.h"
#include "loop/event_loop.h"
#include "runtime/data_dir.h"
#include "services/admin/access_store.h"
#include "services/users/sessions_store.h"
#include "services/users/store.h"
#include "store/database.h"
#include "tests/support/database_backend.h"
#include "tokens/secret.h"

namespace millrace::cli {
namespace {

using absl::StatusCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kAda[] = "ada@example.org";
constexpr char kBob[] = "bob@example.org";

class BootstrapTest : public ::testing::TestWithParam<testing::Backend> {
 protected:
  BootstrapTest() {
    std::string name = std::filesystem::path(::testing::TempDir()) /
                       "millrace_bootstrap_XXXXXX";
    folder_ = mkdtemp(name.data());
    config_.set_data_dir(StrCat(folder_, "/data"));
  }
  ~BootstrapTest() override { std::filesystem::remove_all(folder_); }

  void SetUp() override {
    if (GetParam().name == "Sqlite") return;
    for (const char* name : {"users", "admin"}) {
      const auto url = GetParam().fresh();
      if (!url.ok()) GTEST_SKIP() << url.status().message();
      (*config_.mutable_databases())[name].set_url(*url);
    }
  }

  absl::StatusOr<NewAdministrator> Try(const std::string& email) {
    try {
      return Bootstrap(config_, email, "Somebody");
    } catch (const StatusError& error) {
      return error.status();
    }
  }

  // In a transaction of the service's database.
  void In(const std::string& service,
          const std::function<void(store::Tx&)>& what) {
    EventLoop loop;
    NullLogger logger;
    NullMetrics metrics;
    const auto database = ValueOrThrow(store::Database::Open(
        loop, {.url = runtime::DatabaseUrlOf(config_, service)}, logger,
        metrics));
    absl::Status outcome = absl::UnknownError("never settled");
    const auto done = AsStatusOr(database->Transact(what))
                          .Then([&](const absl::Status& status) {
                            outcome = status;
                            loop.Stop();
                          });
    loop.Run();
    ASSERT_TRUE(outcome.ok()) << outcome;
  }

  std::set<std::string> MayDo(const std::string& user_id) {
    std::set<std::string> names;
    In("admin", [&](store::Tx& tx) {
      names = admin::FindAccess(tx, user_id).Permissions();
    });
    return names;
  }

  // The types of the events that wait to be published, with their actors.
  std::vector<std::string> Emitted(const std::string& service) {
    std::vector<std::string> found;
    In(service, [&](store::Tx& tx) {
      found.clear();
      for (const store::Row& row :
           tx.Query("SELECT headers FROM millrace_outbox ORDER BY id")) {
        const std::string headers = row.Bytes("headers");
        for (const char* type : {"UserEvents.Created", "PasswordTicketCreated",
                                 "PermissionsChanged"}) {
          if (headers.find(type) == headers.npos) continue;
          const bool known = headers.find(kBootstrapActor) != headers.npos;
          found.push_back(StrCat(type, known ? " by bootstrap" : ""));
        }
      }
    });
    return found;
  }

  std::string folder_;
  runtime::Config config_;
};

TEST_P(BootstrapTest, MakesAPersonWhoMayDoEverything) {
  const auto made = Try("Ada@Example.org");
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_THAT(MayDo(made->user_id), ElementsAre("*"));
  In("users", [&](store::Tx& tx) {
    EXPECT_EQ(users::Find(tx, made->user_id).email, kAda);
    EXPECT_TRUE(users::HasTicket(tx, tokens::SecretDigest(made->ticket)));
  });
  EXPECT_THAT(Emitted("users"),
              ElementsAre("UserEvents.Created by bootstrap",
                          "PasswordTicketCreated by bootstrap"));
  EXPECT_THAT(Emitted("admin"), ElementsAre("PermissionsChanged by bootstrap"));
}

TEST_P(BootstrapTest, IsRefusedOnceThereIsAnAdministrator) {
  ASSERT_TRUE(Try(kAda).ok());
  const auto second = Try(kBob);
  EXPECT_EQ(second.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.status().message()),
              HasSubstr("there is an administrator"));
  In("users", [](store::Tx& tx) {
    EXPECT_FALSE(users::FindByEmail(tx, kBob).has_value());
  });
}

// Whatever it is that lets them grant.
TEST_P(BootstrapTest, KnowsAdministratorsByWhatTheyMayDo) {
  const auto made = Try(kAda);
  ASSERT_TRUE(made.ok()) << made.status();
  for (const char* permission :
       {"admin.*", "admin.permissions.*", "admin.permissions.write"}) {
    In("admin", [&](store::Tx& tx) {
      const admin::Access before = admin::FindAccess(tx, made->user_id);
      admin::Access after = before;
      after.granted = {permission};
      ++after.revision;
      admin::SaveAccess(tx, before, after);
    });
    EXPECT_EQ(Try(kBob).status().code(), StatusCode::kFailedPrecondition)
        << permission;
  }
}

TEST_P(BootstrapTest, GivesAnotherTicketUntilThereIsAPassword) {
  const auto first = Try(kAda);
  ASSERT_TRUE(first.ok()) << first.status();
  const auto again = Try(kAda);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->user_id, first->user_id);
  EXPECT_NE(again->ticket, first->ticket);
  // Nothing more has happened that there would be to tell.
  EXPECT_THAT(Emitted("users"),
              ElementsAre("UserEvents.Created by bootstrap",
                          "PasswordTicketCreated by bootstrap",
                          "PasswordTicketCreated by bootstrap"));
  EXPECT_THAT(Emitted("admin"), SizeIs(1));
  In("users", [&](store::Tx& tx) {
    EXPECT_FALSE(users::HasTicket(tx, tokens::SecretDigest(first->ticket)));
    users::SavePasswordHash(tx, first->user_id, "hash", absl::Now());
  });
  EXPECT_EQ(Try(kAda).status().code(), StatusCode::kFailedPrecondition);
}

TEST_P(BootstrapTest, TakesAPersonWhoIsThere) {
  ASSERT_TRUE(Try(kAda).ok());
  std::string id;
  In("admin", [&](store::Tx& tx) {
    id = admin::ListHolders(tx, "", "*", 1).at(0);
    const admin::Access before = admin::FindAccess(tx, id);
    admin::Access after = before;
    admin::Clear(after);
    ++after.revision;
    admin::SaveAccess(tx, before, after);
  });
  ASSERT_THAT(MayDo(id), IsEmpty());
  const auto made = Try(kAda);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->user_id, id);
  EXPECT_THAT(MayDo(id), ElementsAre("*"));
}

TEST_P(BootstrapTest, RefusesWhatCreateUserWould) {
  const auto made = Try("ada");
  EXPECT_EQ(made.status().code(), StatusCode::kInvalidArgument);
  EXPECT_FALSE(std::filesystem::exists(config_.data_dir()));
}

TEST_P(BootstrapTest, LeavesTheFilesOfARunningProcessAlone) {
  config_.clear_databases();
  const auto used = ValueOrThrow(runtime::DataDir::Lock(config_.data_dir()));
  const auto made = Try(kAda);
  EXPECT_EQ(made.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(made.status().message()),
              HasSubstr("another process uses it"));
}

// The program says on which database: each of them links this file.
INSTANTIATE_TEST_SUITE_P(On, BootstrapTest,
                         ::testing::Values(testing::MILLRACE_TEST_BACKEND()),
                         testing::NameOf);

}  // namespace
}  // namespace millrace::cli
