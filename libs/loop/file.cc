#include "loop/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <limits>
#include <type_traits>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "loop/file_calls.h"
#include "loop/worker_pool.h"

namespace millrace::fs {
namespace {

using internal::Descriptor;

int FlagsOf(OpenMode mode) {
  switch (mode) {
    case OpenMode::kRead:
      return O_RDONLY;
    case OpenMode::kWrite:
      return O_WRONLY | O_CREAT | O_TRUNC;
    case OpenMode::kAppend:
      return O_WRONLY | O_CREAT | O_APPEND;
    case OpenMode::kReadWrite:
      return O_RDWR | O_CREAT;
    case OpenMode::kCreate:
      return O_WRONLY | O_CREAT | O_EXCL;
  }
  return O_RDONLY;
}

// For calls that say 0 or -1.
void Check(int result, std::string_view what, const std::string& path) {
  if (result != 0) internal::ThrowErrno(what, path, errno);
}

// pread() and pwrite() take less than the type can hold.
int64_t OffsetOf(uint64_t offset, std::string_view what,
                 const std::string& path) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  if (offset > static_cast<uint64_t>(kMost)) {
    Throw(absl::InvalidArgumentError(StrCat("cannot ", what, " '", path,
                                            "' at byte ", offset,
                                            ": an offset is at most ", kMost)));
  }
  return static_cast<int64_t>(offset);
}

}  // namespace

class File::Core {
 public:
  Core(EventLoop& loop, std::string path, Descriptor file)
      : loop_(loop), path_(std::move(path)), file_(std::move(file)) {}

  // Runs f(core) on the pool, when those before it have ended. The coroutine
  // keeps the core, and with it the file.
  template <typename F>
  static Promise<std::invoke_result_t<F&, Core&>> Do(std::shared_ptr<Core> core,
                                                     F f) {
    core->loop_.AssertThread();
    const Turn turn;
    const Promise<void> before =
        std::exchange(core->last_, turn.ended.promise());
    if (before.valid()) co_await before;
    if (!core->file_.open()) {
      Throw(absl::FailedPreconditionError(
          StrCat("the file '", core->path_, "' is closed")));
    }
    auto done = core->loop_.workers().Run([&core, &f] { return f(*core); });
    co_return co_await std::move(done);
  }

  int fd() const { return file_.get(); }
  Descriptor& file() { return file_; }
  const std::string& path() const { return path_; }

 private:
  // Passes on when it goes, however that comes.
  struct Turn {
    ~Turn() { ended.Resolve(); }
    Deferred<void> ended;
  };

  EventLoop& loop_;
  const std::string path_;
  Descriptor file_;
  Promise<void> last_;  // never rejected
};

File::File(std::shared_ptr<Core> core) : core_(std::move(core)) {}
File::File(File&&) noexcept = default;
File& File::operator=(File&&) noexcept = default;
File::~File() = default;

Promise<File> File::Open(EventLoop& loop, std::string path, OpenMode mode,
                         unsigned permissions) {
  loop.AssertThread();
  auto opened = loop.workers().Run([&path, mode, permissions] {
    return internal::OpenFile(path, FlagsOf(mode), permissions);
  });
  Descriptor file = co_await std::move(opened);
  co_return File(
      std::make_shared<Core>(loop, std::move(path), std::move(file)));
}

Promise<std::string> File::Read(size_t bytes) {
  return Core::Do(core_, [bytes](Core& core) {
    return internal::ReadSome(core.fd(), core.path(), -1, bytes);
  });
}

Promise<std::string> File::ReadAt(uint64_t offset, size_t bytes) {
  return Core::Do(core_, [offset, bytes](Core& core) {
    return internal::ReadSome(core.fd(), core.path(),
                              OffsetOf(offset, "read", core.path()), bytes);
  });
}

Promise<void> File::Write(std::string bytes) {
  return Core::Do(core_, [bytes = std::move(bytes)](Core& core) {
    internal::WriteAll(core.fd(), core.path(), -1, bytes);
  });
}

Promise<void> File::WriteAt(uint64_t offset, std::string bytes) {
  return Core::Do(core_, [offset, bytes = std::move(bytes)](Core& core) {
    internal::WriteAll(core.fd(), core.path(),
                       OffsetOf(offset, "write", core.path()), bytes);
  });
}

Promise<void> File::Truncate(uint64_t size) {
  return Core::Do(core_, [size](Core& core) {
    Check(ftruncate(core.fd(), static_cast<off_t>(size)), "truncate",
          core.path());
  });
}

Promise<void> File::Sync() {
  return Core::Do(
      core_, [](Core& core) { internal::SyncFile(core.fd(), core.path()); });
}

Promise<FileInfo> File::Stat() {
  return Core::Do(core_, [](Core& core) {
    return internal::StatFile(core.fd(), core.path());
  });
}

Promise<void> File::Close() {
  return Core::Do(core_, [](Core& core) {
    const int error = core.file().Close();
    if (error != 0) internal::ThrowErrno("close", core.path(), error);
  });
}

const std::string& File::path() const { return core_->path(); }

Promise<std::string> ReadFile(EventLoop& loop, std::string path,
                              size_t max_bytes) {
  return loop.workers().Run([path = std::move(path), max_bytes] {
    return internal::ReadWhole(path, max_bytes);
  });
}

Promise<void> WriteFile(EventLoop& loop, std::string path, std::string bytes,
                        WriteFileOptions options) {
  return loop.workers().Run(
      [path = std::move(path), bytes = std::move(bytes), options] {
        internal::ReplaceFile(path, bytes, options);
      });
}

Promise<void> AppendFile(EventLoop& loop, std::string path, std::string bytes,
                         unsigned permissions) {
  return loop.workers().Run(
      [path = std::move(path), bytes = std::move(bytes), permissions] {
        Descriptor file =
            internal::OpenFile(path, FlagsOf(OpenMode::kAppend), permissions);
        internal::WriteAll(file.get(), path, -1, bytes);
        const int error = file.Close();
        if (error != 0) internal::ThrowErrno("write", path, error);
      });
}

Promise<FileInfo> Stat(EventLoop& loop, std::string path) {
  return loop.workers().Run(
      [path = std::move(path)] { return internal::StatPath(path); });
}

Promise<void> Rename(EventLoop& loop, std::string from, std::string to) {
  return loop.workers().Run([from = std::move(from), to = std::move(to)] {
    Check(rename(from.c_str(), to.c_str()),
          StrCat("give the name '", to, "' to"), from);
  });
}

Promise<void> Unlink(EventLoop& loop, std::string path) {
  return loop.workers().Run([path = std::move(path)] {
    Check(unlink(path.c_str()), "unlink", path);
  });
}

Promise<void> MakeDirectory(EventLoop& loop, std::string path, bool parents) {
  return loop.workers().Run([path = std::move(path), parents] {
    internal::MakeDirectories(path, parents);
  });
}

Promise<void> RemoveDirectory(EventLoop& loop, std::string path) {
  return loop.workers().Run([path = std::move(path)] {
    Check(rmdir(path.c_str()), "remove the directory", path);
  });
}

Promise<std::vector<DirectoryEntry>> ReadDirectory(EventLoop& loop,
                                                   std::string path) {
  return loop.workers().Run(
      [path = std::move(path)] { return internal::ListDirectory(path); });
}

}  // namespace millrace::fs
