#include "services/admin/personal.h"

#include <google/protobuf/message.h>

#include <memory>
#include <set>

#include "absl/strings/str_split.h"
#include "base/strings.h"
#include "millrace/v1/privacy.pb.h"

namespace millrace::admin {
namespace {

namespace pb = google::protobuf;

using Types = std::set<const pb::Descriptor*>;

bool IsPersonal(const pb::FieldDescriptor& field) {
  return field.options().GetExtension(::millrace::v1::personal);
}

// Types may contain themselves.
bool HasPersonal(const pb::Descriptor& type, Types* seen) {
  if (!seen->insert(&type).second) return false;
  for (int i = 0; i < type.field_count(); ++i) {
    const pb::FieldDescriptor& field = *type.field(i);
    if (IsPersonal(field)) return true;
    if (field.message_type() && HasPersonal(*field.message_type(), seen)) {
      return true;
    }
  }
  return false;
}

const pb::Message* PrototypeOf(std::string_view type) {
  const pb::Descriptor* descriptor =
      pb::DescriptorPool::generated_pool()->FindMessageTypeByName(
          std::string(type));
  return descriptor == nullptr
             ? nullptr
             : pb::MessageFactory::generated_factory()->GetPrototype(
                   descriptor);
}

// Moves what is personal from one message to the other.
class Mover {
 public:
  explicit Mover(std::vector<std::string>* fields) : fields_(*fields) {}

  void Move(pb::Message* from, pb::Message* to, const std::string& prefix) {
    const pb::Reflection* reflection = from->GetReflection();
    MoveUnknown(from, to);
    std::vector<const pb::FieldDescriptor*> set;
    reflection->ListFields(*from, &set);
    for (const pb::FieldDescriptor* field : set) {
      const std::string path = prefix + field->name();
      const pb::Descriptor* type = field->message_type();
      if (IsPersonal(*field) ||
          (type && field->is_repeated() && MayTellOfPeople(*type))) {
        reflection->SwapFields(from, to, {field});
        fields_.push_back(path);
      } else if (type && !field->is_repeated()) {
        pb::Message* part = reflection->MutableMessage(to, field);
        Move(reflection->MutableMessage(from, field), part, path + ".");
        if (part->ByteSizeLong() == 0) reflection->ClearField(to, field);
      }
    }
  }

 private:
  static void MoveUnknown(pb::Message* from, pb::Message* to) {
    pb::UnknownFieldSet* unknown =
        from->GetReflection()->MutableUnknownFields(from);
    if (unknown->empty()) return;
    to->GetReflection()->MutableUnknownFields(to)->MergeFrom(*unknown);
    unknown->Clear();
  }

  std::vector<std::string>& fields_;
};

// The text at `path`; nothing when there is none.
std::string TextAt(const pb::Message& message, std::string_view path) {
  const pb::Message* at = &message;
  const std::vector<std::string> names = absl::StrSplit(ToAbsl(path), '.');
  for (size_t i = 0; i < names.size(); ++i) {
    const pb::FieldDescriptor* field =
        at->GetDescriptor()->FindFieldByName(names[i]);
    if (field == nullptr || field->is_repeated()) return "";
    if (i + 1 == names.size()) {
      return field->cpp_type() == pb::FieldDescriptor::CPPTYPE_STRING
                 ? at->GetReflection()->GetString(*at, field)
                 : "";
    }
    if (field->message_type() == nullptr) return "";
    at = &at->GetReflection()->GetMessage(*at, field);
  }
  return "";
}

}  // namespace

bool MayTellOfPeople(const pb::Descriptor& type) {
  Types seen;
  return HasPersonal(type, &seen);
}

std::optional<PersonalParts> TakeApart(std::string_view type,
                                       std::string_view payload,
                                       std::string_view key) {
  if (payload.empty()) return std::nullopt;
  const pb::Message* prototype = PrototypeOf(type);
  const std::unique_ptr<pb::Message> open(
      prototype == nullptr ? nullptr : prototype->New());
  PersonalParts parts{.data_subject = std::string(key)};
  if (open == nullptr ||
      !open->ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
    parts.personal = std::string(payload);
    return parts;
  }
  const std::string path = open->GetDescriptor()->options().GetExtension(
      ::millrace::v1::data_subject);
  if (!path.empty()) {
    std::string subject = TextAt(*open, path);
    if (!subject.empty()) parts.data_subject = std::move(subject);
  }
  const std::unique_ptr<pb::Message> personal(prototype->New());
  Mover(&parts.fields).Move(open.get(), personal.get(), "");
  parts.personal = personal->SerializeAsString();
  if (parts.personal.empty()) return std::nullopt;
  parts.open = open->SerializeAsString();
  return parts;
}

}  // namespace millrace::admin
