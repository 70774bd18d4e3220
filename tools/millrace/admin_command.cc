#include "tools/millrace/admin_command.h"

#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "tools/millrace/bootstrap.h"
#include "tools/millrace/process_config.h"

namespace millrace::cli {
namespace {

struct BootstrapFlags {
  std::string email;
  std::string name = "Administrator";
};

}  // namespace

void AddAdmin(CLI::App* app, std::vector<runtime::ModuleFactory> modules,
              int* code) {
  auto flags = std::make_shared<BootstrapFlags>();
  CLI::App* admin = app->add_subcommand("admin", "Administrators");
  admin->require_subcommand(1);
  CLI::App* bootstrap = admin->add_subcommand(
      "bootstrap",
      "Make the first administrator, in the databases of users and admin; "
      "takes --config FILE, --data and --set as 'millrace up' does. Refused "
      "once there is one");
  bootstrap->allow_extras();
  bootstrap
      ->add_option("EMAIL", flags->email,
                   "Of the person, who is created unless there is one")
      ->required();
  bootstrap->add_option("--name", flags->name, "Of a person who is created")
      ->capture_default_str();
  bootstrap->callback([bootstrap, flags, code, modules = std::move(modules)] {
    try {
      const NewAdministrator made =
          Bootstrap(LoadProcessConfig("millrace admin bootstrap",
                                      bootstrap->remaining(), modules),
                    flags->email, flags->name);
      std::cout << flags->email << " may do everything: user " << made.user_id
                << "\nset the password with this ticket, once, until "
                << absl::FormatTime(absl::RFC3339_sec, made.expire_time,
                                    absl::UTCTimeZone())
                << ":\n  millrace call SetPassword '{\"ticket\": \""
                << made.ticket << "\", \"newPassword\": \"...\"}'\n";
      *code = 0;
    } catch (const StatusError& error) {
      std::cerr << "millrace admin bootstrap: " << MessageOf(error.status())
                << "\n";
      *code = 1;
    }
  });
}

}  // namespace millrace::cli
