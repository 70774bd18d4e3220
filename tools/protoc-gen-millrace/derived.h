// Derived messages as the compiler meets them in a derived file: which field is
// from which source. The `derived` option says so, the expression is not
// needed.
#ifndef MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_DERIVED_H_
#define MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_DERIVED_H_

#include <google/protobuf/descriptor.h>

#include <set>
#include <string>
#include <vector>

#include "tools/protoc-gen-millrace/diagnostics.h"

namespace millrace::compiler {

// A field of a derived message and that of its source, or the other way round.
struct FieldPair {
  const google::protobuf::FieldDescriptor* from = nullptr;
  const google::protobuf::FieldDescriptor* to = nullptr;
};

struct SourceModel {
  const google::protobuf::Descriptor* message = nullptr;
  // From the derived message to this.
  std::vector<FieldPair> fields;
};

struct ConversionModel {
  const google::protobuf::Descriptor* message = nullptr;
  std::string type;
  std::vector<SourceModel> sources;
  // Of a Record: `entries`, and the field of the values that is the key or
  // null.
  const google::protobuf::FieldDescriptor* entries = nullptr;
  const google::protobuf::FieldDescriptor* key = nullptr;
};

bool IsDerived(const google::protobuf::Descriptor* message);
bool HasDerived(const google::protobuf::FileDescriptor* file);

// The derived messages of the file. What does not fit together, because the
// file is older than its source or was edited, goes to `diagnostics`.
std::vector<ConversionModel> ReadDerived(
    const google::protobuf::FileDescriptor* file, Diagnostics* diagnostics);

}  // namespace millrace::compiler

#endif  // MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_DERIVED_H_
