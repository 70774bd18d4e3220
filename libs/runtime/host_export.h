// What a configuration says of spans and their export. Pure, any thread.
#ifndef MILLRACE_RUNTIME_HOST_EXPORT_H_
#define MILLRACE_RUNTIME_HOST_EXPORT_H_

#include <memory>

#include "base/metrics.h"
#include "otlp/exporter.h"
#include "runtime/config.h"
#include "runtime/tracing.h"
#include "tls/credentials.h"

namespace millrace::runtime {

// `metrics` outlives it.
std::shared_ptr<Tracing> MakeTracing(const Config& config, Metrics& metrics);

// Of an otlp.endpoint that is set, which LoadConfig() has checked. The
// service.instance.id is another each time: that of one run of a process.
otlp::ExporterOptions ExportOptionsOf(const Config& config,
                                      std::shared_ptr<tls::Credentials> tls);

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_HOST_EXPORT_H_
