// `millrace backup`: which files are in it.
#include "tools/millrace/backup.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "base/strings.h"
#include "services/admin/module.h"
#include "services/users/module.h"
#include "tools/millrace/migrate.h"

namespace millrace::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<runtime::ModuleFactory> kModules = {&users::NewModule,
                                                      &admin::NewModule};

class BackupTest : public ::testing::Test {
 protected:
  BackupTest() {
    std::string name =
        fs::path(::testing::TempDir()) / "millrace_backup_XXXXXX";
    folder_ = mkdtemp(name.data());
    config_.set_data_dir(folder_ / "data");
    config_.add_services("users");
    config_.add_services("admin");
  }
  ~BackupTest() override { fs::remove_all(folder_); }

  void MakeDatabases() {
    std::ostringstream out;
    ASSERT_TRUE(Migrate(config_, kModules, false, out)) << out.str();
  }

  std::string Run() {
    std::ostringstream out;
    BackUp(config_, kModules, folder_ / "copy", out);
    return out.str();
  }
  // What it fails with, leaving nothing.
  std::string Failure() {
    std::string text;
    try {
      ADD_FAILURE() << Run();
    } catch (const StatusError& error) {
      text = std::string(MessageOf(error.status()));
    }
    EXPECT_FALSE(fs::exists(folder_ / "copy"));
    return text;
  }
  std::set<std::string> Copied() {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_ / "copy")) {
      names.insert(entry.path().filename());
    }
    return names;
  }

  fs::path folder_;
  runtime::Config config_;
};

TEST_F(BackupTest, HasAllOfTheDataDirectoryButWhatProcessesMakeAnew) {
  MakeDatabases();
  const fs::path data = config_.data_dir();
  // Of a service that this program does not know.
  fs::copy_file(data / "users.db", data / "parcels.db");
  std::ofstream(data / "parcels.db-wal").flush();
  std::ofstream(data / "own.key") << "secret";
  std::ofstream(data / "log-wal") << "a name like a journal's";
  fs::create_directory(data / "lost+found");
  ASSERT_TRUE(fs::exists(data / "lock"));
  EXPECT_THAT(Run(), AllOf(HasSubstr("users.db  "), HasSubstr("own.key  6 by"),
                           HasSubstr("lost+found  left out")));
  EXPECT_THAT(Copied(), ElementsAre("admin.db", "log-wal", "own.key",
                                    "parcels.db", "users.db"));
}

TEST_F(BackupTest, HasFilesThatAreElsewhere) {
  (*config_.mutable_databases())["users"].set_url(
      StrCat("sqlite://", (folder_ / "people").string()));
  MakeDatabases();
  Run();
  EXPECT_THAT(Copied(), ElementsAre("admin.db", "users.db"));
}

TEST_F(BackupTest, CopiesAFileOfTwoServicesOnce) {
  const std::string url = StrCat("sqlite://", (folder_ / "all").string());
  (*config_.mutable_databases())["users"].set_url(url);
  (*config_.mutable_databases())["admin"].set_url(url);
  MakeDatabases();
  EXPECT_THAT(Run(), HasSubstr("admin.db  is users.db: one file is both\n"));
  EXPECT_THAT(Copied(), ElementsAre("users.db"));
}

TEST_F(BackupTest, RefusesTwoFilesOfOneName) {
  MakeDatabases();
  const fs::path data = config_.data_dir();
  fs::copy_file(data / "users.db", folder_ / "people");
  (*config_.mutable_databases())["users"].set_url(
      StrCat("sqlite://", (folder_ / "people").string()));
  EXPECT_THAT(Failure(),
              HasSubstr("would both be users.db in the backup; move away"));
}

TEST_F(BackupTest, SaysThatThereIsNothing) {
  EXPECT_THAT(Failure(), AllOf(HasSubstr("there is no database in '"),
                               HasSubstr("--data")));
}

TEST_F(BackupTest, SaysWhatBacksUpPostgres) {
  MakeDatabases();
  (*config_.mutable_databases())["admin"].set_url("postgresql://host/admin");
  EXPECT_THAT(Failure(),
              AllOf(HasSubstr("the database of admin is postgresql://host/"),
                    HasSubstr("pg_dump")));
}

}  // namespace
}  // namespace millrace::cli
