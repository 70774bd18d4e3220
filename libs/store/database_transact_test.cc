// Transactions, on every database.
#include <algorithm>
#include <atomic>
#include <future>
#include <stdexcept>

#include <gmock/gmock.h>

#include "absl/time/clock.h"
#include "base/strings.h"
#include "loop/combinators.h"
#include "store/database_suite.h"

namespace millrace::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<Migration> kTables = {
    {1, "init",
     "CREATE TABLE items (name TEXT PRIMARY KEY, n BIGINT NOT NULL)"}};

constexpr char kInsert[] = "INSERT INTO items (name, n) VALUES (:name, :n)";

void Insert(Tx& tx, const std::string& name, int64_t n = 0) {
  tx.Execute(kInsert, {{"name", name}, {"n", n}});
}

Promise<std::vector<std::string>> Names(Database& database) {
  co_return co_await database.Read([](Tx& tx) {
    std::vector<std::string> names;
    for (const Row& row : tx.Query("SELECT name FROM items ORDER BY name")) {
      names.push_back(row.Text("name"));
    }
    return names;
  });
}

Promise<void> UndoesWhatThrows(Database& database) {
  co_await database.Migrate("test", kTables);
  const absl::Status own = co_await Outcome(database.Transact([](Tx& tx) {
    Insert(tx, "a");
    Throw(absl::NotFoundError("no such thing"));
  }));
  EXPECT_EQ(own, absl::NotFoundError("no such thing"));
  const absl::Status foreign = co_await Outcome(database.Transact([](Tx& tx) {
    Insert(tx, "b");
    throw std::runtime_error("boom");
  }));
  EXPECT_EQ(foreign.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(MessageOf(foreign), HasSubstr("boom"));
  const std::string result = co_await database.Transact([](Tx& tx) {
    Insert(tx, "c");
    return std::string("value");
  });
  EXPECT_EQ(result, "value");
  EXPECT_THAT(co_await Names(database), ElementsAre("c"));
}
TEST_P(DatabaseSuite, UndoesWhatThrows) { On(UndoesWhatThrows); }

Promise<void> FailedStatementDooms(Database& database) {
  co_await database.Migrate("test", kTables);
  const absl::Status status = co_await Outcome(database.Transact([](Tx& tx) {
    Insert(tx, "a");
    EXPECT_THROW(Insert(tx, "a"), StatusError);
    EXPECT_THROW(Insert(tx, "b"), StatusError);  // says that it is too late
  }));
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(co_await Names(database), ElementsAre());
  // The body's own words for a failure win.
  const absl::Status own = co_await Outcome(database.Transact([](Tx& tx) {
    Insert(tx, "a");
    try {
      Insert(tx, "a");
    } catch (const StatusError&) {
      Throw(absl::AlreadyExistsError("the name is taken"));
    }
  }));
  EXPECT_EQ(own, absl::AlreadyExistsError("the name is taken"));
}
TEST_P(DatabaseSuite, FailedStatementDooms) { On(FailedStatementDooms); }

Promise<void> HooksFollowCommit(Database& database) {
  co_await database.Migrate("test", kTables);
  EventLoop* const loop = EventLoop::Current();
  std::vector<std::string> seen;
  co_await database.Transact([&](Tx& tx) {
    Insert(tx, "a");
    for (const char* name : {"first", "second"}) {
      tx.OnCommit([&seen, loop, name] {
        EXPECT_EQ(EventLoop::Current(), loop);
        seen.push_back(name);
      });
    }
  });
  seen.push_back("settled");
  const absl::Status failed = co_await Outcome(database.Transact([&](Tx& tx) {
    tx.OnCommit([&] { seen.push_back("never"); });
    Throw(absl::AbortedError("no"));
  }));
  EXPECT_FALSE(failed.ok());
  EXPECT_THAT(seen, ElementsAre("first", "second", "settled"));
}
TEST_P(DatabaseSuite, HooksFollowCommit) { On(HooksFollowCommit); }

Promise<void> OneOfManyInsertsWins(Database& database) {
  co_await database.Migrate("test", kTables);
  constexpr int kRacers = 100;
  Outcomes race;
  for (int i = 0; i < kRacers; ++i) {
    race.push_back(
        Outcome(database.Transact([i](Tx& tx) { Insert(tx, "key", i); })));
  }
  int won = 0;
  int lost = 0;
  for (auto& racer : race) {
    const absl::Status status = co_await std::move(racer);
    won += status.ok() ? 1 : 0;
    lost += absl::IsAlreadyExists(status) ? 1 : 0;
    EXPECT_TRUE(status.ok() || absl::IsAlreadyExists(status)) << status;
  }
  EXPECT_EQ(won, 1);
  EXPECT_EQ(lost, kRacers - 1);
  EXPECT_THAT(co_await Names(database), ElementsAre("key"));
}
TEST_P(DatabaseSuite, OneOfManyInsertsWins) { On(OneOfManyInsertsWins); }

// Reads, then writes what it read plus one: a lost update shows.
void Increment(Tx& tx) {
  const int64_t n =
      tx.QueryOne("SELECT n FROM items WHERE name = 'counter'")->Int("n");
  tx.Execute("UPDATE items SET n = :n WHERE name = 'counter'", {{"n", n + 1}});
}

Promise<void> LosesNoUpdate(Database& database) {
  co_await database.Migrate("test", kTables);
  co_await database.Transact([](Tx& tx) { Insert(tx, "counter"); });
  Outcomes writers;
  for (int i = 0; i < 100; ++i) {
    writers.push_back(Outcome(database.Transact(Increment)));
  }
  int64_t committed = 0;
  for (auto& writer : writers) {
    const absl::Status status = co_await std::move(writer);
    committed += status.ok() ? 1 : 0;
    EXPECT_TRUE(status.ok() || absl::IsAborted(status)) << status;
  }
  const int64_t n = co_await database.Read(
      [](Tx& tx) { return tx.QueryOne("SELECT n FROM items")->Int("n"); });
  EXPECT_EQ(n, committed);
  EXPECT_GT(committed, 0);
}
TEST_P(DatabaseSuite, LosesNoUpdate) { On(LosesNoUpdate); }

// Queued together, so that SQLite commits them together.
Promise<void> NeighboursDoNotShareFailures(Database& database) {
  co_await database.Migrate("test", kTables);
  Outcomes writers;
  std::vector<std::string> hooks;
  for (int i = 0; i < 60; ++i) {
    writers.push_back(Outcome(database.Transact([i, &hooks](Tx& tx) {
      Insert(tx, StrCat("row", 100 + i));
      tx.OnCommit([i, &hooks] { hooks.push_back(StrCat("row", 100 + i)); });
      if (i % 3 == 1) Throw(absl::AbortedError("own"));
      if (i % 3 == 2) Insert(tx, StrCat("row", 100 + i));
    })));
  }
  std::vector<std::string> expected;
  for (int i = 0; i < 60; ++i) {
    const absl::Status status = co_await std::move(writers[i]);
    const absl::StatusCode codes[] = {absl::StatusCode::kOk,
                                      absl::StatusCode::kAborted,
                                      absl::StatusCode::kAlreadyExists};
    EXPECT_EQ(status.code(), codes[i % 3]) << i << status;
    if (i % 3 == 0) expected.push_back(StrCat("row", 100 + i));
  }
  EXPECT_EQ(co_await Names(database), expected);
  std::sort(hooks.begin(), hooks.end());
  EXPECT_EQ(hooks, expected);
}
TEST_P(DatabaseSuite, NeighboursDoNotShareFailures) {
  On(NeighboursDoNotShareFailures);
}

Promise<void> SeveralDatabasesWrite(Database& database, Database& other) {
  co_await database.Migrate("test", kTables);
  Outcomes writers;
  for (int i = 0; i < 100; ++i) {
    Database& target = i % 2 == 0 ? database : other;
    writers.push_back(Outcome(target.Transact(
        [i](Tx& tx) { Insert(tx, StrCat("row", 1000 + i), i); })));
  }
  for (auto& writer : writers) {
    const absl::Status status = co_await std::move(writer);
    EXPECT_EQ(status, absl::OkStatus());
  }
  EXPECT_EQ((co_await Names(database)).size(), 100u);
  co_await other.Close();
}
TEST_P(DatabaseSuite, SeveralDatabasesWrite) {
  const auto other = Open(url_);
  On([&](Database& database) {
    return SeveralDatabasesWrite(database, *other);
  });
}

Promise<void> KeepsDeadlines(Database& database) {
  CallContext late;
  late.deadline = absl::Now() - absl::Seconds(1);
  bool ran = false;
  const absl::Status refused =
      co_await Outcome(database.Transact(late, [&](Tx&) { ran = true; }));
  EXPECT_EQ(refused.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_FALSE(ran);
  CallContext soon;
  soon.deadline = absl::Now() + absl::Milliseconds(200);
  const absl::Status stopped = co_await Outcome(database.Read(soon, [](Tx& tx) {
    tx.Query(
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL "
        "SELECT x + 1 FROM c WHERE x < 2000000000) "
        "SELECT count(*) AS n FROM c");
  }));
  EXPECT_EQ(stopped.code(), absl::StatusCode::kDeadlineExceeded) << stopped;
  co_await database.Ping();
}
TEST_P(DatabaseSuite, KeepsDeadlines) { On(KeepsDeadlines); }

Promise<void> GivesUpWaiting(Database& database) {
  std::promise<void> gate;
  const std::shared_future<void> opened = gate.get_future().share();
  std::atomic<bool> held = false;
  const auto hold = [&held, opened](Tx&) {
    held = true;
    opened.wait();
  };
  Promise<absl::Status> holder;
  while (!held) {
    // On a busy machine the holder may itself give up, before it begins.
    holder = Outcome(database.Transact(hold));
    while (!held && !holder.settled()) co_await Delay(absl::Milliseconds(1));
  }
  const absl::Status status = co_await Outcome(database.Transact([](Tx&) {}));
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(MessageOf(status), HasSubstr("pool_size"));
  CallContext soon;
  soon.deadline = absl::Now() + absl::Milliseconds(1);
  const absl::Status late =
      co_await Outcome(database.Transact(soon, [](Tx&) {}));
  EXPECT_EQ(late.code(), absl::StatusCode::kDeadlineExceeded);
  gate.set_value();
  EXPECT_EQ(co_await std::move(holder), absl::OkStatus());
  co_await database.Ping();
}
TEST_P(DatabaseSuite, GivesUpWaiting) {
  On(GivesUpWaiting,
     {.pool_size = 1, .acquire_timeout = absl::Milliseconds(50)});
}

Promise<void> CloseFinishesWhatIsQueued(Database& database) {
  co_await database.Migrate("test", kTables);
  Outcomes writers;
  for (int i = 0; i < 50; ++i) {
    writers.push_back(Outcome(
        database.Transact([i](Tx& tx) { Insert(tx, StrCat("row", i)); })));
  }
  Promise<void> closed = database.Close();
  const absl::Status refused = co_await Outcome(database.Transact([](Tx&) {}));
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  co_await std::move(closed);
  for (auto& writer : writers) {
    const absl::Status status = co_await std::move(writer);
    EXPECT_EQ(status, absl::OkStatus());
  }
}
TEST_P(DatabaseSuite, CloseFinishesWhatIsQueued) {
  On(CloseFinishesWhatIsQueued);
}

Promise<void> AllSettle(Outcomes writers, int* committed) {
  for (auto& writer : writers) {
    const absl::Status status = co_await std::move(writer);
    EXPECT_TRUE(status.ok() || absl::IsCancelled(status)) << status;
    *committed += status.ok() ? 1 : 0;
  }
}

Promise<void> HasRows(Database& database, int count) {
  EXPECT_EQ((co_await Names(database)).size(), static_cast<size_t>(count));
}

TEST_P(DatabaseSuite, DestructionSettlesEverything) {
  On([](Database& database) { return database.Migrate("test", kTables); });
  auto database = Open(url_);
  Outcomes writers;
  for (int i = 0; i < 50; ++i) {
    writers.push_back(Outcome(
        database->Transact([i](Tx& tx) { Insert(tx, StrCat("row", i)); })));
  }
  int committed = 0;
  Promise<void> all = AllSettle(std::move(writers), &committed);
  database = nullptr;
  EXPECT_EQ(Settle(std::move(all)), absl::OkStatus());
  // What was reported as committed is there, and nothing else.
  On([&](Database& again) { return HasRows(again, committed); });
}

}  // namespace
}  // namespace millrace::store
