#include "tools/protoc-gen-millrace/layout_check.h"

#include <re2/re2.h>

#include <string>

#include "absl/strings/str_replace.h"
#include "base/strings.h"

namespace millrace::compiler {
namespace {

namespace pb = google::protobuf;

// "users/v1" for users/v1/users.proto; "" for a file at the root.
std::string FolderOf(const pb::FileDescriptor* file) {
  const size_t slash = file->name().rfind('/');
  return slash == std::string::npos ? "" : file->name().substr(0, slash);
}

}  // namespace

void CheckLayout(const pb::FileDescriptor* file, Diagnostics* diagnostics) {
  const std::string& package = file->package();
  const std::string folder = FolderOf(file);
  const std::string from_folder = absl::StrReplaceAll(folder, {{"/", "."}});
  const std::string example =
      StrCat("package ",
             from_folder.empty() || from_folder.find('.') == std::string::npos
                 ? "users.v1"
                 : from_folder,
             ";");
  if (package.empty()) {
    diagnostics->Error(Place::OfPackage(file),
                       StrCat(file->name(), " has no package"),
                       "its names would be those of everybody", example);
    return;
  }
  static const re2::RE2 kVersioned(
      R"(([a-z][a-z0-9_]*\.)+v[1-9][0-9]*((alpha|beta)[0-9]*)?)");
  if (!re2::RE2::FullMatch(package, kVersioned)) {
    diagnostics->Error(
        Place::OfPackage(file),
        StrCat("package ", package, " does not end in a version"),
        "the next version of a contract lives beside this one until nobody "
        "uses it any more",
        StrCat("package ", package, ".v1; in ",
               absl::StrReplaceAll(package, {{".", "/"}}), "/v1"));
    return;
  }
  if (from_folder != package) {
    const std::string path = absl::StrReplaceAll(package, {{".", "/"}});
    diagnostics->Error(
        Place::OfPackage(file),
        StrCat("package ", package, " is in the folder ",
               folder.empty() ? "." : folder),
        "a file is found by its package, and its includes are named after both",
        StrCat("the folder ", path, ", or ", example));
  }
}

}  // namespace millrace::compiler
