#include "tools/contracts/json_schema.h"

#include <vector>

#include "base/strings.h"
#include "tools/contracts/contract_model.h"

namespace millrace::contracts {
namespace {

namespace pb = google::protobuf;
using pb::FieldDescriptor;

Document Typed(std::string_view type) {
  return Document::Object({{"type", type}});
}

Document Reference(const pb::Descriptor* message) {
  return Document::Object(
      {{"$ref", StrCat("#/components/schemas/", message->full_name())}});
}

// Whether the message's JSON is not the object of its fields.
bool IsSpecial(const pb::Descriptor* message) {
  return message->well_known_type() !=
             pb::Descriptor::WELLKNOWNTYPE_UNSPECIFIED ||
         message->full_name() == "google.protobuf.Empty";
}

Document Special(const pb::Descriptor* message) {
  Document schema;
  switch (message->well_known_type()) {
    case pb::Descriptor::WELLKNOWNTYPE_TIMESTAMP:
      schema = Typed("string");
      schema["format"] = "date-time";
      return schema;
    case pb::Descriptor::WELLKNOWNTYPE_DURATION:
      schema = Typed("string");
      schema["pattern"] = "^-?[0-9]+(\\.[0-9]{1,9})?s$";
      schema["description"] = "Seconds, as in \"1.5s\".";
      return schema;
    case pb::Descriptor::WELLKNOWNTYPE_FIELDMASK:
      schema = Typed("string");
      schema["pattern"] = "^([A-Za-z0-9_.]+(,[A-Za-z0-9_.]+)*)?$";
      schema["description"] =
          "Names of fields in lowerCamelCase, with commas between them.";
      return schema;
    case pb::Descriptor::WELLKNOWNTYPE_STRUCT:
      return Typed("object");
    case pb::Descriptor::WELLKNOWNTYPE_LISTVALUE:
      return Typed("array");
    case pb::Descriptor::WELLKNOWNTYPE_VALUE:
      schema = Document::Object();
      schema["description"] = "Any JSON value.";
      return schema;
    case pb::Descriptor::WELLKNOWNTYPE_ANY:
      schema = Typed("object");
      schema["description"] =
          "A message of the type that \"@type\" names, with its fields beside "
          "it.";
      schema["properties"]["@type"] = Typed("string");
      return schema;
    case pb::Descriptor::WELLKNOWNTYPE_UNSPECIFIED:  // Empty
      return Typed("object");
    default:  // the wrappers
      return ValueSchema(message->field(0));
  }
}

Document Enumeration(const pb::EnumDescriptor* type) {
  if (type->full_name() == "google.protobuf.NullValue") return Typed("null");
  Document schema = Typed("string");
  std::string text = CommentOf(type);
  std::string values;
  for (int i = 0; i < type->value_count(); ++i) {
    schema["enum"].Add(type->value(i)->name());
    const std::string comment = CommentOf(type->value(i));
    if (!comment.empty()) {
      StrAppend(&values, "\n- ", type->value(i)->name(), ": ", comment);
    }
  }
  if (!values.empty()) StrAppend(&text, text.empty() ? "" : "\n", values);
  if (text.starts_with('\n')) text.erase(0, 1);
  if (!text.empty()) schema["description"] = text;
  return schema;
}

Document Digits(std::string_view format, std::string_view pattern) {
  Document schema = Typed("string");
  schema["format"] = format;
  schema["pattern"] = pattern;
  return schema;
}

// The schema of a map's keys, which JSON has as strings; null for any.
Document KeySchema(const FieldDescriptor* key) {
  Document schema;
  switch (key->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      break;
    case FieldDescriptor::CPPTYPE_BOOL:
      schema["enum"] = Document::Array({"true", "false"});
      break;
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
      schema["pattern"] = "^[0-9]+$";
      break;
    default:
      schema["pattern"] = "^-?[0-9]+$";
  }
  return schema;
}

Document FieldSchema(const FieldDescriptor* field) {
  Document schema;
  const FieldDescriptor* value =
      field->is_map() ? field->message_type()->map_value() : field;
  Document one = ValueSchema(value);
  AddValueRules(field, &one);
  if (field->is_map()) {
    schema = Typed("object");
    const Document keys = KeySchema(field->message_type()->map_key());
    if (keys.kind() != Document::Kind::kNull) schema["propertyNames"] = keys;
    schema["additionalProperties"] = one;
  } else if (field->is_repeated()) {
    schema = Typed("array");
    schema["items"] = one;
  } else {
    schema = one;
  }
  AddListRules(field, &schema);

  std::string comment = CommentOf(field);
  if (const Document* own = schema.Find("description")) {
    comment =
        comment.empty() ? own->text() : StrCat(comment, "\n\n", own->text());
  }
  const bool secret = IsSensitive(field);
  const bool deprecated = field->options().deprecated();
  if (schema.Has("$ref") && (!comment.empty() || secret || deprecated)) {
    Document wrapped;
    wrapped["allOf"].Add(schema);
    schema = wrapped;
  }
  if (!comment.empty()) schema["description"] = comment;
  if (deprecated) schema["deprecated"] = true;
  if (secret) schema["writeOnly"] = true;
  return schema;
}

// At most one of the members: each alone, or none.
Document AtMostOne(const pb::OneofDescriptor* oneof) {
  Document some;
  Document schema;
  for (int i = 0; i < oneof->field_count(); ++i) {
    Document set;
    set["required"].Add(oneof->field(i)->json_name());
    schema["oneOf"].Add(set);
    some["anyOf"].Add(set);
  }
  Document none;
  none["not"] = some;
  schema["oneOf"].Add(none);
  const std::string comment = CommentOf(oneof);
  if (!comment.empty()) schema["description"] = comment;
  return schema;
}

Document MessageSchema(const pb::Descriptor* message, bool closed) {
  Document schema = Typed("object");
  schema["title"] = message->name();
  const std::string comment = CommentOf(message);
  if (!comment.empty()) schema["description"] = comment;
  if (message->options().deprecated()) schema["deprecated"] = true;
  Document required = Document::Array();
  Document properties = Document::Object();
  for (int i = 0; i < message->field_count(); ++i) {
    const FieldDescriptor* field = message->field(i);
    properties[field->json_name()] = FieldSchema(field);
    if (MustBeSet(field)) required.Add(field->json_name());
  }
  if (!properties.empty()) schema["properties"] = properties;
  if (!required.empty()) schema["required"] = required;
  for (int i = 0; i < message->real_oneof_decl_count(); ++i) {
    schema["allOf"].Add(AtMostOne(message->oneof_decl(i)));
  }
  if (closed) schema["additionalProperties"] = false;
  return schema;
}

}  // namespace

Document ValueSchema(const FieldDescriptor* field) {
  Document schema;
  switch (field->type()) {
    case FieldDescriptor::TYPE_MESSAGE:
    case FieldDescriptor::TYPE_GROUP:
      return IsSpecial(field->message_type())
                 ? Special(field->message_type())
                 : Reference(field->message_type());
    case FieldDescriptor::TYPE_ENUM:
      return Enumeration(field->enum_type());
    case FieldDescriptor::TYPE_BOOL:
      return Typed("boolean");
    case FieldDescriptor::TYPE_STRING:
      return Typed("string");
    case FieldDescriptor::TYPE_BYTES:
      schema = Typed("string");
      schema["contentEncoding"] = "base64";
      schema["pattern"] = "^[A-Za-z0-9+/_-]*={0,2}$";
      return schema;
    case FieldDescriptor::TYPE_DOUBLE:
    case FieldDescriptor::TYPE_FLOAT: {
      Document number = Typed("number");
      number["format"] =
          field->type() == FieldDescriptor::TYPE_FLOAT ? "float" : "double";
      Document other = Typed("string");
      other["enum"] = Document::Array({"NaN", "Infinity", "-Infinity"});
      schema["oneOf"] = Document::Array({number, other});
      return schema;
    }
    case FieldDescriptor::TYPE_INT64:
    case FieldDescriptor::TYPE_SINT64:
    case FieldDescriptor::TYPE_SFIXED64:
      return Digits("int64", "^-?[0-9]+$");
    case FieldDescriptor::TYPE_UINT64:
    case FieldDescriptor::TYPE_FIXED64:
      return Digits("uint64", "^[0-9]+$");
    case FieldDescriptor::TYPE_UINT32:
    case FieldDescriptor::TYPE_FIXED32:
      schema = Typed("integer");
      schema["format"] = "uint32";
      schema["minimum"] = 0;
      schema["maximum"] = 4294967295;
      return schema;
    default:
      schema = Typed("integer");
      schema["format"] = "int32";
      return schema;
  }
}

Document SchemaBook::Sent(const pb::Descriptor* message) {
  Reach(message, &sent_);
  return Refer(message);
}

Document SchemaBook::Answered(const pb::Descriptor* message) {
  Reach(message, &answered_);
  return Refer(message);
}

Document SchemaBook::Refer(const pb::Descriptor* message) {
  return IsSpecial(message) ? Special(message) : Reference(message);
}

void SchemaBook::Reach(const pb::Descriptor* message,
                       std::set<const pb::Descriptor*>* reached) {
  if (IsSpecial(message) || !reached->insert(message).second) return;
  if (!message->options().map_entry()) {
    messages_[message->full_name()] = message;
  }
  for (int i = 0; i < message->field_count(); ++i) {
    const pb::Descriptor* type = message->field(i)->message_type();
    if (type != nullptr) Reach(type, reached);
  }
}

Document SchemaBook::Components() const {
  Document components = Document::Object();
  for (const auto& [name, message] : messages_) {
    components[name] = MessageSchema(
        message, sent_.count(message) > 0 && answered_.count(message) == 0);
  }
  return components;
}

}  // namespace millrace::contracts
