// Writes what assigns the fields that a path of a field mask names.
#ifndef MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_MASK_WRITER_H_
#define MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_MASK_WRITER_H_

#include <string>
#include <vector>

#include "tools/protoc-gen-millrace/derived.h"
#include "tools/protoc-gen-millrace/writer.h"

namespace millrace::compiler {

// A C++ name for a message of the model: that of its class, or with the package
// when another has the same.
std::string UniqueName(const ConversionModel& model,
                       const google::protobuf::Descriptor* message);

// The name of the functions that make it: "ToOuterInner" for Outer.Inner.
std::string FunctionName(const ConversionModel& model,
                         const google::protobuf::Descriptor* message);

// The name of a variable for it, which no other message of the model has:
// "user_patch" for UserPatch.
std::string VariableName(const ConversionModel& model,
                         const google::protobuf::Descriptor* message);

// The messages that a path can go into from those of the models.
std::vector<const google::protobuf::Descriptor*> EnteredMessages(
    const std::vector<ConversionModel>& models);

// The AssignPath() functions of the models and of the messages in them, in an
// unnamed namespace.
void DefinePaths(const google::protobuf::FileDescriptor* file,
                 const std::vector<ConversionModel>& models, Writer* out);

}  // namespace millrace::compiler

#endif  // MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_MASK_WRITER_H_
