#include "bus/kafka/group_member.h"

#include <algorithm>
#include <utility>

#include "base/strings.h"
#include "bus/kafka/config.h"
#include "bus/kafka/errors.h"
#include "bus/kafka/received.h"

namespace millrace::bus::kafka {
namespace {

// Of one turn of the loop.
constexpr int kEventsPerTurn = 64;
constexpr size_t kRecordsPerTurn = 256;
constexpr size_t kBytesPerTurn = 1 << 20;
// A queue is full of this many small records too (queued.min.messages).
constexpr size_t kQueuedRecords = 100'000;
// A poll now and then, or librdkafka takes an idle member for a dead one.
constexpr absl::Duration kPoll = absl::Seconds(60);
// The same trouble is not told again for so long.
constexpr int64_t kTroubleMs = 10'000;

// An event has the reason in place of "fatal".
rd_kafka_resp_err_t ErrorOf(rd_kafka_event_t* event) {
  return rd_kafka_event_error_is_fatal(event) != 0
             ? RD_KAFKA_RESP_ERR__FATAL
             : rd_kafka_event_error(event);
}

}  // namespace

absl::StatusOr<std::shared_ptr<GroupMember>> GroupMember::Join(
    Environment& environment, Reachability& reachability, GroupSpec spec,
    ConsumerEvents& events) {
  if (spec.group.empty() || spec.topics.empty()) {
    return absl::InvalidArgumentError(
        environment.place() + ": a group needs a name and at least one topic");
  }
  std::shared_ptr<GroupMember> member(
      new GroupMember(environment, reachability, std::move(spec), events));
  const absl::Status status = member->Subscribe();
  if (!status.ok()) return status;
  return member;
}

GroupMember::GroupMember(Environment& environment, Reachability& reachability,
                         GroupSpec spec, ConsumerEvents& events)
    : environment_(environment),
      reachability_(reachability),
      spec_(std::move(spec)),
      events_(&events),
      commits_(environment),
      wake_(environment.loop, [this] { return Turn(); }) {}

GroupMember::~GroupMember() { Release(); }

absl::Status GroupMember::Subscribe() {
  absl::StatusOr<Handle> client =
      MakeConsumer(environment_, spec_.group, spec_.member_id);
  if (!client.ok()) return client.status();
  client_ = *std::move(client);
  rd_kafka_poll_set_consumer(client_.get());
  queue_ = rd_kafka_queue_get_consumer(client_.get());
  commits_.Start(client_, queue_);
  rd_kafka_topic_partition_list_t* topics =
      rd_kafka_topic_partition_list_new(static_cast<int>(spec_.topics.size()));
  for (const std::string& topic : spec_.topics) {
    rd_kafka_topic_partition_list_add(topics, topic.c_str(),
                                      RD_KAFKA_PARTITION_UA);
  }
  const rd_kafka_resp_err_t error = rd_kafka_subscribe(client_.get(), topics);
  rd_kafka_topic_partition_list_destroy(topics);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return ToStatus(error, StrCat(environment_.place(), ": group ", spec_.group,
                                  ": subscribe"));
  }
  wake_.Watch(queue_);
  poll_ = environment_.loop.SetInterval(kPoll, [this] { wake_.Again(); });
  poll_.Unref();
  AwaitAssignment();
  return absl::OkStatus();
}

void GroupMember::Commit(const TopicPartition& partition, Progress progress) {
  commits_.Commit(partition, std::move(progress));
}

void GroupMember::Pause(const std::vector<TopicPartition>& partitions) {
  for (Partition& partition : partitions_) {
    if (std::find(partitions.begin(), partitions.end(), partition.id) !=
        partitions.end()) {
      partition.paused = true;
    }
  }
}

void GroupMember::Resume(const std::vector<TopicPartition>& partitions) {
  for (Partition& partition : partitions_) {
    if (std::find(partitions.begin(), partitions.end(), partition.id) !=
        partitions.end()) {
      partition.paused = false;
    }
  }
  // What has come meanwhile was signalled, and is not signalled again.
  wake_.Again();
}

bool GroupMember::Turn() {
  // Callbacks may let go of both.
  const std::shared_ptr<GroupMember> self = shared_from_this();
  const Handle client = client_;
  bool more = DrainEvents();
  if (client_ != nullptr) more |= Deliver();
  return client_ != nullptr && more;
}

bool GroupMember::DrainEvents() {
  for (int i = 0; i < kEventsPerTurn; ++i) {
    if (client_ == nullptr) return false;
    if (closing_ && rd_kafka_consumer_closed(client_.get())) {
      closed_.Resolve();
      return false;
    }
    rd_kafka_event_t* event = rd_kafka_queue_poll(queue_, 0);
    if (event == nullptr) {
      // The word that the group is closed is no event: look once more.
      if (closing_ && rd_kafka_consumer_closed(client_.get())) {
        closed_.Resolve();
      }
      return false;
    }
    OnEvent(event);
    rd_kafka_event_destroy(event);
  }
  return true;
}

bool GroupMember::Deliver() {
  Delivery delivery;
  bool more = false;
  const size_t count = partitions_.size();
  for (size_t i = 0; i < count && !more; ++i) {
    const size_t at = (turn_of_ + i) % count;
    if (partitions_[at].paused) continue;
    while (!more && Read(partitions_[at], &delivery)) {
      more = delivery.records.size() >= kRecordsPerTurn ||
             delivery.bytes >= kBytesPerTurn ||
             delivery.errors.size() >= kEventsPerTurn;
    }
    if (more) turn_of_ = at + 1;
  }
  if (!delivery.records.empty()) {
    KeepFetching(delivery);
    reachability_.Good();
    events_->OnRecords(std::move(delivery.records));
  }
  for (const auto& [error, text] : delivery.errors) {
    OnError(error, text.c_str());
  }
  return more;
}

bool GroupMember::Read(Partition& partition, Delivery* delivery) {
  // Not rd_kafka_consume_batch_queue(): in 2.0.2 it may leave records out.
  rd_kafka_event_t* event = rd_kafka_queue_poll(partition.queue, 0);
  if (event == nullptr) return false;
  if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_FETCH) {
    const rd_kafka_message_t& message = *rd_kafka_event_message_next(event);
    if (message.offset <= partition.last) commits_.BeginAnew(partition.id);
    partition.last = message.offset;
    delivery->bytes += message.len + message.key_len;
    delivery->records.push_back(ToRecord(message));
  } else if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR) {
    delivery->errors.emplace_back(ErrorOf(event),
                                  rd_kafka_event_error_string(event));
  }
  rd_kafka_event_destroy(event);
  return true;
}

void GroupMember::KeepFetching(const Delivery& delivery) {
  // Whenever a quarter of a queue was read: a queue that was full has most of
  // its records left then, and one that was not is being filled anyway.
  const size_t prefetch = environment_.options.prefetch_bytes;
  read_bytes_ += std::max(
      delivery.bytes, delivery.records.size() * (prefetch / kQueuedRecords));
  if (read_bytes_ < prefetch / 4) return;
  read_bytes_ = 0;
  WakeBrokers(client_.get(), environment_.options);
}

void GroupMember::OnEvent(rd_kafka_event_t* event) {
  switch (rd_kafka_event_type(event)) {
    case RD_KAFKA_EVENT_REBALANCE:
      return OnRebalance(event);
    case RD_KAFKA_EVENT_OFFSET_COMMIT: {
      absl::Status refusal = commits_.OnResult(event);
      if (!refusal.ok()) Trouble(std::move(refusal));
      return;
    }
    case RD_KAFKA_EVENT_LISTCONSUMERGROUPOFFSETS_RESULT:
      return OnCommitted(event);
    case RD_KAFKA_EVENT_ERROR:
      return OnError(ErrorOf(event), rd_kafka_event_error_string(event));
    default:
      return;
  }
}

void GroupMember::OnError(rd_kafka_resp_err_t error, const char* text) {
  if (error == RD_KAFKA_RESP_ERR__FATAL) return OnFatal(text);
  if (IsConnectionError(error)) return reachability_.Suspect(text);
  if (error == RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED) {
    return Trouble(absl::UnavailableError(StrCat(
        environment_.place(), ": group ", spec_.group,
        ": the loop stood still for so long that this member left its group; "
        "it joins again, and what was in flight is seen again. Look for what "
        "blocks the loop: ",
        text)));
  }
  Trouble(ToStatus(error, StrCat(environment_.place(), ": group ", spec_.group),
                   text));
}

void GroupMember::OnFatal(const char* text) {
  if (!health_.ok() || client_ == nullptr || joining_) return;
  health_ = absl::FailedPreconditionError(StrCat(
      environment_.place(), ": member '", spec_.member_id, "' of group ",
      spec_.group,
      " was shut out; give each process a member id of its own: ", text));
  if (ShutOutByOutage()) {
    return JoinAnew(shared_from_this(), health_).Detach();
  }
  Trouble(health_);
  if (events_ == nullptr) return;
  // Nothing that is queued can be had any more.
  rebalances_.clear();
  HandOver(shared_from_this(), Revoked::kLost).Detach();
  if (!closing_) Release();
}

bool GroupMember::ShutOutByOutage() const {
  char text[8];
  if (close_.valid() || lost_ms_ < 0 ||
      rd_kafka_fatal_error(client_.get(), text, sizeof text) !=
          RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID) {
    return false;
  }
  // Two processes of one name would else shut each other out for ever.
  const int64_t window = absl::ToInt64Milliseconds(
      3 * environment_.options.session_timeout + absl::Seconds(5));
  return environment_.loop.TimeMs() - lost_ms_ <= window;
}

void GroupMember::Trouble(absl::Status status) {
  if (events_ == nullptr) return;
  const int64_t now = environment_.loop.TimeMs();
  std::string text = status.ToString();
  if (text == last_trouble_ && now - last_trouble_ms_ < kTroubleMs) return;
  last_trouble_ = std::move(text);
  last_trouble_ms_ = now;
  events_->OnTrouble(status);
}

}  // namespace millrace::bus::kafka
