#include "bus/local/local_transport.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "bus/local/local_member.h"
#include "loop/combinators.h"

namespace millrace::bus::local {

// Who is told when the log has grown: the groups, and the tails at its end.
struct LocalTransport::Growth {
  std::map<std::string, std::shared_ptr<LocalGroup>> groups;
  Deferred<void> grown;

  void Tell() {
    const Deferred<void> before = std::exchange(grown, Deferred<void>());
    before.Resolve();
    for (const auto& [name, group] : groups) group->Grown();
  }
};

class LocalTransport::LocalConsumer final : public Consumer {
 public:
  LocalConsumer(std::shared_ptr<LocalGroup> group,
                std::shared_ptr<LocalMember> member)
      : group_(std::move(group)), member_(std::move(member)) {}

  ~LocalConsumer() override { group_->Lose(member_); }

  void Commit(const TopicPartition& partition, Progress progress) override {
    member_->Commit(partition, std::move(progress));
  }
  void Pause(const std::vector<TopicPartition>& partitions) override {
    member_->SetPaused(partitions, true);
  }
  void Resume(const std::vector<TopicPartition>& partitions) override {
    member_->SetPaused(partitions, false);
  }
  Promise<void> Close(absl::Duration bound) override {
    if (!closed_.valid()) closed_ = group_->Leave(member_, bound);
    return closed_;
  }

 private:
  const std::shared_ptr<LocalGroup> group_;
  const std::shared_ptr<LocalMember> member_;
  Promise<void> closed_;
};

Promise<std::unique_ptr<LocalTransport>> LocalTransport::Open(
    EventLoop& loop, store::Database& database, const Clock& clock,
    Logger& logger, Metrics& metrics, LocalOptions options) {
  ThrowIfError(options.Validate());
  const auto log = std::make_shared<LocalLog>(loop, database, clock, logger,
                                              metrics, std::move(options));
  co_await log->Open();
  co_return std::unique_ptr<LocalTransport>(new LocalTransport(log));
}

LocalTransport::LocalTransport(std::shared_ptr<LocalLog> log)
    : log_(std::move(log)), growth_(std::make_shared<Growth>()) {
  log_->OnGrown([growth = growth_] { growth->Tell(); });
}

LocalTransport::~LocalTransport() { log_->OnGrown(nullptr); }

Promise<void> LocalTransport::Publish(std::vector<Record> records) {
  return log_->Append(std::move(records));
}

Promise<void> LocalTransport::EnsureTopics(std::vector<TopicSpec> topics) {
  return log_->Create(std::move(topics));
}

absl::StatusOr<std::unique_ptr<Consumer>> LocalTransport::Join(
    GroupSpec spec, ConsumerEvents& events) {
  if (spec.group.empty() || spec.topics.empty()) {
    return absl::InvalidArgumentError(
        "a consumer needs the name of a group and at least one topic");
  }
  if (log_->closed()) {
    return absl::UnavailableError("the local transport is closed");
  }
  std::shared_ptr<LocalGroup>& group = growth_->groups[spec.group];
  if (group == nullptr) group = std::make_shared<LocalGroup>(log_);
  const auto member =
      std::make_shared<LocalMember>(log_, std::move(spec), members_++, events);
  group->Join(member);
  return std::make_unique<LocalConsumer>(group, member);
}

namespace {

Stream<Record> NoTopic(const std::string& topic) {
  return Stream<Record>::Failed(
      absl::NotFoundError(StrCat("topic '", topic, "' does not exist")));
}

}  // namespace

Stream<Record> LocalTransport::Tail(std::vector<std::string> topics,
                                    TailFrom from, bool follow) {
  std::vector<LocalLog::Request> positions;
  for (const std::string& topic : topics) {
    const LocalLog::Topic* partitions = log_->Find(topic);
    if (partitions == nullptr) return NoTopic(topic);
    for (const auto& partition : *partitions) {
      positions.push_back({partition, from == TailFrom::kEnd
                                          ? partition->end
                                          : partition->begin});
    }
  }
  return TailFromHere(std::move(positions), follow);
}

Stream<Record> LocalTransport::TailAt(std::vector<TailStart> starts,
                                      bool follow) {
  std::vector<LocalLog::Request> positions;
  for (const TailStart& start : starts) {
    const LocalLog::Topic* partitions = log_->Find(start.partition.topic);
    if (partitions == nullptr) return NoTopic(start.partition.topic);
    for (const auto& partition : *partitions) {
      if (partition->id != start.partition) continue;
      positions.push_back({partition, std::min(start.offset, partition->end)});
    }
  }
  return TailFromHere(std::move(positions), follow);
}

Stream<Record> LocalTransport::TailFromHere(
    std::vector<LocalLog::Request> positions, bool follow) {
  std::vector<int64_t> ends;
  for (const LocalLog::Request& at : positions) {
    ends.push_back(at.partition->end);
  }
  Pipe<Record> pipe = MakePipe<Record>(64);
  RunTail(log_, growth_, std::move(positions), std::move(ends), follow,
          std::move(pipe.writer))
      .Detach();
  return std::move(pipe.stream);
}

Promise<void> LocalTransport::RunTail(std::shared_ptr<LocalLog> log,
                                      std::shared_ptr<Growth> growth,
                                      std::vector<LocalLog::Request> positions,
                                      std::vector<int64_t> ends, bool follow,
                                      StreamWriter<Record> writer) {
  std::map<TopicPartition, size_t> index;
  for (size_t i = 0; i < positions.size(); ++i) {
    index[positions[i].partition->id] = i;
  }
  try {
    while (!log->closed() && !writer.closed()) {
      std::vector<LocalLog::Request> requests;
      for (size_t i = 0; i < positions.size(); ++i) {
        const LocalLog::Request& at = positions[i];
        const int64_t end = follow ? at.partition->end : ends[i];
        if (std::max(at.from, at.partition->begin) < end) {
          requests.push_back(at);
        }
      }
      if (requests.empty()) {
        if (!follow) break;
        const Promise<void> grown = growth->grown.promise();
        co_await WithSignal(grown, writer.cancelled());
        continue;
      }
      std::vector<Record> records = co_await log->Read(std::move(requests));
      for (Record& record : records) {
        const size_t i = index.at({record.topic, record.partition});
        positions[i].from = record.offset + 1;
        if (!follow && record.offset >= ends[i]) continue;
        co_await writer.Write(std::move(record));
      }
    }
    writer.Close();
  } catch (...) {
    writer.Fail(StatusFrom(std::current_exception()));
  }
}

Promise<std::vector<GroupOffset>> LocalTransport::Offsets(
    std::string group, std::vector<std::string> topics) {
  std::vector<GroupOffset> offsets;
  for (const std::string& topic : topics) {
    const LocalLog::Topic* partitions = log_->Find(topic);
    if (partitions == nullptr) {
      return Promise<std::vector<GroupOffset>>::Reject(
          absl::NotFoundError(StrCat("topic '", topic, "' does not exist")));
    }
    for (const auto& partition : *partitions) {
      offsets.push_back({partition->id,
                         log_->Committed(group, partition->ref).next_offset,
                         partition->begin, partition->end});
    }
  }
  return Promise<std::vector<GroupOffset>>::Resolve(std::move(offsets));
}

Promise<std::vector<std::string>> LocalTransport::Groups() {
  return Promise<std::vector<std::string>>::Resolve(log_->Groups());
}

Promise<void> LocalTransport::Close(absl::Duration bound) {
  return WithTimeout(log_->Close(), bound);
}

}  // namespace millrace::bus::local
