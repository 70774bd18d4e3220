#include "tools/contracts/contract_tree.h"

#include <google/protobuf/compiler/importer.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/descriptor_database.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/strings.h"
#include "millrace/v1/contract.pb.h"

namespace millrace::contracts {
namespace {

namespace pb = google::protobuf;
namespace fs = std::filesystem;

bool IsProvided(std::string_view file) {
  return file.starts_with("google/") || file == "millrace/v1/contract.proto" ||
         file == "millrace/v1/privacy.proto";
}

// Keeps what protobuf finds wrong, as protoc would print it.
class Errors final : public pb::compiler::MultiFileErrorCollector,
                     public pb::DescriptorPool::ErrorCollector {
 public:
  void AddError(const std::string& file, int line, int column,
                const std::string& message) override {
    StrAppend(&text_, text_.empty() ? "" : "\n", file, ":", line + 1, ":",
              column + 1, ": ", message);
  }

  void AddError(const std::string& file, const std::string& element,
                const pb::Message*, ErrorLocation,
                const std::string& message) override {
    StrAppend(&text_, text_.empty() ? "" : "\n", file, ": ", element, ": ",
              message);
  }

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace

struct ContractTree::Sources {
  pb::compiler::DiskSourceTree disk;
  pb::SimpleDescriptorDatabase set;
  std::unique_ptr<pb::DescriptorPoolDatabase> provided;
  std::unique_ptr<pb::compiler::SourceTreeDescriptorDatabase> folder;
  Errors errors;
};

ContractTree::ContractTree() : sources_(new Sources) {}
ContractTree::~ContractTree() = default;

absl::Status ContractTree::Collect(const std::vector<std::string>& names,
                                   std::string_view origin) {
  for (const std::string& name : names) {
    const pb::FileDescriptor* file = pool_->FindFileByName(name);
    if (file == nullptr || !sources_->errors.text().empty()) {
      return absl::InvalidArgumentError(
          StrCat(origin, ": ",
                 sources_->errors.text().empty()
                     ? name + " cannot be built; were imports left out?"
                     : sources_->errors.text()));
    }
    if (!IsProvided(name)) files_.push_back(file);
  }
  std::sort(files_.begin(), files_.end(),
            [](const auto* a, const auto* b) { return a->name() < b->name(); });
  return absl::OkStatus();
}

absl::StatusOr<ContractTree::Ptr> ContractTree::FromSet(std::string_view bytes,
                                                        std::string_view name) {
  // Makes the options known before the set is read.
  (void)v1::Emitter::descriptor();
  pb::FileDescriptorSet set;
  if (!set.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
      set.file_size() == 0) {
    return absl::InvalidArgumentError(
        StrCat(name,
               " is no descriptor set; make one with protoc "
               "--include_imports --include_source_info "
               "--descriptor_set_out=FILE"));
  }
  std::unique_ptr<ContractTree> tree(new ContractTree);
  std::vector<std::string> names;
  for (const pb::FileDescriptorProto& file : set.file()) {
    names.push_back(file.name());
    tree->sources_->set.Add(file);
  }
  tree->pool_ = std::make_unique<pb::DescriptorPool>(&tree->sources_->set,
                                                     &tree->sources_->errors);
  const absl::Status status = tree->Collect(names, name);
  if (!status.ok()) return status;
  return tree;
}

absl::StatusOr<ContractTree::Ptr> ContractTree::FromFolder(
    const std::string& path) {
  (void)v1::Emitter::descriptor();
  std::vector<std::string> names;
  std::error_code error;
  for (fs::recursive_directory_iterator it(path, error), end;
       !error && it != end; it.increment(error)) {
    if (it->is_regular_file() && it->path().extension() == ".proto") {
      names.push_back(it->path().lexically_relative(path).generic_string());
    }
  }
  if (error || names.empty()) {
    return absl::NotFoundError(
        StrCat("there are no .proto files below ", path));
  }
  std::sort(names.begin(), names.end());
  std::unique_ptr<ContractTree> tree(new ContractTree);
  Sources& sources = *tree->sources_;
  sources.disk.MapPath("", path);
  sources.provided = std::make_unique<pb::DescriptorPoolDatabase>(
      *pb::DescriptorPool::generated_pool());
  sources.folder = std::make_unique<pb::compiler::SourceTreeDescriptorDatabase>(
      &sources.disk, sources.provided.get());
  sources.folder->RecordErrorsTo(&sources.errors);
  tree->pool_ = std::make_unique<pb::DescriptorPool>(
      sources.folder.get(), sources.folder->GetValidationErrorCollector());
  const absl::Status status = tree->Collect(names, path);
  if (!status.ok()) return status;
  return tree;
}

absl::StatusOr<ContractTree::Ptr> ContractTree::Load(const std::string& path) {
  if (fs::is_directory(path)) return FromFolder(path);
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return absl::NotFoundError(
        StrCat(path,
               " is neither a folder with .proto files nor a file with "
               "their descriptor set"));
  }
  return FromSet(std::string(std::istreambuf_iterator<char>(file), {}), path);
}

std::string Paragraphs(std::string_view comment) {
  std::string text;
  bool joins = false;  // the line before can go on
  while (!comment.empty()) {
    const size_t end = comment.find('\n');
    std::string_view line = comment.substr(0, end);
    comment.remove_prefix(end == comment.npos ? comment.size() : end + 1);
    if (line.starts_with(' ')) line.remove_prefix(1);
    while (!line.empty() && (line.back() == ' ' || line.back() == '\r')) {
      line.remove_suffix(1);
    }
    const bool own = line.empty() || line[0] == ' ' || line.starts_with("- ") ||
                     line.starts_with("* ");
    if (!text.empty()) text += joins && !own ? ' ' : '\n';
    text += line;
    joins = !line.empty() && line[0] != ' ';
  }
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

std::string FirstSentence(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const bool last = i + 1 == text.size();
    if (text[i] == '\n') return std::string(text.substr(0, i));
    if (text[i] == '.' && (last || text[i + 1] == ' ' || text[i + 1] == '\n')) {
      return std::string(text.substr(0, i));
    }
  }
  return std::string(text);
}

}  // namespace millrace::contracts
