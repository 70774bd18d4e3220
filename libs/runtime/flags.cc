#include "runtime/flags.h"

#include <CLI/CLI.hpp>

#include "base/strings.h"
#include "base/suggest.h"
#include "runtime/config_schema.h"

namespace millrace::runtime {
namespace {

constexpr char kAbout[] =
    "Hosts services on one event loop, or on several (--loops). What no flag "
    "says comes from the "
    "environment (MILLRACE_HTTP_PORT for http.port), then from the "
    "configuration file, then from the defaults.";

// Sets one value from "a.b=c".
absl::Status AddSet(const std::string& text, CommandLine& line) {
  const size_t equals = text.find('=');
  if (equals == text.npos || equals == 0) {
    return absl::InvalidArgumentError(
        StrCat("--set ", text, ": write it as --set http.port=8080"));
  }
  const std::string path = text.substr(0, equals);
  line.overrides.push_back(
      {path, text.substr(equals + 1), StrCat("--set ", path)});
  return absl::OkStatus();
}

absl::Status UnknownArgument(const CLI::App& app, const std::string& argument) {
  if (!argument.starts_with("-")) {
    return absl::InvalidArgumentError(
        StrCat("'", argument, "' is no flag; see --help"));
  }
  std::vector<std::string> known;
  for (const CLI::Option* option : app.get_options()) {
    known.push_back(option->get_name());
  }
  const std::string flag = argument.substr(0, argument.find('='));
  const std::string near = DidYouMean(flag, known);
  return absl::InvalidArgumentError(
      StrCat("unknown flag '", flag, "'",
             near.empty() ? std::string("; see --help") : near));
}

}  // namespace

absl::StatusOr<CommandLine> ParseCommandLine(int argc,
                                             const char* const* argv) {
  CommandLine line;
  CLI::App app(kAbout);
  app.allow_extras();
  app.add_option("--config", line.config_file, "Configuration file (YAML)")
      ->envname("MILLRACE_CONFIG");
  std::vector<std::string> sets;
  app.add_option("--set", sets, "Any value, as in --set http.port=8080")
      ->allow_extra_args(false)
      ->take_all();
  app.add_flag("--check-config", line.check_config,
               "Check the configuration and start nothing");
  app.add_flag("--print-config", line.print_config,
               "Print every value of the configuration and where it comes "
               "from, and start nothing");
  struct Named {
    FlagOfPath of;
    std::string value;
    CLI::Option* option;
  };
  std::vector<Named> named;
  for (const FlagOfPath& flag : Flags()) named.push_back({flag, "", nullptr});
  for (Named& flag : named) {
    flag.option = app.add_option(flag.of.flag, flag.value,
                                 StrCat("The same as --set ", flag.of.path));
  }
  try {
    app.parse(argc, const_cast<char**>(argv));
  } catch (const CLI::CallForHelp&) {
    line.help = app.help();
    return line;
  } catch (const CLI::ParseError& error) {
    return absl::InvalidArgumentError(error.what());
  }
  if (!app.remaining().empty()) {
    return UnknownArgument(app, app.remaining().front());
  }
  for (const Named& flag : named) {
    if (flag.option->count() == 0) continue;
    line.overrides.push_back({flag.of.path, flag.value, flag.of.flag});
  }
  for (const std::string& set : sets) {
    if (absl::Status status = AddSet(set, line); !status.ok()) return status;
  }
  return line;
}

}  // namespace millrace::runtime
