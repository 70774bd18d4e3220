#include "tools/protoc-gen-millrace/emitter_bases.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "base/strings.h"
#include "millrace/v1/contract.pb.h"
#include "tools/protoc-gen-millrace/contract_lookup.h"

namespace millrace::compiler {
namespace {

namespace pb = google::protobuf;
using pb::ServiceDescriptor;

std::string PlaceText(const ServiceDescriptor* service) {
  return Place::Of(service).ToString();
}

std::string PlaceText(const EventModel& event) {
  return Place::Of(event.method).ToString();
}

// "UsersV1" for users.v1.
std::string PackageInNames(std::string_view package) {
  std::string name;
  for (absl::string_view part :
       absl::StrSplit(ToAbsl(package), absl::ByAnyChar("._"))) {
    std::string word(part);
    if (!word.empty()) word[0] = absl::ascii_toupper(word[0]);
    name += word;
  }
  return name;
}

class Resolver {
 public:
  Resolver(std::vector<EmitterModel>* emitters, Diagnostics* diagnostics)
      : emitters_(*emitters), diagnostics_(diagnostics) {
    for (EmitterModel& emitter : emitters_) models_[emitter.service] = &emitter;
  }

  void Resolve() {
    for (EmitterModel& emitter : emitters_) FindBases(&emitter);
    std::vector<const ServiceDescriptor*> chain;
    for (EmitterModel& emitter : emitters_) RefuseCycles(&emitter, &chain);
    if (cyclic_) return;
    for (EmitterModel& emitter : emitters_) {
      if (emitter.merged != nullptr) Merge(&emitter);
    }
    if (conflict_) return;
    for (EmitterModel& emitter : emitters_) Inherit(&emitter);
  }

 private:
  static const v1::Emitter& OptionsOf(const EmitterModel& emitter) {
    return emitter.service->options().GetExtension(v1::emitter);
  }

  void Refuse(const EmitterModel& emitter, std::string_view what,
              std::string_view why, std::string_view fix) {
    diagnostics_->Error(
        Place::OfOption(emitter.service, v1::kEmitterFieldNumber), what, why,
        fix);
  }

  void FindBases(EmitterModel* emitter) {
    const v1::Emitter& options = OptionsOf(*emitter);
    for (const std::string& name : options.extends()) {
      const ServiceDescriptor* base =
          FindContract(emitter->service, "extends", name, diagnostics_);
      if (base == nullptr) continue;
      if (std::find(emitter->bases.begin(), emitter->bases.end(), base) !=
          emitter->bases.end()) {
        Refuse(*emitter,
               StrCat(emitter->service->name(), " extends ", name, " twice"),
               "a contract has an event once however often it is reached",
               "each base once");
        continue;
      }
      emitter->bases.push_back(base);
    }
    if (options.merge().empty()) return;
    if (options.extends_size() > 0) {
      Refuse(*emitter,
             StrCat(emitter->service->name(), " extends ", options.extends(0),
                    " and is merged into ", options.merge()),
             "what a contract extends is said where it is declared",
             StrCat("extends in ", options.merge(), ", or in a contract that ",
                    "extends both"));
      return;
    }
    const ServiceDescriptor* merged =
        FindContract(emitter->service, "merge", options.merge(), diagnostics_);
    if (merged == nullptr || !CanMerge(*emitter, merged)) return;
    emitter->merged = merged;
    emitter->bases.push_back(merged);
  }

  bool CanMerge(const EmitterModel& emitter, const ServiceDescriptor* merged) {
    const std::string& name = emitter.service->name();
    const pb::FileDescriptor* file = emitter.service->file();
    if (merged == emitter.service) {
      Refuse(emitter, StrCat(name, " is merged into itself"), "",
             "leave merge out");
      return false;
    }
    if (merged->file()->package() != file->package()) {
      Refuse(emitter,
             StrCat(name, " is merged into ", merged->full_name(),
                    ", which is of package ", merged->file()->package()),
             StrCat("a contract is its owner's; it is declared at ",
                    PlaceText(merged)),
             StrCat("{extends: [\"", merged->full_name(), "\"], topic: \"",
                    file->package(), ".events\"}"));
      return false;
    }
    if (merged->file() == file) {
      Refuse(
          emitter,
          StrCat(name, " is merged into ", merged->name(), " of the same file"),
          "merge is for the other files of a contract",
          StrCat("its events in ", merged->name(), ", declared at ",
                 PlaceText(merged)));
      return false;
    }
    const std::string& next = OptionsOf(*models_.at(merged)).merge();
    if (!next.empty()) {
      Refuse(emitter,
             StrCat(name, " is merged into ", merged->name(),
                    ", which is itself merged into ", next),
             StrCat("there is one contract; ", merged->name(),
                    " is declared at ", PlaceText(merged)),
             StrCat("merge: \"", next, "\""));
      return false;
    }
    return true;
  }

  void RefuseCycles(EmitterModel* emitter,
                    std::vector<const ServiceDescriptor*>* chain) {
    if (acyclic_.count(emitter->service) > 0) return;
    const auto begin =
        std::find(chain->begin(), chain->end(), emitter->service);
    if (begin != chain->end()) {
      std::string text;
      for (auto it = begin; it != chain->end(); ++it) {
        StrAppend(&text, (*it)->name(), " extends ");
      }
      Refuse(*models_.at(*begin), StrCat(text, emitter->service->name()),
             "each would have the events of all, and none would be the wider "
             "one",
             chain->end() - begin == 1
                 ? StrCat("leave out \"", emitter->service->full_name(), "\"")
                 : "one of them must not extend the next");
      cyclic_ = true;
      return;
    }
    chain->push_back(emitter->service);
    for (const ServiceDescriptor* base : emitter->bases) {
      RefuseCycles(models_.at(base), chain);
    }
    chain->pop_back();
    acyclic_.insert(emitter->service);
  }

  // Gives the declaration the topic and options of its contract.
  void Merge(EmitterModel* part) {
    const EmitterModel& whole = *models_.at(part->merged);
    if (whole.topic.empty()) {
      Refuse(*part,
             StrCat(part->service->name(), " is merged into ",
                    whole.service->name(), ", which has no topic"),
             StrCat(whole.service->name(), ", declared at ",
                    PlaceText(whole.service), ", only extends others"),
             "a topic there, or a contract of its own here");
      return;
    }
    RefuseOtherOptions(*part, whole);
    part->topic = whole.topic;
    part->partitions = whole.partitions;
    part->retention = whole.retention;
    part->max_attempts = whole.max_attempts;
    part->initial_backoff = whole.initial_backoff;
    part->max_backoff = whole.max_backoff;
    part->multiplier = whole.multiplier;
    part->dead_letter_topic = whole.dead_letter_topic;
    auto& declared = merged_events_[part->merged];
    if (declared.empty()) {
      for (const EventModel& event : whole.events) {
        declared.emplace(absl::AsciiStrToLower(event.method->name()), event);
      }
    }
    for (EventModel& event : part->events) {
      event.type = StrCat(part->merged->full_name(), ".", event.method->name());
      const auto [other, added] =
          declared.emplace(absl::AsciiStrToLower(event.method->name()), event);
      if (added) continue;
      conflict_ = true;
      diagnostics_->Error(Place::Of(event.method),
                          StrCat(part->merged->name(), " has the event ",
                                 other->second.method->name(), " already"),
                          StrCat(part->service->name(),
                                 " is merged into it, and the other is "
                                 "declared at ",
                                 PlaceText(other->second)),
                          "another name");
    }
  }

  void RefuseOtherOptions(const EmitterModel& part, const EmitterModel& whole) {
    const v1::Emitter& options = OptionsOf(part);
    const v1::Retry& retry = options.retry();
    const auto differ = [&](std::string_view name, bool set, const auto& here,
                            const auto& there) {
      if (!set || here == there) return;
      Refuse(part,
             StrCat(name, " of ", part.service->name(), " is ", here,
                    ", that of ", whole.service->name(), " is ", there),
             StrCat("they are one contract on one topic; it is declared at ",
                    PlaceText(whole.service)),
             StrCat("leave out ", name));
    };
    differ("topic", !options.topic().empty(), part.topic, whole.topic);
    differ("partitions", options.partitions() != 0, part.partitions,
           whole.partitions);
    differ("retention", !options.retention().empty(), part.retention.ToText(),
           whole.retention.ToText());
    differ("dead_letter_topic", !options.dead_letter_topic().empty(),
           part.dead_letter_topic, whole.dead_letter_topic);
    differ("max_attempts", retry.max_attempts() != 0, part.max_attempts,
           whole.max_attempts);
    differ("initial_backoff", !retry.initial_backoff().empty(),
           part.initial_backoff.ToText(), whole.initial_backoff.ToText());
    differ("max_backoff", !retry.max_backoff().empty(),
           part.max_backoff.ToText(), whole.max_backoff.ToText());
    differ("multiplier", retry.multiplier() != 0, part.multiplier,
           whole.multiplier);
  }

  void Inherit(EmitterModel* emitter) {
    std::set<const ServiceDescriptor*> visited = {emitter->service};
    for (const ServiceDescriptor* base : emitter->bases) {
      AddEvents(*models_.at(base), &visited, &emitter->inherited);
    }
    NameInherited(emitter);
  }

  void AddEvents(const EmitterModel& base,
                 std::set<const ServiceDescriptor*>* visited,
                 std::vector<InheritedEvent>* events) {
    if (!visited->insert(base.service).second) return;
    for (const EventModel& event : base.events) events->push_back({event, ""});
    for (const ServiceDescriptor* next : base.bases) {
      AddEvents(*models_.at(next), visited, events);
    }
  }

  // By the name of the event, of the contract and event, or of all three.
  void NameInherited(EmitterModel* emitter) {
    for (int length = 0; length < 2; ++length) {
      std::map<std::string, int> uses;
      const auto use = [&](const std::string& name) -> int& {
        return uses[absl::AsciiStrToLower(name)];
      };
      ++use(emitter->service->name());
      for (const EventModel& event : emitter->events) {
        ++use(event.method->name());
      }
      for (InheritedEvent& one : emitter->inherited) {
        if (length == 0) one.name = one.event.method->name();
        ++use(one.name);
      }
      for (InheritedEvent& one : emitter->inherited) {
        if (use(one.name) > 1) one.name = LongerName(one.event, length);
      }
    }
    RefuseTakenNames(*emitter);
  }

  std::string LongerName(const EventModel& event, int length) {
    const ServiceDescriptor* service = event.method->service();
    const ServiceDescriptor* merged = models_.at(service)->merged;
    if (merged != nullptr) service = merged;
    return StrCat(length == 0 ? "" : PackageInNames(service->file()->package()),
                  service->name(), event.method->name());
  }

  void RefuseTakenNames(const EmitterModel& emitter) {
    std::map<std::string, const EventModel*> names;
    const auto add = [&](const std::string& name, const EventModel& event) {
      const auto [other, added] =
          names.emplace(absl::AsciiStrToLower(name), &event);
      if (added ||
          event.method->service() == other->second->method->service()) {
        return;
      }
      Refuse(emitter,
             StrCat(other->second->type, " and ", event.type,
                    " would both be called ", name, " in ",
                    emitter.service->name()),
             StrCat("they are declared at ", PlaceText(*other->second), " and ",
                    PlaceText(event)),
             "another name for one that is yours");
    };
    for (const EventModel& event : emitter.events) {
      add(event.method->name(), event);
    }
    for (const InheritedEvent& one : emitter.inherited) {
      add(one.name, one.event);
    }
  }

  std::vector<EmitterModel>& emitters_;
  Diagnostics* const diagnostics_;
  std::map<const ServiceDescriptor*, EmitterModel*> models_;
  std::set<const ServiceDescriptor*> acyclic_;
  bool cyclic_ = false;
  bool conflict_ = false;  // between declarations that are merged
  // The events of contracts with more than one declaration, by their names in
  // lower case.
  std::map<const ServiceDescriptor*, std::map<std::string, EventModel>>
      merged_events_;
};

}  // namespace

void ResolveBases(std::vector<EmitterModel>* emitters,
                  Diagnostics* diagnostics) {
  Resolver(emitters, diagnostics).Resolve();
}

}  // namespace millrace::compiler
