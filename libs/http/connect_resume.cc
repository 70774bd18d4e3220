#include "http/connect_resume.h"

#include <google/protobuf/descriptor.h>

#include <vector>

namespace millrace::http {
namespace {

using google::protobuf::FieldDescriptor;

// Null when the message has no such text.
const FieldDescriptor* TextField(const Message& message, const char* name) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
  const bool fits = field != nullptr && !field->is_repeated() &&
                    field->real_containing_oneof() == nullptr &&
                    field->type() == FieldDescriptor::TYPE_STRING;
  return fits ? field : nullptr;
}

}  // namespace

bool CanGoOn(const MethodInfo& method) {
  if (method.kind != MethodKind::kServerStream) return false;
  const FieldDescriptor* after = TextField(method.request(), "after");
  return after != nullptr && after->has_presence() &&
         TextField(method.response(), "position") != nullptr;
}

void SetAfter(const Request& request, Message* message) {
  const FieldDescriptor* after = TextField(*message, "after");
  const google::protobuf::Reflection& fields = *message->GetReflection();
  if (request.headers.Has("Last-Event-ID")) {
    fields.SetString(message, after,
                     std::string(request.headers.Get("Last-Event-ID")));
  } else if (!fields.HasField(*message, after)) {
    fields.SetString(message, after, "");
  }
}

AnswerPosition PositionOf(const Message& answer) {
  const FieldDescriptor* position = TextField(answer, "position");
  const google::protobuf::Reflection& fields = *answer.GetReflection();
  std::vector<const FieldDescriptor*> set;
  fields.ListFields(answer, &set);
  AnswerPosition result;
  result.id = fields.GetString(answer, position);
  result.alone = !result.id.empty() && set.size() == 1;
  return result;
}

}  // namespace millrace::http
