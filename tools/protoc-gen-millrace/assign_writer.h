// Writes statements that carry one field from a message into another.
#ifndef MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_ASSIGN_WRITER_H_
#define MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_ASSIGN_WRITER_H_

#include <google/protobuf/descriptor.h>

#include <string>

#include "tools/protoc-gen-millrace/derived.h"
#include "tools/protoc-gen-millrace/writer.h"

namespace millrace::compiler {

// The variables of a pair: a message or a reference, and a pointer or a
// message.
struct Ends {
  std::string from;   // "user"
  std::string to;     // "patch->" or "patch."
  bool move = false;  // `from` may be robbed
};

// The same fields, in the other direction.
std::vector<FieldPair> Reversed(const std::vector<FieldPair>& pairs);

// Whether something can be moved out of the field that is worth it.
bool IsMovable(const google::protobuf::FieldDescriptor* field);

// The condition for a field that is set: present, or not the default.
std::string IsSetCode(const google::protobuf::FieldDescriptor* field,
                      const std::string& variable);

// Assigns the field when it is set.
void WriteIfSet(const FieldPair& pair, const Ends& ends, Writer* out);

// Assigns the field, or clears it when it is not set.
void WriteAssign(const FieldPair& pair, const Ends& ends, Writer* out);

}  // namespace millrace::compiler

#endif  // MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_ASSIGN_WRITER_H_
