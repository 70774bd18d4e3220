// The directory of a process's files. One process uses it at a time: the
// embedded bus is for a single process. Any thread.
#ifndef MILLRACE_RUNTIME_DATA_DIR_H_
#define MILLRACE_RUNTIME_DATA_DIR_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace millrace::runtime {

class DataDir {
 public:
  // Makes the directory when it is missing, for its owner alone, and locks it
  // until the object is gone or the process has ended, however it ends.
  // FAILED_PRECONDITION says what is in the way, and which setting to change.
  static absl::StatusOr<std::unique_ptr<DataDir>> Lock(const std::string& path);

  ~DataDir();
  DataDir(const DataDir&) = delete;
  DataDir& operator=(const DataDir&) = delete;

 private:
  explicit DataDir(int descriptor) : descriptor_(descriptor) {}
  const int descriptor_;
};

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_DATA_DIR_H_
