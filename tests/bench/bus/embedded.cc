// The embedded transport's log beside SQLite's own rate for the same rows in
// the same batches, written by a bare C loop.
#include <sqlite3.h>
#include <stdlib.h>

#include <cstdio>
#include <filesystem>

#include "base/clock.h"
#include "base/status.h"
#include "base/strings.h"
#include "bench.h"
#include "bus/codec.h"
#include "bus/local/local_transport.h"
#include "bus/make_event.h"
#include "loop/combinators.h"
#include "store/database.h"

namespace millrace::bench {
namespace {

constexpr int kBatch = 500;

class TempDir {
 public:
  TempDir() {
    std::string pattern =
        std::filesystem::temp_directory_path() / "millrace-bench-XXXXXX";
    path_ = mkdtemp(pattern.data());
  }
  ~TempDir() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

bus::Record MakeRecord(const std::string& topic, int number) {
  const SystemClock clock;
  const auto payload = MakePayload(number);
  return bus::EncodeEvent(
      bus::MakeEvent(CallContext(), clock, "/bench",
                     ContractOn(topic).events[Created::kIndex], payload,
                     payload.user_id()),
      topic);
}

// As the relay does: a batch, then the next. Two are under way, so that one is
// made while the other is written.
Promise<void> AppendAll(bus::Transport& transport, const Run& run,
                        std::vector<bus::Record>& records) {
  std::vector<bus::TopicSpec> topics(1);
  topics[0].name = run.topic;
  topics[0].partitions = 8;
  co_await transport.EnsureTopics(std::move(topics));
  const Stopwatch watch;
  Promise<void> before = Promise<void>::Resolve();
  for (size_t at = 0; at < records.size(); at += kBatch) {
    const size_t end = std::min(records.size(), at + kBatch);
    Promise<void> next = transport.Publish(
        {std::make_move_iterator(records.begin() + static_cast<long>(at)),
         std::make_move_iterator(records.begin() + static_cast<long>(end))});
    co_await before;
    before = next;
  }
  co_await before;
  watch.Print(run.count);
  co_await transport.Close(absl::Seconds(10));
}

Promise<void> OpenAndAppend(EventLoop& loop, const Run& run,
                            store::Database& database, Logger& logger,
                            Metrics& metrics) {
  const SystemClock clock;
  std::vector<bus::Record> records;
  for (int i = 0; i < run.count; ++i)
    records.push_back(MakeRecord(run.topic, i));
  const auto transport = co_await bus::local::LocalTransport::Open(
      loop, database, clock, logger, metrics);
  co_await AppendAll(*transport, run, records);
  co_await database.Close();
}

void Must(int code, sqlite3* database) {
  if (code == SQLITE_OK || code == SQLITE_DONE) return;
  std::fprintf(stderr, "bus_bench: %s\n", sqlite3_errmsg(database));
  std::exit(1);
}

}  // namespace

void EmbeddedOurs(const Run& run) {
  const TempDir dir;
  EventLoop loop;
  NullLogger logger;
  NullMetrics metrics;
  store::DatabaseOptions options;
  options.url = StrCat("sqlite://", dir.path(), "/bus.db");
  auto database =
      ValueOrThrow(store::Database::Open(loop, options, logger, metrics));
  loop.SetImmediate(
      [&] { OpenAndAppend(loop, run, *database, logger, metrics).Detach(); });
  loop.Run();
}

void EmbeddedFloor(const Run& run) {
  const TempDir dir;
  sqlite3* database = nullptr;
  Must(sqlite3_open(StrCat(dir.path(), "/floor.db").c_str(), &database),
       database);
  Must(sqlite3_exec(database,
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                    "CREATE TABLE records (id INTEGER PRIMARY KEY,"
                    " record_key BLOB NOT NULL, headers BLOB NOT NULL,"
                    " value BLOB, time_ms BIGINT NOT NULL)",
                    nullptr, nullptr, nullptr),
       database);
  sqlite3_stmt* insert = nullptr;
  Must(
      sqlite3_prepare_v2(database, "INSERT INTO records VALUES (?, ?, ?, ?, ?)",
                         -1, &insert, nullptr),
      database);
  std::vector<bus::Record> records;
  for (int i = 0; i < run.count; ++i) {
    records.push_back(MakeRecord(run.topic, i));
  }
  const auto bind = [&](int at, const std::string& bytes) {
    sqlite3_bind_blob(insert, at, bytes.data(), static_cast<int>(bytes.size()),
                      SQLITE_STATIC);
  };
  const Stopwatch watch;
  for (size_t i = 0; i < records.size(); ++i) {
    if (i % kBatch == 0) {
      Must(sqlite3_exec(database, "BEGIN", nullptr, nullptr, nullptr),
           database);
    }
    // Eight partitions, each a range of the key.
    sqlite3_bind_int64(
        insert, 1,
        static_cast<int64_t>(i % 8 + 1) << 40 | static_cast<int64_t>(i / 8));
    bind(2, records[i].key);
    bind(3, records[i].headers.packed());
    bind(4, records[i].value);
    sqlite3_bind_int64(insert, 5, absl::ToUnixMillis(records[i].time));
    Must(sqlite3_step(insert), database);
    sqlite3_reset(insert);
    if (i % kBatch == kBatch - 1 || i + 1 == records.size()) {
      Must(sqlite3_exec(database, "COMMIT", nullptr, nullptr, nullptr),
           database);
    }
  }
  watch.Print(run.count);
  sqlite3_finalize(insert);
  sqlite3_close(database);
}

}  // namespace millrace::bench
