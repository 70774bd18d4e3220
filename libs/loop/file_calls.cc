#include "loop/file_calls.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>

#include "absl/time/clock.h"
#include "base/status.h"
#include "base/strings.h"

namespace millrace::fs::internal {
namespace {

// What one read() asks for when the size is not known.
constexpr size_t kChunk = 64 * 1024;

// `call` again for as long as a signal interrupts it.
template <typename F>
auto Retry(F call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

FileKind KindOf(mode_t mode) {
  if (S_ISREG(mode)) return FileKind::kFile;
  if (S_ISDIR(mode)) return FileKind::kDirectory;
  return S_ISLNK(mode) ? FileKind::kLink : FileKind::kOther;
}

FileInfo InfoOf(const struct stat& about) {
  return {.kind = KindOf(about.st_mode),
          .size = static_cast<uint64_t>(about.st_size),
          .permissions = about.st_mode & 07777u,
          .modified = absl::TimeFromTimespec(about.st_mtim)};
}

std::string ParentOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == path.npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Where the new contents are written; removed unless it was renamed.
class Temporary {
 public:
  Temporary(const std::string& target, unsigned permissions) {
    // Not mkstemp(): only open() applies the umask without a race.
    for (int attempt = 0; attempt < kAttempts && !file_.open(); ++attempt) {
      path_ = StrCat(target, ".tmp-", getpid(), "-",
                     absl::ToUnixNanos(absl::Now()), "-", attempt);
      file_ = Descriptor(Retry([&] {
        return open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                    permissions);
      }));
      if (!file_.open() && errno != EEXIST) break;
    }
    if (!file_.open()) {
      ThrowErrno("make a temporary file for", target, errno);
    }
  }
  ~Temporary() {
    if (!renamed_) unlink(path_.c_str());
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

  Descriptor& file() { return file_; }
  void RenameTo(const std::string& target) {
    if (rename(path_.c_str(), target.c_str()) != 0) {
      ThrowErrno("replace", target, errno);
    }
    renamed_ = true;
  }

 private:
  static constexpr int kAttempts = 16;

  std::string path_;
  Descriptor file_;
  bool renamed_ = false;
};

FileKind KindOf(const std::string& directory, const dirent& entry) {
  switch (entry.d_type) {
    case DT_REG:
      return FileKind::kFile;
    case DT_DIR:
      return FileKind::kDirectory;
    case DT_LNK:
      return FileKind::kLink;
    case DT_UNKNOWN: {  // some file systems do not say
      struct stat about;
      const std::string path = StrCat(directory, "/", entry.d_name);
      const bool known = lstat(path.c_str(), &about) == 0;
      return known ? KindOf(about.st_mode) : FileKind::kOther;
    }
    default:
      return FileKind::kOther;
  }
}

}  // namespace

Descriptor::~Descriptor() { Close(); }

int Descriptor::Close() {
  if (fd_ < 0) return 0;
  // Not again after EINTR: Linux has closed it.
  const int result = close(std::exchange(fd_, -1));
  return result != 0 && errno != EINTR ? errno : 0;
}

void ThrowErrno(std::string_view what, const std::string& path, int error) {
  Throw(absl::Status(absl::ErrnoToStatusCode(error),
                     StrCat("cannot ", what, " '", path,
                            "': ", std::generic_category().message(error))));
}

Descriptor OpenFile(const std::string& path, int flags, unsigned permissions) {
  Descriptor file(Retry(
      [&] { return open(path.c_str(), flags | O_CLOEXEC, permissions); }));
  if (!file.open()) ThrowErrno("open", path, errno);
  return file;
}

std::string ReadSome(int fd, const std::string& path, int64_t offset,
                     size_t bytes) {
  std::string data;
  size_t size = 0;
  while (size < bytes) {
    // A large `bytes` need not mean that there is much to read.
    data.resize(std::min(bytes, std::max(size + kChunk, 2 * size)));
    const ssize_t got = Retry([&] {
      char* const to = data.data() + size;
      const size_t room = data.size() - size;
      return offset < 0
                 ? read(fd, to, room)
                 : pread(fd, to, room, offset + static_cast<off_t>(size));
    });
    if (got < 0) ThrowErrno("read", path, errno);
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  data.resize(size);
  return data;
}

void WriteAll(int fd, const std::string& path, int64_t offset,
              std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = Retry([&] {
      return offset < 0 ? write(fd, bytes.data(), bytes.size())
                        : pwrite(fd, bytes.data(), bytes.size(), offset);
    });
    if (put < 0) ThrowErrno("write", path, errno);
    bytes.remove_prefix(static_cast<size_t>(put));
    if (offset >= 0) offset += put;
  }
}

void SyncFile(int fd, const std::string& path) {
  if (Retry([fd] { return fsync(fd); }) != 0) ThrowErrno("sync", path, errno);
}

FileInfo StatFile(int fd, const std::string& path) {
  struct stat about;
  if (fstat(fd, &about) != 0) ThrowErrno("stat", path, errno);
  return InfoOf(about);
}

std::string ReadWhole(const std::string& path, size_t max_bytes) {
  const Descriptor file = OpenFile(path, O_RDONLY, 0);
  const size_t limit = std::max(max_bytes, max_bytes + 1);
  std::string bytes = ReadSome(file.get(), path, -1, limit);
  if (bytes.size() > max_bytes) {
    Throw(absl::ResourceExhaustedError(StrCat(
        "cannot read '", path, "': it has more than ", max_bytes, " bytes")));
  }
  return bytes;
}

void ReplaceFile(const std::string& path, std::string_view bytes,
                 const WriteFileOptions& options) {
  Temporary temporary(path, options.permissions);
  const int fd = temporary.file().get();
  WriteAll(fd, path, -1, bytes);
  if (options.durable) SyncFile(fd, path);
  if (const int error = temporary.file().Close(); error != 0) {
    ThrowErrno("write", path, error);
  }
  temporary.RenameTo(path);
  if (!options.durable) return;
  // The name, too, has to reach the disk.
  const std::string parent = ParentOf(path);
  const Descriptor directory = OpenFile(parent, O_RDONLY | O_DIRECTORY, 0);
  SyncFile(directory.get(), parent);
}

FileInfo StatPath(const std::string& path) {
  struct stat about;
  if (stat(path.c_str(), &about) != 0) ThrowErrno("stat", path, errno);
  return InfoOf(about);
}

void MakeDirectories(const std::string& path, bool parents) {
  if (mkdir(path.c_str(), 0777) == 0) return;
  const int error = errno;
  if (parents && error == ENOENT) {
    const std::string parent = ParentOf(path);
    if (parent != path) {
      MakeDirectories(parent, true);
      return MakeDirectories(path, true);
    }
  }
  if (parents && error == EEXIST) {
    struct stat about;
    if (stat(path.c_str(), &about) == 0 && S_ISDIR(about.st_mode)) return;
  }
  ThrowErrno("make the directory", path, error);
}

std::vector<DirectoryEntry> ListDirectory(const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(path.c_str()),
                                                      &closedir);
  if (directory == nullptr) ThrowErrno("list", path, errno);
  std::vector<DirectoryEntry> entries;
  while (true) {
    errno = 0;
    const dirent* entry = readdir(directory.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    entries.push_back({std::string(name), KindOf(path, *entry)});
  }
  if (errno != 0) ThrowErrno("list", path, errno);
  std::sort(entries.begin(), entries.end(),
            [](const DirectoryEntry& a, const DirectoryEntry& b) {
              return a.name < b.name;
            });
  return entries;
}

}  // namespace millrace::fs::internal
