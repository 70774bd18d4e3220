#include "runtime/data_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
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

// What is there already may belong to a group on purpose, and is left alone.
std::error_code MakeForOwner(std::filesystem::path path) {
  if (!path.has_filename()) path = path.parent_path();  // "data/"
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return {};
  error.clear();
  if (path.has_parent_path()) {
    std::filesystem::create_directories(path.parent_path(), error);
  }
  if (!error && mkdir(path.c_str(), 0700) != 0) {
    error = std::error_code(errno, std::generic_category());
  }
  if (error != std::errc::file_exists) return error;
  // Made by another process meanwhile, or no directory.
  std::error_code unknown;
  return std::filesystem::is_directory(path, unknown)
             ? std::error_code()
             : std::make_error_code(std::errc::not_a_directory);
}

}  // namespace

absl::StatusOr<std::unique_ptr<DataDir>> DataDir::Lock(
    const std::string& path) {
  const std::error_code error = MakeForOwner(path);
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
