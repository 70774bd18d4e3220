// All proto files of a platform as descriptors, with their comments and the
// places of their declarations: what documents and checks are made from.
//
// A tree owns its descriptors, which live as long as it does. Immutable once
// loaded, so any thread.
#ifndef MILLRACE_TOOLS_CONTRACTS_CONTRACT_TREE_H_
#define MILLRACE_TOOLS_CONTRACTS_CONTRACT_TREE_H_

#include <google/protobuf/descriptor.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace millrace::contracts {

class ContractTree {
 public:
  using Ptr = std::unique_ptr<const ContractTree>;

  // From the bytes of a FileDescriptorSet, which must have all imports
  // (`protoc --include_imports --include_source_info`). `name` is for errors.
  static absl::StatusOr<Ptr> FromSet(std::string_view bytes,
                                     std::string_view name);

  // From the .proto files below a folder. What they import of google/ and of
  // millrace/v1/ and is not there is taken from this program. Errors are
  // protoc's: file:line:column and what is wrong.
  static absl::StatusOr<Ptr> FromFolder(const std::string& path);

  // The one or the other. NOT_FOUND says what was looked for.
  static absl::StatusOr<Ptr> Load(const std::string& path);

  // By name, without those that only provide the options and the standard's
  // types: google/**, millrace/v1/contract.proto and privacy.proto.
  const std::vector<const google::protobuf::FileDescriptor*>& files() const {
    return files_;
  }

  const google::protobuf::DescriptorPool& pool() const { return *pool_; }

  ~ContractTree();

 private:
  struct Sources;

  ContractTree();
  absl::Status Collect(const std::vector<std::string>& names,
                       std::string_view origin);

  std::unique_ptr<Sources> sources_;  // the pool may read from it
  std::unique_ptr<google::protobuf::DescriptorPool> pool_;
  std::vector<const google::protobuf::FileDescriptor*> files_;
};

// The comment of a declaration as paragraphs: lines of one paragraph are
// joined, since what shows it breaks lines itself; lists and indented lines
// stay. "" when there is none.
template <typename Descriptor>
std::string CommentOf(const Descriptor* descriptor);
std::string Paragraphs(std::string_view comment);

// Up to the first full stop.
std::string FirstSentence(std::string_view text);

template <typename Descriptor>
std::string CommentOf(const Descriptor* descriptor) {
  google::protobuf::SourceLocation location;
  if (!descriptor->GetSourceLocation(&location)) return "";
  return Paragraphs(location.leading_comments.empty()
                        ? location.trailing_comments
                        : location.leading_comments);
}

}  // namespace millrace::contracts

#endif  // MILLRACE_TOOLS_CONTRACTS_CONTRACT_TREE_H_
