#include "tools/protoc-gen-millrace/derive_scope.h"

#include <google/protobuf/descriptor.pb.h>

#include <utility>

#include "base/strings.h"
#include "base/suggest.h"

namespace millrace::compiler {
namespace {

namespace pb = google::protobuf;

void CollectNames(const pb::Descriptor* message, const pb::FileDescriptor* file,
                  std::vector<std::string>* names) {
  if (message->options().map_entry()) return;
  names->push_back(ShortName(message->full_name(), message->file(), file));
  for (int i = 0; i < message->nested_type_count(); ++i) {
    CollectNames(message->nested_type(i), file, names);
  }
}

// The part behind the last dot.
std::string Last(const std::string& name) {
  return name.substr(name.rfind('.') + 1);
}

}  // namespace

std::string ShortName(const std::string& full_name,
                      const pb::FileDescriptor* declared_in,
                      const pb::FileDescriptor* file) {
  return declared_in->package() == file->package() && !file->package().empty()
             ? full_name.substr(file->package().size() + 1)
             : full_name;
}

DeriveScope::DeriveScope(const pb::FileDescriptor* file)
    : file_(file), visible_(VisibleFrom(file)) {}

std::vector<std::string> DeriveScope::Candidates(
    const std::string& name) const {
  if (!name.empty() && name[0] == '.') return {name.substr(1)};
  std::vector<std::string> candidates;
  std::string package = file_->package();
  while (!package.empty()) {
    candidates.push_back(StrCat(package, ".", name));
    const size_t dot = package.rfind('.');
    package.resize(dot == package.npos ? 0 : dot);
  }
  candidates.push_back(name);
  return candidates;
}

const pb::Descriptor* DeriveScope::Find(const std::string& name,
                                        const Place& place,
                                        const std::vector<std::string>& others,
                                        Diagnostics* diagnostics) const {
  const pb::Descriptor* hidden = nullptr;
  for (const std::string& candidate : Candidates(name)) {
    const pb::Descriptor* message =
        file_->pool()->FindMessageTypeByName(candidate);
    if (message == nullptr || message->options().map_entry()) continue;
    if (!Contains(visible_, message->file())) {
      if (hidden == nullptr) hidden = message;
      continue;
    }
    if (message->file()->syntax() == pb::FileDescriptor::SYNTAX_PROTO3) {
      return message;
    }
    diagnostics->Error(
        place,
        StrCat(message->full_name(), " is of a proto2 file, ",
               message->file()->name()),
        "required fields, defaults and groups cannot be kept in a derived "
        "message, which is proto3",
        "a message of a proto3 file");
    return nullptr;
  }
  if (hidden != nullptr) {
    diagnostics->Error(place,
                       StrCat("message ", hidden->full_name(),
                              " is declared in ", hidden->file()->name(),
                              ", which ", file_->name(), " does not import"),
                       "", StrCat("import \"", hidden->file()->name(), "\";"));
  } else {
    RefuseUnknown(name, place, others, diagnostics);
  }
  return nullptr;
}

void DeriveScope::RefuseUnknown(const std::string& name, const Place& place,
                                std::vector<std::string> others,
                                Diagnostics* diagnostics) const {
  for (const std::string& candidate : Candidates(name)) {
    if (file_->pool()->FindEnumTypeByName(candidate) == nullptr) continue;
    diagnostics->Error(place,
                       StrCat(candidate,
                              " is an enum; only messages can be "
                              "derived from"),
                       "", "");
    return;
  }
  std::vector<std::string> names = std::move(others);
  for (const pb::FileDescriptor* file : visible_) {
    for (int i = 0; i < file->message_type_count(); ++i) {
      CollectNames(file->message_type(i), file_, &names);
    }
  }
  std::string hint;
  for (const std::string& known : names) {  // of another package
    if (known != name && Last(known) == Last(name)) {
      hint = StrCat("; did you mean '", known, "'?");
    }
  }
  if (hint.empty()) hint = DidYouMean(name, names);
  diagnostics->Error(place, StrCat("there is no message '", name, "'", hint),
                     StrCat("messages of ", file_->name(),
                            " and of the files it imports can be named"),
                     hint.empty() ? "the name of one of them" : "");
}

}  // namespace millrace::compiler
