#include "tools/contracts/contract_model.h"

#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <set>

#include "absl/strings/str_split.h"
#include "base/strings.h"
#include "millrace/v1/privacy.pb.h"
#include "tools/protoc-gen-millrace/duration_text.h"

namespace millrace::contracts {
namespace {

namespace pb = google::protobuf;

void ReadDuration(const std::string& text, int64_t* milliseconds) {
  const auto duration = compiler::DurationText::Parse(text);
  if (duration) *milliseconds = duration->milliseconds();
}

// A full name for one written from within `package`, as protobuf's scopes have
// it: with a dot it is full already.
std::string FullName(const std::string& name, const std::string& package) {
  if (name.find('.') != name.npos || package.empty()) return name;
  return StrCat(package, ".", name);
}

RetryModel ReadRetry(const v1::Retry& options) {
  RetryModel retry;
  if (options.max_attempts() > 0) retry.max_attempts = options.max_attempts();
  ReadDuration(options.initial_backoff(), &retry.initial_backoff_ms);
  ReadDuration(options.max_backoff(), &retry.max_backoff_ms);
  if (options.multiplier() >= 1) retry.multiplier = options.multiplier();
  return retry;
}

void AddInherited(const Contracts& contracts, const EmitterModel& emitter,
                  std::set<const EmitterModel*>* visited,
                  std::vector<const EventModel*>* events) {
  for (const std::string& name : emitter.extends) {
    const EmitterModel* base = contracts.FindEmitter(name);
    if (base == nullptr || !visited->insert(base).second) continue;
    for (const EventModel& event : base->events) events->push_back(&event);
    AddInherited(contracts, *base, visited, events);
  }
}

EmitterModel ReadEmitter(const pb::ServiceDescriptor* service) {
  const v1::Emitter& options = service->options().GetExtension(v1::emitter);
  const std::string& package = service->file()->package();
  EmitterModel emitter;
  emitter.service = service;
  emitter.name = service->full_name();
  emitter.owner = package.substr(0, package.find('.'));
  emitter.topic = options.topic();
  if (!emitter.topic.empty()) {
    emitter.dead_letter_topic = options.dead_letter_topic().empty()
                                    ? options.topic() + ".dead"
                                    : options.dead_letter_topic();
  }
  if (options.partitions() > 0) emitter.partitions = options.partitions();
  ReadDuration(options.retention(), &emitter.retention_ms);
  emitter.dead_letter_retention_ms =
      std::max(emitter.retention_ms, int64_t{30} * 24 * 3600 * 1000);
  emitter.retry = ReadRetry(options.retry());
  for (const std::string& base : options.extends()) {
    emitter.extends.push_back(FullName(base, package));
  }
  return emitter;
}

void AddEvents(const pb::ServiceDescriptor* service, EmitterModel* emitter) {
  for (int i = 0; i < service->method_count(); ++i) {
    const pb::MethodDescriptor* method = service->method(i);
    emitter->events.push_back(
        {method, method->name(), StrCat(emitter->name, ".", method->name()),
         method->options().GetExtension(v1::event).key()});
  }
}

}  // namespace

double RetryModel::PatienceMs() const {
  double total = 0;
  double pause = static_cast<double>(initial_backoff_ms);
  for (int attempt = 1; attempt < std::min(max_attempts, 10'000); ++attempt) {
    total += std::min(pause, static_cast<double>(max_backoff_ms));
    pause *= multiplier;
  }
  return total;
}

const pb::FieldDescriptor* EventModel::KeyField() const {
  const pb::Descriptor* message = payload();
  const pb::FieldDescriptor* field = nullptr;
  for (absl::string_view step : absl::StrSplit(key, '.')) {
    if (message == nullptr) return nullptr;
    field = message->FindFieldByName(std::string(step));
    if (field == nullptr) return nullptr;
    message = field->message_type();
  }
  return field;
}

const EmitterModel* Contracts::FindEmitter(const std::string& name) const {
  for (const EmitterModel& emitter : emitters) {
    if (emitter.name == name) return &emitter;
  }
  return nullptr;
}

Contracts ReadContracts(const ContractTree& tree) {
  Contracts contracts;
  std::vector<std::pair<std::string, const pb::ServiceDescriptor*>> merged;
  for (const pb::FileDescriptor* file : tree.files()) {
    for (int i = 0; i < file->service_count(); ++i) {
      const pb::ServiceDescriptor* service = file->service(i);
      if (!service->options().HasExtension(v1::emitter)) {
        contracts.services.push_back(service);
        continue;
      }
      const std::string& into =
          service->options().GetExtension(v1::emitter).merge();
      if (!into.empty()) {
        merged.emplace_back(FullName(into, file->package()), service);
        continue;
      }
      contracts.emitters.push_back(ReadEmitter(service));
      AddEvents(service, &contracts.emitters.back());
    }
  }
  for (const auto& [name, service] : merged) {
    for (EmitterModel& emitter : contracts.emitters) {
      if (emitter.name == name) AddEvents(service, &emitter);
    }
  }
  // Who extends a further declaration of a contract extends the contract.
  for (EmitterModel& emitter : contracts.emitters) {
    std::vector<std::string> bases;
    for (std::string& base : emitter.extends) {
      for (const auto& [name, service] : merged) {
        if (base == service->full_name()) base = name;
      }
      if (std::find(bases.begin(), bases.end(), base) == bases.end()) {
        bases.push_back(base);
      }
    }
    emitter.extends = std::move(bases);
  }
  const auto by_name = [](const auto* a, const auto* b) {
    return a->full_name() < b->full_name();
  };
  std::sort(contracts.services.begin(), contracts.services.end(), by_name);
  std::sort(contracts.emitters.begin(), contracts.emitters.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return contracts;
}

std::vector<const EventModel*> Inherited(const Contracts& contracts,
                                         const EmitterModel& emitter) {
  std::vector<const EventModel*> events;
  std::set<const EmitterModel*> visited = {&emitter};
  AddInherited(contracts, emitter, &visited, &events);
  return events;
}

const v1::FieldRules& RulesOf(const pb::FieldDescriptor* field) {
  return field->options().GetExtension(v1::rules);
}

bool MustBeSet(const pb::FieldDescriptor* field) {
  return RulesOf(field).required() ||
         (field->is_repeated() && RulesOf(field).min_items() > 0);
}

bool IsSensitive(const pb::FieldDescriptor* field) {
  return field->options().GetExtension(v1::sensitive);
}

bool IsPersonal(const pb::FieldDescriptor* field) {
  return field->options().GetExtension(v1::personal);
}

std::string DurationText(int64_t milliseconds) {
  if (milliseconds == 0) return "0s";
  for (const char* unit : {"d", "h", "m", "s"}) {
    const compiler::DurationText one{1, unit};
    if (milliseconds % one.milliseconds() == 0) {
      return StrCat(milliseconds / one.milliseconds(), unit);
    }
  }
  return StrCat(milliseconds, "ms");
}

std::string KindOf(const pb::MethodDescriptor* method) {
  if (method->client_streaming()) {
    return method->server_streaming() ? "bidi stream" : "client stream";
  }
  return method->server_streaming() ? "server stream" : "unary";
}

bool CanBeGet(const pb::MethodDescriptor* method) {
  return method->options().idempotency_level() ==
             pb::MethodOptions::NO_SIDE_EFFECTS &&
         !method->client_streaming();
}

const v1::Access& AccessOf(const pb::MethodDescriptor* method) {
  return method->options().GetExtension(v1::access);
}

std::string AccessText(const pb::MethodDescriptor* method) {
  const v1::Access& access = AccessOf(method);
  if (access.anybody()) return "anybody";
  if (access.authenticated()) return "with a token";
  std::string text = access.permission();
  if (!access.self().empty()) {
    StrAppend(&text, text.empty() ? "" : " or ", "self (", access.self(), ")");
  }
  return text;
}

}  // namespace millrace::contracts
