#include "tools/millrace/render_command.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/strings.h"
#include "services/templates/engine/document.h"
#include "services/templates/engine/program.h"
#include "services/templates/engine/renderer.h"
#include "tools/millrace/render_spec.h"

namespace millrace::cli {
namespace {

namespace fs = std::filesystem;

struct RenderFlags {
  std::string file, data, partials, spec, escape = "html";
  int syntax = 1;
  bool strict = false;
  bool watch = false;
};

int Complain(std::string_view what, int code) {
  std::cerr << "millrace render: " << what << "\n";
  return code;
}

std::optional<std::string> ReadFile(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return std::nullopt;
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// Every file below the folder: "mail/head.mustache" is both of "mail/head" and
// "mail/head.mustache". Nothing when the folder, or one in it, cannot be read.
std::optional<templates::PartialMap> PartialsIn(const std::string& folder,
                                                std::error_code* error) {
  std::map<std::string, std::string, std::less<>> sources;
  fs::recursive_directory_iterator entry;
  if (!folder.empty()) entry = fs::recursive_directory_iterator(folder, *error);
  for (; !*error && entry != fs::recursive_directory_iterator();
       entry.increment(*error)) {
    // A link may lead to nowhere.
    std::error_code unknown;
    if (!entry->is_regular_file(unknown)) continue;
    fs::path name = entry->path().lexically_relative(folder);
    const std::string source = ReadFile(entry->path()).value_or("");
    sources[name.generic_string()] = source;
    sources[name.replace_extension().generic_string()] = source;
  }
  if (*error) return std::nullopt;
  return templates::PartialMap(std::move(sources));
}

templates::CompileOptions OptionsFor(const RenderFlags& flags) {
  templates::CompileOptions options;
  options.name = flags.file;
  options.syntax = static_cast<templates::Syntax>(flags.syntax);
  options.escaping = flags.escape == "contextual"
                         ? templates::Escaping::kContextual
                     : flags.escape == "none" ? templates::Escaping::kNone
                                              : templates::Escaping::kHtml;
  options.require_partials = flags.strict;
  return options;
}

int RenderOnce(const RenderFlags& flags) {
  const std::optional<std::string> source = ReadFile(flags.file);
  if (!source) return Complain(StrCat("cannot read ", flags.file), 2);
  std::string json = "{}";
  if (!flags.data.empty()) {
    std::optional<std::string> text = ReadFile(flags.data);
    if (!text) return Complain(StrCat("cannot read ", flags.data), 2);
    json = *std::move(text);
  }
  std::error_code error;
  const fs::file_type type = fs::status(flags.partials, error).type();
  // One that nothing is known of is told of below, with why.
  if (!flags.partials.empty() && type != fs::file_type::directory &&
      type != fs::file_type::none) {
    return Complain(StrCat(flags.partials, " is no folder"), 2);
  }
  error.clear();
  auto partials = PartialsIn(flags.partials, &error);
  if (!partials) {
    return Complain(StrCat("cannot read the partials in ", flags.partials, ": ",
                           error.message()),
                    2);
  }
  const auto program = templates::Program::Compile(*source, OptionsFor(flags),
                                                   *std::move(partials));
  if (!program.ok()) return Complain(MessageOf(program.status()), 1);
  templates::Document data;
  const absl::Status read = data.ReadJson(json);
  if (!read.ok()) {
    return Complain(StrCat(flags.data, ": ", MessageOf(read)), 1);
  }
  templates::RenderOptions options;
  options.require_fields = flags.strict;
  const auto text = Render(*program, data, options);
  if (!text.ok()) return Complain(MessageOf(text.status()), 1);
  std::cout << *text << std::flush;
  return 0;
}

// When any of the files was written last; what cannot be read counts as never.
fs::file_time_type Changed(const RenderFlags& flags) {
  fs::file_time_type last = fs::file_time_type::min();
  const auto see = [&last](const fs::path& path) {
    std::error_code error;
    const auto time = fs::last_write_time(path, error);
    if (!error) last = std::max(last, time);
  };
  see(flags.file);
  if (!flags.data.empty()) see(flags.data);
  if (flags.partials.empty()) return last;
  std::error_code error;
  see(flags.partials);
  for (auto entry = fs::recursive_directory_iterator(flags.partials, error);
       !error && entry != fs::recursive_directory_iterator();
       entry.increment(error)) {
    see(entry->path());
  }
  return last;
}

// Renders again whenever a file changes, until it is interrupted.
int Watch(const RenderFlags& flags) {
  for (;;) {
    const fs::file_time_type seen = Changed(flags);
    RenderOnce(flags);
    std::cerr << "millrace render: watching; Ctrl+C ends it\n";
    while (Changed(flags) == seen) {
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
  }
}

int RunSpecFile(const RenderFlags& flags) {
  const std::string& path = flags.spec;
  const std::optional<std::string> json = ReadFile(path);
  if (!json) return Complain(StrCat("cannot read ", path), 2);
  templates::CompileOptions options = OptionsFor(flags);
  options.name = "template";
  const auto result = RunSpec(*json, std::cout, options);
  if (!result.ok()) {
    return Complain(StrCat(path, ": ", MessageOf(result.status())), 2);
  }
  return result->failed == 0 ? 0 : 1;
}

}  // namespace

void AddRender(CLI::App* app, int* code) {
  auto flags = std::make_shared<RenderFlags>();
  CLI::App* render =
      app->add_subcommand("render", "Render a template with JSON");
  render->add_option("FILE", flags->file, "The template");
  render->add_option("--data", flags->data, "Its data, a JSON file");
  render->add_option("--partials", flags->partials,
                     "A folder: each file is a partial by its path, with or "
                     "without its extension");
  render
      ->add_option("--syntax", flags->syntax,
                   "1: Mustache; 2: with #if, #each, helpers")
      ->check(CLI::Range(1, 2))
      ->capture_default_str();
  render->add_option("--escape", flags->escape, "How values are escaped")
      ->check(CLI::IsMember({"html", "contextual", "none"}))
      ->capture_default_str();
  render->add_flag("--strict", flags->strict,
                   "Fields and partials that are not there are errors");
  render->add_flag("--watch", flags->watch,
                   "Render again whenever one of the files changes");
  render->add_option("--spec", flags->spec,
                     "Run a file of Mustache's specification instead");
  render->callback([flags, code] {
    if (!flags->spec.empty()) {
      *code = RunSpecFile(*flags);
      return;
    }
    if (flags->file.empty()) throw CLI::RequiredError("FILE or --spec");
    *code = flags->watch ? Watch(*flags) : RenderOnce(*flags);
  });
}

}  // namespace millrace::cli
