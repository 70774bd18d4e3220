#include "tools/millrace/migrate_command.h"

#include <iostream>
#include <memory>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "tools/millrace/migrate.h"
#include "tools/millrace/process_config.h"

namespace millrace::cli {

void AddMigrate(CLI::App* app, std::vector<runtime::ModuleFactory> modules,
                int* code) {
  auto dry_run = std::make_shared<bool>(false);
  CLI::App* command = app->add_subcommand(
      "migrate",
      "Bring the schemas of databases up to date, as services do when they "
      "start; takes --config FILE, --services, --data and --set as 'millrace "
      "up' does");
  command->allow_extras();
  command->add_flag("--dry-run", *dry_run, "Only print what would be done");
  command->callback([command, dry_run, code, modules = std::move(modules)] {
    try {
      const runtime::Config config =
          LoadProcessConfig("millrace migrate", command->remaining(), modules);
      *code = Migrate(config, modules, *dry_run, std::cout) ? 0 : 1;
    } catch (const StatusError& error) {
      std::cerr << "millrace migrate: " << MessageOf(error.status()) << "\n";
      *code = 2;
    }
  });
}

}  // namespace millrace::cli
