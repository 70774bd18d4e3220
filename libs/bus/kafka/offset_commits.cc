#include "bus/kafka/offset_commits.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/strings.h"
#include "bus/kafka/errors.h"

namespace millrace::bus::kafka {
namespace {

constexpr absl::Duration kRetry = absl::Milliseconds(500);

// The broker does not count us as the owner: who is will read from the last
// offset that was committed.
bool IsRefusal(rd_kafka_resp_err_t error) {
  const absl::StatusCode code = CodeOf(error);
  return code != absl::StatusCode::kUnavailable &&
         code != absl::StatusCode::kDeadlineExceeded &&
         error != RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS;
}

// How many bytes its islands take, which are no more than `room`.
size_t Add(rd_kafka_topic_partition_list_t* list,
           const TopicPartition& partition, const Progress& progress,
           size_t room) {
  rd_kafka_topic_partition_t* one = rd_kafka_topic_partition_list_add(
      list, partition.topic.c_str(), partition.partition);
  one->offset = progress.next_offset;
  const std::string text = FinishedToText(progress, room);
  if (text.empty()) return 0;
  // librdkafka frees it with the list.
  one->metadata = std::malloc(text.size());
  if (one->metadata == nullptr) return 0;
  std::memcpy(one->metadata, text.data(), text.size());
  one->metadata_size = text.size();
  return text.size();
}

}  // namespace

OffsetCommits::OffsetCommits(Environment& environment)
    : environment_(environment) {}

OffsetCommits::~OffsetCommits() { Stop(); }

void OffsetCommits::Start(Handle client, rd_kafka_queue_t* queue) {
  client_ = std::move(client);
  queue_ = queue;
  sent_ = false;  // what the client before had under way goes with it
}

void OffsetCommits::Stop() {
  Clear();
  client_.reset();
  queue_ = nullptr;
}

void OffsetCommits::Assign(const std::vector<TopicPartition>& partitions) {
  for (const TopicPartition& partition : partitions) entries_[partition] = {};
}

void OffsetCommits::Clear() {
  entries_.clear();
  timer_.Clear();
  if (flushed_) std::exchange(flushed_, std::nullopt)->Resolve();
}

void OffsetCommits::BeginAnew(const TopicPartition& partition) {
  const auto found = entries_.find(partition);
  if (found == entries_.end()) return;
  found->second.wanted = Progress();
  found->second.durable = found->second.version;
}

void OffsetCommits::Commit(const TopicPartition& partition, Progress progress) {
  const auto found = entries_.find(partition);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  if (progress.next_offset < entry.wanted.next_offset ||
      progress == entry.wanted) {
    return;
  }
  entry.wanted = std::move(progress);
  ++entry.version;
  if (!sent_ && !timer_.active()) {
    SendSoon(environment_.options.commit_interval);
  }
}

Promise<void> OffsetCommits::Flush() {
  if (!Dirty() && !sent_) return Promise<void>::Resolve();
  if (!flushed_) flushed_.emplace();
  Promise<void> flushed = flushed_->promise();
  if (!sent_) Send();
  return flushed;
}

absl::Status OffsetCommits::OnResult(rd_kafka_event_t* event) {
  sent_ = false;
  const rd_kafka_resp_err_t error = rd_kafka_event_error(event);
  const rd_kafka_topic_partition_list_t* list =
      rd_kafka_event_topic_partition_list(event);
  absl::Status refusal;
  bool failed = false;
  bool too_much = false;
  for (int i = 0; list != nullptr && i < list->cnt; ++i) {
    const rd_kafka_topic_partition_t& one = list->elems[i];
    const auto entry = entries_.find(TopicPartition{one.topic, one.partition});
    if (entry == entries_.end()) continue;
    const rd_kafka_resp_err_t result =
        one.err != RD_KAFKA_RESP_ERR_NO_ERROR ? one.err : error;
    if (result == RD_KAFKA_RESP_ERR_NO_ERROR) {
      entry->second.durable = entry->second.sent;
    } else if (result == RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE &&
               entry->second.sent_bytes > 0) {
      too_much = true;
      TakeLess(entry->first, entry->second.sent_bytes);
    } else if (IsRefusal(result)) {
      entry->second.durable = entry->second.version;
      refusal =
          ToStatus(result, StrCat(environment_.place(), ": commit of topic ",
                                  one.topic, ", partition ", one.partition));
    } else {
      failed = true;
    }
  }
  if (!Dirty()) {
    if (flushed_) std::exchange(flushed_, std::nullopt)->Resolve();
  } else if (failed) {
    SendSoon(kRetry);
  } else if (flushed_ || too_much) {
    Send();
  } else {
    SendSoon(environment_.options.commit_interval);
  }
  return refusal;
}

void OffsetCommits::TakeLess(const TopicPartition& partition, size_t bytes) {
  if (room_ == kMaxFinishedText) {
    environment_.logger.Warning(
        "the broker has no room for all that was finished out of order, which "
        "would be seen again after a restart; raise its "
        "offset.metadata.max.bytes to 4096",
        {{"brokers", environment_.options.brokers},
         {"topic", partition.topic},
         {"partition", partition.partition},
         {"bytes", static_cast<int64_t>(bytes)}});
  }
  room_ = std::min(room_, bytes / 2);
}

void OffsetCommits::Send() {
  timer_.Clear();
  if (client_ == nullptr || !Dirty()) return;
  rd_kafka_topic_partition_list_t* list =
      rd_kafka_topic_partition_list_new(static_cast<int>(entries_.size()));
  for (auto& [partition, entry] : entries_) {
    if (!entry.dirty()) continue;
    entry.sent_bytes = Add(list, partition, entry.wanted, room_);
    entry.sent = entry.version;
  }
  sent_ = rd_kafka_commit_queue(client_.get(), list, queue_, nullptr,
                                nullptr) == RD_KAFKA_RESP_ERR_NO_ERROR;
  rd_kafka_topic_partition_list_destroy(list);
  if (!sent_) SendSoon(kRetry);
}

void OffsetCommits::SendSoon(absl::Duration delay) {
  timer_ = environment_.loop.SetTimeout(delay, [this] { Send(); });
}

bool OffsetCommits::Dirty() const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [](const auto& entry) { return entry.second.dirty(); });
}

}  // namespace millrace::bus::kafka
