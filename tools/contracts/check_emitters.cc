#include <algorithm>

#include "base/strings.h"
#include "tools/contracts/check_parts.h"

namespace millrace::contracts {
namespace {

namespace pb = google::protobuf;
using compiler::Place;

Place OptionOf(const EmitterModel& emitter) {
  return Place::OfOption(emitter.service, v1::kEmitterFieldNumber);
}

std::string RetryText(const RetryModel& retry) {
  return StrCat(retry.max_attempts, " attempts within ",
                DurationText(static_cast<int64_t>(retry.PatienceMs())));
}

class Comparison {
 public:
  Comparison(const EmitterModel& before, const EmitterModel& after,
             std::vector<Finding>* findings)
      : before_(before), after_(after), findings_(findings) {}

  void Run() {
    if (!before_.topic.empty()) CompareOptions();
    for (const std::string& base : before_.extends) {
      if (std::find(after_.extends.begin(), after_.extends.end(), base) ==
          after_.extends.end()) {
        Report(kBaseRemoved, StrCat("it no longer extends ", base));
      }
    }
    for (const EventModel& event : before_.events) CompareEvent(event);
  }

 private:
  void Report(const FindingKind& kind, std::string what) {
    findings_->push_back(
        MakeFinding(kind, after_.name, OptionOf(after_), std::move(what)));
  }

  void CompareOptions() {
    if (before_.topic != after_.topic) {
      Report(
          kTopicChanged,
          after_.topic.empty()
              ? StrCat("it has no topic, was on ", before_.topic)
              : StrCat("the topic is ", after_.topic, ", was ", before_.topic));
    }
    // A new topic has new letters.
    if (before_.dead_letter_topic != after_.dead_letter_topic &&
        before_.topic == after_.topic) {
      Report(kDeadLetterTopicChanged,
             StrCat("dead letters go to ", after_.dead_letter_topic,
                    ", went to ", before_.dead_letter_topic));
    }
    if (before_.partitions != after_.partitions) {
      Report(before_.partitions < after_.partitions ? kPartitionsAdded
                                                    : kPartitionsReduced,
             StrCat("the topic has ", after_.partitions, " partitions, had ",
                    before_.partitions));
    }
    if (after_.retention_ms < before_.retention_ms) {
      Report(kRetentionShortened,
             StrCat("events are kept ", DurationText(after_.retention_ms),
                    ", were kept ", DurationText(before_.retention_ms)));
    }
    if (after_.retry.max_attempts < before_.retry.max_attempts ||
        after_.retry.PatienceMs() < before_.retry.PatienceMs()) {
      Report(kRetryWeakened, StrCat(RetryText(after_.retry), ", were ",
                                    RetryText(before_.retry)));
    }
  }

  void CompareEvent(const EventModel& before) {
    const auto after = std::find_if(
        after_.events.begin(), after_.events.end(),
        [&](const EventModel& event) { return event.name == before.name; });
    if (after == after_.events.end()) {
      Finding finding = MakeFinding(kEventRemoved, before.type,
                                    Place::Of(before.method), "it is gone");
      finding.in_baseline = true;
      findings_->push_back(std::move(finding));
      return;
    }
    if (after->key != before.key) {
      findings_->push_back(
          MakeFinding(kKeyChanged, after->type,
                      Place::OfOption(after->method, v1::kEventFieldNumber),
                      StrCat("the key is ", after->key, ", was ", before.key)));
    }
    if (after->payload()->full_name() != before.payload()->full_name()) {
      findings_->push_back(MakeFinding(
          kPayloadChanged, after->type, Place::OfInput(after->method),
          StrCat("the payload is ", after->payload()->full_name(), ", was ",
                 before.payload()->full_name())));
    }
  }

  const EmitterModel& before_;
  const EmitterModel& after_;
  std::vector<Finding>* const findings_;
};

// Whether somebody whom `before` let in is refused now.
bool Narrows(const v1::Access& before, const v1::Access& after) {
  if (after.anybody()) return false;
  if (before.anybody()) return true;
  if (after.authenticated()) return false;
  return before.authenticated() ||
         (!before.permission().empty() &&
          before.permission() != after.permission()) ||
         (!before.self().empty() && before.self() != after.self());
}

void CompareMethod(const pb::MethodDescriptor* before,
                   const pb::MethodDescriptor* after,
                   std::vector<Finding>* findings) {
  if (CanBeGet(before) && !CanBeGet(after)) {
    findings->push_back(MakeFinding(kIdempotencyRemoved, after->full_name(),
                                    Place::Of(after),
                                    "it may have side effects, had none"));
  }
  if (Narrows(AccessOf(before), AccessOf(after))) {
    findings->push_back(
        MakeFinding(kAccessNarrowed, after->full_name(),
                    Place::OfOption(after, v1::kAccessFieldNumber),
                    StrCat("it is for '", AccessText(after), "', was for '",
                           AccessText(before), "'")));
  }
}

}  // namespace

void CompareEmitters(const Contracts& baseline, const Contracts& now,
                     std::vector<Finding>* findings) {
  for (const EmitterModel& before : baseline.emitters) {
    const EmitterModel* after = now.FindEmitter(before.name);
    if (after != nullptr) {
      Comparison(before, *after, findings).Run();
      continue;
    }
    Finding finding = MakeFinding(kContractRemoved, before.name,
                                  Place::Of(before.service), "it is gone");
    finding.in_baseline = true;
    findings->push_back(std::move(finding));
  }
}

void CompareMethods(const Contracts& baseline, const Contracts& now,
                    std::vector<Finding>* findings) {
  for (const auto* before : baseline.services) {
    for (const auto* after : now.services) {
      if (after->full_name() != before->full_name()) continue;
      for (int i = 0; i < before->method_count(); ++i) {
        const auto* method = after->FindMethodByName(before->method(i)->name());
        if (method == nullptr) continue;  // buf breaking says so
        CompareMethod(before->method(i), method, findings);
      }
    }
  }
}

}  // namespace millrace::contracts
