// Files as promises.
//
// What blocks runs on the loop's own worker pool, not on libuv's: that one is
// shared by the whole process and cannot be measured, while this one has a
// size, a bound and histograms. It also lets a whole file be one job instead
// of a round trip for each call.
//
// Loop-bound. Errors carry what was tried, the path and the system's words:
// "cannot open '/etc/x': No such file or directory". Codes are NOT_FOUND,
// ALREADY_EXISTS, PERMISSION_DENIED, RESOURCE_EXHAUSTED (disk or descriptors),
// FAILED_PRECONDITION (a directory, or none) and what else absl makes of the
// error number. A job that does not fit the pool is RESOURCE_EXHAUSTED.
#ifndef MILLRACE_LOOP_FILE_H_
#define MILLRACE_LOOP_FILE_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "loop/event_loop.h"
#include "loop/promise.h"

namespace millrace::fs {

enum class OpenMode {
  kRead,
  kWrite,      // made or emptied
  kAppend,     // made if missing; every write goes to the end
  kReadWrite,  // made if missing, kept otherwise
  kCreate,     // for writing; ALREADY_EXISTS when it is there
};

enum class FileKind { kFile, kDirectory, kLink, kOther };

struct FileInfo {
  FileKind kind = FileKind::kOther;
  uint64_t size = 0;
  unsigned permissions = 0;  // as chmod takes them
  absl::Time modified;
};

struct DirectoryEntry {
  std::string name;
  FileKind kind = FileKind::kOther;  // of the entry itself, not of its target
};

// An open file. Operations are carried out one after another, in the order of
// the calls, whether or not the earlier ones are awaited. A failed one does not
// stop those behind it.
//
// Move-only. Dropping it closes the file when its last operation has ended and
// tells nobody of an error; a writer who cares calls Sync() and Close().
class File {
 public:
  // `permissions` of a file that is made, less the process's umask.
  static Promise<File> Open(EventLoop& loop, std::string path,
                            OpenMode mode = OpenMode::kRead,
                            unsigned permissions = 0644);

  File(File&&) noexcept;
  File& operator=(File&&) noexcept;
  ~File();

  // From where the last Read() or Write() ended. Fewer bytes only at the end of
  // the file, none behind it. An offset above that of int64_t is
  // INVALID_ARGUMENT.
  Promise<std::string> Read(size_t bytes);
  Promise<std::string> ReadAt(uint64_t offset, size_t bytes);
  // All of it.
  Promise<void> Write(std::string bytes);
  Promise<void> WriteAt(uint64_t offset, std::string bytes);
  Promise<void> Truncate(uint64_t size);
  // Until the disk has it.
  Promise<void> Sync();
  Promise<FileInfo> Stat();
  // Behind what was asked before. Later calls reject with FAILED_PRECONDITION.
  Promise<void> Close();

  const std::string& path() const;

 private:
  class Core;

  explicit File(std::shared_ptr<Core> core);

  std::shared_ptr<Core> core_;
};

// The whole file, also one that does not know its size, as those of /proc.
// RESOURCE_EXHAUSTED when it has more than `max_bytes`.
Promise<std::string> ReadFile(
    EventLoop& loop, std::string path,
    size_t max_bytes = std::numeric_limits<size_t>::max());

struct WriteFileOptions {
  unsigned permissions = 0644;
  // Survives a power failure; otherwise only that of the process.
  bool durable = true;
};

// Replaces the file in one step: who opens it, also after a crash, finds the
// old contents or the new. They are written to a temporary file beside it,
// which is gone when this fails; a link is replaced, not followed.
Promise<void> WriteFile(EventLoop& loop, std::string path, std::string bytes,
                        WriteFileOptions options = {});
// Made if missing.
Promise<void> AppendFile(EventLoop& loop, std::string path, std::string bytes,
                         unsigned permissions = 0644);

// Of what a link leads to.
Promise<FileInfo> Stat(EventLoop& loop, std::string path);
Promise<void> Rename(EventLoop& loop, std::string from, std::string to);
Promise<void> Unlink(EventLoop& loop, std::string path);
// With `parents` also what leads to it, and one that exists is no error.
Promise<void> MakeDirectory(EventLoop& loop, std::string path,
                            bool parents = false);
Promise<void> RemoveDirectory(EventLoop& loop, std::string path);
// Sorted by name, without "." and "..".
Promise<std::vector<DirectoryEntry>> ReadDirectory(EventLoop& loop,
                                                   std::string path);

}  // namespace millrace::fs

#endif  // MILLRACE_LOOP_FILE_H_
