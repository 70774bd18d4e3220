#include "tools/protoc-gen-millrace/derive_key.h"

#include "base/strings.h"
#include "base/suggest.h"
#include "tools/protoc-gen-millrace/names.h"

namespace millrace::compiler {
namespace {

using google::protobuf::FieldDescriptor;

bool CanBeKey(const FieldDescriptor* field) {
  if (field->is_repeated()) return false;
  switch (field->type()) {
    case FieldDescriptor::TYPE_DOUBLE:
    case FieldDescriptor::TYPE_FLOAT:
    case FieldDescriptor::TYPE_BYTES:
    case FieldDescriptor::TYPE_ENUM:
    case FieldDescriptor::TYPE_MESSAGE:
    case FieldDescriptor::TYPE_GROUP:
      return false;
    default:
      return true;
  }
}

std::string TypeText(const FieldDescriptor* field) {
  return StrCat(field->is_repeated() ? "repeated " : "",
                field->message_type() != nullptr
                    ? field->message_type()->full_name()
                    : field->type_name());
}

}  // namespace

const FieldDescriptor* FindRecordKey(
    const std::string& name, const std::string& record,
    const std::string& value, const std::vector<const FieldDescriptor*>& fields,
    const Place& place, Diagnostics* diagnostics) {
  std::vector<std::string> names;
  const FieldDescriptor* found = nullptr;
  for (const FieldDescriptor* field : fields) {
    if (field->name() == name) found = field;
    if (CanBeKey(field)) names.push_back(field->name());
  }
  const std::string fix = names.empty()
                              ? "no key, for keys that are strings"
                              : StrCat("one of ", ListOf(names, "or"));
  const std::string what =
      StrCat("record of ", record, " is keyed by '", name, "', ");
  if (found == nullptr) {
    diagnostics->Error(place,
                       StrCat(what, "but ", value, " has no field '", name, "'",
                              DidYouMean(name, names)),
                       "", fix);
    return nullptr;
  }
  if (!CanBeKey(found)) {
    diagnostics->Error(place,
                       StrCat(what, "which is of type ", TypeText(found)),
                       "keys of maps are strings, integers or bools", fix);
    return nullptr;
  }
  return found;
}

}  // namespace millrace::compiler
