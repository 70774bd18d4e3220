// Writes the conversions of derived messages.
#ifndef MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_DERIVED_WRITER_H_
#define MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_DERIVED_WRITER_H_

#include <google/protobuf/descriptor.h>

#include <set>
#include <string>
#include <vector>

#include "tools/protoc-gen-millrace/derived.h"
#include "tools/protoc-gen-millrace/writer.h"

namespace millrace::compiler {

// What the signatures of the conversions need.
std::set<std::string> DerivedHeaders(
    const std::vector<ConversionModel>& models);

void DeclareDerived(const google::protobuf::FileDescriptor* file,
                    const std::vector<ConversionModel>& models, Writer* out);
void DefineDerived(const google::protobuf::FileDescriptor* file,
                   const std::vector<ConversionModel>& models, Writer* out);

}  // namespace millrace::compiler

#endif  // MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_DERIVED_WRITER_H_
