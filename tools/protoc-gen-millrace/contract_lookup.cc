#include "tools/protoc-gen-millrace/contract_lookup.h"

#include <algorithm>
#include <vector>

#include "base/strings.h"
#include "base/suggest.h"
#include "millrace/v1/contract.pb.h"
#include "tools/protoc-gen-millrace/emitter.h"
#include "tools/protoc-gen-millrace/visible_files.h"

namespace millrace::compiler {
namespace {

namespace pb = google::protobuf;
using pb::ServiceDescriptor;

// What could have been meant: the contracts in sight, or that one of them which
// has the name in another package.
std::vector<std::string> Candidates(const ServiceDescriptor* contract,
                                    const Files& files,
                                    const std::string& name) {
  std::vector<std::string> names;
  for (const pb::FileDescriptor* file : files) {
    for (int i = 0; i < file->service_count(); ++i) {
      const ServiceDescriptor* service = file->service(i);
      if (IsEmitter(service) && service != contract) {
        names.push_back(service->full_name());
      }
    }
  }
  std::sort(names.begin(), names.end());
  const std::string last = "." + name.substr(name.rfind('.') + 1);
  for (const std::string& one : names) {
    if (one.ends_with(last)) return {one};
  }
  return names;
}

}  // namespace

const ServiceDescriptor* FindContract(const ServiceDescriptor* contract,
                                      std::string_view option,
                                      const std::string& name,
                                      Diagnostics* diagnostics) {
  const pb::FileDescriptor* file = contract->file();
  const ServiceDescriptor* found = file->pool()->FindServiceByName(name);
  const Files files = VisibleFrom(file);
  const bool visible = found != nullptr && Contains(files, found->file());
  if (visible && IsEmitter(found)) return found;

  const std::string start =
      StrCat(contract->name(),
             option == "merge" ? " is merged into " : " extends ", name, ", ");
  const Place place = Place::OfOption(contract, v1::kEmitterFieldNumber);
  if (found != nullptr && !visible) {
    diagnostics->Error(
        place, StrCat(start, "whose file is not imported"),
        "the generated code includes that of the file",
        StrCat("import public \"", found->file()->name(), "\";"));
    return nullptr;
  }
  const std::vector<std::string> names = Candidates(contract, files, name);
  const std::string near = names.size() == 1 ? names[0] : Closest(name, names);
  const std::string quoted = StrCat(
      "\"",
      !near.empty() ? near : (names.empty() ? "users.v1.UserEvents" : names[0]),
      "\"");
  const std::string fix =
      option == "merge" ? StrCat("merge: ", quoted, ", its file imported")
                        : StrCat("extends: [", quoted, "], its file imported");
  if (found != nullptr) {
    diagnostics->Error(place, StrCat(start, "which is no emitter contract"),
                       StrCat("its methods are calls and not events; it is "
                              "declared at ",
                              Place::Of(found).ToString()),
                       fix);
  } else if (const auto* message = file->pool()->FindMessageTypeByName(name)) {
    diagnostics->Error(place, StrCat(start, "which is a message"),
                       StrCat("events are those of an emitter contract; the "
                              "message is declared at ",
                              Place::Of(message).ToString()),
                       fix);
  } else {
    diagnostics->Error(
        place,
        StrCat(start, "which is no contract that this file knows",
               near.empty() ? "" : StrCat("; did you mean '", near, "'?")),
        "a contract is named in full, with its package, and its file imported",
        fix);
  }
  return nullptr;
}

}  // namespace millrace::compiler
