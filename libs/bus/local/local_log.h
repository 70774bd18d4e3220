// The log behind the local transport as the loop sees it: what topics there
// are, where their partitions end, and reading and writing in batches.
//
// Loop thread only. Held by shared_ptr, because reads and writes that are under
// way come back to it; the database outlives the last of them.
#ifndef MILLRACE_BUS_LOCAL_LOCAL_LOG_H_
#define MILLRACE_BUS_LOCAL_LOCAL_LOG_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "bus/local/log_sql.h"
#include "bus/transport.h"
#include "loop/event_loop.h"
#include "loop/promise.h"
#include "store/database.h"

namespace millrace::bus::local {

struct LocalOptions {
  int default_partitions = 8;
  absl::Duration default_retention = absl::Hours(24 * 7);
  size_t max_record_bytes = 1 << 20;  // key, value and headers
  size_t max_batch_records = 5000;    // of one write to the database
  size_t max_batch_bytes = 16 << 20;
  int max_fetch_records = 512;  // of one read, and of one OnRecords()
  int64_t max_fetch_bytes = 4 << 20;
  // How long a member may take to hand partitions over.
  absl::Duration revoke_bound = absl::Seconds(30);
  // Commits are written together after this time; a crash in between makes
  // that many records be seen again.
  absl::Duration commit_delay = absl::Milliseconds(20);
  // Records past their retention are deleted when records have been written,
  // at most so often. So many at once: others are written before the next ones
  // are deleted.
  absl::Duration clean_interval = absl::Minutes(1);
  int clean_batch = 5000;

  absl::Status Validate() const;
};

class LocalLog final : public std::enable_shared_from_this<LocalLog> {
 public:
  struct Partition {
    Ref ref = 0;
    TopicPartition id;
    int64_t begin = 0;
    int64_t end = 0;
  };
  using Topic = std::vector<std::shared_ptr<Partition>>;

  LocalLog(EventLoop& loop, store::Database& database, const Clock& clock,
           Logger& logger, Metrics& metrics, LocalOptions options);

  // Migrates, and loads what there is.
  Promise<void> Open();

  // Nullptr when the topic does not exist.
  const Topic* Find(const std::string& topic) const;
  Promise<void> Create(std::vector<TopicSpec> topics);

  // As Transport::Publish(). What is appended while a batch is being written
  // goes into the next one.
  Promise<void> Append(std::vector<Record> records);

  struct Request {
    std::shared_ptr<Partition> partition;
    int64_t from = 0;
  };
  // What is there now, a fair share of each.
  Promise<std::vector<Record>> Read(std::vector<Request> requests);

  // Nothing (-1) before the first commit. Commits are known at once and
  // durable later.
  Progress Committed(const std::string& group, Ref ref) const;
  void Commit(const std::string& group, Ref ref, Progress progress);
  // Those that have committed, by name.
  std::vector<std::string> Groups() const;
  Promise<void> FlushCommits();

  // Deletes what is past its retention. Needs no call: see clean_interval.
  Promise<void> Clean();

  // Refuses to append from now on; resolves when everything is written.
  Promise<void> Close();

  // Calls back whenever there are new records or new topics.
  void OnGrown(std::function<void()> callback) { grown_ = std::move(callback); }

  // Asked while it is not OK, tries to write: a later answer tells of it.
  absl::Status health();
  EventLoop& loop() { return loop_; }
  Logger& logger() { return logger_; }
  const LocalOptions& options() const { return options_; }
  bool closed() const { return closed_; }

 private:
  struct Pending {
    std::vector<Appended> records;
    size_t bytes = 0;
    Deferred<void> done;
  };
  using Self = std::shared_ptr<LocalLog>;

  static Promise<void> OpenIt(Self self);
  static Promise<void> CreateThem(Self self, std::vector<TopicSpec> topics);
  // Until nothing is pending, and nothing left to be cleaned.
  static Promise<void> WritePending(Self self);
  static Promise<void> WriteSome(Self self);
  static Promise<void> WriteCommits(Self self);
  // Deletes so many records at once, and remembers whether there are more.
  static Promise<void> CleanSome(Self self);
  static Promise<void> CleanAll(Self self);
  bool ShouldClean() const;
  static Promise<void> TryToWrite(Self self);
  static Promise<void> Finish(Self self);
  absl::Status Prepare(std::vector<Record> records, Pending* pending);
  void Learn(const std::vector<PartitionRow>& rows);
  void Note(const absl::Status& status);

  EventLoop& loop_;
  store::Database& database_;
  const Clock& clock_;
  Logger& logger_;
  const LocalOptions options_;
  Counter& appended_;
  absl::flat_hash_map<std::string, Topic> topics_;
  absl::flat_hash_map<Ref, std::shared_ptr<Partition>> by_ref_;
  using GroupKey = std::pair<std::string, Ref>;
  std::map<GroupKey, Progress> committed_;
  std::set<GroupKey> uncommitted_;  // those that are not durable
  bool commit_scheduled_ = false;
  std::vector<Pending> pending_;
  bool writing_ = false;
  std::vector<Deferred<void>> idle_;  // who waits for the writing to end
  uint64_t unkeyed_ = 0;
  std::optional<int64_t> cleaned_ms_;  // as EventLoop::TimeMs()
  bool more_to_clean_ = false;
  bool closed_ = false;
  absl::Status health_;
  bool trying_to_write_ = false;
  std::function<void()> grown_;
};

}  // namespace millrace::bus::local

#endif  // MILLRACE_BUS_LOCAL_LOCAL_LOG_H_
