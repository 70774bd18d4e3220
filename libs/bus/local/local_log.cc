#include "bus/local/local_log.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "bus/partitioner.h"
#include "loop/combinators.h"

namespace millrace::bus::local {

absl::Status LocalOptions::Validate() const {
  if (default_partitions < 1 || max_record_bytes < 1 || max_batch_records < 1 ||
      max_batch_bytes < 1 || max_fetch_records < 1 || max_fetch_bytes < 1 ||
      clean_batch < 1) {
    return absl::InvalidArgumentError(
        "local transport: counts and sizes must be positive");
  }
  return absl::OkStatus();
}

LocalLog::LocalLog(EventLoop& loop, store::Database& database,
                   const Clock& clock, Logger& logger, Metrics& metrics,
                   LocalOptions options)
    : loop_(loop),
      database_(database),
      clock_(clock),
      logger_(logger),
      options_(std::move(options)),
      appended_(metrics.AddCounter("millrace_bus_local_appended_total",
                                   "Records written to the local log.")) {}

Promise<void> LocalLog::Open() { return OpenIt(shared_from_this()); }

Promise<void> LocalLog::OpenIt(Self self) {
  co_await self->database_.Migrate("bus_local", LogMigrations());
  const auto partitions = co_await self->database_.Read(LoadPartitions);
  const auto offsets = co_await self->database_.Read(LoadOffsets);
  self->Learn(partitions);
  for (const OffsetRow& offset : offsets) {
    self->committed_[{offset.group, offset.ref}] = offset.progress;
  }
}

void LocalLog::Learn(const std::vector<PartitionRow>& rows) {
  for (const PartitionRow& row : rows) {
    if (by_ref_.contains(row.ref)) continue;
    auto partition = std::make_shared<Partition>(
        Partition{row.ref, row.id, row.begin, row.end});
    by_ref_[row.ref] = partition;
    topics_[row.id.topic].push_back(std::move(partition));
  }
}

const LocalLog::Topic* LocalLog::Find(const std::string& topic) const {
  const auto it = topics_.find(topic);
  return it == topics_.end() ? nullptr : &it->second;
}

Promise<void> LocalLog::Create(std::vector<TopicSpec> topics) {
  return CreateThem(shared_from_this(), std::move(topics));
}

Promise<void> LocalLog::CreateThem(Self self, std::vector<TopicSpec> topics) {
  for (TopicSpec& topic : topics) {
    if (self->Find(topic.name) != nullptr) continue;
    if (topic.partitions <= 0) {
      topic.partitions = self->options_.default_partitions;
    }
    if (topic.retention == absl::ZeroDuration()) {
      topic.retention = self->options_.default_retention;
    }
    // For ever is what "no retention" says in the table.
    if (topic.retention == absl::InfiniteDuration()) {
      topic.retention = absl::ZeroDuration();
    }
    // Apart from the co_await: within it, GCC 12 destroys captures twice.
    Promise<std::vector<PartitionRow>> creating = self->database_.Transact(
        [topic](store::Tx& tx) { return CreateTopic(tx, topic); });
    const std::vector<PartitionRow> rows = co_await std::move(creating);
    self->Learn(rows);
  }
  if (self->grown_) self->grown_();
}

absl::Status LocalLog::Prepare(std::vector<Record> records, Pending* pending) {
  pending->records.reserve(records.size());
  for (Record& record : records) {
    const Topic* topic = Find(record.topic);
    if (topic == nullptr) {
      return absl::NotFoundError(StrCat("topic '", record.topic,
                                        "' does not exist; create it with "
                                        "EnsureTopics before publishing"));
    }
    const size_t bytes = record.bytes();
    if (bytes > options_.max_record_bytes) {
      return absl::InvalidArgumentError(
          StrCat("a record for topic '", record.topic, "' has ", bytes,
                 " bytes; at most ", options_.max_record_bytes, " are taken"));
    }
    const auto count = static_cast<int>(topic->size());
    int number = record.partition;
    if (number >= count) {
      return absl::InvalidArgumentError(
          StrCat("topic '", record.topic, "' has ", count,
                 " partitions, and no partition ", number));
    }
    if (number < 0) {
      number = record.key.empty() ? static_cast<int>(unkeyed_++ % topic->size())
                                  : PartitionOf(record.key, count);
    }
    if (record.time == absl::UnixEpoch()) record.time = clock_.Now();
    pending->bytes += bytes;
    pending->records.push_back(
        {(*topic)[static_cast<size_t>(number)]->ref, std::move(record)});
  }
  return absl::OkStatus();
}

Promise<void> LocalLog::Append(std::vector<Record> records) {
  if (closed_) {
    return Promise<void>::Reject(
        absl::UnavailableError("the local transport is closed"));
  }
  if (records.empty()) return Promise<void>::Resolve();
  Pending pending;
  if (absl::Status status = Prepare(std::move(records), &pending);
      !status.ok()) {
    return Promise<void>::Reject(std::move(status));
  }
  const Promise<void> done = pending.done.promise();
  pending_.push_back(std::move(pending));
  if (!writing_) {
    writing_ = true;
    // What the present callback appends besides goes into the first batch.
    loop_.QueueMicrotask(
        [self = shared_from_this()] { WritePending(self).Detach(); });
  }
  return done;
}

Promise<void> LocalLog::WritePending(Self self) {
  while (!self->pending_.empty() || (self->more_to_clean_ && !self->closed_)) {
    if (!self->pending_.empty()) co_await WriteSome(self);
    // One batch of each: who appends does not wait for all that is old.
    if (self->ShouldClean()) (void)co_await AsStatusOr(CleanSome(self));
  }
  self->writing_ = false;
  for (const auto& waiter : std::exchange(self->idle_, {})) waiter.Resolve();
}

Promise<void> LocalLog::WriteSome(Self self) {
  std::vector<Deferred<void>> done;
  auto batch = std::make_shared<std::vector<Appended>>();
  size_t taken = 0, bytes = 0;
  for (Pending& pending : self->pending_) {
    const bool fits = batch->size() + pending.records.size() <=
                          self->options_.max_batch_records &&
                      bytes + pending.bytes <= self->options_.max_batch_bytes;
    if (!batch->empty() && !fits) break;
    bytes += pending.bytes;
    std::move(pending.records.begin(), pending.records.end(),
              std::back_inserter(*batch));
    done.push_back(std::move(pending.done));
    ++taken;
  }
  self->pending_.erase(self->pending_.begin(),
                       self->pending_.begin() + static_cast<ptrdiff_t>(taken));
  auto appending = AsStatusOr(self->database_.Transact(
      [batch](store::Tx& tx) { return bus::local::Append(tx, *batch); }));
  const auto ends = co_await std::move(appending);
  self->Note(ends.status());
  if (!ends.ok()) {
    for (const auto& waiter : done) waiter.Reject(ends.status());
    co_return;
  }
  self->appended_.Add(static_cast<double>(batch->size()));
  for (const auto& [ref, end] : *ends) self->by_ref_[ref]->end = end;
  for (const auto& waiter : done) waiter.Resolve();
  if (self->grown_) self->grown_();
}

void LocalLog::Note(const absl::Status& status) {
  if (status.ok() == health_.ok()) return;
  if (status.ok()) {
    logger_.Info("the local log is writable again");
    health_ = absl::OkStatus();
  } else {
    logger_.Error("the local log cannot be written",
                  {{"error", status.ToString()}});
    health_ = absl::UnavailableError(
        StrCat("the local log cannot be written: ", MessageOf(status)));
  }
}

absl::Status LocalLog::health() {
  if (!health_.ok() && !closed_ && !std::exchange(trying_to_write_, true)) {
    TryToWrite(shared_from_this()).Detach();
  }
  return health_;
}

Promise<void> LocalLog::TryToWrite(Self self) {
  auto trying =
      AsStatusOr(self->database_.Transact(bus::local::WriteAndDelete));
  const absl::Status status = co_await std::move(trying);
  self->trying_to_write_ = false;
  self->Note(status);
}

Promise<std::vector<Record>> LocalLog::Read(std::vector<Request> requests) {
  std::vector<Range> ranges;
  for (const Request& request : requests) {
    const Partition& partition = *request.partition;
    const int64_t from = std::max(request.from, partition.begin);
    if (from >= partition.end) continue;
    ranges.push_back({partition.ref, partition.id, from, partition.end});
  }
  if (ranges.empty()) {
    return Promise<std::vector<Record>>::Resolve(std::vector<Record>());
  }
  const auto share = static_cast<int>(ranges.size());
  const int records = std::max(1, options_.max_fetch_records / share);
  const int64_t bytes = options_.max_fetch_bytes / share;
  return database_.Read([ranges, records, bytes](store::Tx& tx) {
    std::vector<Record> all;
    for (const Range& range : ranges) {
      std::vector<Record> some = ReadRange(tx, range, records, bytes);
      std::move(some.begin(), some.end(), std::back_inserter(all));
    }
    return all;
  });
}

Progress LocalLog::Committed(const std::string& group, Ref ref) const {
  const auto it = committed_.find({group, ref});
  return it == committed_.end() ? Progress() : it->second;
}

std::vector<std::string> LocalLog::Groups() const {
  std::vector<std::string> groups;
  for (const auto& [key, progress] : committed_) {
    if (groups.empty() || groups.back() != key.first) {
      groups.push_back(key.first);
    }
  }
  return groups;
}

void LocalLog::Commit(const std::string& group, Ref ref, Progress progress) {
  const GroupKey key(group, ref);
  Progress& committed = committed_[key];
  if (progress.next_offset < committed.next_offset || progress == committed) {
    return;
  }
  committed = std::move(progress);
  uncommitted_.insert(key);
  if (commit_scheduled_) return;
  commit_scheduled_ = true;
  loop_.SetTimeout(options_.commit_delay, [self = shared_from_this()] {
    self->commit_scheduled_ = false;
    (void)AsStatusOr(WriteCommits(self));
  });
}

Promise<void> LocalLog::FlushCommits() {
  return WriteCommits(shared_from_this());
}

Promise<void> LocalLog::WriteCommits(Self self) {
  if (self->uncommitted_.empty()) co_return;
  const auto taken = std::exchange(self->uncommitted_, {});
  std::vector<OffsetRow> rows;
  for (const GroupKey& key : taken) {
    rows.push_back({key.first, key.second, self->committed_[key]});
  }
  auto writing = AsStatusOr(self->database_.Transact(
      [rows = std::move(rows)](store::Tx& tx) { StoreOffsets(tx, rows); }));
  const absl::Status status = co_await std::move(writing);
  if (status.ok()) co_return;
  // With the next commit.
  self->uncommitted_.insert(taken.begin(), taken.end());
  self->logger_.Warning("offsets could not be committed to the local log",
                        {{"error", status.ToString()}});
  Throw(status);
}

Promise<void> LocalLog::Clean() { return CleanAll(shared_from_this()); }

Promise<void> LocalLog::CleanAll(Self self) {
  do {
    co_await CleanSome(self);
  } while (self->more_to_clean_);
}

Promise<void> LocalLog::CleanSome(Self self) {
  self->cleaned_ms_ = self->loop_.TimeMs();
  self->more_to_clean_ = false;  // when it fails: after the interval
  const absl::Time now = self->clock_.Now();
  const int bound = self->options_.clean_batch;
  auto cleaning = self->database_.Transact([now, bound](store::Tx& tx) {
    return bus::local::Clean(tx, now, bound);
  });
  const Cleaned cleaned = co_await std::move(cleaning);
  for (const auto& [ref, begin] : cleaned.begins) {
    self->by_ref_[ref]->begin = begin;
  }
  self->more_to_clean_ = cleaned.more;
}

bool LocalLog::ShouldClean() const {
  // Of a clock that nobody sets.
  return more_to_clean_ || !cleaned_ms_ ||
         absl::Milliseconds(loop_.TimeMs() - *cleaned_ms_) >=
             options_.clean_interval;
}

Promise<void> LocalLog::Close() { return Finish(shared_from_this()); }

Promise<void> LocalLog::Finish(Self self) {
  self->closed_ = true;
  if (self->writing_) {
    const Promise<void> idle = self->idle_.emplace_back().promise();
    co_await idle;
  }
  co_await WriteCommits(self);
  if (self->grown_) self->grown_();
}

}  // namespace millrace::bus::local
