// Files beneath a folder, opened so that no path leads out of it. For
// static_files.cc. All calls block: for threads of a pool.
#ifndef MILLRACE_HTTP_SERVED_FILE_H_
#define MILLRACE_HTTP_SERVED_FILE_H_

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace millrace::http {

// A file that is open for reading. Reads of several threads do not meet.
class ServedFile {
 public:
  // Owns `fd`.
  ServedFile(int fd, const struct stat& about) : fd_(fd), about_(about) {}
  ~ServedFile();
  ServedFile(const ServedFile&) = delete;

  const struct stat& about() const { return about_; }
  uint64_t size() const { return static_cast<uint64_t>(about_.st_size); }

  // All of these bytes. Throws DATA_LOSS when the file has become too short.
  std::string Read(uint64_t offset, size_t bytes) const;

 private:
  const int fd_;
  const struct stat about_;  // when it was opened
};

// kKernel: by openat2(2), which follows symbolic links as long as they do not
// leave the folder. kStepwise: folder by folder, following none; what kKernel
// falls back to where the kernel, or a container's filter, has no openat2.
enum class OpenWay { kKernel, kStepwise };

struct OpenedFile {
  int error = 0;  // of errno; EXDEV or ELOOP for a way out
  std::shared_ptr<const ServedFile> file;

  bool IsKind(mode_t kind) const {
    return file != nullptr && (file->about().st_mode & S_IFMT) == kind;
  }
};

// `path` is relative to the folder `root`, a descriptor; "" is the folder. May
// open anything, also a folder; nothing that it opens makes it wait.
OpenedFile OpenBeneath(int root, std::string_view path,
                       OpenWay way = OpenWay::kKernel);

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_SERVED_FILE_H_
