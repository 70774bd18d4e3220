#include "services/templates/rendering.h"

#include <memory>
#include <utility>

#include "base/status.h"
#include "loop/worker_pool.h"
#include "services/templates/engine/document.h"
#include "services/templates/engine/renderer.h"

namespace millrace::templates {
namespace {

// A job of the pool may outlive who waits for it.
struct Rendering {
  Document data;
  Renderer renderer;
};

}  // namespace

Promise<std::string> RenderInSlices(EventLoop& loop, CompiledTemplate compiled,
                                    ReadData read, AbortSignal signal,
                                    RenderPace pace) {
  signal.ThrowIfAborted();
  const auto rendering = std::make_shared<Rendering>();
  ThrowIfError(read(rendering->data));
  rendering->renderer.Start(compiled.program(), rendering->data.root());
  Renderer::Progress progress =
      ValueOrThrow(rendering->renderer.Step(pace.loop_steps));
  while (progress == Renderer::Progress::kMore) {
    signal.ThrowIfAborted();
    const auto slice = [rendering, steps = pace.slice_steps] {
      return ValueOrThrow(rendering->renderer.Step(steps));
    };
    progress = co_await loop.workers().Run(slice, signal);
  }
  co_return std::string(rendering->renderer.output());
}

Promise<std::string> RenderInSlices(EventLoop& loop, CompiledTemplate compiled,
                                    const google::protobuf::Message& data,
                                    AbortSignal signal, RenderPace pace) {
  const auto read = [&data](Document& document) {
    return document.ReadMessage(data);
  };
  return RenderInSlices(loop, std::move(compiled), ReadData(read),
                        std::move(signal), pace);
}

}  // namespace millrace::templates
