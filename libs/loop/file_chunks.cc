#include "loop/file_chunks.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "loop/event_loop.h"
#include "loop/worker_pool.h"

namespace millrace {
namespace {

// Used by one job of the pool at a time.
class File {
 public:
  explicit File(std::string path) : path_(std::move(path)) {}
  ~File() { Close(); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  // Empty at the end.
  std::string Read(size_t bytes) {
    if (fd_ < 0) Open();
    std::string chunk(bytes, '\0');
    ssize_t got;
    do {
      got = read(fd_, chunk.data(), bytes);
    } while (got < 0 && errno == EINTR);
    if (got < 0) Fail("read");
    chunk.resize(static_cast<size_t>(got));
    return chunk;
  }

  void Close() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }

 private:
  void Open() {
    do {
      fd_ = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    } while (fd_ < 0 && errno == EINTR);
    if (fd_ < 0) Fail("open");
  }

  [[noreturn]] void Fail(const char* what) const {
    Throw(absl::ErrnoToStatus(errno, StrCat("cannot ", what, " ", path_)));
  }

  const std::string path_;
  int fd_ = -1;
};

// Ends by closing or failing the writer and never rejects.
Promise<void> Pump(std::shared_ptr<File> file, size_t chunk_bytes,
                   StreamWriter<std::string> writer) {
  WorkerPool& workers = EventLoop::Current()->workers();
  try {
    while (!writer.closed()) {
      Promise<std::string> reading =
          workers.Run([file, chunk_bytes] { return file->Read(chunk_bytes); });
      std::string chunk = co_await std::move(reading);
      if (chunk.empty()) break;
      co_await writer.Write(std::move(chunk));
    }
    writer.Close();
  } catch (...) {
    writer.Fail(StatusFrom(std::current_exception()));
  }
  co_await workers.Run([&file] { file->Close(); });
}

}  // namespace

Stream<std::string> ReadChunks(std::string path, ReadChunksOptions options) {
  Pipe<std::string> pipe =
      MakePipe<std::string>(std::max<size_t>(options.ahead, 1));
  Pump(std::make_shared<File>(std::move(path)),
       std::max<size_t>(options.chunk_bytes, 1), std::move(pipe.writer))
      .Detach();
  return std::move(pipe.stream);
}

}  // namespace millrace
