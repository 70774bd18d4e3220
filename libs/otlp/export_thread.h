// An exporter on a thread and a loop of its own: what it encodes, compresses
// and encrypts holds up no request. Belongs to the loop that started it.
#ifndef MILLRACE_OTLP_EXPORT_THREAD_H_
#define MILLRACE_OTLP_EXPORT_THREAD_H_

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "loop/event_loop.h"
#include "loop/loop_group.h"
#include "otlp/exporter.h"

namespace millrace::otlp {

class ExportThread {
 public:
  // `on_loop` is called on the thread, for the handlers of its loop. The rest
  // is as Exporter has it; `first` is the caller's loop and outlives it.
  static absl::StatusOr<std::unique_ptr<ExportThread>> Start(
      EventLoop& first, const std::function<void(EventLoop&)>& on_loop,
      ExporterOptions options, std::shared_ptr<SpanQueue> spans,
      Exporter::Collect collect, Logger& logger, Metrics& metrics);
  // Ends the thread. Close() before, or what waits is lost uncounted.
  ~ExportThread() = default;

  // As Exporter::Close(), on the caller's loop.
  Promise<void> Close(absl::Duration bound);

 private:
  explicit ExportThread(EventLoop& first);

  Exporter* exporter_ = nullptr;  // of the other loop, whose part it is
  LoopGroup group_;
};

}  // namespace millrace::otlp

#endif  // MILLRACE_OTLP_EXPORT_THREAD_H_
