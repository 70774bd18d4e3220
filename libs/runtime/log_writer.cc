#include "runtime/log_writer.h"

#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

namespace millrace::runtime {
namespace {

constexpr std::chrono::milliseconds kGather(5);

// How long nothing may be read of what Close() waits for, and how often a
// thread that waits to write looks whether it is told to end.
constexpr std::chrono::milliseconds kPatience(1000);
constexpr std::chrono::milliseconds kLook(100);

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
  hurry_ = true;
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
    const bool written = WriteAll(lines);
    lock.lock();
    if (!written) {
      // Nobody reads, and Close() has waited for long enough.
      dropped_.fetch_add(waiting_.size(), std::memory_order_relaxed);
      return waiting_.clear();
    }
    changed_.wait_for(lock, kGather, [this] {
      return closing_ || waiting_.size() >= most_lines_ / 2;
    });
  }
}

bool LogWriter::WriteAll(const std::deque<std::string>& lines) {
  std::string piece;
  piece.reserve(PIPE_BUF);
  size_t written = 0;  // lines
  const auto flush = [&](size_t next) {
    if (WritePiece(piece)) {
      piece.clear();
      written = next;
      return true;
    }
    dropped_.fetch_add(lines.size() - written, std::memory_order_relaxed);
    return false;
  };
  for (size_t i = 0; i < lines.size(); ++i) {
    if (!piece.empty() && piece.size() + lines[i].size() + 1 > PIPE_BUF &&
        !flush(i)) {
      return false;
    }
    piece += lines[i];
    piece += '\n';
  }
  return flush(lines.size());
}

// A descriptor that is gone takes nothing more: there is nobody to tell.
bool LogWriter::WritePiece(std::string_view piece) const {
  while (!piece.empty() && fd_ >= 0) {
    if (!AwaitRoom()) return false;
    // No more than a pipe that has room takes without waiting.
    const ssize_t written =
        write(fd_, piece.data(), std::min<size_t>(piece.size(), PIPE_BUF));
    if (written >= 0) {
      piece.remove_prefix(static_cast<size_t>(written));
    } else if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK) {
      return true;
    }
  }
  return true;
}

// False when it was waited for long enough. The descriptor may be shared with
// other programs, so that it is not made one that never blocks.
bool LogWriter::AwaitRoom() const {
  for (std::chrono::milliseconds waited(0); waited < kPatience;) {
    pollfd ready = {fd_, POLLOUT, 0};
    const int count = poll(&ready, 1, static_cast<int>(kLook.count()));
    if (count > 0 || (count < 0 && errno != EINTR)) return true;
    if (count == 0 && hurry_) waited += kLook;
  }
  return false;
}

}  // namespace millrace::runtime
