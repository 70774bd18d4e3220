#include "tests/conformance/bus/sim/sim_log.h"

#include <utility>

#include "base/strings.h"
#include "bus/partitioner.h"
#include "tests/conformance/bus/sim/sim_group.h"

namespace millrace::bus::sim {
namespace {

constexpr int kDefaultPartitions = 4;

}  // namespace

std::string NameOf(const TopicPartition& id) {
  return StrCat(id.topic, "/", id.partition);
}

SimLog::SimLog(EventLoop& loop, uint64_t seed, Faults faults)
    : loop_(loop), random_(seed), faults_(std::move(faults)) {}

SimLog::~SimLog() = default;

void SimLog::Create(const std::vector<TopicSpec>& topics) {
  bool any = false;
  for (const TopicSpec& topic : topics) {
    std::vector<Partition>& partitions = topics_[topic.name];
    if (!partitions.empty()) continue;
    partitions.resize(static_cast<size_t>(
        topic.partitions > 0 ? topic.partitions : kDefaultPartitions));
    any = true;
  }
  if (any) Grown();
}

const std::vector<SimLog::Partition>* SimLog::Find(
    const std::string& topic) const {
  const auto it = topics_.find(topic);
  return it == topics_.end() ? nullptr : &it->second;
}

const SimLog::Partition& SimLog::At(const TopicPartition& id) const {
  return topics_.at(id.topic).at(static_cast<size_t>(id.partition));
}

absl::Status SimLog::Check(const Record& record) const {
  if (Find(record.topic) == nullptr) {
    return absl::NotFoundError(
        StrCat("topic '", record.topic, "' does not exist"));
  }
  if (record.bytes() > faults_.max_record_bytes) {
    return absl::InvalidArgumentError(
        StrCat("a record of ", record.bytes(), " bytes is too large"));
  }
  return absl::OkStatus();
}

int SimLog::PartitionFor(const Record& record) {
  const int count = static_cast<int>(Find(record.topic)->size());
  if (record.partition >= 0 && record.partition < count) {
    return record.partition;
  }
  return record.key.empty() ? static_cast<int>(random_.Below(count))
                            : PartitionOf(record.key, count);
}

void SimLog::Append(Record record, int partition) {
  Partition& records =
      topics_.at(record.topic).at(static_cast<size_t>(partition));
  record.partition = partition;
  record.offset = static_cast<int64_t>(records.size());
  if (record.time == absl::UnixEpoch()) record.time = loop_.Now();
  records.push_back(std::move(record));
  if (on_append) on_append(records.back());
}

void SimLog::Grown() {
  std::exchange(grown_, Deferred<void>()).Resolve();
  for (const auto& [name, group] : groups_) group->Grown();
}

SimGroup& SimLog::GroupOf(const std::string& name) {
  std::shared_ptr<SimGroup>& group = groups_[name];
  if (group == nullptr) group = std::make_shared<SimGroup>(*this, name);
  return *group;
}

void SimLog::SetAway(bool away) {
  Note(away ? "the log is away" : "the log is back");
  away_ = away;
  if (!away) Grown();
}

void SimLog::Later(absl::Duration most, std::function<void()> task) {
  const absl::Duration delay = random_.UpTo(most);
  if (delay == absl::ZeroDuration()) {
    loop_.SetImmediate(std::move(task));
  } else {
    loop_.SetTimeout(delay, std::move(task));
  }
}

Promise<void> SimLog::Pause(absl::Duration most) {
  Deferred<void> over;
  Later(most, [over] { over.Resolve(); });
  return over.promise();
}

}  // namespace millrace::bus::sim
