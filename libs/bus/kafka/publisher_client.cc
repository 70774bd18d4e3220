// The part of Publisher that hands records to librdkafka, and that replaces
// the producer.

#include <optional>
#include <string_view>
#include <utility>

#include "absl/time/clock.h"
#include "base/strings.h"
#include "bus/kafka/errors.h"
#include "bus/kafka/publisher.h"
#include "bus/partitioner.h"

namespace millrace::bus::kafka {
namespace {

// Records without a key that come within such a time go to one partition, in
// fewer requests than if each went to any.
constexpr int64_t kTogetherMs = 10;
constexpr absl::Duration kRetryMake = absl::Seconds(1);

// Brokers take it whatever their clock says, and go by the age of the file
// when they delete what is old. librdkafka would put this machine's time in
// place of none.
constexpr int64_t kNoTimestamp = -1;

int64_t TimestampOf(const Record& record, bool untimed) {
  if (untimed) return kNoTimestamp;
  return record.time == absl::Time() ? 0 : absl::ToUnixMillis(record.time);
}

// Nothing when librdkafka chooses one, or will.
std::optional<int> PartitionFor(const Record& record, int partitions) {
  if (record.partition >= 0) return record.partition;
  if (record.key.empty() || partitions == 0) return std::nullopt;
  return PartitionOf(record.key, partitions);
}

}  // namespace

bool Publisher::Pump(int budget) {
  if (client_ == nullptr || fatal_) return false;
  while (PumpWaiting() && !needlessly_alone() && pump_ != batches_.end()) {
    Batch& batch = *pump_;
    while (batch.next < batch.records.size()) {
      if (budget-- == 0) return true;
      const Handed handed = HandOver(batch, batch.records[batch.next]);
      if (handed == Handed::kFull) return false;
      if (handed == Handed::kRefused) break;
      ++batch.next;
    }
    ++pump_;
    if (!batch.failure.ok()) GiveUp(batch);
    batch.records = std::vector<Record>(0);
    batch.next = 0;
    if (IsDone(batch)) Finish(batch.self);
  }
  return false;
}

bool Publisher::PumpWaiting() {
  while (!freed_.empty()) {
    ProducedTopic& topic = *freed_.back();
    freed_.pop_back();
    topic.waits_for_all = false;
    bool full = false;
    std::vector<Batch*> refused;
    for (Waiting& one : std::exchange(topic.waiting, {})) {
      Handed handed = Handed::kFull;
      if (!full && one.batch->failure.ok()) {
        --one.batch->waiting;
        handed = HandOver(*one.batch, one.record);
        full = handed == Handed::kFull;
        if (full) ++one.batch->waiting;
      }
      if (handed == Handed::kRefused) refused.push_back(one.batch);
      if (handed == Handed::kFull) topic.waiting.push_back(std::move(one));
    }
    if (full) freed_.push_back(&topic);
    for (Batch* batch : refused) {
      GiveUp(*batch);
      if (IsDone(*batch)) Finish(batch->self);
    }
    if (full) return false;
  }
  return true;
}

Publisher::Handed Publisher::HandOver(Batch& batch, Record& record) {
  ProducedTopic& topic = Topic(record.topic);
  const int partitions = topic.partitions;
  const std::optional<int> place = PartitionFor(record, partitions);
  const int64_t now = environment_.loop.TimeMs();
  topic.first.SetPartitions(partitions);
  if (topic.waits_for_all || !topic.first.MayGo(place, now)) {
    topic.waits_for_all |= !place.has_value();
    topic.waiting.push_back({&batch, std::move(record)});
    ++batch.waiting;
    return Handed::kWaits;
  }
  const rd_kafka_resp_err_t error = Produce(batch, record, topic.handle);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    // It went by the number that there is now.
    const bool foreseen = topic.partitions == partitions;
    topic.first.Went(foreseen ? place : std::nullopt, now);
    ++batch.unacked;
    return Handed::kYes;
  }
  // Reports will make room; or the event that says so comes on the queue, and
  // the producer is replaced.
  if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL ||
      error == RD_KAFKA_RESP_ERR__FATAL) {
    return Handed::kFull;
  }
  batch.failure =
      ToStatus(error, StrCat(environment_.place(), ": topic ", record.topic,
                             ", key '", record.key, "'"));
  return Handed::kRefused;
}

rd_kafka_resp_err_t Publisher::Produce(Batch& batch, const Record& record,
                                       rd_kafka_topic_t* topic) {
  rd_kafka_headers_t* headers = nullptr;
  if (!record.headers.empty()) {
    headers = rd_kafka_headers_new(record.headers.size());
    for (const auto& [name, value] : record.headers) {
      rd_kafka_header_add(headers, name.data(),
                          static_cast<ssize_t>(name.size()), value.data(),
                          static_cast<ssize_t>(value.size()));
    }
  }
  const void* key = record.key.empty() ? nullptr : record.key.data();
  const void* value = record.has_value ? record.value.data() : nullptr;
  const int32_t partition =
      record.partition < 0 ? RD_KAFKA_PARTITION_UA : record.partition;
  const rd_kafka_resp_err_t error = rd_kafka_producev(
      client_.get(), RD_KAFKA_V_RKT(topic), RD_KAFKA_V_PARTITION(partition),
      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
      RD_KAFKA_V_KEY(key, record.key.size()),
      RD_KAFKA_V_VALUE(const_cast<void*>(value),
                       record.has_value ? record.value.size() : 0),
      RD_KAFKA_V_TIMESTAMP(TimestampOf(record, batch.untimed)),
      RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE(&batch), RD_KAFKA_V_END);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR && headers != nullptr) {
    rd_kafka_headers_destroy(headers);
  }
  return error;
}

void Publisher::GiveUp(Batch& batch) {
  if (pump_ == batch.self) ++pump_;
  batch.next = batch.records.size();
  if (batch.waiting == 0) return;
  for (auto& [name, topic] : topics_->by_name) {
    const size_t gone = std::erase_if(
        topic.waiting,
        [&batch](const Waiting& one) { return one.batch == &batch; });
    // Others may have waited for it.
    if (gone > 0) freed_.push_back(&topic);
  }
  batch.waiting = 0;
}

bool Publisher::IsDone(const Batch& batch) {
  return batch.next == batch.records.size() && batch.unacked == 0 &&
         batch.waiting == 0;
}

Publisher::ProducedTopic& Publisher::Topic(std::string_view name) {
  const auto found = topics_->by_name.find(ToAbsl(name));
  if (found != topics_->by_name.end()) return found->second;
  const std::string text(name);
  // Not under the lock: librdkafka has its own, with which it calls Place().
  rd_kafka_topic_t* const handle =
      rd_kafka_topic_new(client_.get(), text.c_str(), nullptr);
  const std::lock_guard<std::mutex> lock(topics_->mutex);
  ProducedTopic& added = topics_->by_name[text];
  added.handle = handle;
  return added;
}

int32_t Publisher::Place(const rd_kafka_topic_t* topic, const void* key,
                         size_t size, int32_t partitions, void* state,
                         void* message_opaque) {
  auto& topics = *static_cast<ProducedTopics*>(state);
  {
    const std::lock_guard<std::mutex> lock(topics.mutex);
    const auto found = topics.by_name.find(rd_kafka_topic_name(topic));
    if (found != topics.by_name.end()) found->second.partitions = partitions;
  }
  if (key != nullptr) {
    return PartitionOf({static_cast<const char*>(key), size}, partitions);
  }
  const int32_t usual = PartitionOf(
      StrCat(absl::ToUnixMillis(absl::Now()) / kTogetherMs), partitions);
  if (rd_kafka_topic_partition_available(topic, usual) != 0) return usual;
  return rd_kafka_msg_partitioner_random(topic, key, size, partitions, state,
                                         message_opaque);
}

void Publisher::ArmDeadline() {
  const int64_t left =
      batches_.front().deadline_ms - environment_.loop.TimeMs();
  deadline_ = environment_.loop.SetTimeout(absl::Milliseconds(left),
                                           [this] { OnDeadline(); });
  deadline_.Unref();
}

void Publisher::OnDeadline() {
  if (batches_.empty()) return;
  if (batches_.front().deadline_ms > environment_.loop.TimeMs()) {
    return ArmDeadline();
  }
  absl::Status reason = reachability_.status();
  if (reason.ok()) {
    reason = absl::DeadlineExceededError(
        StrCat(environment_.place(), ": no acknowledgement within ",
               absl::FormatDuration(environment_.options.publish_timeout)));
  }
  Reset(reason);
}

void Publisher::Reset(const absl::Status& reason) {
  fatal_ = false;
  fatal_bound_.Clear();
  DropClient();
  for (Batch& batch : std::exchange(batches_, {})) {
    batch.done.Reject(batch.failure.ok() ? reason : batch.failure);
  }
  pump_ = batches_.end();
  if (closing_) return wake_.Again();
  Restart();
}

void Publisher::Restart() {
  DropClient();
  const absl::Status started = Start();
  if (started.ok()) return;
  environment_.logger.Error("no Kafka producer can be made",
                            {{"brokers", environment_.options.brokers},
                             {"reason", std::string_view(MessageOf(started))}});
  retry_ = environment_.loop.SetTimeout(kRetryMake, [this] {
    Reset(absl::UnavailableError(environment_.place() + ": has no producer"));
  });
}

void Publisher::DropClient() {
  if (topics_ != nullptr) {
    for (auto& [name, topic] : topics_->by_name) {
      if (topic.handle != nullptr) rd_kafka_topic_destroy(topic.handle);
      topic.waiting.clear();
    }
    topics_.reset();
    freed_.clear();
  }
  if (queue_ != nullptr) {
    Wake::Unwatch(queue_);
    rd_kafka_queue_destroy(queue_);
    queue_ = nullptr;
  }
  client_.reset();
  alone_ = false;
}

}  // namespace millrace::bus::kafka
