// The platform as a version of before: services whose last migrations are not
// there yet. Otherwise `millrace up`; its services are those of now, so what it
// shows is whether a program of before may start and work on a newer schema.
//
//   LEAVE_OUT=1 older_program --data DIR ...
//
// LEAVE_OUT is how many of each service's migrations are not there.
#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/main.h"
#include "services/admin/module.h"
#include "services/templates/module.h"
#include "services/users/module.h"

namespace millrace {
namespace {

class OlderModule final : public runtime::Module {
 public:
  OlderModule(std::unique_ptr<runtime::Module> now, size_t leave_out)
      : now_(std::move(now)), leave_out_(leave_out) {}

  std::string_view name() const override { return now_->name(); }
  std::vector<const ServiceInfo*> Provides() const override {
    return now_->Provides();
  }
  std::vector<const ServiceInfo*> Needs() const override {
    return now_->Needs();
  }
  std::vector<runtime::Route> Routes() const override { return now_->Routes(); }
  bool OffersKeys() const override { return now_->OffersKeys(); }
  std::vector<const ContractInfo*> Contracts() const override {
    return now_->Contracts();
  }
  std::vector<store::Migration> Migrations() const override {
    std::vector<store::Migration> all = now_->Migrations();
    all.resize(all.size() - std::min(leave_out_, all.size() - 1));
    return all;
  }
  Promise<void> Start(runtime::ModuleContext& context) override {
    return now_->Start(context);
  }
  Promise<void> Stop() override { return now_->Stop(); }

 private:
  const std::unique_ptr<runtime::Module> now_;
  const size_t leave_out_;
};

}  // namespace
}  // namespace millrace

int main(int argc, char** argv) {
  using millrace::runtime::ModuleFactory;
  const char* text = std::getenv("LEAVE_OUT");
  const size_t leave_out = text == nullptr ? 1 : std::atoi(text);
  std::vector<ModuleFactory> modules;
  for (ModuleFactory make : {ModuleFactory(&millrace::users::NewModule),
                             ModuleFactory(&millrace::admin::NewModule),
                             millrace::templates::Modules()}) {
    modules.push_back([make = std::move(make), leave_out] {
      return std::make_unique<millrace::OlderModule>(make(), leave_out);
    });
  }
  return millrace::runtime::Main(argc, argv, modules);
}
