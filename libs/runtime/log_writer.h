// Lines on their way to a file descriptor, written by a thread of its own, so
// that a slow reader holds nobody up.
//
// What has gathered is written together: the first line at once, those that
// follow it closely up to 5 ms later. A thread woken for each line would cost a
// busy process more than the line. A piece that is written ends with a line and
// has at most PIPE_BUF bytes, unless one line has more: no other process that
// writes to the same pipe comes between.
//
// Any thread; the destructor after everybody's last call.
#ifndef MILLRACE_RUNTIME_LOG_WRITER_H_
#define MILLRACE_RUNTIME_LOG_WRITER_H_

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace millrace::runtime {

class LogWriter {
 public:
  // The descriptor stays the caller's. `most_lines` may wait; more drop the
  // oldest.
  LogWriter(int fd, size_t most_lines);
  // Close()
  ~LogWriter();
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  // `line` without the end of line. Never waits for the descriptor.
  void Write(std::string line);

  // Writes what waits; what comes afterwards is lost, and so is what nobody
  // takes: after a second in which nothing was read it gives up, so that who
  // does not read a log cannot keep a process from ending. Twice is as good as
  // once.
  void Close();

  // Lines dropped because too many waited, or were given up.
  uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  void Run();
  // False when it gave up.
  bool WriteAll(const std::deque<std::string>& lines);
  bool WritePiece(std::string_view piece) const;
  bool AwaitRoom() const;

  const int fd_;
  const size_t most_lines_;
  std::atomic<uint64_t> dropped_ = 0;
  std::atomic<bool> hurry_ = false;  // Close() waits

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> waiting_;
  bool asleep_ = false;  // the thread wants to be told of the next line
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_LOG_WRITER_H_
