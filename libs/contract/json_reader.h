// Reads one JSON text into a message, by the proto3 JSON mapping and
// reflection; behind FromJson (contract/json.h), which says what it takes.
//
// Recursive descent, as deep as the scanner lets it. Each method reads the
// value that comes next into its place, and answers false when it failed; the
// scanner then has the error. Not thread-safe.
#ifndef MILLRACE_CONTRACT_JSON_READER_H_
#define MILLRACE_CONTRACT_JSON_READER_H_

#include <google/protobuf/struct.pb.h>

#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "contract/json_scanner.h"
#include "contract/json_types.h"

namespace millrace {

class JsonReader {
 public:
  using Message = google::protobuf::Message;
  using FieldDescriptor = google::protobuf::FieldDescriptor;

  explicit JsonReader(std::string_view text) : in_(text) {}

  // Adds to what `message` has.
  absl::Status Read(Message* message);

 private:
  // What an error is about.
  struct Subject {
    const google::protobuf::Descriptor* type = nullptr;  // without a field
    const FieldDescriptor* field = nullptr;
    bool element = false;  // of a repeated field or a map
  };

  static std::string Text(const Subject& subject);
  bool Refuse(const Subject& subject, std::string_view wanted);
  bool Twice(size_t at, std::string_view key);
  // Whether a value of this kind comes next, which errors call by that name.
  bool Expect(JsonKind kind, std::string_view name, const Subject& subject);
  // Reads what lies so many messages deeper on the wire.
  bool Deeper(int levels, absl::FunctionRef<bool()> read);
  // `parse` answers what the text would have to be, or "".
  bool ReadText(const Subject& subject,
                absl::FunctionRef<std::string_view(std::string_view)> parse);

  // Fields (json_reader.cc).
  bool ReadFields(Message* message, const Subject& subject, bool in_any);
  bool ReadField(Message* message, const FieldDescriptor* field, size_t at);
  bool ReadMap(Message* message, const FieldDescriptor* field);
  // One value, set or added.
  bool ReadOne(Message* message, const FieldDescriptor* field,
               const Subject& subject);
  bool ReadBool(Message* message, const FieldDescriptor* field,
                const Subject& subject);
  bool ReadEnum(Message* message, const FieldDescriptor* field,
                const Subject& subject);
  bool ReadNumber(Message* message, const FieldDescriptor* field,
                  const Subject& subject);

  // Messages, of which some have a JSON of their own (json_reader_types.cc).
  bool ReadMessage(Message* message, const Subject& subject);
  bool ReadWrapper(Message* message, const Subject& subject);
  bool ReadStruct(google::protobuf::Struct* fields, const Subject& subject);
  bool ReadList(google::protobuf::ListValue* list, const Subject& subject);
  bool ReadValue(google::protobuf::Value* value);
  bool ReadAny(Message* any, const Subject& subject);
  // Looks ahead for "@type", which is at `at`; "" when the object is empty.
  bool FindType(std::string* url, size_t* at);
  // The value in an Any, of a type whose JSON is no object of fields.
  bool ReadHeldValue(Message* held);

  JsonScanner in_;
  int level_ = 0;          // of messages in one another
  size_t read_again_ = 0;  // bytes before "@type"s
  HeldMessages held_;
};

}  // namespace millrace

#endif  // MILLRACE_CONTRACT_JSON_READER_H_
