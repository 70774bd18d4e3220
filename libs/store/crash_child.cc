// Counts upwards in a SQLite database, several transactions in flight, and
// prints each number once its promise has resolved: sqlite_test.cc kills it.
#include <cstdio>
#include <memory>

#include "base/logger.h"
#include "base/metrics.h"
#include "base/status.h"
#include "loop/event_loop.h"
#include "loop/promise.h"
#include "store/database.h"

namespace millrace::store {
namespace {

const std::vector<Migration> kTables = {
    {1, "init", "CREATE TABLE log (id {{id}})"}};

Promise<void> CountForever(Database& database) {
  co_await database.Migrate("crash", kTables);
  for (;;) {
    std::vector<Promise<int64_t>> inserts;
    for (int i = 0; i < 8; ++i) {
      inserts.push_back(database.Transact([](Tx& tx) {
        return tx.QueryOne("INSERT INTO log DEFAULT VALUES RETURNING id")
            ->Int("id");
      }));
    }
    for (Promise<int64_t>& insert : inserts) {
      const int64_t id = co_await std::move(insert);
      std::printf("%lld\n", static_cast<long long>(id));
      std::fflush(stdout);
    }
  }
}

}  // namespace
}  // namespace millrace::store

int main(int argc, char** argv) {
  using namespace millrace;
  using namespace millrace::store;
  if (argc != 2) return 2;
  EventLoop loop;
  NullLogger logger;
  NullMetrics metrics;
  const auto database =
      ValueOrThrow(Database::Open(loop, {.url = argv[1]}, logger, metrics));
  const Promise<void> counting = CountForever(*database);
  loop.Run();
  return 1;
}
