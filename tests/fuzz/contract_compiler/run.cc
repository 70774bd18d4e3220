#include "tests/fuzz/contract_compiler/run.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/empty.pb.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/stubs/logging.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "millrace/v1/contract.pb.h"
#include "tools/protoc-gen-millrace/generator.h"

namespace millrace::compiler {
namespace {

namespace pb = google::protobuf;
using pb::compiler::CodeGeneratorRequest;

class Silent : public pb::DescriptorPool::ErrorCollector {
 public:
  void AddError(const std::string&, const std::string&, const pb::Message*,
                ErrorLocation, const std::string&) override {}
};

class Memory : public pb::compiler::GeneratorContext {
 public:
  pb::io::ZeroCopyOutputStream* Open(const std::string& name) override {
    return new pb::io::StringOutputStream(&files[name]);
  }

  std::map<std::string, std::string> files;
};

void Demand(bool kept, const char* promise) {
  if (kept) return;
  std::fprintf(stderr, "broken: %s\n", promise);
  std::abort();
}

// Every error has a place: "file:line:column: error: ".
bool HasPlaces(const std::string& errors) {
  return errors.find(" in contracts\n") != std::string::npos &&
         errors.find(": error: ") != std::string::npos;
}

void AddWithImports(const pb::FileDescriptor* file, pb::DescriptorPool* pool) {
  if (pool->FindFileByName(file->name()) != nullptr) return;
  for (int i = 0; i < file->dependency_count(); ++i) {
    AddWithImports(file->dependency(i), pool);
  }
  pb::FileDescriptorProto proto;
  file->CopyTo(&proto);
  Demand(pool->BuildFile(proto) != nullptr, "the common files");
}

}  // namespace

const pb::DescriptorPool& CommonFiles() {
  static const pb::DescriptorPool* const kPool = [] {
    auto* pool = new pb::DescriptorPool;
    AddWithImports(v1::Emitter::descriptor()->file(), pool);
    AddWithImports(pb::Empty::descriptor()->file(), pool);
    return pool;
  }();
  return *kPool;
}

Outcome RunCompiler(const CodeGeneratorRequest& request) {
  // Of texts that are not UTF-8, which protobuf takes all the same.
  const pb::LogSilencer quiet;
  pb::DescriptorPool pool(&CommonFiles());
  Silent silent;
  for (const pb::FileDescriptorProto& file : request.proto_file()) {
    if (pool.FindFileByName(file.name()) != nullptr) continue;
    if (pool.BuildFileCollectingErrors(file, &silent) == nullptr) {
      return Outcome::kInvalid;
    }
  }
  std::vector<const pb::FileDescriptor*> files;
  for (const std::string& name : request.file_to_generate()) {
    const pb::FileDescriptor* file = pool.FindFileByName(name);
    if (file == nullptr) return Outcome::kInvalid;
    files.push_back(file);
  }
  if (files.empty()) return Outcome::kInvalid;

  const Generator generator;
  Memory memory;
  std::string errors;
  const bool good =
      generator.GenerateAll(files, request.parameter(), &memory, &errors);
  if (good) {
    Demand(errors.empty(), "no errors with the code");
    for (const auto& [name, text] : memory.files) {
      Demand(!text.empty() && text.back() == '\n', "whole files");
    }
    return Outcome::kCode;
  }
  Demand(memory.files.empty(), "no code with the errors");
  Demand(HasPlaces(errors) || errors.starts_with("unknown parameter"),
         "an error says where it is");
  return Outcome::kErrors;
}

}  // namespace millrace::compiler
