#include "tools/protoc-gen-millrace/access.h"

#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "base/strings.h"
#include "base/suggest.h"
#include "millrace/v1/contract.pb.h"

namespace millrace::compiler {
namespace {

namespace pb = google::protobuf;

bool IsPermissionWord(absl::string_view word) {
  if (word.empty() ||
      !absl::ascii_islower(static_cast<unsigned char>(word[0]))) {
    return false;
  }
  for (const char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    if (!absl::ascii_islower(byte) && !absl::ascii_isdigit(byte) && c != '_') {
      return false;
    }
  }
  return true;
}

// "users.users.read": two words or more.
bool IsPermission(const std::string& name) {
  const std::vector<absl::string_view> words = absl::StrSplit(name, '.');
  for (const absl::string_view word : words) {
    if (!IsPermissionWord(word)) return false;
  }
  return words.size() >= 2;
}

// "users" for package users.v1.
std::string ServiceWord(const pb::MethodDescriptor* method) {
  const std::string& package = method->file()->package();
  const std::string word = package.substr(0, package.find('.'));
  return word.empty() ? "orders" : word;
}

bool IsSubject(const pb::FieldDescriptor* field) {
  return field->type() == pb::FieldDescriptor::TYPE_STRING &&
         !field->is_repeated();
}

class AccessReader {
 public:
  AccessReader(const pb::MethodDescriptor* method, Diagnostics* diagnostics)
      : method_(method),
        options_(method->options().GetExtension(v1::access)),
        name_(StrCat(method->service()->name(), ".", method->name())),
        diagnostics_(diagnostics) {}

  AccessModel Read() {
    const bool by_name =
        !options_.permission().empty() || !options_.self().empty();
    const int ways = options_.anybody() + options_.authenticated() + by_name;
    if (ways == 0) {
      Refuse(StrCat("method ", name_, " does not say who may call it"),
             "what is left open by mistake is found by others first",
             StrCat(PermissionFix(),
                    " or {authenticated: true} or {anybody: "
                    "true}"));
      return {};
    }
    if (ways > 1) {
      Refuse(StrCat("method ", name_,
                    " says more than one thing about who "
                    "may call it"),
             "the widest of them would be what counts",
             "one of anybody, authenticated, and permission with or without "
             "self");
      return {};
    }
    AccessModel access;
    access.anybody = options_.anybody();
    access.authenticated = options_.authenticated();
    access.permission = options_.permission();
    if (!access.permission.empty() && !IsPermission(access.permission)) {
      Refuse(StrCat("'", access.permission,
                    "' cannot be the name of a "
                    "permission"),
             "it is at least two words of a-z 0-9 _ with dots between them: "
             "the service, what it is about, a verb",
             PermissionFix());
    }
    if (!options_.self().empty()) access.self = ReadSelf();
    return access;
  }

 private:
  void Refuse(std::string_view what, std::string_view why,
              std::string_view fix) {
    diagnostics_->Error(Place::OfOption(method_, v1::kAccessFieldNumber), what,
                        why, fix);
  }

  std::string PermissionFix() const {
    const bool reads = method_->options().idempotency_level() ==
                       pb::MethodOptions::NO_SIDE_EFFECTS;
    const std::string word = ServiceWord(method_);
    return StrCat("option (millrace.v1.access) = {permission: \"", word, ".",
                  word, ".", reads ? "read" : "write", "\"};");
  }

  std::vector<const pb::FieldDescriptor*> ReadSelf() {
    if (method_->client_streaming()) {
      Refuse(StrCat("method ", name_, " takes a stream, and has self: \"",
                    options_.self(), "\""),
             "who may call is decided before the first message of a stream",
             "a permission alone");
      return {};
    }
    std::vector<const pb::FieldDescriptor*> path;
    const pb::Descriptor* message = method_->input_type();
    for (const absl::string_view step : absl::StrSplit(options_.self(), '.')) {
      if (message == nullptr) {
        const bool many = path.back()->is_repeated();
        Refuse(StrCat("self: \"", options_.self(), "\" of method ", name_,
                      " goes on behind ", path.back()->full_name(),
                      many ? ", of which there may be many"
                           : ", which is no message"),
               many ? "a request is about one subject"
                    : "only a message has fields",
               many ? "a path outside of it" : "a path that ends there");
        return {};
      }
      const pb::FieldDescriptor* field =
          message->FindFieldByName(std::string(step));
      if (field == nullptr) {
        Refuse(StrCat("self: \"", options_.self(), "\" of method ", name_, ": ",
                      message->name(), " has no field '", FromAbsl(step), "'",
                      DidYouMean(FromAbsl(step), SubjectsOf(message))),
               "whom the request is about is a field of it",
               "the string field that holds the caller's subject");
        return {};
      }
      path.push_back(field);
      message = field->is_repeated() ? nullptr : field->message_type();
    }
    if (!IsSubject(path.back())) {
      Refuse(
          StrCat("self: \"", options_.self(), "\" of method ", name_,
                 " is of type ", path.back()->is_repeated() ? "repeated " : "",
                 path.back()->type_name()),
          "a subject is one string",
          "the string field that holds the caller's subject");
      return {};
    }
    return path;
  }

  static std::vector<std::string> SubjectsOf(const pb::Descriptor* message) {
    std::vector<std::string> names;
    for (int i = 0; i < message->field_count(); ++i) {
      if (IsSubject(message->field(i)) ||
          message->field(i)->message_type() != nullptr) {
        names.push_back(message->field(i)->name());
      }
    }
    return names;
  }

  const pb::MethodDescriptor* const method_;
  const v1::Access& options_;
  const std::string name_;
  Diagnostics* const diagnostics_;
};

}  // namespace

AccessModel ReadAccess(const pb::MethodDescriptor* method,
                       Diagnostics* diagnostics) {
  return AccessReader(method, diagnostics).Read();
}

}  // namespace millrace::compiler
