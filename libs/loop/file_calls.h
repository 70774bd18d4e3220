// The system's calls on files, blocking, made to throw StatusError. Private to
// loop; any thread.
#ifndef MILLRACE_LOOP_FILE_CALLS_H_
#define MILLRACE_LOOP_FILE_CALLS_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "loop/file.h"

namespace millrace::fs::internal {

// A descriptor that is closed at the end.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor();

  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  // The error number of close(2), or 0.
  int Close();

 private:
  int fd_ = -1;
};

// Throws what `error`, a number of errno, says of "cannot <what> '<path>'".
[[noreturn]] void ThrowErrno(std::string_view what, const std::string& path,
                             int error);

Descriptor OpenFile(const std::string& path, int flags, unsigned permissions);

// With a negative offset at the descriptor's own. Reads until `bytes` are
// there or the file ends.
std::string ReadSome(int fd, const std::string& path, int64_t offset,
                     size_t bytes);
void WriteAll(int fd, const std::string& path, int64_t offset,
              std::string_view bytes);
void SyncFile(int fd, const std::string& path);
FileInfo StatFile(int fd, const std::string& path);

std::string ReadWhole(const std::string& path, size_t max_bytes);
void ReplaceFile(const std::string& path, std::string_view bytes,
                 const WriteFileOptions& options);
FileInfo StatPath(const std::string& path);
void MakeDirectories(const std::string& path, bool parents);
std::vector<DirectoryEntry> ListDirectory(const std::string& path);

}  // namespace millrace::fs::internal

#endif  // MILLRACE_LOOP_FILE_CALLS_H_
