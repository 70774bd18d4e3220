#include "runtime/readiness.h"

#include <algorithm>

#include "absl/strings/str_join.h"
#include "base/strings.h"
#include "runtime/logs.h"

namespace millrace::runtime {
namespace {

const absl::Status& Ok() {
  static const absl::Status& ok = *new absl::Status;
  return ok;
}

// Without the bracket at its end.
std::string StatusJson(const absl::Status& status) {
  std::string json = StrCat("{\"ok\":", status.ok() ? "true" : "false");
  if (!status.ok()) {
    StrAppend(&json, ",\"error\":", JsonText(MessageOf(status)));
  }
  return json;
}

std::string ListJson(const std::vector<std::string>& names) {
  return StrCat("[",
                absl::StrJoin(names, ",",
                              [](std::string* out, const std::string& name) {
                                out->append(JsonText(name));
                              }),
                "]");
}

}  // namespace

void Readiness::Need(const std::string& name) {
  needs_[name] = absl::UnavailableError("it has not started");
  Changed();
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
  if (status.ok() != was_there) Changed();
}

void Readiness::CallsRemote(const std::string& service,
                            std::vector<std::string> callers) {
  remotes_[service] = {absl::UnavailableError("it was not asked yet"),
                       std::move(callers)};
}

void Readiness::SetRemote(const std::string& service,
                          const absl::Status& status) {
  absl::Status& now = remotes_[service].status;
  if (status.ok() && !now.ok()) {
    logger_.Info("a remote service is there", {{"service", service}});
  } else if (!status.ok() && now != status) {
    logger_.Warning("a remote service is away",
                    {{"service", service}, {"error", MessageOf(status)}});
  }
  now = status;
}

void Readiness::Drain() {
  draining_ = true;
  Changed();
}

bool Readiness::degraded() const {
  return std::any_of(remotes_.begin(), remotes_.end(), [](const auto& remote) {
    return !remote.second.status.ok();
  });
}

const absl::Status& Readiness::StatusOf(const std::string& name) const {
  const auto found = needs_.find(name);
  return found == needs_.end() ? Ok() : found->second;
}

const absl::Status& Readiness::StatusOfRemote(
    const std::string& service) const {
  const auto found = remotes_.find(service);
  return found == remotes_.end() ? Ok() : found->second.status;
}

std::string Readiness::ToJson() const {
  std::string json = StrCat("{\"ready\":", ready_ ? "true" : "false");
  if (draining_) json += ",\"draining\":true";
  if (degraded()) json += ",\"degraded\":true";
  json += ",\"needs\":{";
  const char* comma = "";
  for (const auto& [name, status] : needs_) {
    StrAppend(&json, comma, JsonText(name), ":", StatusJson(status), "}");
    comma = ",";
  }
  json += '}';
  comma = ",\"remotes\":{";
  for (const auto& [service, remote] : remotes_) {
    StrAppend(&json, comma, JsonText(service), ":", StatusJson(remote.status),
              ",\"callers\":", ListJson(remote.callers), "}");
    comma = ",";
  }
  if (!remotes_.empty()) json += '}';
  return json + "}\n";
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

void Readiness::Changed() {
  const bool ready = !draining_ && std::all_of(needs_.begin(), needs_.end(),
                                               [](const auto& need) {
                                                 return need.second.ok();
                                               });
  ready_ = ready;
  if (listener_) listener_(ready);
}

}  // namespace millrace::runtime
