#include "runtime/data_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "base/strings.h"
#include "runtime/config_schema.h"

namespace millrace::runtime {
namespace {

absl::Status CannotUse(const std::string& path, std::string_view why) {
  return absl::FailedPreconditionError(StrCat("cannot use the data directory '",
                                              path, "': ", why, "; ",
                                              HowToSet("data_dir")));
}

}  // namespace

absl::StatusOr<std::unique_ptr<DataDir>> DataDir::Lock(
    const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return CannotUse(path, error.message());
  const std::string lock = std::filesystem::path(path) / "lock";
  const int descriptor = open(lock.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  if (descriptor < 0) return CannotUse(path, std::strerror(errno));
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    const bool taken = errno == EWOULDBLOCK;
    const std::string why =
        taken ? "another process uses it" : std::strerror(errno);
    close(descriptor);
    return CannotUse(path, why);
  }
  return std::unique_ptr<DataDir>(new DataDir(descriptor));
}

DataDir::~DataDir() { close(descriptor_); }

}  // namespace millrace::runtime
