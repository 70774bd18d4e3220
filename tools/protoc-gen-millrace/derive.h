// Derived messages as the compiler knows them: what the `derive` options of a
// file ask for, worked out to fields.
#ifndef MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_DERIVE_H_
#define MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_DERIVE_H_

#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

#include "tools/protoc-gen-millrace/diagnostics.h"

namespace millrace::compiler {

// A field of a derived message: that of a source, perhaps made optional.
struct DerivedField {
  const google::protobuf::FieldDescriptor* source = nullptr;
  bool partial = false;
};

struct DerivedModel {
  std::string name;
  std::string doc;
  // "Partial<Omit<User, {id, etag}>>".
  std::string type;
  // In the order of the sources; none for a Record.
  std::vector<DerivedField> fields;

  // For a Record: the full name of the values' type, the file of that type or
  // null for another derived message, and the field that is the key or null.
  std::string value;
  const google::protobuf::FileDescriptor* value_file = nullptr;
  const google::protobuf::FieldDescriptor* key = nullptr;

  bool IsRecord() const { return !value.empty(); }

  // The messages that the fields are from, each once.
  std::vector<const google::protobuf::Descriptor*> Sources() const;
};

bool HasDerives(const google::protobuf::FileDescriptor* file);

// "users/v1/user.derived.proto" for users/v1/user.proto.
std::string DerivedFileName(const google::protobuf::FileDescriptor* file);

// Reads the `derive` options of the file. What is wrong goes to `diagnostics`;
// the models are of use only when nothing is.
std::vector<DerivedModel> ReadDerives(
    const google::protobuf::FileDescriptor* file, Diagnostics* diagnostics);

}  // namespace millrace::compiler

#endif  // MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_DERIVE_H_
