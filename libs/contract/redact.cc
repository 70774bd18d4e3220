#include "contract/redact.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/text_format.h>

#include <memory>
#include <vector>

#include "base/strings.h"
#include "contract/json.h"
#include "millrace/v1/contract.pb.h"

namespace millrace {
namespace {

namespace pb = google::protobuf;

constexpr char kRedacted[] = "[redacted]";

void RedactField(const pb::FieldDescriptor* field, pb::Message* message) {
  const pb::Reflection* reflection = message->GetReflection();
  const bool text = field->type() == pb::FieldDescriptor::TYPE_STRING;
  if (text && !field->is_repeated()) {
    reflection->SetString(message, field, kRedacted);
    return;
  }
  const int count = text ? reflection->FieldSize(*message, field) : 0;
  reflection->ClearField(message, field);
  for (int i = 0; i < count; ++i) {
    reflection->AddString(message, field, kRedacted);
  }
}

void RedactMessage(pb::Message* message, int anys);

// `anys`: how many more may be nested.
void RedactAny(pb::Any* any, int anys) {
  const std::string& url = any->type_url();
  const pb::Descriptor* type =
      pb::DescriptorPool::generated_pool()->FindMessageTypeByName(
          url.substr(url.rfind('/') + 1));
  const pb::Message* prototype =
      type == nullptr || anys == 0
          ? nullptr
          : pb::MessageFactory::generated_factory()->GetPrototype(type);
  if (prototype == nullptr) return any->clear_value();
  const std::unique_ptr<pb::Message> inner(prototype->New());
  if (!inner->ParseFromString(any->value())) return any->clear_value();
  RedactMessage(inner.get(), anys - 1);
  inner->SerializeToString(any->mutable_value());
}

void RedactMessage(pb::Message* message, int anys) {
  if (auto* any = dynamic_cast<pb::Any*>(message)) RedactAny(any, anys);
  const pb::Reflection* reflection = message->GetReflection();
  reflection->MutableUnknownFields(message)->Clear();
  std::vector<const pb::FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  for (const pb::FieldDescriptor* field : fields) {
    if (field->options().GetExtension(v1::sensitive)) {
      RedactField(field, message);
    } else if (field->cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE) {
      continue;
    } else if (!field->is_repeated()) {
      RedactMessage(reflection->MutableMessage(message, field), anys);
    } else {
      // The entries of a map are messages too.
      for (int i = 0; i < reflection->FieldSize(*message, field); ++i) {
        RedactMessage(reflection->MutableRepeatedMessage(message, field, i),
                      anys);
      }
    }
  }
}

}  // namespace

void Redact(pb::Message* message) { RedactMessage(message, kMostNestedAnys); }

std::string DebugText(const pb::Message& message) {
  const std::unique_ptr<pb::Message> shown(message.New());
  shown->CopyFrom(message);
  Redact(shown.get());
  pb::TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  printer.SetUseUtf8StringEscaping(true);
  printer.SetExpandAny(true);
  std::string text;
  printer.PrintToString(*shown, &text);
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return StrCat(message.GetDescriptor()->full_name(), "{", text, "}");
}

}  // namespace millrace
