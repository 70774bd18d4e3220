#include "bus/kafka/offsets.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/time/clock.h"
#include "base/status.h"
#include "base/strings.h"
#include "bus/kafka/config.h"
#include "bus/kafka/errors.h"
#include "bus/kafka/owned.h"

namespace millrace::bus::kafka {
namespace {

constexpr int kTimeoutMs = 5000;
// Longer than lag is measured at by default.
constexpr absl::Duration kAskerKept = absl::Minutes(1);
constexpr absl::Duration kLeaderPause = absl::Milliseconds(50);

// An answer that did not come is the cluster's absence, not a deadline of the
// caller's.
absl::Status StatusOf(rd_kafka_resp_err_t error, std::string_view what) {
  absl::Status status = ToStatus(error, what);
  if (absl::IsDeadlineExceeded(status)) {
    status = absl::UnavailableError(status.message());
  }
  return status;
}

void ThrowIfFailed(rd_kafka_resp_err_t error, std::string_view what) {
  ThrowIfError(StatusOf(error, what));
}

int PartitionsOf(rd_kafka_t* client, const std::string& place,
                 const std::string& name) {
  const std::string what = StrCat(place, ": topic ", name);
  rd_kafka_topic_t* topic = rd_kafka_topic_new(client, name.c_str(), nullptr);
  if (topic == nullptr) ThrowIfFailed(rd_kafka_last_error(), what);
  const struct rd_kafka_metadata* metadata = nullptr;
  rd_kafka_resp_err_t error =
      rd_kafka_metadata(client, 0, topic, &metadata, kTimeoutMs);
  rd_kafka_topic_destroy(topic);
  int partitions = 0;
  if (metadata != nullptr) {
    if (metadata->topic_cnt == 1) {
      error = metadata->topics[0].err;
      partitions = metadata->topics[0].partition_cnt;
    }
    rd_kafka_metadata_destroy(metadata);
  }
  ThrowIfFailed(error, what);
  return partitions;
}

// A partition has just been made, or goes to another broker: this passes.
bool LeaderIsChanging(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION ||
         error == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
}

// Asks for the offset at `when`: RD_KAFKA_OFFSET_BEGINNING or _END, which the
// protocol takes in place of a time.
OwnedList OffsetsAt(rd_kafka_t* client, const std::string& place,
                    const std::vector<GroupOffset>& offsets, int64_t when) {
  const absl::Time end = absl::Now() + absl::Milliseconds(kTimeoutMs);
  for (;;) {
    OwnedList list(
        rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())));
    for (const GroupOffset& offset : offsets) {
      rd_kafka_topic_partition_list_add(list.get(),
                                        offset.partition.topic.c_str(),
                                        offset.partition.partition)
          ->offset = when;
    }
    const rd_kafka_resp_err_t error =
        rd_kafka_offsets_for_times(client, list.get(), kTimeoutMs);
    const bool changing =
        LeaderIsChanging(error) ||
        std::any_of(list->elems, list->elems + list->cnt,
                    [](const auto& one) { return LeaderIsChanging(one.err); });
    if (changing && absl::Now() < end) {
      absl::SleepFor(kLeaderPause);
      continue;
    }
    ThrowIfFailed(error, place + ": offsets");
    for (int i = 0; i < list->cnt; ++i) {
      ThrowIfFailed(list->elems[i].err,
                    StrCat(place, ": offsets of topic ", list->elems[i].topic));
    }
    return list;
  }
}

std::vector<GroupOffset> WatermarksNow(rd_kafka_t* client,
                                       const std::string& place,
                                       std::vector<GroupOffset> offsets) {
  if (offsets.empty()) return offsets;
  const OwnedList begin =
      OffsetsAt(client, place, offsets, RD_KAFKA_OFFSET_BEGINNING);
  const OwnedList end = OffsetsAt(client, place, offsets, RD_KAFKA_OFFSET_END);
  for (size_t i = 0; i < offsets.size(); ++i) {
    offsets[i].begin = begin->elems[i].offset;
    offsets[i].end = end->elems[i].offset;
  }
  return offsets;
}

std::vector<GroupOffset> WatermarksNow(rd_kafka_t* client,
                                       const std::string& place,
                                       const std::vector<std::string>& topics) {
  std::vector<GroupOffset> offsets;
  for (const std::string& topic : topics) {
    const int partitions = PartitionsOf(client, place, topic);
    for (int p = 0; p < partitions; ++p) {
      offsets.emplace_back().partition = {topic, p};
    }
  }
  return WatermarksNow(client, place, std::move(offsets));
}

// `what`: topics, or partitions.
template <typename What>
Promise<std::vector<GroupOffset>> AskWatermarks(Environment& environment,
                                                Handle client, What what) {
  if (client == nullptr) {
    return Promise<std::vector<GroupOffset>>::Reject(
        absl::UnavailableError(environment.place() + ": has no producer"));
  }
  return environment.calls.Run([client = std::move(client),
                                place = environment.place(),
                                what = std::move(what)]() mutable {
    const Handle mine = std::move(client);
    return WatermarksNow(mine.get(), place, std::move(what));
  });
}

void AddCommitted(rd_kafka_t* client, const std::string& place,
                  const std::string& group, std::vector<GroupOffset>& offsets) {
  const std::string what = StrCat(place, ": offsets of group ", group);
  std::vector<TopicPartition> partitions;
  for (const GroupOffset& offset : offsets) {
    partitions.push_back(offset.partition);
  }
  const OwnedQueue queue(rd_kafka_queue_new(client));
  AskCommitted(client, group, partitions, absl::Milliseconds(kTimeoutMs),
               queue.get());
  const OwnedEvent event(rd_kafka_queue_poll(queue.get(), kTimeoutMs));
  if (event == nullptr) {
    return ThrowIfFailed(RD_KAFKA_RESP_ERR__TIMED_OUT, what);
  }
  const CommittedProgress committed =
      ValueOrThrow(CommittedIn(event.get(), what));
  for (GroupOffset& offset : offsets) {
    const auto found = committed.find(offset.partition);
    if (found != committed.end()) offset.committed = found->second.next_offset;
  }
}

std::vector<std::string> GroupNamesNow(rd_kafka_t* client,
                                       const std::string& place) {
  const std::string what = StrCat(place, ": consumer groups");
  const OwnedQueue queue(rd_kafka_queue_new(client));
  rd_kafka_ListConsumerGroups(client, nullptr, queue.get());
  const OwnedEvent event(rd_kafka_queue_poll(queue.get(), kTimeoutMs));
  std::vector<std::string> names;
  if (event == nullptr) {
    ThrowIfFailed(RD_KAFKA_RESP_ERR__TIMED_OUT, what);
    return names;
  }
  ThrowIfFailed(rd_kafka_event_error(event.get()), what);
  const rd_kafka_ListConsumerGroups_result_t* result =
      rd_kafka_event_ListConsumerGroups_result(event.get());
  size_t count = 0;
  const rd_kafka_error_t** errors =
      rd_kafka_ListConsumerGroups_result_errors(result, &count);
  for (size_t i = 0; i < count; ++i) {
    ThrowIfFailed(rd_kafka_error_code(errors[i]), what);
  }
  const rd_kafka_ConsumerGroupListing_t** groups =
      rd_kafka_ListConsumerGroups_result_valid(result, &count);
  for (size_t i = 0; i < count; ++i) {
    names.emplace_back(rd_kafka_ConsumerGroupListing_group_id(groups[i]));
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

void AskCommitted(rd_kafka_t* client, const std::string& group,
                  const std::vector<TopicPartition>& partitions,
                  absl::Duration bound, rd_kafka_queue_t* queue) {
  const OwnedList list(
      rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const TopicPartition& partition : partitions) {
    rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(),
                                      partition.partition);
  }
  rd_kafka_ListConsumerGroupOffsets_t* request =
      rd_kafka_ListConsumerGroupOffsets_new(group.c_str(), list.get());
  const AdminOptions options = MakeAdminOptions(
      client, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, bound);
  rd_kafka_ListConsumerGroupOffsets(client, &request, 1, options.get(), queue);
  rd_kafka_ListConsumerGroupOffsets_destroy(request);
}

absl::StatusOr<CommittedProgress> CommittedIn(rd_kafka_event_t* event,
                                              std::string_view what) {
  absl::Status status = StatusOf(rd_kafka_event_error(event), what);
  if (!status.ok()) return status;
  size_t count = 0;
  const rd_kafka_group_result_t** groups =
      rd_kafka_ListConsumerGroupOffsets_result_groups(
          rd_kafka_event_ListConsumerGroupOffsets_result(event), &count);
  CommittedProgress committed;
  for (size_t i = 0; i < count; ++i) {
    if (const rd_kafka_error_t* error =
            rd_kafka_group_result_error(groups[i])) {
      return StatusOf(rd_kafka_error_code(error), what);
    }
    const rd_kafka_topic_partition_list_t* partitions =
        rd_kafka_group_result_partitions(groups[i]);
    for (int p = 0; p < partitions->cnt; ++p) {
      const rd_kafka_topic_partition_t& one = partitions->elems[p];
      status = StatusOf(one.err, what);
      if (!status.ok()) return status;
      if (one.offset < 0) continue;
      const std::string_view text(static_cast<const char*>(one.metadata),
                                  one.metadata_size);
      committed[{one.topic, one.partition}] = {
          one.offset, FinishedFromText(one.offset, text)};
    }
  }
  return committed;
}

Promise<std::vector<GroupOffset>> Watermarks(Environment& environment,
                                             Handle client,
                                             std::vector<std::string> topics) {
  return AskWatermarks(environment, std::move(client), std::move(topics));
}

Promise<std::vector<GroupOffset>> Watermarks(
    Environment& environment, Handle client,
    std::vector<TopicPartition> partitions) {
  std::vector<GroupOffset> offsets;
  for (TopicPartition& partition : partitions) {
    offsets.emplace_back().partition = std::move(partition);
  }
  return AskWatermarks(environment, std::move(client), std::move(offsets));
}

Promise<std::vector<GroupOffset>> GroupAsker::Ask(
    std::string group, std::vector<std::string> topics) {
  if (client_ == nullptr) {
    absl::StatusOr<Handle> client = MakeAsker(environment_, group);
    if (!client.ok()) {
      return Promise<std::vector<GroupOffset>>::Reject(client.status());
    }
    client_ = *std::move(client);
  }
  unused_ = environment_.loop.SetTimeout(kAskerKept, [this] { Stop(); });
  unused_.Unref();
  return environment_.calls.Run([client = client_, place = environment_.place(),
                                 group = std::move(group),
                                 topics = std::move(topics)]() mutable {
    const Handle mine = std::move(client);
    std::vector<GroupOffset> offsets = WatermarksNow(mine.get(), place, topics);
    if (!offsets.empty()) AddCommitted(mine.get(), place, group, offsets);
    return offsets;
  });
}

void GroupAsker::Stop() {
  unused_.Clear();
  client_.reset();
}

Promise<std::vector<std::string>> GroupNames(Environment& environment,
                                             Handle client) {
  return environment.calls.Run(
      [client = std::move(client), place = environment.place()]() mutable {
        const Handle mine = std::move(client);
        return GroupNamesNow(mine.get(), place);
      });
}

}  // namespace millrace::bus::kafka
