// The embedded transport: a durable log in a SQLite database, for one process
// that has everything in it.
//
// Loop thread only. The database is the transport's alone and outlives it; a
// second process, or a second transport, on the same database would not learn
// of the records and members of the first. A record is durable when the
// transaction that wrote it is (synchronous=FULL: also through a power cut).
// Publishes that come while one is being written share the next transaction.
#ifndef MILLRACE_BUS_LOCAL_LOCAL_TRANSPORT_H_
#define MILLRACE_BUS_LOCAL_LOCAL_TRANSPORT_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "bus/local/local_group.h"
#include "bus/local/local_log.h"
#include "bus/transport.h"
#include "loop/event_loop.h"
#include "loop/promise.h"
#include "store/database.h"

namespace millrace::bus::local {

class LocalTransport final : public Transport {
 public:
  // Migrates the database and loads what topics there are. What is passed by
  // reference outlives the transport. INVALID_ARGUMENT for options that cannot
  // work; otherwise what the database says.
  static Promise<std::unique_ptr<LocalTransport>> Open(
      EventLoop& loop, store::Database& database, const Clock& clock,
      Logger& logger, Metrics& metrics, LocalOptions options = {});

  ~LocalTransport() override;

  Promise<void> Publish(std::vector<Record> records) override;
  Promise<void> EnsureTopics(std::vector<TopicSpec> topics) override;
  absl::StatusOr<std::unique_ptr<Consumer>> Join(
      GroupSpec spec, ConsumerEvents& events) override;
  Stream<Record> Tail(std::vector<std::string> topics, TailFrom from,
                      bool follow) override;
  Stream<Record> TailAt(std::vector<TailStart> starts, bool follow) override;
  Promise<std::vector<GroupOffset>> Offsets(
      std::string group, std::vector<std::string> topics) override;
  Promise<std::vector<std::string>> Groups() override;
  absl::Status health() override { return log_->health(); }
  Promise<void> Close(absl::Duration bound) override;

  // Deletes what is past its retention now. It happens by itself as well.
  Promise<void> Clean() { return log_->Clean(); }

 private:
  class LocalConsumer;
  struct Growth;

  explicit LocalTransport(std::shared_ptr<LocalLog> log);

  Stream<Record> TailFromHere(std::vector<LocalLog::Request> positions,
                              bool follow);
  static Promise<void> RunTail(std::shared_ptr<LocalLog> log,
                               std::shared_ptr<Growth> growth,
                               std::vector<LocalLog::Request> positions,
                               std::vector<int64_t> ends, bool follow,
                               StreamWriter<Record> writer);

  const std::shared_ptr<LocalLog> log_;
  const std::shared_ptr<Growth> growth_;
  int members_ = 0;  // that ever were: numbers them
};

}  // namespace millrace::bus::local

#endif  // MILLRACE_BUS_LOCAL_LOCAL_TRANSPORT_H_
