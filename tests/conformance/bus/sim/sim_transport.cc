#include "tests/conformance/bus/sim/sim_transport.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "loop/combinators.h"
#include "tests/conformance/bus/sim/sim_group.h"

namespace millrace::bus::sim {

class SimTransport::SimConsumer final : public Consumer {
 public:
  SimConsumer(std::shared_ptr<SimLog> log, std::shared_ptr<SimMember> member,
              std::shared_ptr<int> count)
      : log_(std::move(log)),
        member_(std::move(member)),
        count_(std::move(count)) {
    ++*count_;
  }

  ~SimConsumer() override {
    --*count_;
    if (!member_->silent()) group().Died(member_);
  }

  void Commit(const TopicPartition& partition, Progress progress) override {
    if (log_->on_commit) {
      log_->on_commit(member_->spec().group, partition, progress);
    }
    if (member_->silent()) return;
    group().Commit(*member_, partition, std::move(progress));
  }

  void Pause(const std::vector<TopicPartition>& partitions) override {
    member_->SetPaused(partitions, true);
  }

  void Resume(const std::vector<TopicPartition>& partitions) override {
    member_->SetPaused(partitions, false);
  }

  Promise<void> Close(absl::Duration bound) override {
    if (!closed_.valid()) {
      closed_ = member_->silent() ? Promise<void>::Resolve()
                                  : group().Leave(member_, bound);
    }
    return closed_;
  }

 private:
  SimGroup& group() { return log_->GroupOf(member_->spec().group); }

  const std::shared_ptr<SimLog> log_;
  const std::shared_ptr<SimMember> member_;
  const std::shared_ptr<int> count_;
  Promise<void> closed_;
};

SimTransport::SimTransport(std::shared_ptr<SimLog> log, std::string name)
    : log_(std::move(log)),
      publisher_(std::make_shared<SimPublisher>(log_, std::move(name))) {}

SimTransport::~SimTransport() { closed_.Abort(); }

absl::Status SimTransport::Away() const {
  if (closed_.signal().aborted()) {
    return absl::UnavailableError("the simulated transport is closed");
  }
  if (log_->away()) return absl::UnavailableError("the simulated log is away");
  return absl::OkStatus();
}

Promise<void> SimTransport::Publish(std::vector<Record> records) {
  if (closed_.signal().aborted()) return Promise<void>::Reject(Away());
  return publisher_->Publish(std::move(records));
}

Promise<void> SimTransport::EnsureTopics(std::vector<TopicSpec> topics) {
  if (absl::Status status = Away(); !status.ok()) {
    return Promise<void>::Reject(std::move(status));
  }
  log_->Create(topics);
  return Promise<void>::Resolve();
}

absl::StatusOr<std::unique_ptr<Consumer>> SimTransport::Join(
    GroupSpec spec, ConsumerEvents& events) {
  if (closed_.signal().aborted()) return Away();
  if (spec.group.empty() || spec.topics.empty()) {
    return absl::InvalidArgumentError(
        "a consumer needs the name of a group and at least one topic");
  }
  const auto member =
      std::make_shared<SimMember>(log_, std::move(spec), events);
  std::erase_if(members_, [](const auto& one) { return one.expired(); });
  members_.push_back(member);
  log_->GroupOf(member->spec().group).Join(member);
  return std::make_unique<SimConsumer>(log_, member, consumers_);
}

Stream<Record> SimTransport::Tail(std::vector<std::string> topics,
                                  TailFrom from, bool follow) {
  std::vector<TailStart> starts;
  for (const std::string& topic : topics) {
    const auto* partitions = log_->Find(topic);
    if (partitions == nullptr) {
      return Stream<Record>::Failed(
          absl::NotFoundError(StrCat("topic '", topic, "' does not exist")));
    }
    for (size_t i = 0; i < partitions->size(); ++i) {
      const size_t end = (*partitions)[i].size();
      starts.push_back(
          {{topic, static_cast<int>(i)},
           from == TailFrom::kEnd ? static_cast<int64_t>(end) : 0});
    }
  }
  return Read(std::move(starts), follow);
}

Stream<Record> SimTransport::TailAt(std::vector<TailStart> starts,
                                    bool follow) {
  if (absl::Status status = Away(); !status.ok()) {
    return Stream<Record>::Failed(std::move(status));
  }
  return Read(std::move(starts), follow);
}

Stream<Record> SimTransport::Read(std::vector<TailStart> starts, bool follow) {
  for (const TailStart& start : starts) {
    if (log_->Find(start.partition.topic) != nullptr) continue;
    return Stream<Record>::Failed(absl::NotFoundError(
        StrCat("topic '", start.partition.topic, "' does not exist")));
  }
  Pipe<Record> pipe = MakePipe<Record>(64);
  RunTail(log_, closed_.signal(), std::move(starts), follow,
          std::move(pipe.writer))
      .Detach();
  return std::move(pipe.stream);
}

Promise<void> SimTransport::RunTail(std::shared_ptr<SimLog> log,
                                    AbortSignal closed,
                                    std::vector<TailStart> starts, bool follow,
                                    StreamWriter<Record> writer) {
  struct Place {
    TopicPartition id;
    size_t next;
    size_t end;
  };
  std::vector<Place> places;
  for (const TailStart& start : starts) {
    const size_t end = log->At(start.partition).size();
    const size_t next = static_cast<size_t>(start.offset);
    places.push_back({start.partition, std::min(next, end), end});
  }
  try {
    bool more = true;
    while (more && !closed.aborted()) {
      bool any = false;
      for (Place& place : places) {
        const size_t end = follow ? log->At(place.id).size() : place.end;
        if (place.next >= end) continue;
        any = true;
        Record record = log->At(place.id)[place.next++];
        co_await writer.Write(std::move(record));
      }
      if (any) continue;
      more = follow;
      if (!follow) break;
      const AbortSignal end = AbortSignal::Any({closed, writer.cancelled()});
      const Promise<void> grown = log->grown();
      const absl::Status status = co_await AsStatusOr(WithSignal(grown, end));
      if (!status.ok() && !closed.aborted()) ThrowIfError(status);
    }
    writer.Close();
  } catch (...) {
    writer.Fail(StatusFrom(std::current_exception()));
  }
}

Promise<std::vector<GroupOffset>> SimTransport::Offsets(
    std::string group, std::vector<std::string> topics) {
  using Offsets = std::vector<GroupOffset>;
  if (absl::Status status = Away(); !status.ok()) {
    return Promise<Offsets>::Reject(std::move(status));
  }
  Offsets offsets;
  const auto it = log_->groups().find(group);
  for (const std::string& topic : topics) {
    const auto* partitions = log_->Find(topic);
    if (partitions == nullptr) {
      return Promise<Offsets>::Reject(
          absl::NotFoundError(StrCat("topic '", topic, "' does not exist")));
    }
    for (size_t i = 0; i < partitions->size(); ++i) {
      GroupOffset& offset = offsets.emplace_back();
      offset.partition = {topic, static_cast<int>(i)};
      offset.end = static_cast<int64_t>((*partitions)[i].size());
      if (it != log_->groups().end()) {
        offset.committed = it->second->committed(offset.partition);
      }
    }
  }
  return Promise<Offsets>::Resolve(std::move(offsets));
}

Promise<std::vector<std::string>> SimTransport::Groups() {
  std::vector<std::string> names;
  for (const auto& [name, group] : log_->groups()) {
    if (group->has_committed()) names.push_back(name);
  }
  return Promise<std::vector<std::string>>::Resolve(std::move(names));
}

absl::Status SimTransport::health() { return Away(); }

Promise<void> SimTransport::Close(absl::Duration bound) {
  closed_.Abort();
  return CloseIt(publisher_, bound);
}

Promise<void> SimTransport::CloseIt(std::shared_ptr<SimPublisher> publisher,
                                    absl::Duration bound) {
  co_await WithTimeout(publisher->Flushed(), bound);
}

void SimTransport::Kill() {
  closed_.Abort();
  publisher_->Kill();
  for (const auto& weak : members_) {
    const auto member = weak.lock();
    if (member == nullptr || member->silent()) continue;
    member->Kill();
    log_->GroupOf(member->spec().group).Died(member);
  }
}

}  // namespace millrace::bus::sim
