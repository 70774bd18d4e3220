#include "runtime/reload.h"

#include <utility>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/strings.h"
#include "runtime/config_schema.h"
#include "runtime/config_values.h"

namespace millrace::runtime {
namespace {

constexpr char kMetric[] = "millrace_config_reloads_total";
constexpr char kHelp[] = "How often the configuration was read again.";

std::string PlaceOf(const std::string& path, const Places& places) {
  const auto found = places.find(path);
  return found == places.end() ? "default" : found->second.text;
}

std::string WhatDiffers(const ConfigChange& change) {
  // Nothing is said of secrets but that they differ.
  if (SettingOf(*FindField(change.path)).secret()) return change.path;
  return StrCat(change.path, ": ",
                change.before.empty() ? "(none)" : change.before, " -> ",
                change.after.empty() ? "(none)" : change.after);
}

}  // namespace

Reloader::Reloader(Config current, Load load, Logger& logger, Metrics& metrics)
    : current_(std::move(current)),
      load_(std::move(load)),
      logger_(logger),
      applied_(metrics.AddCounter(kMetric, kHelp, {{"outcome", "applied"}})),
      unchanged_(
          metrics.AddCounter(kMetric, kHelp, {{"outcome", "unchanged"}})),
      refused_(metrics.AddCounter(kMetric, kHelp, {{"outcome", "refused"}})) {}

void Reloader::Add(std::vector<std::string> settings,
                   std::function<void(const Config& next)> apply) {
  appliers_.push_back({std::move(settings),
                       [apply = std::move(apply)](
                           const Config& next) -> absl::StatusOr<Commit> {
                         return Commit([&apply, &next] { apply(next); });
                       }});
}

absl::Status Reloader::CheckComplete() const {
  std::map<std::string, int> appliers_of;
  for (const std::string& path : ReloadablePaths()) appliers_of[path] = 0;
  for (const Applier& applier : appliers_) {
    for (const std::string& path : applier.settings) {
      const auto found = appliers_of.find(path);
      if (found == appliers_of.end()) {
        return absl::InternalError(
            StrCat(path,
                   " has an applier, but is not marked 'reload' in "
                   "config.proto"));
      }
      ++found->second;
    }
  }
  for (const auto& [path, count] : appliers_of) {
    if (count == 1) continue;
    return absl::InternalError(
        StrCat(path,
               " is marked 'reload' in config.proto and must have one "
               "applier, not ",
               count));
  }
  return absl::OkStatus();
}

absl::StatusOr<LoadedConfig> Reloader::Next(
    std::vector<std::string>* changes) const {
  auto loaded = load_();
  if (!loaded.ok()) return loaded;
  std::vector<std::string> fixed;
  for (const ConfigChange& change : Differences(current_, loaded->config)) {
    const std::string place = PlaceOf(change.path, loaded->places);
    if (Reloadable(change.path)) {
      changes->push_back(StrCat(WhatDiffers(change), " (", place, ")"));
    } else {
      fixed.push_back(StrCat(place, ": ", WhatDiffers(change),
                             ": cannot change while the process runs; restart "
                             "it, or take the change back"));
    }
  }
  if (!fixed.empty()) {
    return absl::FailedPreconditionError(absl::StrJoin(fixed, "\n"));
  }
  return loaded;
}

absl::Status Reloader::Put(const Config& next) {
  std::vector<Commit> commits;
  std::vector<std::string> problems;
  for (const Applier& applier : appliers_) {
    absl::StatusOr<Commit> commit = applier.prepare(next);
    if (commit.ok()) {
      commits.push_back(*std::move(commit));
    } else {
      problems.emplace_back(MessageOf(commit.status()));
    }
  }
  if (!problems.empty()) {
    return absl::UnavailableError(absl::StrJoin(problems, "\n"));
  }
  for (Commit& commit : commits) std::move(commit)();
  current_ = next;
  return absl::OkStatus();
}

absl::Status Reloader::Reload() {
  std::vector<std::string> changes;
  const absl::StatusOr<LoadedConfig> next = Next(&changes);
  const absl::Status status = next.ok() ? Put(next->config) : next.status();
  if (!status.ok()) {
    refused_.Add();
    const std::string text(MessageOf(status));
    for (const absl::string_view problem : absl::StrSplit(text, '\n')) {
      logger_.Error("the configuration is not reloaded, nothing has changed",
                    {{"error", FromAbsl(problem)}});
    }
    return status;
  }
  (changes.empty() ? unchanged_ : applied_).Add();
  const std::string text = absl::StrJoin(changes, "; ");
  if (changes.empty()) {
    logger_.Info("the configuration is reloaded, nothing differs");
  } else {
    logger_.Info("the configuration is reloaded",
                 {{"changes", std::string_view(text)}});
  }
  return absl::OkStatus();
}

}  // namespace millrace::runtime
