// Options as they are written in a .proto file.
#ifndef MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_OPTION_TEXT_H_
#define MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_OPTION_TEXT_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <set>
#include <string>
#include <vector>

namespace millrace::compiler {

struct OptionText {
  std::string name;   // "deprecated", "(millrace.v1.rules)"
  std::string value;  // "true", "{\n  required: true\n  max_len: 9\n}"
};

// The options that are set, by number. Those that the compiler does not know
// are found in `pool`, that of the file they are from. The files in which
// custom options are declared are added to `imports`.
std::vector<OptionText> OptionTexts(
    const google::protobuf::Message& options,
    const google::protobuf::DescriptorPool* pool,
    std::set<std::string>* imports);

// The words with commas between them, as many to a line as fit.
std::string Filled(const std::vector<std::string>& words, size_t width);

// A message as the value of an option: on one line when it has one field.
std::string OptionValue(const google::protobuf::Message& message);

}  // namespace millrace::compiler

#endif  // MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_OPTION_TEXT_H_
