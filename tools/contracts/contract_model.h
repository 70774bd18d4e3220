// What contracts say, read from their options with the defaults filled in.
//
// Read are trees that the contract compiler has let pass, and baselines that an
// older one did: nothing is refused here, and an option that does not parse
// counts as unset.
#ifndef MILLRACE_TOOLS_CONTRACTS_CONTRACT_MODEL_H_
#define MILLRACE_TOOLS_CONTRACTS_CONTRACT_MODEL_H_

#include <google/protobuf/descriptor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "millrace/v1/contract.pb.h"
#include "tools/contracts/contract_tree.h"

namespace millrace::contracts {

struct RetryModel {
  int max_attempts = 5;
  int64_t initial_backoff_ms = 100;
  int64_t max_backoff_ms = 30'000;
  double multiplier = 2;

  // How long an event is tried for before it is given up.
  double PatienceMs() const;

  bool operator==(const RetryModel&) const = default;
};

struct EventModel {
  const google::protobuf::MethodDescriptor* method = nullptr;
  std::string name;  // "Created"
  std::string type;  // "users.v1.UserEvents.Created"
  std::string key;   // "user_id", or a path such as "user.id"

  const google::protobuf::Descriptor* payload() const {
    return method->input_type();
  }
  // nullptr when the path leads nowhere.
  const google::protobuf::FieldDescriptor* KeyField() const;
};

struct EmitterModel {
  const google::protobuf::ServiceDescriptor* service = nullptr;
  std::string name;   // "users.v1.UserEvents"
  std::string owner;  // "users": the first part of the package
  std::string topic;  // empty when all events are of contracts it extends
  std::string dead_letter_topic;
  int partitions = 8;
  int64_t retention_ms = int64_t{7} * 24 * 3600 * 1000;
  int64_t dead_letter_retention_ms = 0;  // what the bus makes of it
  RetryModel retry;
  std::vector<std::string> extends;  // full names
  std::vector<EventModel> events;    // its own, and those merged into it
};

// What a process made of modules adds: who calls and listens to whom.
struct ModuleModel {
  std::string name;
  std::vector<std::string> provides;  // services
  std::vector<std::string> needs;     // services
  std::vector<std::string> contracts;
};

struct Contracts {
  std::vector<EmitterModel> emitters;                                // by name
  std::vector<const google::protobuf::ServiceDescriptor*> services;  // by name

  const EmitterModel* FindEmitter(const std::string& name) const;
};

Contracts ReadContracts(const ContractTree& tree);

// The events that the contract has from those that it extends, at any
// distance; each once. They stay what they are there: type, topic, key.
std::vector<const EventModel*> Inherited(const Contracts& contracts,
                                         const EmitterModel& emitter);

const v1::FieldRules& RulesOf(const google::protobuf::FieldDescriptor* field);

// Whether a message without the field is refused: a list that must have
// elements must be there.
bool MustBeSet(const google::protobuf::FieldDescriptor* field);

bool IsSensitive(const google::protobuf::FieldDescriptor* field);
bool IsPersonal(const google::protobuf::FieldDescriptor* field);

// "36h" for 129600000, in the largest unit that says it exactly.
std::string DurationText(int64_t milliseconds);

// "unary", "server stream", "client stream", "bidi stream".
std::string KindOf(const google::protobuf::MethodDescriptor* method);
bool CanBeGet(const google::protobuf::MethodDescriptor* method);

const v1::Access& AccessOf(const google::protobuf::MethodDescriptor* method);
// "anybody", "with a token", "users.users.read", "users.users.read or self
// (id)", "self (id)", or "" where the contract does not say.
std::string AccessText(const google::protobuf::MethodDescriptor* method);

}  // namespace millrace::contracts

#endif  // MILLRACE_TOOLS_CONTRACTS_CONTRACT_MODEL_H_
