// A template made ready to be rendered. All that the service knows of the
// engine is in compiled.cc.
//
// Copies share the program, which any thread may render.
#ifndef MILLRACE_SERVICES_TEMPLATES_COMPILED_H_
#define MILLRACE_SERVICES_TEMPLATES_COMPILED_H_

#include <google/protobuf/struct.pb.h>

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "loop/abort.h"
#include "loop/event_loop.h"
#include "loop/promise.h"
#include "services/templates/domain.h"

namespace millrace::templates {

class Program;

class CompiledTemplate {
 public:
  // INVALID_ARGUMENT with line and column when the body does not compile.
  static absl::StatusOr<CompiledTemplate> Compile(TemplateVersion version);

  // RESOURCE_EXHAUSTED when the text grows past the engine's bounds.
  absl::StatusOr<std::string> Render(
      const google::protobuf::Struct& data) const;

  // Without its body.
  const TemplateVersion& version() const { return version_; }
  // Of the source, as a measure of what it holds.
  size_t bytes() const { return bytes_; }

 private:
  CompiledTemplate(TemplateVersion version,
                   std::shared_ptr<const Program> program);

  TemplateVersion version_;
  size_t bytes_;
  std::shared_ptr<const Program> program_;
};

// The same on a worker thread, so that a large template keeps nobody waiting
// that the loop serves. They reject with the errors above, or the signal's
// reason when that aborts before a thread is free.
Promise<CompiledTemplate> CompileAside(EventLoop& loop, TemplateVersion version,
                                       AbortSignal signal = {});
Promise<std::string> RenderAside(EventLoop& loop, CompiledTemplate compiled,
                                 google::protobuf::Struct data,
                                 AbortSignal signal = {});

}  // namespace millrace::templates

#endif  // MILLRACE_SERVICES_TEMPLATES_COMPILED_H_
