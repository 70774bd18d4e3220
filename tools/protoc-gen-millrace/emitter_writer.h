// Writes the C++ of an emitter contract: the event tags, Info() and Listener.
#ifndef MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_EMITTER_WRITER_H_
#define MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_EMITTER_WRITER_H_

#include "tools/protoc-gen-millrace/emitter.h"
#include "tools/protoc-gen-millrace/writer.h"

namespace millrace::compiler {

void DeclareEmitter(const EmitterModel& emitter, Writer* out);
void DefineEmitter(const EmitterModel& emitter, Writer* out);

}  // namespace millrace::compiler

#endif  // MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_EMITTER_WRITER_H_
