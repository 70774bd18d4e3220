#include "tools/millrace/new_command.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>

#include "base/strings.h"
#include "tools/millrace/scaffold.h"

namespace millrace::cli {
namespace {

namespace fs = std::filesystem;

struct NewFlags {
  std::string name;
  std::string singular;
  std::string folder;  // the name when empty
};

// Where find_package() finds the platform that this program is of: where it was
// built, or installed.
std::string Prefix() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  const fs::path prefix = program.parent_path().parent_path();
  if (!error && fs::exists(prefix / "lib/cmake/Millrace", error)) {
    return prefix.string();
  }
  return "WHERE_MILLRACE_IS";
}

int New(const NewFlags& flags) {
  const auto name = ParseServiceName(flags.name, flags.singular);
  if (!name.ok()) {
    std::cerr << "millrace new: " << MessageOf(name.status()) << "\n";
    return 1;
  }
  const std::string folder = flags.folder.empty() ? flags.name : flags.folder;
  const absl::Status written = WriteScaffold(*name, folder);
  if (!written.ok()) {
    std::cerr << "millrace new: " << MessageOf(written) << "\n";
    return 1;
  }
  std::cout << "the service " << name->plural << " (" << name->singular_type
            << ") is in " << folder << "/\n\n  cd " << folder
            << "\n  cmake -S . -B build -G Ninja -DCMAKE_PREFIX_PATH="
            << Prefix()
            << "\n  cmake --build build\n  ctest --test-dir build\n  build/bin/"
            << name->plural << " --data data\n";
  return 0;
}

}  // namespace

void AddNew(CLI::App* app, int* code) {
  auto flags = std::make_shared<NewFlags>();
  CLI::App* command = app->add_subcommand(
      "new",
      "Write a service: contract, module, store, listener, test, "
      "configuration, deployment");
  command
      ->add_option("NAME", flags->name,
                   "What it has many of, in snake or kebab case: orders")
      ->required();
  command->add_option("--singular", flags->singular,
                      "One of them, where it is not what NAME is without an s");
  command->add_option("--into", flags->folder,
                      "Where it is written; a folder NAME unless given");
  command->callback([flags, code] { *code = New(*flags); });
}

}  // namespace millrace::cli
