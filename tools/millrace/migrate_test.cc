// `millrace migrate`, of the platform's own services, on both databases.
#include "tools/millrace/migrate.h"

#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/logger.h"
#include "base/metrics.h"
#include "base/status.h"
#include "base/strings.h"
#include "loop/combinators.h"
#include "loop/event_loop.h"
#include "runtime/data_dir.h"
#include "services/admin/module.h"
#include "services/templates/module.h"
#include "services/users/module.h"
#include "store/database.h"
#include "tests/support/database_backend.h"

namespace millrace::cli {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

// A folder for the files of SQLite that is gone with the test.
class Folder {
 public:
  Folder() {
    std::string name =
        std::filesystem::path(::testing::TempDir()) / "millrace_migrate_XXXXXX";
    path_ = mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class MigrateTest : public ::testing::TestWithParam<testing::Backend> {
 protected:
  void SetUp() override {
    config_.set_data_dir(folder_.path() + "/data");
    for (const char* name : {"users", "admin", "templates"}) {
      config_.add_services(name);
      if (GetParam().name == "Sqlite") continue;
      const auto url = GetParam().fresh();
      if (!url.ok()) GTEST_SKIP() << url.status().message();
      (*config_.mutable_databases())[name].set_url(*url);
    }
  }

  // What is printed; `well` is what is answered.
  std::string Run(bool dry_run, bool well) {
    std::ostringstream out;
    EXPECT_EQ(
        Migrate(config_,
                {&users::NewModule, &admin::NewModule, templates::Modules()},
                dry_run, out),
        well)
        << out.str();
    return out.str();
  }

  void Execute(const std::string& service, const std::string& sql) {
    EventLoop loop;
    NullLogger logger;
    NullMetrics metrics;
    const auto database = ValueOrThrow(store::Database::Open(
        loop, {.url = runtime::DatabaseUrlOf(config_, service)}, logger,
        metrics));
    absl::Status outcome = absl::UnknownError("never settled");
    const auto done = AsStatusOr(database->Transact([&](store::Tx& tx) {
                        tx.Execute(sql);
                      })).Then([&](const absl::Status& status) {
      outcome = status;
      loop.Stop();
    });
    loop.Run();
    ASSERT_TRUE(outcome.ok()) << outcome;
  }

  const Folder folder_;
  runtime::Config config_;
};

constexpr char kInOrder[] = "as it should be\n";

TEST_P(MigrateTest, TellsThenDoesThenHasNothingToDo) {
  const std::string would = Run(true, false);
  EXPECT_THAT(would, AllOf(ContainsRegex("users +users 0001 people +would be"),
                           ContainsRegex("users +bus_outbox 0001"),
                           ContainsRegex("admin +bus_inbox 0001"),
                           ContainsRegex("templates +templates 0002 heads")));
  EXPECT_FALSE(std::filesystem::exists(config_.data_dir()));
  EXPECT_EQ(Run(true, false), would) << "telling has changed something";

  std::string done = would;
  for (size_t at; (at = done.find("would be applied")) != done.npos;) {
    done.erase(at, std::string_view("would be ").size());
  }
  EXPECT_EQ(Run(false, true), done);
  Execute("users", "SELECT id FROM people");
  for (const bool dry_run : {true, false}) {
    EXPECT_EQ(Run(dry_run, true), StrCat("users      ", kInOrder,  //
                                         "admin      ", kInOrder,  //
                                         "templates  ", kInOrder));
  }
}

TEST_P(MigrateTest, RefusesANewerSchemaAndGoesOnWithTheOthers) {
  Run(false, true);
  // By a program that says nothing of those before it.
  Execute("users",
          "INSERT INTO millrace_migrations "
          "(module, version, name, checksum, applied_ms) VALUES "
          "('users', 9999, 'future', '0000000000000000', 0)");
  for (const bool dry_run : {true, false}) {
    const std::string text = Run(dry_run, false);
    EXPECT_THAT(text, AllOf(HasSubstr("users      FAILED: "),
                            HasSubstr("version 9999 (future)"),
                            HasSubstr("run a newer program"),
                            HasSubstr(StrCat("admin      ", kInOrder))));
  }
}

TEST_P(MigrateTest, IsContentWithANewerSchemaThatOnlyAdds) {
  Run(false, true);
  Execute("users",
          "INSERT INTO millrace_migrations "
          "(module, version, name, checksum, applied_ms, least_version) "
          "SELECT module, 9999, 'future', '0000000000000000', 0, MAX(version) "
          "FROM millrace_migrations WHERE module = 'users' GROUP BY module");
  for (const bool dry_run : {true, false}) {
    EXPECT_THAT(Run(dry_run, true),
                AllOf(HasSubstr("users      users 9999 future  is of a newer "
                                "program; this one may run on it\n"),
                      HasSubstr(StrCat("admin      ", kInOrder))));
  }
}

TEST_P(MigrateTest, OnlyOfTheServicesThatTheConfigurationHosts) {
  config_.clear_services();
  config_.add_services("admin");
  EXPECT_THAT(Run(true, false),
              AllOf(HasSubstr("admin  admin 0001"), Not(HasSubstr("users"))));
}

TEST_P(MigrateTest, SaysWhichDatabaseIsAway) {
  (*config_.mutable_databases())["admin"].set_url(
      "postgresql://nobody@127.0.0.1:1/gone");
  const std::string text = Run(false, false);
  EXPECT_THAT(text, AllOf(HasSubstr("admin      FAILED: "),
                          HasSubstr("127.0.0.1:1/gone"),
                          HasSubstr("templates  bus_outbox 0001")));
}

TEST_P(MigrateTest, LeavesTheFilesOfARunningProcessAlone) {
  config_.clear_databases();
  const auto used = ValueOrThrow(runtime::DataDir::Lock(config_.data_dir()));
  std::ostringstream out;
  try {
    Migrate(config_, {&users::NewModule}, false, out);
    ADD_FAILURE() << out.str();
  } catch (const StatusError& error) {
    EXPECT_THAT(MessageOf(error.status()),
                HasSubstr("another process uses it"));
  }
}

// The program says on which database: each of them links this file.
INSTANTIATE_TEST_SUITE_P(On, MigrateTest,
                         ::testing::Values(testing::MILLRACE_TEST_BACKEND()),
                         testing::NameOf);

}  // namespace
}  // namespace millrace::cli
