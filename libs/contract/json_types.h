// What the reader and the writer of JSON both know of messages.
#ifndef MILLRACE_CONTRACT_JSON_TYPES_H_
#define MILLRACE_CONTRACT_JSON_TYPES_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/message.h>

#include <memory>
#include <optional>

namespace millrace {

// Messages in one another, as protobuf's binary reader takes them.
constexpr int kMostMessageLevels = 100;

// Whether it is google.protobuf.NullValue, whose JSON is null. Thread-safe.
bool IsNullValue(const google::protobuf::EnumDescriptor& type);

// Makes the messages that Anys hold, of the program's types and of those of
// other pools, whose messages it must outlive. Not thread-safe.
class HeldMessages {
 public:
  std::unique_ptr<google::protobuf::Message> New(
      const google::protobuf::Descriptor* type);

 private:
  std::optional<google::protobuf::DynamicMessageFactory> dynamic_;
};

}  // namespace millrace

#endif  // MILLRACE_CONTRACT_JSON_TYPES_H_
