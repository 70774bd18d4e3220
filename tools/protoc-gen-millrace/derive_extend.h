// The fields of several messages in one.
#ifndef MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_DERIVE_EXTEND_H_
#define MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_DERIVE_EXTEND_H_

#include <string>
#include <vector>

#include "tools/protoc-gen-millrace/derive.h"

namespace millrace::compiler {

// Adds `more` to `fields`, which are those of the derived message `name`. The
// same field of the same source is one field, optional when it is on both
// sides. Two fields that share a number or a name are an error at `place`;
// false when there was one.
bool AddFields(const std::vector<DerivedField>& more, const std::string& name,
               const Place& place, Diagnostics* diagnostics,
               std::vector<DerivedField>* fields);

}  // namespace millrace::compiler

#endif  // MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_DERIVE_EXTEND_H_
