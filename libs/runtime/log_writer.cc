#include "runtime/log_writer.h"

#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string_view>
#include <utility>

namespace millrace::runtime {
namespace {

constexpr std::chrono::milliseconds kGather(5);

// A descriptor that is gone takes nothing more: there is nobody to tell.
void WritePiece(int fd, std::string_view piece) {
  while (!piece.empty()) {
    const ssize_t written = write(fd, piece.data(), piece.size());
    if (written >= 0) {
      piece.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      pollfd ready = {fd, POLLOUT, 0};
      poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      return;
    }
  }
}

}  // namespace

LogWriter::LogWriter(int fd, size_t most_lines)
    : fd_(fd), most_lines_(most_lines), thread_([this] { Run(); }) {
  pthread_setname_np(thread_.native_handle(), "log");
}

LogWriter::~LogWriter() { Close(); }

void LogWriter::Write(std::string line) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (closing_) return;
    if (waiting_.size() >= most_lines_) {
      waiting_.pop_front();
      dropped_.fetch_add(1, std::memory_order_relaxed);
    }
    waiting_.push_back(std::move(line));
    // Half full does not wait for the rest of the 5 ms.
    wake = std::exchange(asleep_, false) || waiting_.size() == most_lines_ / 2;
  }
  if (wake) changed_.notify_one();
}

void LogWriter::Close() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void LogWriter::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    asleep_ = waiting_.empty();
    changed_.wait(lock, [this] { return closing_ || !waiting_.empty(); });
    asleep_ = false;
    if (waiting_.empty()) return;
    const std::deque<std::string> lines = std::exchange(waiting_, {});
    lock.unlock();
    WriteAll(lines);
    lock.lock();
    changed_.wait_for(lock, kGather, [this] {
      return closing_ || waiting_.size() >= most_lines_ / 2;
    });
  }
}

void LogWriter::WriteAll(const std::deque<std::string>& lines) const {
  std::string piece;
  piece.reserve(PIPE_BUF);
  for (const std::string& line : lines) {
    if (!piece.empty() && piece.size() + line.size() + 1 > PIPE_BUF) {
      WritePiece(fd_, piece);
      piece.clear();
    }
    piece += line;
    piece += '\n';
  }
  WritePiece(fd_, piece);
}

}  // namespace millrace::runtime
