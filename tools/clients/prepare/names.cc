#include "tools/clients/prepare/names.h"

#include <string>
#include <string_view>

#include "base/strings.h"

namespace millrace::clients {
namespace {

using google::protobuf::FileDescriptorProto;

std::string Replaced(std::string text, char from, std::string_view to) {
  for (size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, 1, to);
  }
  return text;
}

// users/v1/user.derived.proto -> UserDerived
std::string UpperCamel(std::string_view path) {
  path.remove_prefix(path.rfind('/') + 1);
  if (path.ends_with(".proto")) path.remove_suffix(6);
  std::string name;
  bool upper = true;
  for (const char c : path) {
    if (c == '.' || c == '_' || c == '-') {
      upper = true;
    } else {
      name +=
          upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
      upper = false;
    }
  }
  return name;
}

// google/rpc/status.proto -> status; error_details -> errdetails, as the
// public packages have it.
std::string GoogleRpcPackage(std::string_view path) {
  if (path == "google/rpc/error_details.proto") return "errdetails";
  path.remove_prefix(path.rfind('/') + 1);
  return std::string(path.substr(0, path.find('.')));
}

}  // namespace

void NamePackages(const PrepareOptions& options, bool generated,
                  FileDescriptorProto* file) {
  auto* names = file->mutable_options();
  const bool google_rpc = !generated && file->name().starts_with("google/rpc/");
  if (!generated && !google_rpc) return;  // protobuf's own have names
  if (!options.go_module.empty()) {
    if (google_rpc) {
      names->set_go_package(StrCat("google.golang.org/genproto/googleapis/rpc/",
                                   GoogleRpcPackage(file->name())));
    } else {
      names->set_go_package(StrCat(options.go_module, "/",
                                   Replaced(file->package(), '.', "/"), ";",
                                   Replaced(file->package(), '.', "")));
    }
  }
  if (!options.java_package.empty()) {
    names->set_java_package(
        google_rpc ? "com.google.rpc"
                   : StrCat(options.java_package, ".", file->package()));
    names->set_java_multiple_files(true);
    names->set_java_outer_classname(StrCat(UpperCamel(file->name()), "Proto"));
  }
}

}  // namespace millrace::clients
