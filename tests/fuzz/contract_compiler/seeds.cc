#include "tests/fuzz/contract_compiler/seeds.h"

#include <google/protobuf/compiler/importer.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "tests/fuzz/contract_compiler/run.h"

namespace millrace::compiler {
namespace {

namespace fs = std::filesystem;
namespace pb = google::protobuf;

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(1);
}

class Loud : public pb::compiler::MultiFileErrorCollector {
 public:
  void AddError(const std::string& file, int line, int,
                const std::string& message) override {
    std::fprintf(stderr, "%s:%d: %s\n", file.c_str(), line + 1,
                 message.c_str());
  }
};

// The files with this ending below the folder, by their paths in it.
std::vector<std::string> FilesIn(const std::string& folder,
                                 const std::string& ending) {
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ending) continue;
    files.push_back(entry.path().lexically_relative(folder).generic_string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

void AddWithImports(const pb::FileDescriptor* file, bool root,
                    std::set<std::string>* added,
                    pb::compiler::CodeGeneratorRequest* request) {
  if (!added->insert(file->name()).second ||
      CommonFiles().FindFileByName(file->name()) != nullptr) {
    return;
  }
  for (int i = 0; i < file->dependency_count(); ++i) {
    AddWithImports(file->dependency(i), false, added, request);
  }
  pb::FileDescriptorProto* proto = request->add_proto_file();
  file->CopyTo(proto);
  file->CopyJsonNameTo(proto);
  if (root) file->CopySourceCodeInfoTo(proto);
}

}  // namespace

std::vector<Seed> SeedsOf(const std::vector<std::string>& folders) {
  pb::compiler::DiskSourceTree tree;
  for (const std::string& folder : folders) tree.MapPath("", folder);
  tree.MapPath("", "/usr/include");
  Loud loud;
  std::vector<Seed> seeds;
  for (const std::string& folder : folders) {
    for (const std::string& name : FilesIn(folder, ".proto")) {
      // One for each: names are the same in many of them.
      pb::compiler::Importer importer(&tree, &loud);
      const pb::FileDescriptor* file = importer.Import(name);
      if (file == nullptr) Fail(name + " does not parse");
      Seed& seed = seeds.emplace_back();
      seed.name = name;
      seed.request.add_file_to_generate(name);
      std::set<std::string> added;
      AddWithImports(file, true, &added, &seed.request);
      // The options are bytes to the importer, and known here.
      std::string bytes = seed.request.SerializeAsString();
      seed.request.ParseFromString(bytes);
    }
  }
  if (seeds.empty()) Fail("no proto files to begin with");
  return seeds;
}

std::vector<Seed> RequestsOf(const std::string& folder) {
  std::vector<Seed> requests;
  for (const std::string& name : FilesIn(folder, ".txtpb")) {
    std::ifstream file(fs::path(folder) / name);
    std::stringstream text;
    text << file.rdbuf();
    Seed& request = requests.emplace_back();
    request.name = name;
    if (!pb::TextFormat::ParseFromString(text.str(), &request.request)) {
      Fail(name + " is no request in text format");
    }
  }
  return requests;
}

}  // namespace millrace::compiler
