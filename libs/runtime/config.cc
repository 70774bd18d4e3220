#include "runtime/config.h"

#include <unistd.h>

#include <filesystem>

#include "absl/strings/str_join.h"
#include "base/strings.h"
#include "runtime/config_apply.h"
#include "runtime/config_env.h"
#include "runtime/config_validate.h"
#include "runtime/config_yaml.h"

namespace millrace::runtime {
namespace {

// For the user part of a URL.
std::string PercentEncoded(const std::string& text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  for (const unsigned char c : text) {
    if (std::isalnum(c) || c == '-' || c == '_' || c == '.' || c == '~') {
      encoded += static_cast<char>(c);
    } else {
      encoded += {'%', kHex[c >> 4], kHex[c & 15]};
    }
  }
  return encoded;
}

std::string WithPassword(const std::string& url, const std::string& password) {
  const size_t start = url.find("://") + 3;
  const size_t end = url.find_first_of("/?", start);
  const size_t at = url.substr(0, end).rfind('@');
  if (at == url.npos || at < start) {
    const char joint = url.find('?') == url.npos ? '?' : '&';
    return StrCat(url, joint, "password=", PercentEncoded(password));
  }
  return StrCat(url.substr(0, at), ":", PercentEncoded(password),
                url.substr(at));
}

}  // namespace

absl::StatusOr<Config> LoadConfig(const ConfigSources& sources) {
  auto loaded = LoadConfigWithPlaces(sources);
  if (!loaded.ok()) return loaded.status();
  return std::move(loaded->config);
}

absl::StatusOr<LoadedConfig> LoadConfigWithPlaces(
    const ConfigSources& sources) {
  LoadedConfig loaded;
  auto& [config, places] = loaded;
  Problems problems;
  if (!sources.file.empty()) {
    std::string text, error;
    if (ReadFile(sources.file, &text, &error)) {
      Apply(ParseYaml(text, sources.file, problems), config, places, problems);
    } else {
      problems.push_back(StrCat(sources.file, ": cannot read the ",
                                "configuration file: ", error,
                                "; name another with --config"));
    }
  }
  for (const ConfigNode& node :
       FromEnvironment(sources.environment, sources.services, problems)) {
    Apply(node, config, places, problems);
  }
  for (const ConfigSources::Override& override : sources.overrides) {
    Apply(NodeFor(override.path, override.value,
                  {Place::Kind::kFlag, override.flag}),
          config, places, problems);
  }
  Validate(config, places, sources.services, problems);
  if (!problems.empty()) {
    return absl::InvalidArgumentError(absl::StrJoin(problems, "\n"));
  }
  if (config.services().empty()) {
    for (const std::string& name : sources.services) config.add_services(name);
  }
  return loaded;
}

std::vector<std::pair<std::string, std::string>> ProcessEnvironment() {
  std::vector<std::pair<std::string, std::string>> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const size_t equals = text.find('=');
    if (equals == text.npos) continue;
    variables.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

std::string DatabaseUrlOf(const Config& config, const std::string& service) {
  const auto found = config.databases().find(service);
  if (found == config.databases().end() || found->second.url().empty()) {
    const auto file =
        std::filesystem::path(config.data_dir()) / StrCat(service, ".db");
    return StrCat("sqlite://", std::filesystem::absolute(file).string());
  }
  if (found->second.password().empty()) return found->second.url();
  return WithPassword(found->second.url(), found->second.password());
}

absl::Duration DurationOf(const std::string& text) {
  absl::Duration duration;
  absl::ParseDuration(text, &duration);
  return duration;
}

}  // namespace millrace::runtime
