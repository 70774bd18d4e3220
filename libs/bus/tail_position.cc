#include "bus/tail_position.h"

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/strings.h"
#include "contract/errors.h"

namespace millrace::bus {
namespace {

// The form of the text, so that it can change without misreading old ones.
constexpr char kVersion = '1';

absl::Status NoPosition() {
  return InvalidArgument(
      {{"after",
        "is no position of a tail; send `position` of an answer as it came, or "
        "the empty text to begin anew"}});
}

}  // namespace

absl::StatusOr<TailPosition> TailPosition::Parse(std::string_view text) {
  TailPosition position;
  if (text.empty()) return position;
  std::string plain;
  if (!absl::WebSafeBase64Unescape(ToAbsl(text), &plain) || plain.empty() ||
      plain[0] != kVersion) {
    return NoPosition();
  }
  const absl::string_view topics = absl::string_view(plain).substr(1);
  for (const absl::string_view topic :
       absl::StrSplit(topics, ';', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(topic, absl::MaxSplits(':', 1));
    // What is absent would be split into nothing.
    if (parts.first.empty() || parts.second.empty()) return NoPosition();
    std::vector<int64_t>& next = position.next_[std::string(parts.first)];
    for (const absl::string_view offset : absl::StrSplit(parts.second, ',')) {
      if (!absl::SimpleAtoi(offset, &next.emplace_back()) || next.back() < 0) {
        return NoPosition();
      }
    }
  }
  return position;
}

std::string TailPosition::ToText() const {
  std::string plain(1, kVersion);
  for (const auto& [topic, next] : next_) {
    StrAppend(&plain, topic, ":", absl::StrJoin(next, ","), ";");
  }
  return absl::WebSafeBase64Escape(plain);
}

std::optional<int64_t> TailPosition::Next(
    const TopicPartition& partition) const {
  const auto topic = next_.find(partition.topic);
  const auto index = static_cast<size_t>(partition.partition);
  if (topic == next_.end() || index >= topic->second.size()) {
    return std::nullopt;
  }
  return topic->second[index];
}

void TailPosition::Set(const TopicPartition& partition, int64_t next) {
  std::vector<int64_t>& offsets = next_[partition.topic];
  const auto index = static_cast<size_t>(partition.partition);
  if (index >= offsets.size()) offsets.resize(index + 1);
  offsets[index] = next;
}

TailPlan PlanTail(const TailPosition& old, TailFrom from,
                  const std::vector<GroupOffset>& now) {
  TailPlan plan;
  for (const GroupOffset& kept : now) {
    const bool known = old.Knows(kept.partition.topic);
    const bool at_end = !known && from == TailFrom::kEnd;
    const int64_t otherwise = at_end ? kept.end : kept.begin;
    int64_t next = old.Next(kept.partition).value_or(otherwise);
    if (next < kept.begin || next > kept.end) {
      plan.missed = true;
      next = kept.begin;
    }
    plan.position.Set(kept.partition, next);
    plan.starts.push_back({kept.partition, next});
  }
  return plan;
}

}  // namespace millrace::bus
