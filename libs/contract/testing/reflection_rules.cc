#include "contract/testing/reflection_rules.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/ids.h"
#include "millrace/v1/contract.pb.h"

namespace millrace::rules {
namespace {

namespace pb = google::protobuf;
using Field = pb::FieldDescriptor;

// One value, whether it stands alone, in a list or in a map.
struct Value {
  std::string text;  // of strings and bytes
  const pb::EnumValueDescriptor* enumerated = nullptr;
  double number = 0;    // for the bounds
  std::string written;  // as `in` writes it, and messages show it
  const pb::Message* message = nullptr;
};

Value ValueOf(const pb::Message& message, const Field* field, int index) {
  const pb::Reflection& r = *message.GetReflection();
  const bool repeated = field->is_repeated();
  Value value;
  const auto number = [&](auto n) {
    value.number = static_cast<double>(n);
    value.written = StrCat(n);
  };
  switch (field->cpp_type()) {
    case Field::CPPTYPE_STRING:
      value.text = repeated ? r.GetRepeatedString(message, field, index)
                            : r.GetString(message, field);
      value.written = value.text;
      break;
    case Field::CPPTYPE_ENUM:
      value.enumerated = repeated ? r.GetRepeatedEnum(message, field, index)
                                  : r.GetEnum(message, field);
      value.number = value.enumerated->number();
      value.written = value.enumerated->name();
      break;
    case Field::CPPTYPE_MESSAGE:
      value.message = repeated ? &r.GetRepeatedMessage(message, field, index)
                               : &r.GetMessage(message, field);
      break;
    case Field::CPPTYPE_INT32:
      number(repeated ? r.GetRepeatedInt32(message, field, index)
                      : r.GetInt32(message, field));
      break;
    case Field::CPPTYPE_INT64:
      number(repeated ? r.GetRepeatedInt64(message, field, index)
                      : r.GetInt64(message, field));
      break;
    case Field::CPPTYPE_UINT32:
      number(repeated ? r.GetRepeatedUInt32(message, field, index)
                      : r.GetUInt32(message, field));
      break;
    case Field::CPPTYPE_UINT64:
      number(repeated ? r.GetRepeatedUInt64(message, field, index)
                      : r.GetUInt64(message, field));
      break;
    case Field::CPPTYPE_FLOAT:
      number(repeated ? r.GetRepeatedFloat(message, field, index)
                      : r.GetFloat(message, field));
      break;
    case Field::CPPTYPE_DOUBLE:
      number(repeated ? r.GetRepeatedDouble(message, field, index)
                      : r.GetDouble(message, field));
      break;
    case Field::CPPTYPE_BOOL:
      number(repeated ? r.GetRepeatedBool(message, field, index)
                      : r.GetBool(message, field));
      break;
  }
  return value;
}

// Compiled once, as whoever cares for speed would do it.
const Pattern& Compiled(const std::string& expression) {
  thread_local std::map<std::string, Pattern> patterns;
  return patterns.try_emplace(expression, expression).first->second;
}

std::string Join(const pb::RepeatedPtrField<std::string>& names,
                 const char* between) {
  std::string list;
  for (const std::string& name : names) {
    StrAppend(&list, list.empty() ? "" : between, name);
  }
  return list;
}

// A bound as it is shown: of the type of the field.
std::string Bound(const Field* field, double bound) {
  switch (field->cpp_type()) {
    case Field::CPPTYPE_DOUBLE:
      return StrCat(bound);
    case Field::CPPTYPE_FLOAT:
      return StrCat(static_cast<float>(bound));
    default:
      return StrCat(static_cast<int64_t>(bound));
  }
}

void CheckValue(const Field* field, const v1::FieldRules& rules,
                const Value& value, const Path& at, Found& found) {
  if (value.message != nullptr) {
    return CheckByReflection(*value.message, at, found);
  }
  const bool bytes = field->type() == Field::TYPE_BYTES;
  const char* const unit = bytes ? " bytes, has " : " characters, has ";
  const size_t length = bytes ? value.text.size() : Characters(value.text);
  if (rules.has_min_len() && length < rules.min_len()) {
    found.Add(at, "must have at least ", rules.min_len(), unit, length);
  }
  if (rules.has_max_len() && length > rules.max_len()) {
    found.Add(at, "must have at most ", rules.max_len(), unit, length);
  }
  if (!rules.pattern().empty() &&
      !Compiled(rules.pattern()).Matches(value.text)) {
    found.Add(at, "must match ", rules.pattern());
  }
  if (rules.email() && !IsEmail(value.text)) {
    found.Add(at, "must be an e-mail address");
  }
  if (rules.uuid() && !IsUuid(value.text)) found.Add(at, "must be a UUID");
  if (rules.in_size() > 0 && std::find(rules.in().begin(), rules.in().end(),
                                       value.written) == rules.in().end()) {
    found.Add(at, "must be one of ",
              Join(rules.in(), value.enumerated != nullptr ? " or " : ", "));
  }
  if (rules.has_gte() && !(value.number >= rules.gte())) {
    found.Add(at, "must be at least ", Bound(field, rules.gte()), ", is ",
              value.written);
  }
  if (rules.has_lte() && !(value.number <= rules.lte())) {
    found.Add(at, "must be at most ", Bound(field, rules.lte()), ", is ",
              value.written);
  }
}

void CheckList(const pb::Message& message, const Field* field,
               const v1::FieldRules& rules, const Path& at, Found& found) {
  const int size = message.GetReflection()->FieldSize(message, field);
  const auto items = static_cast<uint64_t>(size);
  if (rules.required() && size == 0) found.Add(at, "must be set");
  if (rules.has_min_items() && items < rules.min_items()) {
    found.Add(at, "must have at least ", rules.min_items(), " elements, has ",
              size);
  }
  if (rules.has_max_items() && items > rules.max_items()) {
    found.Add(at, "must have at most ", rules.max_items(), " elements, has ",
              size);
  }
  std::set<std::string> seen;
  for (int i = 0; rules.unique() && i < size; ++i) {
    if (!seen.insert(ValueOf(message, field, i).written).second) {
      found.Add(at.At(i), "must not repeat an earlier element");
    }
  }
  for (int i = 0; i < size; ++i) {
    const Value value = ValueOf(message, field, i);
    if (!field->is_map()) {
      CheckValue(field, rules, value, at.At(i), found);
      continue;
    }
    const pb::Descriptor* entry = field->message_type();
    const std::string key =
        ValueOf(*value.message, entry->map_key(), 0).written;
    CheckValue(entry->map_value(), rules,
               ValueOf(*value.message, entry->map_value(), 0), at.At(key),
               found);
  }
}

// For reflection -0 is set, because it is on the wire; for rules it is 0.
bool IsSet(const pb::Message& message, const Field* field) {
  const pb::Reflection& r = *message.GetReflection();
  if (!r.HasField(message, field)) return false;
  if (field->has_presence()) return true;
  if (field->cpp_type() == Field::CPPTYPE_DOUBLE) {
    return r.GetDouble(message, field) != 0;
  }
  if (field->cpp_type() == Field::CPPTYPE_FLOAT) {
    return r.GetFloat(message, field) != 0;
  }
  return true;
}

}  // namespace

void CheckByReflection(const pb::Message& message, const Path& at,
                       Found& found) {
  const pb::Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const Field* field = type.field(i);
    const v1::FieldRules& rules = field->options().GetExtension(v1::rules);
    if (field->is_repeated()) {
      CheckList(message, field, rules, at.Field(field->name()), found);
    } else if (IsSet(message, field)) {
      CheckValue(field, rules, ValueOf(message, field, 0),
                 at.Field(field->name()), found);
    } else if (rules.required()) {
      found.Add(at.Field(field->name()), "must be set");
    }
  }
}

}  // namespace millrace::rules
