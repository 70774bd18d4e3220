// Refuses field rules that cannot be meant: those that do not fit the type of
// the field, contradict each other, or do not compile.
#ifndef MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_RULE_CHECK_H_
#define MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_RULE_CHECK_H_

#include <google/protobuf/descriptor.h>

#include <optional>
#include <string>

#include "millrace/v1/contract.pb.h"
#include "tools/protoc-gen-millrace/diagnostics.h"

namespace millrace::compiler {

// The rules of a field, empty when it has none.
const v1::FieldRules& RulesOf(const google::protobuf::FieldDescriptor* field);

// The field that has the type of one value: the field itself, or the value of
// the map.
const google::protobuf::FieldDescriptor* ValueOf(
    const google::protobuf::FieldDescriptor* field);

// A listed value of an integer field in decimal and without what says nothing,
// such as the zeros of "007"; nullopt when it is no value of the type.
std::optional<std::string> IntegerOf(
    const google::protobuf::FieldDescriptor* field, const std::string& text);

// Checks the rules of all fields of the message and of those nested in it.
void CheckRules(const google::protobuf::Descriptor* message,
                Diagnostics* diagnostics);

}  // namespace millrace::compiler

#endif  // MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_RULE_CHECK_H_
