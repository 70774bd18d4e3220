#include "store/backup.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/strings.h"
#include "store/sqlite_snapshots.h"

namespace millrace::store {
namespace {

namespace fs = std::filesystem;

absl::Status Cannot(std::string_view what, const fs::path& path, int error) {
  return absl::ErrnoToStatus(error,
                             StrCat("cannot ", what, " '", path.string(), "'"));
}

// Of a file or of a directory.
absl::Status Synchronize(const fs::path& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return Cannot("open", path, errno);
  const int error = fsync(file) == 0 ? 0 : errno;
  close(file);
  return error == 0 ? absl::OkStatus() : Cannot("write", path, error);
}

absl::Status CheckIsFree(const fs::path& directory) {
  std::error_code error;
  if (!fs::exists(directory, error)) return absl::OkStatus();
  const bool empty = fs::is_empty(directory, error);
  if (error) return Cannot("read", directory, error.value());
  if (empty && fs::is_directory(directory)) return absl::OkStatus();
  return absl::AlreadyExistsError(
      StrCat("'", directory.string(),
             "' is there already; name a directory that is not, or is empty"));
}

// Beside the directory that it becomes, and gone unless it does.
class Unfinished {
 public:
  explicit Unfinished(fs::path directory) : directory_(std::move(directory)) {}
  ~Unfinished() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;

  const fs::path& path() const { return path_; }

  absl::Status Make() {
    std::string name = StrCat(directory_.string(), ".tmp-XXXXXX");
    if (mkdtemp(name.data()) == nullptr) return Cannot("make", name, errno);
    path_ = name;
    return absl::OkStatus();
  }

  absl::Status Finish() {
    if (absl::Status status = Synchronize(path_); !status.ok()) return status;
    if (rename(path_.c_str(), directory_.c_str()) != 0) {
      const int error = errno;
      if (absl::Status status = CheckIsFree(directory_); !status.ok()) {
        return status;
      }
      return Cannot("make", directory_, error);
    }
    path_.clear();
    return Synchronize(directory_.parent_path());
  }

 private:
  const fs::path directory_;
  fs::path path_;
};

absl::Status CheckRoom(const fs::path& where, int64_t needed, int64_t spare) {
  std::error_code error;
  const fs::space_info space = fs::space(where, error);
  if (error) return Cannot("look at the room of", where, error.value());
  const auto free = static_cast<int64_t>(space.available);
  const int64_t missing = needed + spare - free;
  if (missing <= 0) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      StrCat("the backup takes ", needed, " bytes, ", spare,
             " are to stay free, and '", where.string(), "' has ", free,
             ": make room for ", missing, " bytes, or write it elsewhere"));
}

absl::StatusOr<int64_t> SizeOf(const fs::path& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error) return Cannot("read", path, error.value());
  return static_cast<int64_t>(size);
}

absl::Status CopyFile(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::copy_file(from, to, error);  // with its mode
  if (error) return Cannot("copy", from, error.value());
  return Synchronize(to);
}

}  // namespace

absl::StatusOr<std::vector<BackupCopy>> BackUp(const BackupOptions& options) {
  fs::path directory = fs::absolute(options.directory).lexically_normal();
  if (!directory.has_filename()) directory = directory.parent_path();
  if (absl::Status status = CheckIsFree(directory); !status.ok()) {
    return status;
  }
  int64_t needed = 0;
  for (const BackupFile& file : options.others) {
    const auto size = SizeOf(file.path);
    if (!size.ok()) return size.status();
    needed += *size;
  }
  Unfinished unfinished(directory);
  if (absl::Status status = unfinished.Make(); !status.ok()) return status;
  std::vector<std::string> paths;
  for (const BackupFile& file : options.databases) paths.push_back(file.path);
  const auto snapshots =
      SqliteSnapshots::Take(std::move(paths), options.patience);
  if (!snapshots.ok()) return snapshots.status();
  for (const BackupFile& file : options.databases) {
    needed += snapshots->Bytes(file.path);
  }
  if (absl::Status status =
          CheckRoom(unfinished.path(), needed, options.spare_bytes);
      !status.ok()) {
    return status;
  }
  std::vector<BackupCopy> copies;
  for (const BackupFile& file : options.databases) {
    const int64_t bytes = snapshots->Bytes(file.path);
    const auto progress = [&](int64_t done, int64_t all) {
      if (options.progress) {
        options.progress(file.name, all == 0 ? 0 : bytes / all * done, bytes);
      }
    };
    if (absl::Status status =
            snapshots->Copy(file.path, unfinished.path() / file.name, progress);
        !status.ok()) {
      return status;
    }
    if (absl::Status status = Synchronize(unfinished.path() / file.name);
        !status.ok()) {
      return status;
    }
    copies.push_back({file.name, bytes});
  }
  for (const BackupFile& file : options.others) {
    const fs::path copy = unfinished.path() / file.name;
    if (absl::Status status = CopyFile(file.path, copy); !status.ok()) {
      return status;
    }
    const auto size = SizeOf(copy);
    if (!size.ok()) return size.status();
    copies.push_back({file.name, *size});
  }
  if (absl::Status status = unfinished.Finish(); !status.ok()) return status;
  return copies;
}

}  // namespace millrace::store
