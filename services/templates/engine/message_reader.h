// Reads messages into an arena by reflection, in the form that templates read.
#ifndef MILLRACE_SERVICES_TEMPLATES_ENGINE_MESSAGE_READER_H_
#define MILLRACE_SERVICES_TEMPLATES_ENGINE_MESSAGE_READER_H_

#include <google/protobuf/message.h>
#include <google/protobuf/struct.pb.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/templates/engine/arena.h"
#include "services/templates/engine/value.h"

namespace millrace::templates {

// One message, once. Recurses as deep as `max_depth`, which protobuf's own
// parsers bound to 100 as well.
class MessageReader {
 public:
  MessageReader(int max_depth, Arena* arena)
      : max_depth_(max_depth), arena_(arena) {}

  absl::StatusOr<Value> Read(const google::protobuf::Message& message);

 private:
  using Message = google::protobuf::Message;
  using Field = google::protobuf::FieldDescriptor;

  Value ReadAny(const Message& message, int depth);
  Value ReadObject(const Message& message, int depth);
  Value ReadField(const Message& message, const Field* field, int depth);
  // Of a repeated field when `index` is not negative.
  Value ReadOne(const Message& message, const Field* field, int index,
                int depth);
  Value ReadList(const Message& message, const Field* field, int depth);
  Value ReadMap(const Message& message, const Field* field, int depth);
  Value ReadPacked(const Message& any, int depth);
  Value ReadJsonValue(const Message& value, int depth);
  // struct_reader.cc
  Value ReadStruct(const google::protobuf::Struct& data, int depth);
  Value ReadStructValue(const google::protobuf::Value& value, int depth);
  // Timestamps and the like, whose JSON form is a text.
  Value ReadAsJsonText(const Message& message);

  Value Text(std::string_view text);
  Value Number(double number);
  Value Integer(std::string_view digits);
  Value Object(const std::vector<Member>& members);
  Value List(const std::vector<Value>& items);
  Value Fail(const std::string& message);
  Member MakeMember(std::string_view key, const Value& value);

  const int max_depth_;
  Arena* const arena_;
  absl::Status status_;
};

// The JSON name of a field when it is another than that of the proto file.
// Templates may use either.
std::string_view OtherNameOf(const google::protobuf::FieldDescriptor& field);

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_ENGINE_MESSAGE_READER_H_
