#include "tools/millrace/backup_command.h"

#include <iostream>
#include <string>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "tools/millrace/backup.h"
#include "tools/millrace/process_config.h"

namespace millrace::cli {
namespace {

constexpr char kUsage[] = "millrace backup DIR [--data DATA] [--config FILE]";

}  // namespace

void AddBackup(CLI::App* app, std::vector<runtime::ModuleFactory> modules,
               int* code) {
  CLI::App* command = app->add_subcommand(
      "backup",
      StrCat("Copy the SQLite files into a directory, while services use them "
             "or not: ",
             kUsage,
             "; takes --services and --set too, as 'millrace up' does"));
  // DIR too: as an option of this command, it would be the value of the first
  // flag that is the configuration's.
  command->allow_extras();
  command->callback([command, code, modules = std::move(modules)] {
    std::vector<std::string> arguments = command->remaining();
    const auto say = [code](const StatusError& error, int as) {
      std::cerr << "millrace backup: " << MessageOf(error.status()) << "\n";
      *code = as;
    };
    runtime::Config config;
    std::string directory;
    try {
      if (arguments.empty() || arguments.front().starts_with("-")) {
        Throw(absl::InvalidArgumentError(
            StrCat("name the directory first: ", kUsage)));
      }
      directory = arguments.front();
      arguments.erase(arguments.begin());
      config = LoadProcessConfig("millrace backup", arguments, modules);
    } catch (const StatusError& error) {
      return say(error, 2);
    }
    try {
      BackUp(config, modules, directory, std::cout);
      *code = 0;
    } catch (const StatusError& error) {
      say(error, 1);
    }
  });
}

}  // namespace millrace::cli
