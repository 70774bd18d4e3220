#include "store/backup.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"

namespace millrace::store {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A connection as services have them, but for the disk, that is not waited for.
class Connection {
 public:
  explicit Connection(const fs::path& path) {
    EXPECT_EQ(sqlite3_open(path.c_str(), &connection_), SQLITE_OK);
  }
  ~Connection() { sqlite3_close(connection_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool Run(const std::string& sql) {
    return sqlite3_exec(connection_, sql.c_str(), nullptr, nullptr, nullptr) ==
           SQLITE_OK;
  }
  int64_t Ask(const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    sqlite3_prepare_v2(connection_, sql.c_str(), -1, &statement, nullptr);
    EXPECT_EQ(sqlite3_step(statement), SQLITE_ROW) << sql;
    const int64_t answer = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return answer;
  }

  // Rows of 1000 bytes, numbered from 1.
  void Make(int64_t rows) {
    EXPECT_TRUE(
        Run("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; "
            "CREATE TABLE t (n INTEGER PRIMARY KEY, x TEXT)"));
    EXPECT_TRUE(Run(StrCat("WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT ",
                           "n + 1 FROM i WHERE n < ", rows,
                           ") INSERT INTO t SELECT n, printf('%.1000c', 'x') ",
                           "FROM i")));
  }
  bool Add() { return Run("INSERT INTO t (x) VALUES ('y')"); }
  int64_t Last() { return Ask("SELECT max(n) FROM t"); }

 private:
  sqlite3* connection_ = nullptr;
};

class BackupTest : public ::testing::Test {
 protected:
  BackupTest() {
    std::string name = (fs::temp_directory_path() / "millrace-XXXXXX").string();
    folder_ = mkdtemp(name.data());
    fs::create_directory(folder_ / "data");
    options_.directory = (folder_ / "copy").string();
  }
  ~BackupTest() override { fs::remove_all(folder_); }

  fs::path Data(const std::string& name) { return folder_ / "data" / name; }
  fs::path Copy(const std::string& name) { return folder_ / "copy" / name; }

  // A database that is to be in the backup.
  std::unique_ptr<Connection> Make(const std::string& name, int64_t rows) {
    auto made = std::make_unique<Connection>(Data(name));
    made->Make(rows);
    options_.databases.push_back({Data(name).string(), name});
    return made;
  }

  static std::set<std::string> Names(const fs::path& directory) {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory)) {
      names.insert(entry.path().filename().string());
    }
    return names;
  }

  // Fails with it, and leaves nothing.
  void ExpectFailure(absl::StatusCode code, const std::string& text) {
    const auto names = Names(folder_);
    const absl::Status status = BackUp(options_).status();
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_THAT(MessageOf(status), HasSubstr(text));
    EXPECT_EQ(Names(folder_), names);
  }

  fs::path folder_;
  BackupOptions options_;
};

// Who writes goes from file to file, as an event goes from an outbox to the
// bus: whatever is in the second was in the first before.
TEST_F(BackupTest, IsOneMomentOfAllFiles) {
  const auto first = Make("first.db", 1);
  const auto second = Make("second.db", 1);
  std::atomic<int64_t> written = 0;
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    Connection first(Data("first.db"));
    Connection second(Data("second.db"));
    for (Connection* connection : {&first, &second}) {
      EXPECT_TRUE(connection->Run(
          "PRAGMA synchronous = OFF; PRAGMA busy_timeout = 60000"));
    }
    while (!stop) {
      EXPECT_TRUE(first.Add());
      EXPECT_TRUE(second.Add());
      written = second.Last();
    }
  });
  for (int round = 0; round < 50; ++round) {
    const int64_t before = written;
    const auto copies = BackUp(options_);
    EXPECT_TRUE(copies.ok()) << copies.status();
    if (!copies.ok()) break;
    const int64_t in_first = Connection(Copy("first.db")).Last();
    const int64_t in_second = Connection(Copy("second.db")).Last();
    EXPECT_GE(in_second, before);
    EXPECT_LE(in_second, in_first);
    EXPECT_LE(in_first, in_second + 1);
    fs::remove_all(options_.directory);
  }
  stop = true;
  writer.join();
}

TEST_F(BackupTest, HoldsUpNobodyWhileItCopies) {
  const auto database = Make("a.db", 3000);
  int64_t added = 0;
  bool halfway = false;
  options_.progress = [&](const std::string& name, int64_t done, int64_t all) {
    EXPECT_EQ(name, "a.db");
    halfway |= done < all;
    if (database->Add()) ++added;
  };
  const auto copies = BackUp(options_);
  ASSERT_TRUE(copies.ok()) << copies.status();
  EXPECT_TRUE(halfway);
  EXPECT_GT(added, 1);
  EXPECT_EQ(database->Last(), 3000 + added);
  EXPECT_EQ(Connection(Copy("a.db")).Last(), 3000);
  EXPECT_EQ(copies->front().bytes,
            static_cast<int64_t>(fs::file_size(Copy("a.db"))));
}

TEST_F(BackupTest, HasFilesForTheirOwnerAndNothingElse) {
  const auto database = Make("a.db", 10);
  std::ofstream(Data("key")) << "secret";
  ASSERT_EQ(chmod(Data("key").c_str(), 0440), 0);
  options_.others.push_back({Data("key").string(), "key"});
  const mode_t before = umask(022);
  fs::create_directory(options_.directory);  // empty
  const auto copies = BackUp(options_);
  umask(before);
  ASSERT_TRUE(copies.ok()) << copies.status();
  EXPECT_THAT(Names(options_.directory), ElementsAre("a.db", "key"));
  const auto mode = [](const fs::path& path) {
    return static_cast<unsigned>(fs::status(path).permissions());
  };
  EXPECT_EQ(mode(options_.directory), 0700u);
  EXPECT_EQ(mode(Copy("a.db")), 0600u);
  EXPECT_EQ(mode(Copy("key")), 0440u);
  EXPECT_THAT(Names(folder_), ElementsAre("copy", "data"));
}

TEST_F(BackupTest, LeavesAloneWhatIsThere) {
  const auto database = Make("a.db", 10);
  fs::create_directory(options_.directory);
  std::ofstream(Copy("a.db")) << "of before";
  ExpectFailure(absl::StatusCode::kAlreadyExists, "is there already");
  EXPECT_EQ(fs::file_size(Copy("a.db")), 9u);
}

TEST_F(BackupTest, SaysHowMuchRoomIsMissing) {
  const auto database = Make("a.db", 10);
  options_.spare_bytes = int64_t{1} << 60;
  ExpectFailure(absl::StatusCode::kResourceExhausted, "make room for ");
}

TEST_F(BackupTest, ADamagedFileHasNoBackup) {
  const auto sound = Make("a.db", 10);
  Make("b.db", 1000);
  std::fstream file(Data("b.db"), std::ios::in | std::ios::out);
  file.seekp(4096 * 20);
  file << std::string(4096 * 5, 'x');
  file.close();
  ExpectFailure(absl::StatusCode::kDataLoss, "b.db is not sound");
}

TEST_F(BackupTest, ATransactionWithoutEndIsNamed) {
  const auto first = Make("a.db", 1);
  const auto second = Make("b.db", 1);
  ASSERT_TRUE(second->Run("BEGIN IMMEDIATE"));
  options_.patience = absl::Milliseconds(10);
  ExpectFailure(absl::StatusCode::kUnavailable, "b.db: database is locked");
  EXPECT_TRUE(first->Add());
  ASSERT_TRUE(second->Run("COMMIT"));
  const auto copies = BackUp(options_);
  EXPECT_TRUE(copies.ok()) << copies.status();
}

TEST_F(BackupTest, AFileThatIsMissingIsNotMade) {
  options_.databases.push_back({Data("none.db").string(), "none.db"});
  ExpectFailure(absl::StatusCode::kUnavailable, "none.db");
  EXPECT_FALSE(fs::exists(Data("none.db")));
}

}  // namespace
}  // namespace millrace::store
