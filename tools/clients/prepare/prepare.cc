#include "tools/clients/prepare/prepare.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "base/strings.h"
#include "tools/clients/prepare/imports.h"
#include "tools/clients/prepare/names.h"
#include "tools/clients/prepare/strip.h"

namespace millrace::clients {
namespace {

using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;

bool IsGoogles(std::string_view name) { return name.starts_with("google/"); }

bool IsGenerated(const PrepareOptions& options, std::string_view name) {
  if (!IsGoogles(name)) return true;
  return options.with_google_rpc && name.starts_with("google/rpc/");
}

// Declares options: a program that calls has no use for it.
bool DeclaresOptions(const FileDescriptorProto& file) {
  return std::any_of(
      file.extension().begin(), file.extension().end(),
      [](const auto& extension) {
        return extension.extendee().starts_with(".google.protobuf.");
      });
}

bool IsEmpty(const FileDescriptorProto& file) {
  return file.message_type().empty() && file.enum_type().empty() &&
         file.service().empty() && file.extension().empty();
}

// Keeps what is generated and what that imports, in the order of before.
void KeepNeeded(const PrepareOptions& options, FileDescriptorSet* set) {
  std::map<std::string, const FileDescriptorProto*> files;
  for (const FileDescriptorProto& file : set->file()) {
    files[file.name()] = &file;
  }
  std::set<std::string> needed;
  std::vector<std::string> open;
  for (const FileDescriptorProto& file : set->file()) {
    if (IsGenerated(options, file.name()) && !DeclaresOptions(file) &&
        !IsEmpty(file)) {
      open.push_back(file.name());
    }
  }
  while (!open.empty()) {
    const std::string name = std::move(open.back());
    open.pop_back();
    if (!needed.insert(name).second) continue;
    for (const std::string& import : files.at(name)->dependency()) {
      open.push_back(import);
    }
  }
  FileDescriptorSet kept;
  for (FileDescriptorProto& file : *set->mutable_file()) {
    if (needed.contains(file.name())) kept.add_file()->Swap(&file);
  }
  set->Swap(&kept);
}

void Move(const PrepareOptions& options, FileDescriptorProto* file) {
  const auto moved = [&options](std::string* name) {
    if (IsGenerated(options, *name)) name->insert(0, options.file_prefix);
  };
  moved(file->mutable_name());
  for (std::string& import : *file->mutable_dependency()) moved(&import);
}

}  // namespace

absl::StatusOr<std::vector<std::string>> Prepare(const PrepareOptions& options,
                                                 FileDescriptorSet* set) {
  for (FileDescriptorProto& file : *set->mutable_file()) {
    if (!file.name().starts_with("google/protobuf/")) Strip(&file);
  }
  if (absl::Status pruned = PruneImports(set); !pruned.ok()) return pruned;
  KeepNeeded(options, set);
  std::vector<std::string> generated;
  for (FileDescriptorProto& file : *set->mutable_file()) {
    const bool is_generated = IsGenerated(options, file.name());
    NamePackages(options, is_generated, &file);
    Move(options, &file);
    if (is_generated) generated.push_back(file.name());
  }
  return generated;
}

}  // namespace millrace::clients
