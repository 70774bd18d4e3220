// Which messages a `derive` option can name.
#ifndef MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_DERIVE_SCOPE_H_
#define MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_DERIVE_SCOPE_H_

#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

#include "tools/protoc-gen-millrace/diagnostics.h"
#include "tools/protoc-gen-millrace/visible_files.h"

namespace millrace::compiler {

// The messages of one file and of those that it imports. A derived file imports
// the one that it was made from publicly, so that who imports
// user.derived.proto can derive from User: protoc warns of an import that only
// options use.
class DeriveScope {
 public:
  explicit DeriveScope(const google::protobuf::FileDescriptor* file);

  // The message that `name` stands for, by protobuf's rules: the package first,
  // then those around it. Null, with an error at `place`, when it is none that
  // can be derived from; `others` are the names that would also have been right
  // there.
  const google::protobuf::Descriptor* Find(
      const std::string& name, const Place& place,
      const std::vector<std::string>& others, Diagnostics* diagnostics) const;

 private:
  std::vector<std::string> Candidates(const std::string& name) const;
  void RefuseUnknown(const std::string& name, const Place& place,
                     std::vector<std::string> others,
                     Diagnostics* diagnostics) const;

  const google::protobuf::FileDescriptor* const file_;
  const Files visible_;
};

// The name of a declaration as it is written in `file`: without the package
// when it is the file's own.
std::string ShortName(const std::string& full_name,
                      const google::protobuf::FileDescriptor* declared_in,
                      const google::protobuf::FileDescriptor* file);

}  // namespace millrace::compiler

#endif  // MILLRACE_TOOLS_PROTOC_GEN_MILLRACE_DERIVE_SCOPE_H_
