#include "contract/json_reader.h"

#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/container/inlined_vector.h"
#include "base/strings.h"
#include "base/suggest.h"
#include "contract/json.h"
#include "contract/json_fields.h"
#include "contract/json_scalars.h"
#include "contract/utf8.h"

namespace millrace {
namespace {

namespace pb = google::protobuf;
using pb::Descriptor;
using pb::FieldDescriptor;

std::string_view NameOf(JsonKind kind) {
  switch (kind) {
    case JsonKind::kNull:
      return "null";
    case JsonKind::kBool:
      return "a boolean";
    case JsonKind::kNumber:
      return "a number";
    case JsonKind::kString:
      return "a string";
    case JsonKind::kArray:
      return "an array";
    case JsonKind::kObject:
      return "an object";
  }
  return "";
}

const FieldDescriptor* FindField(const Descriptor& type, std::string_view name,
                                 int first) {
  const int count = type.field_count();
  for (int i = 0; i < count; ++i) {
    // Keys mostly come in the order of the fields.
    const int at = first + i < count ? first + i : first + i - count;
    const FieldDescriptor* field = type.field(at);
    if (field->json_name() == name || field->name() == name) return field;
  }
  return nullptr;
}

std::vector<std::string> JsonNames(const Descriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.field_count(); ++i) {
    names.push_back(type.field(i)->json_name());
  }
  return names;
}

// Whether null is a value of the field, and not the same as no value.
bool MayBeNull(const FieldDescriptor& field) {
  if (field.is_repeated()) return false;
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
    return IsNullValue(*field.enum_type());
  }
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
         field.message_type()->well_known_type() ==
             Descriptor::WELLKNOWNTYPE_VALUE;
}

}  // namespace

absl::Status JsonReader::Read(pb::Message* message) {
  if (in_.Begin() && ReadMessage(message, {.type = message->GetDescriptor()}) &&
      in_.End()) {
    return absl::OkStatus();
  }
  return in_.status();
}

std::string JsonReader::Text(const Subject& subject) {
  if (subject.field == nullptr) return subject.type->full_name();
  return StrCat(subject.element ? "each element of " : "",
                subject.field->full_name());
}

bool JsonReader::Refuse(const Subject& subject, std::string_view wanted) {
  return in_.Fail(in_.pos(), StrCat(Text(subject), " must be ", wanted));
}

bool JsonReader::Twice(size_t at, std::string_view key) {
  return in_.Fail(at, StrCat("the key '", Excerpt(key), "' is there twice"));
}

bool JsonReader::Expect(JsonKind wanted, std::string_view name,
                        const Subject& subject) {
  JsonKind kind;
  if (!in_.Kind(&kind)) return false;
  return kind == wanted || Refuse(subject, StrCat(name, ", is ", NameOf(kind)));
}

bool JsonReader::Deeper(int levels, absl::FunctionRef<bool()> read) {
  if (level_ + levels > kMostMessageLevels) {
    return in_.Fail(in_.pos(), StrCat("messages are nested deeper than ",
                                      kMostMessageLevels,
                                      "; an object within a "
                                      "google.protobuf.Struct counts three"));
  }
  level_ += levels;
  const bool read_it = read();
  level_ -= levels;
  return read_it;
}

bool JsonReader::ReadText(
    const Subject& subject,
    absl::FunctionRef<std::string_view(std::string_view)> parse) {
  if (!Expect(JsonKind::kString, "a string", subject)) return false;
  const JsonScanner::Mark start = in_.mark();
  std::string_view text;
  if (!in_.String(&text)) return false;
  const std::string_view wanted = parse(text);
  if (wanted.empty()) return true;
  in_.Return(start);
  return Refuse(subject, wanted);
}

bool JsonReader::ReadFields(pb::Message* message, const Subject& subject,
                            bool in_any) {
  if (!Expect(JsonKind::kObject, "an object", subject)) return false;
  const Descriptor& type = *message->GetDescriptor();
  constexpr size_t kBits = 64;
  absl::InlinedVector<uint64_t, 2> seen(
      static_cast<size_t>(type.field_count()) / kBits + 1);
  bool typed = false;
  int next = 0;
  return in_.Object([&](size_t at, std::string_view key) {
    if (in_any && key == "@type") {
      return std::exchange(typed, true) ? Twice(at, key) : in_.Skip();
    }
    const FieldDescriptor* field = FindField(type, key, next);
    if (field == nullptr) {
      return in_.Fail(
          at, StrCat(type.full_name(), " has no field '", Excerpt(key), "'",
                     DidYouMean(key, JsonNames(type))));
    }
    next = field->index() + 1;
    const auto index = static_cast<size_t>(field->index());
    // A field has two names: both in one object are a duplicate, too.
    uint64_t& bits = seen[index / kBits];
    const uint64_t bit = uint64_t{1} << index % kBits;
    if ((bits & bit) != 0) return Twice(at, key);
    bits |= bit;
    return ReadField(message, field, at);
  });
}

bool JsonReader::ReadField(pb::Message* message, const FieldDescriptor* field,
                           size_t at) {
  JsonKind kind;
  if (!in_.Kind(&kind)) return false;
  if (kind == JsonKind::kNull && !MayBeNull(*field)) {
    return in_.Null();  // as if the key were not there
  }
  if (field->is_map()) return ReadMap(message, field);
  if (field->is_repeated()) {
    if (!Expect(JsonKind::kArray, "an array", {.field = field})) return false;
    const Subject element = {.field = field, .element = true};
    return in_.Array([&] { return ReadOne(message, field, element); });
  }
  const pb::OneofDescriptor* oneof = field->real_containing_oneof();
  if (oneof != nullptr && message->GetReflection()->HasOneof(*message, oneof)) {
    return in_.Fail(
        at, StrCat("only one of ", oneof->full_name(), " can be set, and ",
                   message->GetReflection()
                       ->GetOneofFieldDescriptor(*message, oneof)
                       ->json_name(),
                   " is"));
  }
  return ReadOne(message, field, {.field = field});
}

bool JsonReader::ReadMap(pb::Message* message, const FieldDescriptor* field) {
  if (!Expect(JsonKind::kObject, "an object", {.field = field})) return false;
  const Descriptor& entry_type = *field->message_type();
  absl::flat_hash_set<std::string> keys;
  return in_.Object([&](size_t at, std::string_view key) {
    if (!keys.insert(std::string(key)).second) return Twice(at, key);
    pb::Message* entry = message->GetReflection()->AddMessage(message, field);
    if (!SetKey(entry, entry_type.map_key(), key)) {
      return in_.Fail(
          at, StrCat("the key '", Excerpt(key), "' of ", field->full_name(),
                     " must be ", entry_type.map_key()->type_name()));
    }
    return Deeper(1, [&] {
      return ReadOne(entry, entry_type.map_value(),
                     {.field = field, .element = true});
    });
  });
}

bool JsonReader::ReadOne(pb::Message* message, const FieldDescriptor* field,
                         const Subject& subject) {
  const pb::Reflection& reflection = *message->GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return Deeper(1, [&] {
        return ReadMessage(field->is_repeated()
                               ? reflection.AddMessage(message, field)
                               : reflection.MutableMessage(message, field),
                           subject);
      });
    case FieldDescriptor::CPPTYPE_STRING:
      return ReadText(subject, [&](std::string_view text) {
        return SetText(message, field, text);
      });
    case FieldDescriptor::CPPTYPE_BOOL:
      return ReadBool(message, field, subject);
    case FieldDescriptor::CPPTYPE_ENUM:
      return ReadEnum(message, field, subject);
    default:
      return ReadNumber(message, field, subject);
  }
}

bool JsonReader::ReadBool(pb::Message* message, const FieldDescriptor* field,
                          const Subject& subject) {
  bool value;
  if (!Expect(JsonKind::kBool, "true or false", subject) || !in_.Bool(&value)) {
    return false;
  }
  const pb::Reflection& reflection = *message->GetReflection();
  field->is_repeated() ? reflection.AddBool(message, field, value)
                       : reflection.SetBool(message, field, value);
  return true;
}

bool JsonReader::ReadEnum(pb::Message* message, const FieldDescriptor* field,
                          const Subject& subject) {
  JsonKind kind;
  if (!in_.Kind(&kind)) return false;
  const size_t start = in_.pos();
  const pb::EnumDescriptor& type = *field->enum_type();
  std::string_view text;
  bool whole = true;
  std::optional<int32_t> number;
  if (kind == JsonKind::kNumber) {
    if (!in_.Number(&text, &whole)) return false;
    number = IntegerFrom<int32_t>(text, whole);
  } else if (kind == JsonKind::kString) {
    if (!in_.String(&text)) return false;
    if (const auto* value = type.FindValueByName(std::string(text))) {
      number = value->number();
    } else if (IsJsonNumber(text, &whole)) {
      number = IntegerFrom<int32_t>(text, whole);
    }
  } else if (kind == JsonKind::kNull && IsNullValue(type)) {
    if (!in_.Null()) return false;
    number = 0;
  } else {
    return Refuse(
        subject, StrCat("the name of a value, as a string, is ", NameOf(kind)));
  }
  if (!number.has_value()) {
    std::vector<std::string> names;
    for (int i = 0; i < type.value_count(); ++i) {
      names.push_back(type.value(i)->name());
    }
    return in_.Fail(start, StrCat(type.full_name(), " has no value '",
                                  Excerpt(text), "'", DidYouMean(text, names)));
  }
  const pb::Reflection& reflection = *message->GetReflection();
  field->is_repeated() ? reflection.AddEnumValue(message, field, *number)
                       : reflection.SetEnumValue(message, field, *number);
  return true;
}

bool JsonReader::ReadNumber(pb::Message* message, const FieldDescriptor* field,
                            const Subject& subject) {
  JsonKind kind;
  if (!in_.Kind(&kind)) return false;
  const JsonScanner::Mark start = in_.mark();
  std::string_view text;
  bool whole = false;
  bool number = true;
  if (kind == JsonKind::kNumber) {
    if (!in_.Number(&text, &whole)) return false;
  } else if (kind == JsonKind::kString) {
    if (!in_.String(&text)) return false;
    number = IsJsonNumber(text, &whole);
  } else {
    return Refuse(subject, StrCat("a number, is ", NameOf(kind)));
  }
  if (number ? SetNumber(message, field, text, whole)
             : SetNamedNumber(message, field, text)) {
    return true;
  }
  in_.Return(start);
  if (!number) return Refuse(subject, "a number");
  std::optional<double> real = DoubleFrom(text);
  if (real.has_value() && *real != std::trunc(*real)) {
    return Refuse(subject, "a whole number");
  }
  return in_.Fail(start.pos, StrCat(Text(subject), " is out of range for ",
                                    field->type_name()));
}

absl::Status FromJson(std::string_view text, pb::Message* message) {
  message->Clear();
  return JsonReader(text).Read(message);
}

}  // namespace millrace
