#include "runtime/readiness.h"

#include <algorithm>

#include "absl/strings/str_join.h"
#include "base/strings.h"
#include "runtime/logs.h"

namespace millrace::runtime {

void Readiness::Need(const std::string& name) {
  needs_[name] = absl::UnavailableError("it has not started");
  Update();
}

void Readiness::Set(const std::string& name, const absl::Status& status) {
  absl::Status& now = needs_[name];
  const bool was_there = now.ok();
  if (status.ok() && !was_there) {
    logger_.Info("a need is there", {{"need", name}});
  } else if (!status.ok() && (was_there || now != status)) {
    logger_.Warning("a need is missing",
                    {{"need", name}, {"error", MessageOf(status)}});
  }
  now = status;
  Update();
}

void Readiness::Drain() {
  draining_ = true;
  Update();
}

const absl::Status& Readiness::StatusOf(const std::string& name) const {
  static const absl::Status& ok = *new absl::Status;
  const auto found = needs_.find(name);
  return found == needs_.end() ? ok : found->second;
}

std::string Readiness::ToJson() const {
  std::string json = StrCat("{\"ready\":", ready_ ? "true" : "false");
  if (draining_) json += ",\"draining\":true";
  json += ",\"needs\":{";
  const char* comma = "";
  for (const auto& [name, status] : needs_) {
    StrAppend(&json, comma, JsonText(name),
              ":{\"ok\":", status.ok() ? "true" : "false");
    if (!status.ok()) {
      StrAppend(&json, ",\"error\":", JsonText(MessageOf(status)));
    }
    json += '}';
    comma = ",";
  }
  return json + "}}\n";
}

std::string Readiness::Missing() const {
  std::vector<std::string> missing;
  for (const auto& [name, status] : needs_) {
    if (!status.ok()) {
      missing.push_back(StrCat(name, ": ", MessageOf(status)));
    }
  }
  return absl::StrJoin(missing, "; ");
}

void Readiness::Update() {
  const bool ready = !draining_ && std::all_of(needs_.begin(), needs_.end(),
                                               [](const auto& need) {
                                                 return need.second.ok();
                                               });
  if (ready == ready_) return;
  ready_ = ready;
  if (listener_) listener_(ready);
}

}  // namespace millrace::runtime
