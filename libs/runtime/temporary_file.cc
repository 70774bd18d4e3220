#include "runtime/temporary_file.h"

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "absl/status/status.h"
#include "base/strings.h"

namespace millrace::runtime {

absl::StatusOr<TemporaryFile> TemporaryFile::Create(std::string_view what) {
  std::error_code error;
  std::string path = std::filesystem::temp_directory_path(error) /
                     StrCat("millrace-", what, "-XXXXXX");
  const int fd = error ? -1 : mkstemp(path.data());
  if (fd < 0) {
    return absl::UnavailableError(
        StrCat("cannot make a temporary file: ", path));
  }
  close(fd);
  return TemporaryFile(std::move(path));
}

TemporaryFile::~TemporaryFile() {
  if (!path_.empty()) unlink(path_.c_str());
}

}  // namespace millrace::runtime
