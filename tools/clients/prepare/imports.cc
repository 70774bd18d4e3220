#include "tools/clients/prepare/imports.h"

#include <google/protobuf/descriptor.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/strings.h"

namespace millrace::clients {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;
using google::protobuf::ServiceDescriptor;

// What is wrong with a file, in protobuf's words.
class Collector : public DescriptorPool::ErrorCollector {
 public:
  void AddError(const std::string& file, const std::string& element,
                const google::protobuf::Message*, ErrorLocation,
                const std::string& message) override {
    StrAppend(&text_, text_.empty() ? "" : "; ", file, ": ", element, ": ",
              message);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

using Files = std::set<const FileDescriptor*>;

void AddTypeOf(const FieldDescriptor& field, Files* used) {
  if (field.message_type() != nullptr) {
    used->insert(field.message_type()->file());
  }
  if (field.enum_type() != nullptr) used->insert(field.enum_type()->file());
  used->insert(field.containing_type()->file());
}

void AddTypesOf(const Descriptor& message, Files* used) {
  for (int i = 0; i < message.field_count(); ++i) {
    AddTypeOf(*message.field(i), used);
  }
  for (int i = 0; i < message.extension_count(); ++i) {
    AddTypeOf(*message.extension(i), used);
  }
  for (int i = 0; i < message.nested_type_count(); ++i) {
    AddTypesOf(*message.nested_type(i), used);
  }
}

Files UsedBy(const FileDescriptor& file) {
  Files used;
  for (int i = 0; i < file.message_type_count(); ++i) {
    AddTypesOf(*file.message_type(i), &used);
  }
  for (int i = 0; i < file.extension_count(); ++i) {
    AddTypeOf(*file.extension(i), &used);
  }
  for (int i = 0; i < file.service_count(); ++i) {
    const ServiceDescriptor& service = *file.service(i);
    for (int j = 0; j < service.method_count(); ++j) {
      used.insert(service.method(j)->input_type()->file());
      used.insert(service.method(j)->output_type()->file());
    }
  }
  return used;
}

// Whether an import gives one of the files, itself or by `import public`.
bool Gives(const FileDescriptor& import, const Files& used) {
  if (used.contains(&import)) return true;
  for (int i = 0; i < import.public_dependency_count(); ++i) {
    if (Gives(*import.public_dependency(i), used)) return true;
  }
  return false;
}

void Prune(const FileDescriptor& file, FileDescriptorProto* proto) {
  const Files used = UsedBy(file);
  const std::set<int> of_others(proto->public_dependency().begin(),
                                proto->public_dependency().end());
  std::vector<std::string> kept;
  proto->clear_public_dependency();
  proto->clear_weak_dependency();
  for (int i = 0; i < file.dependency_count(); ++i) {
    const bool is_public = of_others.contains(i);
    if (!is_public && !Gives(*file.dependency(i), used)) continue;
    if (is_public) {
      proto->add_public_dependency(static_cast<int>(kept.size()));
    }
    kept.push_back(file.dependency(i)->name());
  }
  proto->clear_dependency();
  for (std::string& name : kept) proto->add_dependency(std::move(name));
}

}  // namespace

absl::Status PruneImports(FileDescriptorSet* set) {
  DescriptorPool pool;
  Collector errors;
  std::vector<const FileDescriptor*> files;
  for (const FileDescriptorProto& proto : set->file()) {
    files.push_back(pool.BuildFileCollectingErrors(proto, &errors));
    if (files.back() == nullptr) {
      return absl::InvalidArgumentError(errors.text());
    }
  }
  for (int i = 0; i < set->file_size(); ++i) {
    Prune(*files[i], set->mutable_file(i));
  }
  return absl::OkStatus();
}

}  // namespace millrace::clients
