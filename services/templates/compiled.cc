#include "services/templates/compiled.h"

#include <utility>

#include "base/status.h"
#include "loop/worker_pool.h"
#include "services/templates/engine/document.h"
#include "services/templates/engine/program.h"
#include "services/templates/engine/renderer.h"

namespace millrace::templates {
namespace {

CompileOptions OptionsFor(const TemplateVersion& version) {
  CompileOptions options;
  options.escaping =
      version.content_type == kPlain ? Escaping::kNone : Escaping::kContextual;
  options.allow_unsafe = false;
  options.require_partials = true;
  return options;
}

}  // namespace

CompiledTemplate::CompiledTemplate(TemplateVersion version,
                                   std::shared_ptr<const Program> program)
    : version_(std::move(version)),
      bytes_(version_.body.size()),
      program_(std::move(program)) {
  version_.body = std::string();
}

absl::StatusOr<CompiledTemplate> CompiledTemplate::Compile(
    TemplateVersion version) {
  absl::StatusOr<Program> program =
      Program::Compile(version.body, OptionsFor(version));
  if (!program.ok()) return program.status();
  return CompiledTemplate(std::move(version),
                          std::make_shared<const Program>(*std::move(program)));
}

absl::StatusOr<std::string> CompiledTemplate::Render(
    const google::protobuf::Struct& data) const {
  Document document;
  const absl::Status read = document.ReadMessage(data);
  if (!read.ok()) return read;
  return templates::Render(*program_, document);
}

Promise<CompiledTemplate> CompileAside(EventLoop& loop, TemplateVersion version,
                                       AbortSignal signal) {
  return loop.workers().Run(
      [version = std::move(version)]() mutable {
        return ValueOrThrow(CompiledTemplate::Compile(std::move(version)));
      },
      std::move(signal));
}

Promise<std::string> RenderAside(EventLoop& loop, CompiledTemplate compiled,
                                 google::protobuf::Struct data,
                                 AbortSignal signal) {
  return loop.workers().Run(
      [compiled = std::move(compiled), data = std::move(data)] {
        return ValueOrThrow(compiled.Render(data));
      },
      std::move(signal));
}

}  // namespace millrace::templates
