// An emitter contract as the compiler knows it, read from its options.
#ifndef MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_EMITTER_H_
#define MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_EMITTER_H_

#include <google/protobuf/descriptor.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/protoc-gen-millrace/diagnostics.h"

namespace millrace::compiler {

// "7d", "250ms": a whole number and a unit.
struct DurationText {
  long count = 0;
  std::string unit;

  static std::optional<DurationText> Parse(std::string_view text);

  // "absl::Milliseconds(250)".
  std::string ToCode() const;
};

struct EventModel {
  const google::protobuf::MethodDescriptor* method = nullptr;
  // From a field of the payload down to the key.
  std::vector<const google::protobuf::FieldDescriptor*> key;
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
  std::vector<EventModel> events;
};

bool IsEmitter(const google::protobuf::ServiceDescriptor* service);

// Reads the options of an emitter contract. What is wrong goes to
// `diagnostics`; the model is of use only when nothing is.
EmitterModel ReadEmitter(const google::protobuf::ServiceDescriptor* service,
                         Diagnostics* diagnostics);

// Refuses topics that two contracts use. Takes the contracts of all files.
void CheckTopics(const std::vector<EmitterModel>& emitters,
                 Diagnostics* diagnostics);

}  // namespace millrace::compiler

#endif  // MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_EMITTER_H_
