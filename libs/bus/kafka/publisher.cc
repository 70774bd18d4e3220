#include "bus/kafka/publisher.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/strings.h"
#include "bus/kafka/config.h"
#include "bus/kafka/errors.h"

namespace millrace::bus::kafka {
namespace {

// Of one turn of the loop.
constexpr int kEventsPerTurn = 64;
constexpr int kRecordsPerTurn = 1000;
// How long the reports of a failed producer are waited for.
constexpr absl::Duration kFatalBound = absl::Milliseconds(500);

// On the wire, with the lengths of the headers.
size_t SizeOf(const Record& record) {
  return record.bytes() + 10 * record.headers.size();
}

}  // namespace

Publisher::Publisher(Environment& environment)
    : environment_(environment),
      reachability_(environment, [this] { return client_; }),
      wake_(environment.loop, [this] { return Turn(); }) {}

Publisher::~Publisher() {
  const absl::Status gone =
      absl::UnavailableError(environment_.place() + ": the transport is gone");
  for (Batch& batch : batches_) batch.done.Reject(gone);
  for (Timer* timer : {&deadline_, &fatal_bound_, &retry_, &one_by_one_end_,
                       &untimed_end_, &close_bound_}) {
    timer->Clear();
  }
  DropClient();
}

absl::Status Publisher::Start() {
  auto topics = std::make_shared<ProducedTopics>();
  absl::StatusOr<Handle> client =
      MakeProducer(environment_, one_by_one_, &Publisher::Place, topics);
  if (!client.ok()) return client.status();
  topics_ = std::move(topics);
  client_ = *std::move(client);
  alone_ = one_by_one_;
  queue_ = rd_kafka_queue_get_main(client_.get());
  wake_.Watch(queue_);
  reachability_.Suspect("not connected yet");
  return absl::OkStatus();
}

Promise<void> Publisher::Publish(std::vector<Record> records) {
  if (closing_) {
    return Promise<void>::Reject(absl::UnavailableError(
        environment_.place() + ": the transport is closed"));
  }
  const absl::Status status = Check(records);
  if (!status.ok()) return Promise<void>::Reject(status);
  if (records.empty()) return Promise<void>::Resolve();
  Batch& batch = batches_.emplace_back();
  batch.self = std::prev(batches_.end());
  batch.records = std::move(records);
  batch.untimed = untimed_;
  batch.deadline_ms =
      environment_.loop.TimeMs() +
      absl::ToInt64Milliseconds(environment_.options.publish_timeout);
  Promise<void> done = batch.done.promise();
  if (pump_ == batches_.end()) pump_ = batch.self;
  if (!deadline_.active()) ArmDeadline();
  if (Pump(kRecordsPerTurn)) wake_.Again();
  return done;
}

Promise<void> Publisher::Close(absl::Duration bound) {
  if (closing_) return closing_->promise();
  closing_.emplace();
  Promise<void> closed = closing_->promise();
  close_bound_ = environment_.loop.SetTimeout(bound, [this] {
    const size_t left = batches_.size();
    const absl::Status status = absl::DeadlineExceededError(
        StrCat(environment_.place(), ": closed with ", left,
               " publications of unknown fate"));
    closing_->Reject(status);
    Reset(status);
  });
  wake_.Again();
  return closed;
}

void Publisher::FailForTest() {
  rd_kafka_test_fatal_error(client_.get(),
                            RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
                            "asked for by a test");
}

absl::Status Publisher::Check(const std::vector<Record>& records) const {
  for (size_t i = 0; i < records.size(); ++i) {
    const Record& record = records[i];
    std::string problem;
    if (record.topic.empty()) {
      problem = "names no topic";
    } else if (const size_t size = SizeOf(record);
               size > environment_.options.max_record_bytes) {
      problem = StrCat("for topic ", record.topic, " has ", size,
                       " bytes, more than kafka.max_record_bytes, which is ",
                       environment_.options.max_record_bytes);
    }
    if (!problem.empty()) {
      return absl::InvalidArgumentError(
          StrCat(environment_.place(), ": record ", i, " of ", records.size(),
                 ", key '", record.key, "', ", problem));
    }
  }
  return absl::OkStatus();
}

bool Publisher::Turn() {
  const bool more_events = Drain(kEventsPerTurn) == kEventsPerTurn;
  if (fatal_ || needlessly_alone()) {
    const bool idle =
        std::all_of(batches_.begin(), batches_.end(), [](const Batch& batch) {
          return batch.unacked == 0 && batch.waiting == 0;
        });
    if (idle && fatal_) {
      Reset(absl::UnavailableError(environment_.place() +
                                   ": the producer had to be replaced"));
    } else if (idle) {
      environment_.logger.Info("Kafka records share requests again",
                               {{"brokers", environment_.options.brokers}});
      Restart();
    }
  }
  const bool more_records = Pump(kRecordsPerTurn);
  if (closing_ && batches_.empty()) {
    close_bound_.Clear();
    reachability_.Stop();
    DropClient();
    wake_.Stop();
    closing_->Resolve();
    return false;
  }
  return more_events || more_records;
}

int Publisher::Drain(int budget) {
  int drained = 0;
  while (drained < budget && queue_ != nullptr) {
    rd_kafka_event_t* event = rd_kafka_queue_poll(queue_, 0);
    if (event == nullptr) break;
    ++drained;
    switch (rd_kafka_event_type(event)) {
      case RD_KAFKA_EVENT_DR:
        OnReports(event);
        break;
      case RD_KAFKA_EVENT_ERROR:
        OnError(event);
        break;
      default:
        break;
    }
    rd_kafka_event_destroy(event);
  }
  return drained;
}

void Publisher::OnReports(rd_kafka_event_t* event) {
  while (const rd_kafka_message_t* message =
             rd_kafka_event_message_next(event)) {
    OnReport(*message);
  }
}

void Publisher::OnReport(const rd_kafka_message_t& message) {
  Batch& batch = *static_cast<Batch*>(message._private);
  ProducedTopic& topic = Topic(rd_kafka_topic_name(message.rkt));
  --batch.unacked;
  const bool acknowledged =
      message.err == RD_KAFKA_RESP_ERR_NO_ERROR && message.offset >= 0;
  topic.first.SetPartitions(topic.partitions);
  if (topic.first.Came(message.partition, acknowledged,
                       environment_.loop.TimeMs()) &&
      !topic.waiting.empty() && (freed_.empty() || freed_.back() != &topic)) {
    freed_.push_back(&topic);
  }
  if (acknowledged) {
    reachability_.Good();
  } else if (batch.failure.ok()) {
    batch.failure = Refused(batch, message);
    GiveUp(batch);
  }
  if (IsDone(batch)) Finish(batch.self);
}

absl::Status Publisher::Refused(const Batch& batch,
                                const rd_kafka_message_t& message) {
  const std::string key(static_cast<const char*>(message.key), message.key_len);
  const std::string what =
      StrCat(environment_.place(), ": topic ", rd_kafka_topic_name(message.rkt),
             ", record of ", message.len, " bytes, key '", key, "'");
  if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    return absl::UnavailableError(
        what +
        ": was not taken when it was sent, but a later one was; whether it is "
        "in the log is not known: publish it again");
  }
  if (message.err == RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP && !batch.untimed) {
    // It is the clock that is wrong, here or at the broker, or the record is
    // older than its topic takes: none is given up for that.
    SetForAWhile(&untimed_, &untimed_end_);
    return absl::UnavailableError(
        what +
        ": came in a batch with a time that the topic does not take; publish "
        "it again, which sends it without, and set the clocks right");
  }
  absl::Status status = ToStatus(message.err, what);
  if (absl::IsInvalidArgument(status)) {
    // What no broker has seen, as a topic's name, fails no producer.
    if (alone_ || !fatal_) return status;
    // It is the batch that is refused. Which record is, if any, shows when they
    // are sent again one by one.
    SetForAWhile(&one_by_one_, &one_by_one_end_);
    return absl::UnavailableError(
        StrCat(MessageOf(status), "; came in a batch: publish it again"));
  }
  if (fatal_ && !absl::IsNotFound(status)) {
    return absl::UnavailableError(what +
                                  ": the producer failed; publish it again");
  }
  return status;
}

void Publisher::SetForAWhile(bool* careful, Timer* end) {
  *careful = true;
  *end = environment_.loop.SetTimeout(environment_.options.careful_time,
                                      [this, careful] {
                                        *careful = false;
                                        wake_.Again();
                                      });
  end->Unref();
}

void Publisher::OnError(rd_kafka_event_t* event) {
  const rd_kafka_resp_err_t error = rd_kafka_event_error(event);
  const char* text = rd_kafka_event_error_string(event);
  if (rd_kafka_event_error_is_fatal(event) != 0) {
    environment_.logger.Error(
        "the Kafka producer failed and is replaced",
        {{"brokers", environment_.options.brokers}, {"reason", text}});
    fatal_ = true;
    fatal_bound_ = environment_.loop.SetTimeout(kFatalBound, [this] {
      Reset(absl::UnavailableError(environment_.place() +
                                   ": the producer had to be replaced"));
    });
  } else if (IsConnectionError(error)) {
    reachability_.Suspect(text);
  } else {
    environment_.logger.Warning(
        "Kafka producer",
        {{"brokers", environment_.options.brokers}, {"error", text}});
  }
}

void Publisher::Finish(Batches::iterator batch) {
  if (batch->failure.ok()) {
    batch->done.Resolve();
  } else {
    batch->done.Reject(batch->failure);
  }
  batches_.erase(batch);
}

}  // namespace millrace::bus::kafka
