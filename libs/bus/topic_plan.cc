#include "bus/topic_plan.h"

#include <algorithm>

#include "base/strings.h"

namespace millrace::bus {
namespace {

using Kind = TopicChange::Kind;

std::string Partitions(int count) {
  return StrCat(count, count == 1 ? " partition" : " partitions");
}

std::string RetentionText(std::optional<absl::Duration> retention) {
  if (!retention) return "the broker's";
  if (*retention == absl::InfiniteDuration()) return "for ever";
  return absl::FormatDuration(*retention);
}

TopicChange Creation(const TopicSpec& wanted) {
  std::string detail = wanted.partitions > 0 ? Partitions(wanted.partitions)
                                             : "the default of partitions";
  if (wanted.retention > absl::ZeroDuration()) {
    detail += StrCat(", retention ", RetentionText(wanted.retention));
  }
  return {Kind::kCreate, wanted, std::move(detail)};
}

TopicChange Repartition(const TopicSpec& wanted, int has, bool allowed) {
  const std::string change = StrCat(has, " -> ", Partitions(wanted.partitions));
  if (wanted.partitions < has) {
    return {Kind::kRefused, wanted,
            StrCat(change,
                   ": a topic cannot have fewer than before; let the "
                   "contract say ",
                   has)};
  }
  if (!allowed) {
    return {Kind::kRefused, wanted,
            StrCat(change,
                   ": keys would move, and lose their order meanwhile; "
                   "let everything be handled first and repeat with "
                   "--allow-more-partitions")};
  }
  return {Kind::kPartitions, wanted, change};
}

}  // namespace

std::vector<TopicChange> PlanTopics(const std::vector<TopicSpec>& wanted,
                                    const std::vector<ExistingTopic>& existing,
                                    bool allow_more_partitions) {
  std::vector<TopicChange> plan;
  for (const TopicSpec& spec : wanted) {
    const auto found = std::find_if(
        existing.begin(), existing.end(),
        [&](const ExistingTopic& topic) { return topic.name == spec.name; });
    if (found == existing.end()) {
      plan.push_back(Creation(spec));
      continue;
    }
    const size_t before = plan.size();
    if (spec.partitions > 0 && spec.partitions != found->partitions) {
      plan.push_back(
          Repartition(spec, found->partitions, allow_more_partitions));
    }
    if (spec.retention > absl::ZeroDuration() &&
        spec.retention != found->retention) {
      plan.push_back({Kind::kRetention, spec,
                      StrCat("retention ", RetentionText(found->retention),
                             " -> ", RetentionText(spec.retention))});
    }
    if (plan.size() == before) plan.push_back({Kind::kNone, spec, ""});
  }
  return plan;
}

}  // namespace millrace::bus
