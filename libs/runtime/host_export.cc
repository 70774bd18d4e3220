#include "runtime/host_export.h"

#include <unistd.h>

#include <array>
#include <utility>

#include "absl/time/clock.h"
#include "base/ids.h"
#include "base/status.h"
#include "base/strings.h"
#include "loop/loop_ref.h"
#include "runtime/host.h"

namespace millrace::runtime {
namespace {

std::string ServiceNameOf(const Config& config) {
  if (!config.otlp().service_name().empty())
    return config.otlp().service_name();
  return config.services_size() == 1 ? config.services(0) : "millrace";
}

std::string HostName() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

}  // namespace

std::shared_ptr<Tracing> MakeTracing(const Config& config, Metrics& metrics) {
  std::shared_ptr<otlp::SpanQueue> queue;
  if (!config.otlp().endpoint().empty() && config.otlp().traces()) {
    queue = std::make_shared<otlp::SpanQueue>(config.otlp().queue(), metrics);
  }
  return std::make_shared<Tracing>(config.traces().keep_spans(),
                                   config.traces().sample(), std::move(queue));
}

otlp::ExporterOptions ExportOptionsOf(const Config& config,
                                      std::shared_ptr<tls::Credentials> tls) {
  const config::v1::Otlp& otlp = config.otlp();
  otlp::ExporterOptions options;
  options.collector.url = ValueOrThrow(http::ParseHttpUrl(otlp.endpoint()));
  options.collector.authorization = otlp.authorization();
  options.collector.tls = std::move(tls);
  options.collector.timeout = DurationOf(otlp.timeout());
  options.resource = {
      {"service.name", ServiceNameOf(config)},
      {"service.namespace", "millrace"},
      {"service.version", MILLRACE_VERSION},
      {"service.instance.id", NewId()},
      {"deployment.environment.name", config.environment()},
      {"host.name", HostName()},
      {"process.pid", StrCat(getpid())},
  };
  options.messaging_system =
      config.bus().transport() == "kafka" ? "kafka" : "millrace";
  options.metrics_interval = DurationOf(otlp.metrics_interval());
  options.start = absl::Now();
  return options;
}

absl::Status Host::StartExport() {
  if (options_.config.otlp().endpoint().empty()) return absl::OkStatus();
  // What the gauges say of a loop, that loop knows.
  const auto collect = [this, first = LoopRef(loop_)] {
    return CallOn(first, [this] { return UpdateMetrics(); }).Then([this] {
      return metrics_.Families();
    });
  };
  auto thread = otlp::ExportThread::Start(
      loop_, options_.on_loop,
      ExportOptionsOf(options_.config, options_.tls.otlp),
      options_.tracing->queue(), collect, logger_, metrics_);
  if (!thread.ok()) return thread.status();
  export_ = *std::move(thread);
  return absl::OkStatus();
}

}  // namespace millrace::runtime
