#include "runtime/host_tls.h"

#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "loop/worker_pool.h"
#include "runtime/config_tls.h"

namespace millrace::runtime {
namespace {

absl::Status LoadInto(const std::optional<tls::Options>& options,
                      const Clock* clock,
                      std::shared_ptr<tls::Credentials>* credentials) {
  if (!options.has_value()) return absl::OkStatus();
  auto loaded = tls::Credentials::Load(*options, clock);
  if (!loaded.ok()) return loaded.status();
  *credentials = *std::move(loaded);
  return absl::OkStatus();
}

// Whom the system trusts, where an https:// URL has nothing else.
absl::Status LoadForUrl(const std::string& url, const std::string& setting,
                        const Clock* clock,
                        std::shared_ptr<tls::Credentials>* credentials) {
  if (*credentials != nullptr || !url.starts_with("https://")) {
    return absl::OkStatus();
  }
  const tls::Options system = {.role = tls::Options::Role::kClient,
                               .setting = setting};
  return LoadInto(system, clock, credentials);
}

}  // namespace

absl::StatusOr<HostTls> LoadTls(const Config& config, const Clock* clock) {
  HostTls tls;
  for (const absl::Status& status :
       {LoadInto(HttpTlsOf(config), clock, &tls.http),
        LoadInto(GrpcTlsOf(config), clock, &tls.grpc),
        LoadInto(RemoteTlsOf(config), clock, &tls.remote)}) {
    if (!status.ok()) return status;
  }
  tls.jwks = tls.otlp = tls.remote;
  for (const absl::Status& status :
       {LoadForUrl(config.identity().jwks(), "identity.jwks", clock, &tls.jwks),
        LoadForUrl(config.otlp().endpoint(), "otlp.endpoint", clock,
                   &tls.otlp)}) {
    if (!status.ok()) return status;
  }
  return tls;
}

TlsReload::TlsReload(EventLoop& loop, const HostTls& tls,
                     absl::Duration interval, Logger& logger, Metrics& metrics)
    : loop_(loop), interval_(interval), logger_(logger) {
  for (const auto& credentials : {tls.http, tls.grpc, tls.remote}) {
    if (credentials == nullptr) continue;
    const std::string& setting = credentials->options().setting;
    const auto reloads = [&](const std::string& outcome) {
      return &metrics.AddCounter(
          "millrace_tls_reloads_total",
          "Changed files of certificates, by whether they could be taken.",
          {{"setting", setting}, {"outcome", outcome}});
    };
    Watched watched = {
        .credentials = credentials,
        .changed = reloads("changed"),
        .failed = reloads("failed"),
        .expires = &metrics.AddGauge(
            "millrace_tls_certificate_expires_timestamp_seconds",
            "When the own certificate ends.", {{"setting", setting}})};
    Tell(watched, false);
    watched_.push_back(std::move(watched));
  }
  if (!watched_.empty()) Wait();
}

TlsReload::~TlsReload() { timer_.Clear(); }

void TlsReload::Wait() {
  timer_ = loop_.SetTimeout(interval_, [this] { look_ = LookAtAll(); });
  timer_.Unref();
}

Promise<void> TlsReload::LookAtAll() {
  for (Watched& watched : watched_) {
    absl::StatusOr<bool> outcome = false;
    const auto read = [credentials = watched.credentials] {
      return credentials->Reload();
    };
    try {
      outcome = co_await loop_.workers().Run(read);
    } catch (...) {
      outcome = StatusFrom(std::current_exception());
    }
    Tell(watched, outcome);
  }
  if (!stopped_) Wait();
}

void TlsReload::Tell(Watched& watched, const absl::StatusOr<bool>& outcome) {
  const std::string& setting = watched.credentials->options().setting;
  const auto current = watched.credentials->current();
  if (outcome.ok()) {
    watched.problem.clear();
    if (current->expires < absl::InfiniteFuture()) {
      watched.expires->Set(
          static_cast<double>(absl::ToUnixSeconds(current->expires)));
    }
    if (!*outcome) return;
    watched.changed->Add();
    return logger_.Info("certificates have changed and are taken",
                        {{"setting", setting},
                         {"expires", absl::FormatTime(current->expires)}});
  }
  std::string problem(MessageOf(outcome.status()));
  if (problem == watched.problem) return;
  watched.failed->Add();
  logger_.Error("certificates cannot be taken; those that are there stay",
                {{"setting", setting}, {"error", problem}});
  watched.problem = std::move(problem);
}

Promise<void> TlsReload::Stop() {
  stopped_ = true;
  timer_.Clear();
  if (look_.has_value()) co_await *look_;
}

}  // namespace millrace::runtime
