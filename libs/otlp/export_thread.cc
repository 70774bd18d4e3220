#include "otlp/export_thread.h"

#include <utility>

#include "loop/combinators.h"
#include "loop/loop_ref.h"

namespace millrace::otlp {

ExportThread::ExportThread(EventLoop& first)
    : group_(first, {.loops = 2, .name = "otlp"}) {}

absl::StatusOr<std::unique_ptr<ExportThread>> ExportThread::Start(
    EventLoop& first, const std::function<void(EventLoop&)>& on_loop,
    ExporterOptions options, std::shared_ptr<SpanQueue> spans,
    Exporter::Collect collect, Logger& logger, Metrics& metrics) {
  std::unique_ptr<ExportThread> thread(new ExportThread(first));
  const absl::Status started = thread->group_.Start(
      [&](EventLoop& loop, int index) -> absl::StatusOr<std::shared_ptr<void>> {
        if (index == 0) return nullptr;
        if (on_loop) on_loop(loop);
        auto exporter = std::make_shared<Exporter>(loop, options, spans,
                                                   collect, logger, metrics);
        thread->exporter_ = exporter.get();
        return std::shared_ptr<void>(std::move(exporter));
      });
  if (!started.ok()) return started;
  return thread;
}

Promise<void> ExportThread::Close(absl::Duration bound) {
  return CallOn(group_.loop(1), [exporter = exporter_, bound] {
    return exporter->Close(bound);
  });
}

}  // namespace millrace::otlp
