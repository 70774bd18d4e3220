// Writes validators: for each message with rules a Check() function.
#ifndef MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_RULE_WRITER_H_
#define MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_RULE_WRITER_H_

#include <google/protobuf/descriptor.h>

#include <set>
#include <string>
#include <vector>

#include "tools/protoc-gen-millrace/writer.h"

namespace millrace::compiler {

// Whether the message has rules, or holds a message that has, at any depth.
bool HasRules(const google::protobuf::Descriptor* message);

// The messages of the file that have rules, in their order.
std::vector<const google::protobuf::Descriptor*> CheckedMessages(
    const google::protobuf::FileDescriptor* file);

// The files whose Check() functions those of `file` call.
std::set<std::string> CheckHeaders(
    const google::protobuf::FileDescriptor* file);

void DeclareCheck(const google::protobuf::Descriptor* message, Writer* out);
void DefineCheck(const google::protobuf::Descriptor* message, Writer* out);

}  // namespace millrace::compiler

#endif  // MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_RULE_WRITER_H_
