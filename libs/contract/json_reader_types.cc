#include <google/protobuf/any.pb.h>
#include <google/protobuf/field_mask.pb.h>

#include <memory>
#include <optional>
#include <utility>

#include "base/strings.h"
#include "contract/json_reader.h"
#include "contract/json_scalars.h"
#include "contract/utf8.h"

namespace millrace {
namespace {

namespace pb = google::protobuf;
using pb::Descriptor;

// What stands before the "@type" of an Any is read twice, and again for each
// Any around it. So many bytes may be, in one text.
constexpr size_t kMostReadAgain = 16 << 20;

// The generated class of a type that every program has; a dynamic message
// gets it as bytes.
template <typename T, typename F>
bool As(pb::Message* message, F&& read) {
  if (auto* generated = pb::DynamicCastToGenerated<T>(message)) {
    return read(generated);
  }
  T value;
  return read(&value) &&
         message->ParsePartialFromString(value.SerializePartialAsString());
}

std::string_view ReadPaths(std::string_view text, pb::FieldMask* mask) {
  constexpr std::string_view kWanted =
      "the paths of fields with ',' between them, without '(' and ')'";
  if (text.empty()) return "";
  for (;;) {
    const size_t comma = text.find(',');
    const std::string_view path = text.substr(0, comma);
    if (path.empty() || path.find_first_of("()") != path.npos) {
      return kWanted;
    }
    mask->add_paths(PathFromJson(path));
    if (comma == text.npos) return "";
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

bool JsonReader::ReadMessage(pb::Message* message, const Subject& subject) {
  switch (message->GetDescriptor()->well_known_type()) {
    case Descriptor::WELLKNOWNTYPE_UNSPECIFIED:
      return ReadFields(message, subject, /*in_any=*/false);
    case Descriptor::WELLKNOWNTYPE_ANY:
      return ReadAny(message, subject);
    case Descriptor::WELLKNOWNTYPE_STRUCT:
      return As<pb::Struct>(message, [&](pb::Struct* fields) {
        return ReadStruct(fields, subject);
      });
    case Descriptor::WELLKNOWNTYPE_LISTVALUE:
      return As<pb::ListValue>(message, [&](pb::ListValue* list) {
        return ReadList(list, subject);
      });
    case Descriptor::WELLKNOWNTYPE_VALUE:
      return As<pb::Value>(message,
                           [&](pb::Value* value) { return ReadValue(value); });
    case Descriptor::WELLKNOWNTYPE_TIMESTAMP:
      return As<pb::Timestamp>(message, [&](pb::Timestamp* time) {
        return ReadText(subject, [&](std::string_view text) {
          return TimestampFrom(text, time)
                     ? ""
                     : "a time of RFC 3339 within the years 1 to 9999, as in "
                       "'2026-01-02T03:04:05Z'";
        });
      });
    case Descriptor::WELLKNOWNTYPE_DURATION:
      return As<pb::Duration>(message, [&](pb::Duration* duration) {
        return ReadText(subject, [&](std::string_view text) {
          return DurationFrom(text, duration)
                     ? ""
                     : "seconds with an 's' behind, of at most 10,000 years, "
                       "as in '1.5s'";
        });
      });
    case Descriptor::WELLKNOWNTYPE_FIELDMASK:
      return As<pb::FieldMask>(message, [&](pb::FieldMask* mask) {
        return ReadText(subject, [&](std::string_view text) {
          return ReadPaths(text, mask);
        });
      });
    default:
      return ReadWrapper(message, subject);
  }
}

bool JsonReader::ReadWrapper(pb::Message* message, const Subject& subject) {
  JsonKind kind;
  if (!in_.Kind(&kind)) return false;
  if (kind == JsonKind::kNull) return in_.Null();
  return ReadOne(message, message->GetDescriptor()->field(0), subject);
}

bool JsonReader::ReadStruct(pb::Struct* fields, const Subject& subject) {
  if (!Expect(JsonKind::kObject, "an object", subject)) return false;
  auto& map = *fields->mutable_fields();
  return in_.Object([&](size_t at, std::string_view key) {
    const size_t before = map.size();
    pb::Value& value = map[std::string(key)];
    if (map.size() == before) return Twice(at, key);
    return Deeper(2, [&] { return ReadValue(&value); });
  });
}

bool JsonReader::ReadList(pb::ListValue* list, const Subject& subject) {
  if (!Expect(JsonKind::kArray, "an array", subject)) return false;
  return in_.Array(
      [&] { return Deeper(1, [&] { return ReadValue(list->add_values()); }); });
}

bool JsonReader::ReadValue(pb::Value* value) {
  static const Subject kValue = {.type = pb::Value::descriptor()};
  JsonKind kind;
  if (!in_.Kind(&kind)) return false;
  std::string_view text;
  bool flag;
  switch (kind) {
    case JsonKind::kNull:
      value->set_null_value(pb::NULL_VALUE);
      return in_.Null();
    case JsonKind::kBool:
      if (!in_.Bool(&flag)) return false;
      value->set_bool_value(flag);
      return true;
    case JsonKind::kString:
      if (!in_.String(&text)) return false;
      value->set_string_value(text.data(), text.size());
      return true;
    case JsonKind::kNumber: {
      const size_t start = in_.pos();
      if (!in_.Number(&text, &flag)) return false;
      const std::optional<double> number = DoubleFrom(text);
      if (!number.has_value()) {
        return in_.Fail(start, "the number is out of range for double");
      }
      value->set_number_value(*number);
      return true;
    }
    case JsonKind::kArray:
      return Deeper(
          1, [&] { return ReadList(value->mutable_list_value(), kValue); });
    case JsonKind::kObject:
      return Deeper(
          1, [&] { return ReadStruct(value->mutable_struct_value(), kValue); });
  }
  return false;
}

bool JsonReader::FindType(std::string* url, size_t* at) {
  const JsonScanner::Mark start = in_.mark();
  std::optional<size_t> first;
  bool found = false;
  const bool whole = in_.Object([&](size_t key_at, std::string_view key) {
    if (!first.has_value()) first = key_at;
    if (key != "@type") return in_.Skip();
    *at = in_.pos();
    std::string_view text;
    if (!Expect(JsonKind::kString, "a string",
                {.field = pb::Any::descriptor()->field(0)}) ||
        !in_.String(&text)) {
      return false;
    }
    url->assign(text);
    found = true;
    return false;
  });
  if (!found) {
    if (whole && first.has_value()) {
      return in_.Fail(*first, "an Any must have '@type'");
    }
    return whole;
  }
  read_again_ += *at - *first;
  if (read_again_ > kMostReadAgain) {
    return in_.Fail(*at, "'@type' stands behind too much; write it first");
  }
  in_.Return(start);
  return true;
}

bool JsonReader::ReadAny(pb::Message* any, const Subject& subject) {
  if (!Expect(JsonKind::kObject, "an object", subject)) return false;
  std::string url;
  size_t at = 0;
  if (!FindType(&url, &at)) return false;
  if (at == 0) return true;
  const Descriptor& any_type = *any->GetDescriptor();
  const pb::DescriptorPool* pool = any_type.file()->pool();
  const size_t slash = url.rfind('/');
  const Descriptor* type =
      slash == url.npos ? nullptr
                        : pool->FindMessageTypeByName(url.substr(slash + 1));
  if (type == nullptr) {
    return in_.Fail(at, StrCat("'@type' names no message type that is known "
                               "here: '",
                               Excerpt(url), "'"));
  }
  const std::unique_ptr<pb::Message> held = held_.New(type);
  // What an Any holds is bytes on the wire, and begins anew.
  const int level = std::exchange(level_, 0);
  const bool read =
      type->well_known_type() == Descriptor::WELLKNOWNTYPE_UNSPECIFIED
          ? ReadFields(held.get(), subject, /*in_any=*/true)
          : ReadHeldValue(held.get());
  level_ = level;
  if (!read) return false;
  const pb::Reflection& reflection = *any->GetReflection();
  reflection.SetString(any, any_type.FindFieldByNumber(1), std::move(url));
  reflection.SetString(any, any_type.FindFieldByNumber(2),
                       held->SerializePartialAsString());
  return true;
}

bool JsonReader::ReadHeldValue(pb::Message* held) {
  bool typed = false, valued = false;
  return in_.Object([&](size_t at, std::string_view key) {
    if (key == "@type") {
      return std::exchange(typed, true) ? Twice(at, key) : in_.Skip();
    }
    if (key != "value") {
      return in_.Fail(
          at, StrCat("an Any of ", held->GetDescriptor()->full_name(),
                     " has '@type' and 'value', and no '", Excerpt(key), "'"));
    }
    if (std::exchange(valued, true)) return Twice(at, key);
    return ReadMessage(held, {.type = held->GetDescriptor()});
  });
}

}  // namespace millrace
