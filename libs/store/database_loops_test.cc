// One database for several loops.

#include <filesystem>

#include "base/ids.h"
#include "loop/combinators.h"
#include "loop/loop_group.h"
#include "loop/loop_ref.h"
#include "store/database_suite.h"

namespace millrace::store {
namespace {

constexpr int kLoops = 3;
constexpr int kEach = 200;

class DatabaseLoopsTest : public DatabaseTest {
 protected:
  DatabaseLoopsTest() {
    EXPECT_TRUE(group_
                    .Start([](EventLoop&,
                              int) -> absl::StatusOr<std::shared_ptr<void>> {
                      return nullptr;
                    })
                    .ok());
    path_ = std::filesystem::temp_directory_path() /
            ("millrace-loops-" + NewId() + ".db");
    database_ = Open("sqlite://" + path_.string());
  }
  ~DatabaseLoopsTest() override {
    group_.Stop();
    group_.Join();
    database_.reset();
    for (const char* suffix : {"", "-wal", "-shm"}) {
      std::filesystem::remove(path_.string() + suffix);
    }
  }

  // As Settle(), with what the other loops do.
  absl::Status Await(Promise<void> promise) {
    loop_.AddRef();
    auto outcome =
        AsStatusOr(std::move(promise)).Finally([this] { loop_.ReleaseRef(); });
    loop_.Run();
    return outcome.value();
  }

  // Adds to one row, `kEach` times, and never runs on another loop.
  static Promise<void> Count(Database& database) {
    EventLoop* const loop = EventLoop::Current();
    std::vector<Promise<void>> all;
    for (int i = 0; i < kEach; ++i) {
      all.push_back(database.Transact([loop](Tx& tx) {
        tx.Execute("UPDATE counter SET n = n + 1");
        tx.OnCommit([loop] { EXPECT_EQ(EventLoop::Current(), loop); });
      }));
      all.push_back(Read(database));
    }
    co_await All(std::move(all));
    EXPECT_EQ(EventLoop::Current(), loop);
  }
  static Promise<void> Read(Database& database) {
    EventLoop* const loop = EventLoop::Current();
    const int64_t n = co_await database.Read([](Tx& tx) {
      return tx.Query("SELECT n FROM counter").front().Int("n");
    });
    EXPECT_LE(n, kLoops * kEach);
    EXPECT_EQ(EventLoop::Current(), loop);
  }

  LoopGroup group_{loop_, {.loops = kLoops}};
  std::filesystem::path path_;
  std::unique_ptr<Database> database_;
};

TEST_F(DatabaseLoopsTest, TransactionsOfAllLoopsAreSerial) {
  ASSERT_EQ(Await(database_->Migrate(
                "test", {{1, "init",
                          "CREATE TABLE counter (n BIGINT NOT NULL);"
                          "INSERT INTO counter VALUES (0)"}})),
            absl::OkStatus());
  std::vector<Promise<void>> all;
  for (int i = 1; i < kLoops; ++i) {
    all.push_back(CallOn(group_.loop(i), [this] { return Count(*database_); }));
  }
  all.push_back(Count(*database_));
  ASSERT_EQ(Await(All(std::move(all))), absl::OkStatus());
  int64_t sum = 0;
  const auto read = database_->Read([](Tx& tx) {
    return tx.Query("SELECT n FROM counter").front().Int("n");
  });
  ASSERT_EQ(Await(read.Then([&sum](int64_t n) { sum = n; })), absl::OkStatus());
  EXPECT_EQ(sum, kLoops * kEach);
}

TEST_F(DatabaseLoopsTest, ClosedForOneIsClosedForAll) {
  ASSERT_EQ(Await(CallOn(group_.loop(1), [this] { return database_->Ping(); })),
            absl::OkStatus());
  ASSERT_EQ(Await(database_->Close()), absl::OkStatus());
  EXPECT_EQ(Await(CallOn(group_.loop(1), [this] { return database_->Ping(); }))
                .code(),
            absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace millrace::store
