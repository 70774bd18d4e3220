#include "bus/kafka/tail.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "base/status.h"
#include "base/strings.h"
#include "bus/kafka/config.h"
#include "bus/kafka/errors.h"
#include "bus/kafka/offsets.h"
#include "bus/kafka/received.h"
#include "bus/kafka/wake.h"
#include "loop/combinators.h"

namespace millrace::bus::kafka {
namespace {

constexpr size_t kHighWater = 64;
constexpr int kEventsPerTurn = 256;
constexpr int64_t kOpenMs = 15'000;
constexpr absl::Duration kOpenRetry = absl::Milliseconds(500);

class TailReader : public std::enable_shared_from_this<TailReader> {
 public:
  TailReader(Environment& environment, Reachability& reachability,
             StreamWriter<Record> writer, TailSpec spec)
      : environment_(environment),
        reachability_(reachability),
        writer_(std::move(writer)),
        spec_(std::move(spec)),
        wake_(environment.loop, [this] { return Turn(); }) {}
  ~TailReader() { Stop(); }

  static Promise<void> Run(std::shared_ptr<TailReader> self,
                           std::function<Handle()> client);
  // Whoever comes first ends it: the transport or the reader.
  void Watch();

 private:
  static Promise<bool> Open(std::shared_ptr<TailReader> self,
                            std::function<Handle()> client);
  bool Turn();
  // Where the partitions that are read begin and end.
  Promise<std::vector<GroupOffset>> Ask(Handle client);
  // Nothing when the partition is not read.
  std::optional<int64_t> StartOf(const GroupOffset& offset) const;
  absl::Status Start(const std::vector<GroupOffset>& offsets);
  std::optional<Record> Take(rd_kafka_event_t* event);
  void OnError(rd_kafka_event_t* event);
  void PartitionAt(const TopicPartition& partition, int64_t next_offset);
  void Finish(const absl::Status& status);
  void Stop();

  Environment& environment_;
  Reachability& reachability_;
  StreamWriter<Record> writer_;
  const TailSpec spec_;
  Wake wake_;
  bool stopped_ = false;
  Handle client_;
  rd_kafka_queue_t* queue_ = nullptr;
  // Without follow: what is left to read, up to these offsets.
  absl::flat_hash_map<TopicPartition, int64_t> ends_;
  std::optional<Deferred<void>> turn_;  // the next one
  AbortSubscription closed_;
  AbortSubscription cancelled_;
};

void TailReader::Watch() {
  const std::weak_ptr<TailReader> weak = weak_from_this();
  closed_ = environment_.closed.signal().OnAbort([weak] {
    if (const auto self = weak.lock()) self->Finish(absl::OkStatus());
  });
  cancelled_ = writer_.cancelled().OnAbort([weak] {
    if (const auto self = weak.lock()) self->Stop();
  });
}

Promise<void> TailReader::Run(std::shared_ptr<TailReader> self,
                              std::function<Handle()> client) {
  if (!co_await Open(self, std::move(client))) co_return;
  for (int budget = kEventsPerTurn; !self->stopped_; --budget) {
    if (!self->spec_.follow && self->ends_.empty()) {
      self->Finish(absl::OkStatus());
      co_return;
    }
    rd_kafka_event_t* event =
        budget > 0 ? rd_kafka_queue_poll(self->queue_, 0) : nullptr;
    if (event == nullptr) {
      if (budget <= 0) self->wake_.Again();
      self->turn_.emplace();
      budget = kEventsPerTurn;
      co_await self->turn_->promise();
      continue;
    }
    std::optional<Record> record = self->Take(event);
    rd_kafka_event_destroy(event);
    if (!record) continue;
    const TopicPartition partition{record->topic, record->partition};
    const int64_t next = record->offset + 1;
    // Rejected when the reader has gone, which stops this too.
    co_await AsStatusOr(self->writer_.Write(*std::move(record)));
    self->PartitionAt(partition, next);
  }
}

Promise<bool> TailReader::Open(std::shared_ptr<TailReader> self,
                               std::function<Handle()> client) {
  const int64_t patience = self->environment_.loop.TimeMs() + kOpenMs;
  while (true) {
    const Promise<std::vector<GroupOffset>> asked = self->Ask(client());
    const absl::StatusOr<std::vector<GroupOffset>> offsets =
        co_await AsStatusOr(asked);
    if (self->stopped_) co_return false;
    if (offsets.ok()) {
      const absl::Status started = self->Start(*offsets);
      if (!started.ok()) self->Finish(started);
      co_return started.ok();
    }
    if (!absl::IsUnavailable(offsets.status()) ||
        self->environment_.loop.TimeMs() > patience) {
      self->Finish(offsets.status());
      co_return false;
    }
    co_await Delay(kOpenRetry);
    if (self->stopped_) co_return false;
  }
}

Promise<std::vector<GroupOffset>> TailReader::Ask(Handle client) {
  if (!spec_.starts.has_value()) {
    return Watermarks(environment_, std::move(client), spec_.topics);
  }
  std::vector<TopicPartition> partitions;
  for (const auto& [partition, offset] : *spec_.starts) {
    partitions.push_back(partition);
  }
  return Watermarks(environment_, std::move(client), std::move(partitions));
}

std::optional<int64_t> TailReader::StartOf(const GroupOffset& offset) const {
  if (!spec_.starts.has_value()) {
    return spec_.from == TailFrom::kBeginning ? offset.begin : offset.end;
  }
  const auto found = spec_.starts->find(offset.partition);
  if (found == spec_.starts->end()) return std::nullopt;
  return std::clamp(found->second, offset.begin, offset.end);
}

absl::Status TailReader::Start(const std::vector<GroupOffset>& offsets) {
  absl::StatusOr<Handle> client = MakeReader(environment_);
  if (!client.ok()) return client.status();
  client_ = *std::move(client);
  rd_kafka_poll_set_consumer(client_.get());
  queue_ = rd_kafka_queue_get_consumer(client_.get());
  rd_kafka_topic_partition_list_t* list =
      rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size()));
  for (const GroupOffset& offset : offsets) {
    const std::optional<int64_t> start = StartOf(offset);
    if (!start.has_value()) continue;
    if (!spec_.follow) {
      if (*start >= offset.end) continue;
      ends_[offset.partition] = offset.end;
    }
    rd_kafka_topic_partition_list_add(list, offset.partition.topic.c_str(),
                                      offset.partition.partition)
        ->offset = *start;
  }
  const rd_kafka_resp_err_t error = rd_kafka_assign(client_.get(), list);
  rd_kafka_topic_partition_list_destroy(list);
  wake_.Watch(queue_);
  return ToStatus(error, environment_.place() + ": tail");
}

bool TailReader::Turn() {
  if (turn_) std::exchange(turn_, std::nullopt)->Resolve();
  return false;
}

std::optional<Record> TailReader::Take(rd_kafka_event_t* event) {
  if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR) OnError(event);
  if (rd_kafka_event_type(event) != RD_KAFKA_EVENT_FETCH) return std::nullopt;
  const rd_kafka_message_t* message = rd_kafka_event_message_next(event);
  reachability_.Good();
  Record record = ToRecord(*message);
  if (!spec_.follow) {
    const auto end = ends_.find({record.topic, record.partition});
    if (end == ends_.end() || record.offset >= end->second) {
      PartitionAt({record.topic, record.partition}, record.offset);
      return std::nullopt;
    }
  }
  return record;
}

void TailReader::OnError(rd_kafka_event_t* event) {
  const rd_kafka_resp_err_t error = rd_kafka_event_error(event);
  const char* text = rd_kafka_event_error_string(event);
  if (error == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    // The last offsets of a partition need not be records.
    rd_kafka_topic_partition_t* at = rd_kafka_event_topic_partition(event);
    PartitionAt({at->topic, at->partition}, at->offset);
    rd_kafka_topic_partition_destroy(at);
    return;
  }
  if (IsConnectionError(error)) return reachability_.Suspect(text);
  const absl::Status status =
      ToStatus(error, environment_.place() + ": tail", text);
  if (absl::IsNotFound(status)) return Finish(status);
  environment_.logger.Warning("Kafka tail",
                              {{"brokers", environment_.options.brokers},
                               {"error", MessageOf(status)}});
}

void TailReader::PartitionAt(const TopicPartition& partition,
                             int64_t next_offset) {
  const auto end = ends_.find(partition);
  if (end != ends_.end() && next_offset >= end->second) ends_.erase(end);
}

void TailReader::Finish(const absl::Status& status) {
  if (stopped_) return;
  if (status.ok()) {
    writer_.Close();
  } else {
    writer_.Fail(status);
  }
  Stop();
}

void TailReader::Stop() {
  stopped_ = true;
  if (queue_ != nullptr) {
    Wake::Unwatch(queue_);
    rd_kafka_queue_destroy(queue_);
    queue_ = nullptr;
  }
  wake_.Stop();
  client_.reset();
  if (turn_) std::exchange(turn_, std::nullopt)->Resolve();
}

}  // namespace

Stream<Record> OpenTail(Environment& environment, Reachability& reachability,
                        std::function<Handle()> client, TailSpec spec) {
  Pipe<Record> pipe = MakePipe<Record>(kHighWater);
  auto reader = std::make_shared<TailReader>(
      environment, reachability, std::move(pipe.writer), std::move(spec));
  reader->Watch();
  TailReader::Run(std::move(reader), std::move(client)).Detach();
  return std::move(pipe.stream);
}

}  // namespace millrace::bus::kafka
