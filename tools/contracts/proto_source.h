// A message as protobuf source that stands alone: with all types it uses, no
// options, and no imports but google/protobuf's. The bytes are the same.
//
// Types are called by their own names; where two have one name, those of other
// packages have their package before it, with underscores.
#ifndef MILLRACE_TOOLS_CONTRACTS_PROTO_SOURCE_H_
#define MILLRACE_TOOLS_CONTRACTS_PROTO_SOURCE_H_

#include <google/protobuf/descriptor.h>

#include <string>

namespace millrace::contracts {

std::string ProtoSource(const google::protobuf::Descriptor* message);

}  // namespace millrace::contracts

#endif  // MILLRACE_TOOLS_CONTRACTS_PROTO_SOURCE_H_
