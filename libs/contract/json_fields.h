// Sets fields from the texts of JSON values; repeated ones get one value more.
// Pure functions of their arguments.
#ifndef MILLRACE_CONTRACT_JSON_FIELDS_H_
#define MILLRACE_CONTRACT_JSON_FIELDS_H_

#include <google/protobuf/message.h>

#include <string_view>

namespace millrace {

// A field of type string or bytes. Answers what the text would have to be, or
// "" when it is set.
std::string_view SetText(google::protobuf::Message* message,
                         const google::protobuf::FieldDescriptor* field,
                         std::string_view text);

// Integers and floating points, from a JSON number; `whole` when it has neither
// fraction nor exponent. False when the field cannot hold it.
bool SetNumber(google::protobuf::Message* message,
               const google::protobuf::FieldDescriptor* field,
               std::string_view number, bool whole);

// The same for "NaN", "Infinity" and "-Infinity"; false for any other name.
bool SetNamedNumber(google::protobuf::Message* message,
                    const google::protobuf::FieldDescriptor* field,
                    std::string_view name);

// The key of a map's entry; false when it is none of its type.
bool SetKey(google::protobuf::Message* entry,
            const google::protobuf::FieldDescriptor* field,
            std::string_view key);

}  // namespace millrace

#endif  // MILLRACE_CONTRACT_JSON_FIELDS_H_
