// The part of Publisher that hands records to librdkafka, and that replaces
// the producer.

#include <utility>

#include "base/strings.h"
#include "bus/kafka/errors.h"
#include "bus/kafka/publisher.h"

namespace millrace::bus::kafka {
namespace {

constexpr absl::Duration kRetryMake = absl::Seconds(1);

// Brokers take it whatever their clock says, and go by the age of the file
// when they delete what is old. librdkafka would put this machine's time in
// place of none.
constexpr int64_t kNoTimestamp = -1;

int64_t TimestampOf(const Record& record, bool untimed) {
  if (untimed) return kNoTimestamp;
  return record.time == absl::Time() ? 0 : absl::ToUnixMillis(record.time);
}

}  // namespace

bool Publisher::Pump(int budget) {
  if (client_ == nullptr || fatal_ || needlessly_alone()) return false;
  while (pump_ != batches_.end()) {
    Batch& batch = *pump_;
    while (batch.next < batch.records.size()) {
      if (budget-- == 0) return true;
      const Handed handed = HandOver(batch, batch.records[batch.next]);
      if (handed == Handed::kFull) return false;
      if (handed == Handed::kRefused) {
        batch.next = batch.records.size();
        break;
      }
      ++batch.next;
      ++batch.unacked;
    }
    const Batches::iterator full = pump_++;
    full->records = std::vector<Record>(0);
    full->next = 0;
    if (full->unacked == 0) Finish(full);
  }
  return false;
}

Publisher::Handed Publisher::HandOver(Batch& batch, const Record& record) {
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
      client_.get(), RD_KAFKA_V_RKT(Topic(record.topic)),
      RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
      RD_KAFKA_V_KEY(key, record.key.size()),
      RD_KAFKA_V_VALUE(const_cast<void*>(value),
                       record.has_value ? record.value.size() : 0),
      RD_KAFKA_V_TIMESTAMP(TimestampOf(record, batch.untimed)),
      RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE(&batch), RD_KAFKA_V_END);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return Handed::kYes;
  if (headers != nullptr) rd_kafka_headers_destroy(headers);
  // Reports will make room.
  if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) return Handed::kFull;
  // The event that says so comes on the queue, and the producer is replaced.
  if (error == RD_KAFKA_RESP_ERR__FATAL) return Handed::kFull;
  batch.failure =
      ToStatus(error, StrCat(environment_.place(), ": topic ", record.topic,
                             ", key '", record.key, "'"));
  return Handed::kRefused;
}

rd_kafka_topic_t* Publisher::Topic(const std::string& name) {
  rd_kafka_topic_t*& topic = topics_[name];
  if (topic == nullptr) {
    topic = rd_kafka_topic_new(client_.get(), name.c_str(), nullptr);
  }
  return topic;
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
  for (const auto& [name, topic] : topics_) rd_kafka_topic_destroy(topic);
  topics_.clear();
  if (queue_ != nullptr) {
    Wake::Unwatch(queue_);
    rd_kafka_queue_destroy(queue_);
    queue_ = nullptr;
  }
  client_.reset();
  alone_ = false;
}

}  // namespace millrace::bus::kafka
