// The suite on SQLite, and what only SQLite does.
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include <gmock/gmock.h>

#include "base/strings.h"
#include "store/database_suite.h"

namespace millrace::store {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// A folder that goes away with its owner.
class TempDir {
 public:
  TempDir() {
    std::string name = (fs::temp_directory_path() / "millrace-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~TempDir() { fs::remove_all(path_); }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  fs::path path() const { return path_; }

 private:
  fs::path path_;
};

std::string UrlOf(const fs::path& path) {
  return StrCat("sqlite://", path.string());
}

testing::Backend OnDisk() {
  const auto dirs = std::make_shared<std::vector<std::shared_ptr<TempDir>>>();
  return {"OnDisk", [dirs]() -> absl::StatusOr<std::string> {
            *dirs = {std::make_shared<TempDir>()};
            return UrlOf(dirs->front()->path() / "test.db");
          }};
}

INSTANTIATE_TEST_SUITE_P(Sqlite, DatabaseSuite, ::testing::Values(OnDisk()),
                         testing::NameOf);

using SqliteTest = DatabaseTest;

const std::vector<Migration> kTables = {{1, "t", "CREATE TABLE t (x TEXT)"}};

Promise<void> WorksInMemory(Database& database) {
  co_await database.Migrate("test", kTables);
  co_await database.Transact(
      [](Tx& tx) { tx.Execute("INSERT INTO t VALUES ('a')"); });
  const int64_t n = co_await database.Read([](Tx& tx) {
    return tx.QueryOne("SELECT count(*) AS n FROM t")->Int("n");
  });
  EXPECT_EQ(n, 1);
  const absl::Status refused = co_await Outcome(
      database.Read([](Tx& tx) { tx.Execute("DELETE FROM t"); }));
  EXPECT_EQ(refused.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(co_await database.Transact(
                [](Tx& tx) { return tx.Execute("DELETE FROM t"); }),
            1);
}
TEST_F(SqliteTest, WorksInMemory) {
  const auto database = Open("sqlite::memory:");
  EXPECT_EQ(Settle(WorksInMemory(*database)), absl::OkStatus());
}

// On the loop: the same, each transaction in a turn of its own and in order.
Promise<void> WorksOnTheLoop(Database& database) {
  co_await WorksInMemory(database);
  std::vector<int> order;
  Outcomes outcomes;
  for (int i = 0; i < 3; ++i) {
    outcomes.push_back(Outcome(database.Transact([&order, i](Tx& tx) {
      EXPECT_NE(EventLoop::Current(), nullptr);
      tx.Execute("INSERT INTO t VALUES ('b')");
      order.push_back(i);
      if (i == 1) Throw(absl::AbortedError("undone"));
    })));
  }
  EXPECT_TRUE(order.empty());
  const Promise<void> closed = database.Close();
  const absl::Status late = co_await Outcome(database.Ping());
  EXPECT_EQ(late.code(), absl::StatusCode::kFailedPrecondition);
  co_await closed;
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(co_await std::move(outcomes[0]), absl::OkStatus());
  EXPECT_EQ(co_await std::move(outcomes[1]), absl::AbortedError("undone"));
  EXPECT_EQ(co_await std::move(outcomes[2]), absl::OkStatus());
}
TEST_F(SqliteTest, WorksOnTheLoop) {
  DatabaseOptions options;
  options.on_loop = true;
  const auto database = Open("sqlite::memory:", options);
  EXPECT_EQ(Settle(WorksOnTheLoop(*database)), absl::OkStatus());
}

TEST_F(SqliteTest, OnTheLoopIsForMemoryOnly) {
  DatabaseOptions options;
  options.on_loop = true;
  options.url = "sqlite://x.db";
  const absl::Status status = options.Validate();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(MessageOf(status), HasSubstr("on_loop"));
}

TEST_F(SqliteTest, OnTheLoopDropsWhatIsQueuedAtTheEnd) {
  DatabaseOptions options;
  options.on_loop = true;
  auto database = Open("sqlite::memory:", options);
  const Promise<absl::Status> queued = Outcome(database->Ping());
  database = nullptr;
  loop_.Run();
  ASSERT_TRUE(queued.settled());
  EXPECT_EQ(queued.value().code(), absl::StatusCode::kCancelled);
}

Promise<void> WaitsForItsFolder(Database& database, fs::path folder) {
  const absl::Status away = co_await Outcome(database.Ping());
  EXPECT_EQ(away.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(MessageOf(away), HasSubstr(folder.string()));
  fs::create_directory(folder);
  co_await database.Ping();
  co_await database.Close();
}
TEST_F(SqliteTest, WaitsForItsFolder) {
  const TempDir dir;
  const fs::path folder = dir.path() / "later";
  const auto database = Open(UrlOf(folder / "x.db"));
  EXPECT_EQ(Settle(WaitsForItsFolder(*database, folder)), absl::OkStatus());
}

TEST_F(SqliteTest, SaysThatAFileIsNoDatabase) {
  const TempDir dir;
  std::ofstream(dir.path() / "x.db") << std::string(10000, 'x');
  const auto database = Open(UrlOf(dir.path() / "x.db"));
  const absl::Status status = Settle(database->Ping());
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(MessageOf(status), HasSubstr("not a database; put a backup"));
}

Promise<void> IsSetUpForDurability(Database& database) {
  const auto pragma = [](const char* name) {
    return [name](Tx& tx) {
      return tx.QueryOne(StrCat("PRAGMA ", name))->values()[0];
    };
  };
  EXPECT_EQ(co_await database.Transact(pragma("journal_mode")), Value("wal"));
  EXPECT_EQ(co_await database.Transact(pragma("synchronous")), Value(2));
  EXPECT_EQ(co_await database.Transact(pragma("foreign_keys")), Value(1));
  EXPECT_EQ(co_await database.Transact(pragma("secure_delete")), Value(1));
  co_await database.Close();
}
TEST_F(SqliteTest, IsSetUpForDurability) {
  const TempDir dir;
  const auto database = Open(UrlOf(dir.path() / "x.db"));
  EXPECT_EQ(Settle(IsSetUpForDurability(*database)), absl::OkStatus());
}

fs::perms ModeOf(const fs::path& path) {
  return fs::status(path).permissions();
}

Promise<void> HasFilesForTheirOwner(Database& database, fs::path file) {
  co_await database.Migrate("test", kTables);
  constexpr fs::perms kOwner = fs::perms::owner_read | fs::perms::owner_write;
  for (const char* end : {"", "-wal", "-shm"}) {
    EXPECT_EQ(ModeOf(file.string() + end), kOwner) << end;
  }
  co_await database.Close();
}
TEST_F(SqliteTest, HasFilesForTheirOwner) {
  const TempDir dir;
  const fs::path file = dir.path() / "x.db";
  const mode_t before = umask(022);
  const auto database = Open(UrlOf(file));
  EXPECT_EQ(Settle(HasFilesForTheirOwner(*database, file)), absl::OkStatus());
  umask(before);
}

Promise<void> MigratesAndCloses(Database& database) {
  co_await database.Migrate("test", kTables);
  co_await database.Close();
}
TEST_F(SqliteTest, LeavesTheModeOfAFileThatIsThere) {
  const TempDir dir;
  const fs::path file = dir.path() / "x.db";
  std::ofstream(file).flush();
  ASSERT_EQ(chmod(file.c_str(), 0660), 0);
  const auto database = Open(UrlOf(file));
  EXPECT_EQ(Settle(MigratesAndCloses(*database)), absl::OkStatus());
  EXPECT_EQ(static_cast<unsigned>(ModeOf(file)), 0660u);
}

Promise<void> OnlyReads(Database& database) {
  const int64_t n = co_await database.Read([](Tx& tx) {
    return tx.QueryOne("SELECT count(*) AS n FROM t")->Int("n");
  });
  EXPECT_EQ(n, 0);
  const absl::Status refused = co_await Outcome(database.Transact(
      [](Tx& tx) { tx.Execute("INSERT INTO t VALUES ('a')"); }));
  EXPECT_FALSE(refused.ok());
  co_await database.Close();
}
TEST_F(SqliteTest, OnlyReadsWhatIsOpenedForThat) {
  const TempDir dir;
  const fs::path file = dir.path() / "a file.db";
  const std::string url = UrlOf(file) + "?mode=ro";
  {
    const auto missing = Open(url);
    EXPECT_FALSE(Settle(missing->Ping()).ok());
    EXPECT_FALSE(fs::exists(file));
  }
  {
    const auto made = Open(UrlOf(file));
    EXPECT_EQ(Settle(MigratesAndCloses(*made)), absl::OkStatus());
  }
  const auto database = Open(url);
  EXPECT_EQ(Settle(OnlyReads(*database)), absl::OkStatus());
}

void InsertMegabyte(Tx& tx) {
  tx.Execute("INSERT INTO t VALUES (:x)", {{"x", std::string(1 << 20, 'x')}});
}

// Three share a commit; the one in the middle finds the disk full.
Promise<void> SurvivesAFullDisk(Database& database) {
  co_await database.Migrate("test", kTables);
  co_await database.Transact(
      [](Tx& tx) { tx.Query("PRAGMA max_page_count = 100"); });
  const auto small = [](Tx& tx) { tx.Execute("INSERT INTO t VALUES ('a')"); };
  Outcomes writers;
  writers.push_back(Outcome(database.Transact(small)));
  writers.push_back(Outcome(database.Transact(InsertMegabyte)));
  writers.push_back(Outcome(database.Transact(small)));
  const absl::StatusCode expected[] = {absl::StatusCode::kOk,
                                       absl::StatusCode::kResourceExhausted,
                                       absl::StatusCode::kOk};
  for (int i = 0; i < 3; ++i) {
    const absl::Status status = co_await std::move(writers[i]);
    EXPECT_EQ(status.code(), expected[i]) << status;
  }
  const int64_t n = co_await database.Read([](Tx& tx) {
    return tx.QueryOne("SELECT count(*) AS n FROM t")->Int("n");
  });
  EXPECT_EQ(n, 2);
  co_await database.Close();
}
TEST_F(SqliteTest, SurvivesAFullDisk) {
  const TempDir dir;
  const auto database = Open(UrlOf(dir.path() / "x.db"));
  EXPECT_EQ(Settle(SurvivesAFullDisk(*database)), absl::OkStatus());
}

Promise<void> CheckSurvivors(Database& database, int64_t acknowledged) {
  const Row row = co_await database.Read([](Tx& tx) {
    return *tx.QueryOne(
        "SELECT count(*) AS n, coalesce(max(id), 0) AS last FROM log");
  });
  EXPECT_GE(row.Int("last"), acknowledged);
  EXPECT_EQ(row.Int("n"), row.Int("last"));  // no hole either
  const Value sound = co_await database.Read([](Tx& tx) {
    return tx.QueryOne("PRAGMA integrity_check")->values()[0];
  });
  EXPECT_EQ(sound, Value("ok"));
  co_await database.Close();
}

// A child process counts upwards, a transaction each, and reports each number
// once its promise has resolved. It is killed in the middle.
TEST_F(SqliteTest, KilledProcessLosesNothingAcknowledged) {
  const TempDir dir;
  const std::string url = UrlOf(dir.path() / "x.db");
  const std::string program =
      (fs::read_symlink("/proc/self/exe").parent_path() / "store_crash_child")
          .string();
  int64_t acknowledged = 0;
  for (int round = 1; round <= 3; ++round) {
    int pipes[2];
    ASSERT_EQ(pipe(pipes), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      dup2(pipes[1], STDOUT_FILENO);
      close(pipes[0]);
      close(pipes[1]);
      execl(program.c_str(), program.c_str(), url.c_str(), nullptr);
      _exit(127);
    }
    close(pipes[1]);
    FILE* reports = fdopen(pipes[0], "r");
    const int64_t enough = acknowledged + 200;
    long long number = 0;
    while (acknowledged < enough && fscanf(reports, "%lld", &number) == 1) {
      acknowledged = number;
    }
    kill(child, SIGKILL);
    while (fscanf(reports, "%lld", &number) == 1) acknowledged = number;
    fclose(reports);
    int ended = 0;
    ASSERT_EQ(waitpid(child, &ended, 0), child);
    ASSERT_TRUE(WIFSIGNALED(ended)) << "the child ended by itself: " << ended;
    const auto database = Open(url);
    EXPECT_EQ(Settle(CheckSurvivors(*database, acknowledged)),
              absl::OkStatus());
  }
}

}  // namespace
}  // namespace millrace::store
