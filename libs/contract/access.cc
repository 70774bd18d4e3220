#include "contract/access.h"

#include <utility>

#include "base/strings.h"

namespace millrace {
namespace {

bool CoversOne(std::string_view held, std::string_view permission) {
  if (held.empty() || held.back() != '*') return held == permission;
  // "users.*" covers "users.users.read", and "user*" nothing.
  const std::string_view prefix = held.substr(0, held.size() - 1);
  return prefix.empty() || (prefix.back() == '.' &&
                            permission.substr(0, prefix.size()) == prefix);
}

// "users.v1.UsersService.GetUser".
std::string NameOf(const MethodInfo& method) {
  std::string name(method.path.substr(1));
  const size_t slash = name.rfind('/');
  if (slash != name.npos) name[slash] = '.';
  return name;
}

absl::Status Denied(const MethodInfo& method, const Identity& caller) {
  const MethodAccess& access = method.access;
  if (!access.permission.empty()) {
    return absl::PermissionDeniedError(
        StrCat(NameOf(method), " needs the permission ", access.permission,
               ", which ", caller.subject, " does not have"));
  }
  if (access.self != nullptr) {
    return absl::PermissionDeniedError(
        StrCat(NameOf(method),
               " is only for the one whom the request is "
               "about, which ",
               caller.subject, " is not"));
  }
  return absl::PermissionDeniedError(
      StrCat(NameOf(method), " says nothing about who may call it"));
}

}  // namespace

bool Covers(absl::Span<const std::string> held, std::string_view permission) {
  for (const std::string& one : held) {
    if (CoversOne(one, permission)) return true;
  }
  return false;
}

std::vector<std::string> NamesThatCover(std::string_view permission) {
  std::vector<std::string> names = {std::string(permission)};
  for (size_t dot = permission.rfind('.'); dot != permission.npos;
       dot = dot == 0 ? permission.npos : permission.rfind('.', dot - 1)) {
    std::string name = StrCat(permission.substr(0, dot + 1), "*");
    if (name != permission) names.push_back(std::move(name));
  }
  if (permission != "*") names.push_back("*");
  return names;
}

absl::Status CheckAccess(const MethodInfo& method, const Identity& caller,
                         const Message* request) {
  const MethodAccess& access = method.access;
  if (access.anybody) return absl::OkStatus();
  if (caller.subject.empty()) {
    return absl::UnauthenticatedError(
        StrCat(NameOf(method),
               " needs to know who calls; send a token as 'authorization: "
               "Bearer TOKEN'"));
  }
  if (access.authenticated) return absl::OkStatus();
  if (!access.permission.empty() &&
      Covers(caller.permissions, access.permission)) {
    return absl::OkStatus();
  }
  if (access.self != nullptr && request != nullptr &&
      access.self(*request) == caller.subject) {
    return absl::OkStatus();
  }
  return Denied(method, caller);
}

}  // namespace millrace
