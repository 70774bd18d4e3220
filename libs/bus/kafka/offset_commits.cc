#include "bus/kafka/offset_commits.h"

#include <algorithm>
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

void OffsetCommits::Commit(const TopicPartition& partition,
                           int64_t next_offset) {
  const auto entry = entries_.find(partition);
  if (entry == entries_.end() || next_offset <= entry->second.wanted) return;
  entry->second.wanted = next_offset;
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
  for (int i = 0; list != nullptr && i < list->cnt; ++i) {
    const rd_kafka_topic_partition_t& one = list->elems[i];
    const auto entry = entries_.find(TopicPartition{one.topic, one.partition});
    if (entry == entries_.end()) continue;
    const rd_kafka_resp_err_t result =
        one.err != RD_KAFKA_RESP_ERR_NO_ERROR ? one.err : error;
    if (result == RD_KAFKA_RESP_ERR_NO_ERROR) {
      entry->second.durable = std::max(entry->second.durable, one.offset);
    } else if (IsRefusal(result)) {
      entry->second.durable = entry->second.wanted;
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
  } else if (flushed_) {
    Send();
  } else {
    SendSoon(environment_.options.commit_interval);
  }
  return refusal;
}

void OffsetCommits::Send() {
  timer_.Clear();
  if (client_ == nullptr || !Dirty()) return;
  rd_kafka_topic_partition_list_t* list =
      rd_kafka_topic_partition_list_new(static_cast<int>(entries_.size()));
  for (const auto& [partition, entry] : entries_) {
    if (entry.wanted <= entry.durable) continue;
    rd_kafka_topic_partition_list_add(list, partition.topic.c_str(),
                                      partition.partition)
        ->offset = entry.wanted;
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
  return std::any_of(entries_.begin(), entries_.end(), [](const auto& entry) {
    return entry.second.wanted > entry.second.durable;
  });
}

}  // namespace millrace::bus::kafka
