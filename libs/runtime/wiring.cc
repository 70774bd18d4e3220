#include "runtime/wiring.h"

#include <algorithm>

#include "absl/strings/str_join.h"
#include "base/strings.h"
#include "base/suggest.h"
#include "runtime/config_schema.h"

namespace millrace::runtime {
namespace {

using Modules = std::vector<const Module*>;
using Remotes = std::map<std::string, std::string>;

class Wirer {
 public:
  Wirer(const Modules& modules, const Remotes& remote)
      : modules_(modules), remote_(remote) {
    wiring_.needs.resize(modules.size());
    marks_.resize(modules.size(), Mark::kNew);
  }

  absl::StatusOr<Wiring> Run() {
    FindProviders();
    for (size_t i = 0; i < modules_.size(); ++i) FindNeeds(i);
    for (size_t i = 0; i < modules_.size(); ++i) Visit(i);
    if (problems_.empty()) return std::move(wiring_);
    return absl::InvalidArgumentError(absl::StrJoin(problems_, "\n"));
  }

 private:
  enum class Mark { kNew, kActive, kDone };

  std::string Name(size_t module) const {
    return std::string(modules_[module]->name());
  }

  void FindProviders() {
    std::map<std::string, size_t> names;
    for (size_t i = 0; i < modules_.size(); ++i) {
      if (!names.emplace(Name(i), i).second) {
        problems_.push_back(StrCat("two modules are called ", Name(i)));
      }
      for (const ServiceInfo* service : modules_[i]->Provides()) {
        const auto [first, fresh] = providers_.emplace(service->full_name, i);
        if (fresh) continue;
        problems_.push_back(StrCat(service->full_name, " is provided by ",
                                   Name(first->second), " and by ", Name(i)));
      }
    }
  }

  void FindNeeds(size_t module) {
    for (const ServiceInfo* service : modules_[module]->Needs()) {
      WiredNeed need{service, -1, ""};
      const auto provider = providers_.find(std::string(service->full_name));
      const auto remote = remote_.find(PackageOf(*service));
      if (provider != providers_.end()) {
        need.provider = static_cast<int>(provider->second);
      } else if (remote != remote_.end()) {
        need.remote = remote->second;
      } else {
        Missing(module, *service);
      }
      wiring_.needs[module].push_back(std::move(need));
    }
  }

  void Missing(size_t module, const ServiceInfo& service) {
    const std::string package = PackageOf(service);
    std::vector<std::string> given;
    for (const auto& [name, address] : remote_) given.push_back(name);
    const std::string near = Closest(package, given);
    problems_.push_back(
        StrCat(Name(module), " needs ", service.full_name,
               ", which no module of this process provides; say where it is: ",
               HowToSet("remote." + package),
               near.empty() ? "" : StrCat(" (there is a remote.", near, ")")));
  }

  // Depth first, with the way that led here in `chain_`.
  void Visit(size_t module) {
    if (marks_[module] == Mark::kDone) return;
    if (marks_[module] == Mark::kActive) {
      const auto start = std::find(chain_.begin(), chain_.end(), Name(module));
      problems_.push_back(
          StrCat("modules need each other in a circle: ",
                 absl::StrJoin(std::vector<std::string>(start, chain_.end()),
                               " needs "),
                 " needs ", Name(module)));
      return;
    }
    marks_[module] = Mark::kActive;
    chain_.push_back(Name(module));
    for (const WiredNeed& need : wiring_.needs[module]) {
      if (need.provider >= 0) Visit(need.provider);
    }
    chain_.pop_back();
    marks_[module] = Mark::kDone;
    wiring_.order.push_back(static_cast<int>(module));
  }

  const Modules& modules_;
  const Remotes& remote_;
  std::map<std::string, size_t> providers_;
  Wiring wiring_;
  std::vector<Mark> marks_;
  std::vector<std::string> chain_;
  std::vector<std::string> problems_;
};

}  // namespace

std::string PackageOf(const ServiceInfo& service) {
  return std::string(service.full_name.substr(0, service.full_name.find('.')));
}

absl::StatusOr<Wiring> Wire(const Modules& modules, const Remotes& remote) {
  return Wirer(modules, remote).Run();
}

}  // namespace millrace::runtime
