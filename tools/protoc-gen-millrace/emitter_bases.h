// What emitter contracts have from others: `extends` and `merge`.
#ifndef MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_EMITTER_BASES_H_
#define MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_EMITTER_BASES_H_

#include <vector>

#include "tools/protoc-gen-millrace/diagnostics.h"
#include "tools/protoc-gen-millrace/emitter.h"

namespace millrace::compiler {

// Sets what the contracts have from their bases. `emitters` are those of all
// files. What is wrong goes to `diagnostics`; the models are of use only when
// nothing is.
void ResolveBases(std::vector<EmitterModel>* emitters,
                  Diagnostics* diagnostics);

}  // namespace millrace::compiler

#endif  // MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_EMITTER_BASES_H_
