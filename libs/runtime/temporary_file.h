// A file that nobody else has, gone with the object. A value of one thread.
#ifndef MILLRACE_RUNTIME_TEMPORARY_FILE_H_
#define MILLRACE_RUNTIME_TEMPORARY_FILE_H_

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"

namespace millrace::runtime {

class TemporaryFile {
 public:
  // Empty, in the directory for such, its name with `what` in it. UNAVAILABLE,
  // naming the place.
  static absl::StatusOr<TemporaryFile> Create(std::string_view what);
  ~TemporaryFile();
  TemporaryFile(TemporaryFile&& other) noexcept
      : path_(std::exchange(other.path_, {})) {}

  const std::string& path() const { return path_; }

 private:
  explicit TemporaryFile(std::string path) : path_(std::move(path)) {}

  std::string path_;  // empty once moved from
};

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_TEMPORARY_FILE_H_
