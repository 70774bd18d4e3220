#include "tools/protoc-gen-millrace/derive_name.h"

#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "base/strings.h"
#include "millrace/v1/contract.pb.h"
#include "tools/protoc-gen-millrace/derive.h"

namespace millrace::compiler {
namespace {

namespace pb = google::protobuf;

// Words of a target language that a message in UpperCamelCase can be.
const std::set<std::string> kReserved = {"False", "None", "True"};

bool IsUpperCamelCase(const std::string& name) {
  return !name.empty() &&
         absl::ascii_isupper(static_cast<unsigned char>(name[0])) &&
         std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return absl::ascii_isalnum(c); });
}

// "user_patch" and "userPatch" as "UserPatch".
std::string ToUpperCamelCase(const std::string& name) {
  std::string camel;
  bool upper = true;
  for (const char c : name) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c))) {
      upper = true;
    } else if (!camel.empty() ||
               absl::ascii_isalpha(static_cast<unsigned char>(c))) {
      camel += upper ? absl::ascii_toupper(static_cast<unsigned char>(c)) : c;
      upper = false;
    }
  }
  return camel.empty() ? "UserPatch" : camel;
}

// Where the declaration with this full name stands.
std::string PlaceOf(const pb::FileDescriptor* file, const std::string& name) {
  const pb::DescriptorPool* pool = file->pool();
  if (const auto* message = pool->FindMessageTypeByName(name)) {
    return Place::Of(message).ToString();
  }
  const auto* type = pool->FindEnumTypeByName(name);
  if (type != nullptr && type->containing_type() == nullptr) {
    return Place{file,
                 {pb::FileDescriptorProto::kEnumTypeFieldNumber, type->index()}}
        .ToString();
  }
  if (const auto* service = pool->FindServiceByName(name)) {
    return Place::Of(service).ToString();
  }
  return file->name();
}

// Checks the name with this index, those before it included.
void CheckName(const pb::FileDescriptor* file,
               const std::vector<std::string>& names, size_t index,
               Diagnostics* diagnostics) {
  const auto place_of = [&](size_t at) {
    return Place::OfOption(file, v1::kDeriveFieldNumber, static_cast<int>(at));
  };
  const auto refuse = [&](std::string_view what, std::string_view why,
                          std::string_view fix) {
    diagnostics->Error(place_of(index), what, why, fix);
  };
  const std::string& name = names[index];
  if (name.empty()) {
    refuse("a derived message has no name", "", "name: \"UserPatch\"");
    return;
  }
  if (!IsUpperCamelCase(name)) {
    refuse(StrCat("a message cannot be called '", name, "'"),
           "messages are named in UpperCamelCase",
           StrCat("name: \"", ToUpperCamelCase(name), "\""));
    return;
  }
  if (kReserved.count(name) > 0) {
    refuse(StrCat("a message cannot be called '", name, "'"),
           "it is a reserved word of Python", "a name such as \"UserPatch\"");
    return;
  }
  const auto first = static_cast<size_t>(
      std::find(names.begin(), names.end(), name) - names.begin());
  if (first != index) {
    refuse(StrCat("there are two derived messages with the name ", name),
           StrCat("the first is at ", place_of(first).ToString()),
           "another name");
    return;
  }
  const std::string full =
      StrCat(file->package(), file->package().empty() ? "" : ".", name);
  const pb::FileDescriptor* taken =
      file->pool()->FindFileContainingSymbol(full);
  if (taken != nullptr && taken->name() != DerivedFileName(file)) {
    refuse(StrCat("the name ", full, " is taken"),
           StrCat("it is declared at ", PlaceOf(taken, full)), "another name");
  }
}

}  // namespace

void CheckDeriveNames(const pb::FileDescriptor* file,
                      const std::vector<std::string>& names,
                      Diagnostics* diagnostics) {
  for (size_t i = 0; i < names.size(); ++i) {
    CheckName(file, names, i, diagnostics);
  }
}

}  // namespace millrace::compiler
