// The contract compiler: for each .proto file a .millrace.h and a .millrace.cc.
//
// The files are checked first, with all they import; when anything is wrong,
// all errors are answered and nothing is written. With the parameter "check"
// nothing is written in any case; with "layout" the files must also be in the
// folders that their packages name; and with "derive" the .derived.proto of
// each file is written instead, which is then compiled as any other.
#ifndef MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_GENERATOR_H_
#define MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_GENERATOR_H_

#include <google/protobuf/compiler/code_generator.h>

#include <string>
#include <vector>

namespace millrace::compiler {

class Generator final : public google::protobuf::compiler::CodeGenerator {
 public:
  bool Generate(const google::protobuf::FileDescriptor* file,
                const std::string& parameter,
                google::protobuf::compiler::GeneratorContext* context,
                std::string* error) const override;

  bool GenerateAll(
      const std::vector<const google::protobuf::FileDescriptor*>& files,
      const std::string& parameter,
      google::protobuf::compiler::GeneratorContext* context,
      std::string* error) const override;

  uint64_t GetSupportedFeatures() const override {
    return FEATURE_PROTO3_OPTIONAL;
  }
};

}  // namespace millrace::compiler

#endif  // MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_GENERATOR_H_
