// What the proto3 JSON mapping lets stand at one place of a text.
//
// A small value that refers to descriptors, which outlive it. Thread-safe.
#ifndef MILLRACE_CONTRACT_JSON_SHAPE_H_
#define MILLRACE_CONTRACT_JSON_SHAPE_H_

#include <google/protobuf/descriptor.h>

#include <string>
#include <string_view>
#include <vector>

namespace millrace {

enum class JsonKind { kNull, kBool, kNumber, kString, kArray, kObject };

class JsonShape {
 public:
  // Any value.
  JsonShape() = default;

  // The JSON of a message.
  static JsonShape OfMessage(const google::protobuf::Descriptor* message);

  // The shape of one field's value, and what its elements have if it is
  // repeated or its values if it is a map.
  static JsonShape OfField(const google::protobuf::FieldDescriptor* field);
  JsonShape Element() const;

  // The message whose fields are the keys here, or nullptr.
  const google::protobuf::Descriptor* message() const { return message_; }

  // Whether this is an Any, and whether it is one or a value within one, which
  // may be one again.
  bool is_any() const { return in_any_ && form_ == kFreeObject; }
  bool in_any() const { return in_any_; }

  // "" if a value of this kind may stand here, or what is wrong with it, as in
  // "users.v1.User.email must be a string, is a number".
  std::string Refuse(JsonKind kind) const;

  // The same for the text of a number without fraction or exponent that may be
  // out of the field's range, for the name of an enum value, and for the paths
  // of a mask.
  std::string RefuseInteger(std::string_view digits) const;
  std::string RefuseString(std::string_view text) const;

 private:
  enum Form {
    kAnything,
    kMessage,      // an object whose keys are fields
    kFreeObject,   // Struct, Any, and maps
    kFreeArray,    // ListValue, and repeated fields
    kText,         // strings, bytes, Timestamp, Duration
    kPaths,        // FieldMask
    kTruth,        // bool
    kWhole,        // integers, as numbers or strings
    kFloating,     // float and double, as numbers or strings
    kEnumeration,  // the name or the number
  };

  static JsonShape OfValue(const google::protobuf::FieldDescriptor* value);
  void SetScalar(const google::protobuf::FieldDescriptor* scalar);
  std::string Subject() const;
  bool Allows(JsonKind kind) const;

  Form form_ = kAnything;
  bool nullable_ = true;
  bool container_ = false;  // a repeated field or a map, all of it
  bool in_any_ = false;
  const google::protobuf::Descriptor* message_ = nullptr;
  // The field to name in errors, and the one that has the type of a scalar.
  const google::protobuf::FieldDescriptor* field_ = nullptr;
  const google::protobuf::FieldDescriptor* scalar_ = nullptr;
};

// The field with this name, in lowerCamelCase or as it is declared.
const google::protobuf::FieldDescriptor* FindJsonField(
    const google::protobuf::Descriptor& message, std::string_view name);

// The names under which the fields of the message are written.
std::vector<std::string> JsonNames(const google::protobuf::Descriptor& message);

}  // namespace millrace

#endif  // MILLRACE_CONTRACT_JSON_SHAPE_H_
