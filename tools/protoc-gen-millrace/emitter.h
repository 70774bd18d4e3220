// An emitter contract as the compiler knows it, read from its options.
//
// A contract has events of its own and those of the contracts that it extends,
// each once however often it is reached. An event stays what it is in the
// contract that declares it: type, topic, key and retry. A contract that only
// extends has no topic.
//
// `merge` declares more events of a contract in another file of its owner. A
// run of protoc for one file cannot change the header of another, so that what
// is merged becomes a struct of its own, in the header of the merging file: it
// extends the merged contract, and its events have that contract's name in
// their types, its topic and its options. On the wire there is one contract.
// Who wants the events of all files extends, or listens to, the merging
// declarations; who knows the first file alone passes over the others' events,
// as over those of any newer contract.
//
// In C++ each event of a base has the name it has there. Where two have one
// name, those of the bases are called by the contract's name and theirs:
// UserEventsCreated.
#ifndef MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_EMITTER_H_
#define MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_EMITTER_H_

#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

#include "tools/protoc-gen-millrace/diagnostics.h"
#include "tools/protoc-gen-millrace/duration_text.h"

namespace millrace::compiler {

struct EventModel {
  const google::protobuf::MethodDescriptor* method = nullptr;
  // From a field of the payload down to the key.
  std::vector<const google::protobuf::FieldDescriptor*> key;
  std::string type;  // "users.v1.UserEvents.Created"
};

// An event of a base, and what it is called in the contract.
struct InheritedEvent {
  EventModel event;
  std::string name;
};

struct EmitterModel {
  const google::protobuf::ServiceDescriptor* service = nullptr;
  std::string topic;
  int partitions = 8;
  DurationText retention{7, "d"};
  int max_attempts = 5;
  DurationText initial_backoff{100, "ms"};
  DurationText max_backoff{30, "s"};
  double multiplier = 2;
  std::string dead_letter_topic;
  std::vector<EventModel> events;  // declared here

  // Set by ResolveBases(). What the contract extends, as it is written; what it
  // is merged into, which is then its only base; and the events of all bases.
  std::vector<const google::protobuf::ServiceDescriptor*> bases;
  const google::protobuf::ServiceDescriptor* merged = nullptr;
  std::vector<InheritedEvent> inherited;
};

bool IsEmitter(const google::protobuf::ServiceDescriptor* service);

// Reads the options of an emitter contract. What is wrong goes to
// `diagnostics`; the model is of use only when nothing is.
EmitterModel ReadEmitter(const google::protobuf::ServiceDescriptor* service,
                         Diagnostics* diagnostics);

// Refuses topics that two contracts use. Takes the contracts of all files,
// resolved.
void CheckTopics(const std::vector<EmitterModel>& emitters,
                 Diagnostics* diagnostics);

}  // namespace millrace::compiler

#endif  // MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_EMITTER_H_
