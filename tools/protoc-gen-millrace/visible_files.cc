#include "tools/protoc-gen-millrace/visible_files.h"

#include <algorithm>

namespace millrace::compiler {
namespace {

using google::protobuf::FileDescriptor;

void Add(const FileDescriptor* file, Files* files) {
  if (Contains(*files, file)) return;
  files->push_back(file);
  for (int i = 0; i < file->public_dependency_count(); ++i) {
    Add(file->public_dependency(i), files);
  }
}

}  // namespace

Files VisibleFrom(const FileDescriptor* file) {
  Files files;
  Add(file, &files);
  for (int i = 0; i < file->dependency_count(); ++i) {
    Add(file->dependency(i), &files);
  }
  return files;
}

bool Contains(const Files& files, const FileDescriptor* file) {
  return std::find(files.begin(), files.end(), file) != files.end();
}

}  // namespace millrace::compiler
