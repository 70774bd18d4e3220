#include "tools/contracts/contract_model.h"

#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/empty.pb.h>
#include <google/protobuf/unknown_field_set.h>

#include <algorithm>
#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "base/strings.h"

namespace millrace::contracts {
namespace {

namespace pb = google::protobuf;

struct Unit {
  std::string_view name;
  int64_t milliseconds;
};
// Fields of millrace.v1.Emitter.
constexpr int kExtends = 6;
constexpr int kMerge = 7;

constexpr Unit kUnits[] = {{"d", 24 * 3600 * 1000},
                           {"h", 3600 * 1000},
                           {"m", 60 * 1000},
                           {"s", 1000},
                           {"ms", 1}};

void ReadDuration(const std::string& text, int64_t* milliseconds) {
  const size_t digits = text.find_first_not_of("0123456789");
  int64_t count = 0;
  if (digits == text.npos || digits > 12 ||
      !absl::SimpleAtoi(text.substr(0, digits), &count)) {
    return;
  }
  for (const Unit& unit : kUnits) {
    if (text.substr(digits) == unit.name) {
      *milliseconds = count * unit.milliseconds;
    }
  }
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

// The contracts that an option names. Read from the bytes, so that a program
// that does not know the option yet passes over none.
std::vector<std::string> Names(const v1::Emitter& options, int number,
                               const std::string& package) {
  pb::Empty unknown;
  unknown.ParseFromString(options.SerializeAsString());
  const pb::UnknownFieldSet& fields =
      unknown.GetReflection()->GetUnknownFields(unknown);
  std::vector<std::string> names;
  for (int i = 0; i < fields.field_count(); ++i) {
    const pb::UnknownField& field = fields.field(i);
    if (field.number() != number ||
        field.type() != pb::UnknownField::TYPE_LENGTH_DELIMITED) {
      continue;
    }
    names.push_back(FullName(field.length_delimited(), package));
  }
  return names;
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
  emitter.extends = Names(options, kExtends, package);
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
      const auto into = Names(service->options().GetExtension(v1::emitter),
                              kMerge, file->package());
      if (!into.empty()) {
        merged.emplace_back(into.front(), service);
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

std::string DurationText(int64_t milliseconds) {
  for (const Unit& unit : kUnits) {
    if (milliseconds != 0 && milliseconds % unit.milliseconds == 0) {
      return StrCat(milliseconds / unit.milliseconds, unit.name);
    }
  }
  return "0s";
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

}  // namespace millrace::contracts
