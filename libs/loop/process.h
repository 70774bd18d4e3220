// Child processes.
//
// Loop-bound. A process keeps the loop running until it has ended. It is
// waited for whether or not anybody asks how it ended, so that none stays a
// zombie while the loop runs; what the loop's end finds running is killed and
// waited for, too, unless `kill_on_drop` says no.
//
//   auto sort = Process::Spawn(loop, {.program = "sort", .in = Stdio::kPipe,
//                                     .out = Stdio::kPipe});
//   if (!sort.ok()) ...
//   Stream<std::string> sorted = (*sort)->TakeOutput();
//   co_await (*sort)->Write("b\na\n");
//   (*sort)->CloseInput();
//   while (auto bytes = co_await sorted.Next()) { ... }
//   const ExitStatus status = co_await (*sort)->exit();
#ifndef MILLRACE_LOOP_PROCESS_H_
#define MILLRACE_LOOP_PROCESS_H_

#include <signal.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "loop/event_loop.h"
#include "loop/promise.h"
#include "loop/stream.h"

namespace millrace {

struct ExitStatus {
  int code = 0;    // of exit(); 0 as well when a signal ended it
  int signal = 0;  // that ended it, or 0

  bool ok() const { return code == 0 && signal == 0; }
  // "exit code 3", "signal 9".
  std::string ToString() const;
};

enum class Stdio { kNull, kInherit, kPipe };

struct ProcessOptions {
  std::string program;  // looked for in PATH when it has no slash
  std::vector<std::string> args = {};  // behind the program's name
  // Nothing but these; without a value, the environment of this process.
  std::optional<std::map<std::string, std::string>> env = {};
  std::string cwd = {};  // empty for this process's own
  Stdio in = Stdio::kNull;
  Stdio out = Stdio::kInherit;
  Stdio err = Stdio::kInherit;
  // SIGKILL when the Process is dropped. Otherwise it goes on, does not keep
  // the loop running, and is waited for as long as the loop exists.
  bool kill_on_drop = true;
};

class Process {
 public:
  // Blocks until the program runs. Fails with NOT_FOUND when there is no such
  // program or directory, PERMISSION_DENIED when it must not be run; the
  // message names it.
  static absl::StatusOr<std::unique_ptr<Process>> Spawn(EventLoop& loop,
                                                        ProcessOptions options);

  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  int pid() const;
  // Its output may be read after this has settled.
  Promise<ExitStatus> exit() const;
  // NOT_FOUND when it has ended.
  absl::Status Kill(int signum = SIGTERM);

  // What it writes, in pieces as they come; an empty stream without a pipe.
  // Once each. Some 256 KiB are read ahead, then the process has to wait for
  // the reader. A reader that drops the stream closes the pipe.
  Stream<std::string> TakeOutput();
  Stream<std::string> TakeErrors();

  // Resolves when the process's pipe has taken the bytes, in the order of the
  // calls. UNAVAILABLE when it reads no more, FAILED_PRECONDITION without a
  // pipe and after CloseInput().
  Promise<void> Write(std::string bytes);
  // After what was written, it reads the end.
  void CloseInput();

 private:
  class Impl;

  explicit Process(std::unique_ptr<Impl> impl);

  const std::unique_ptr<Impl> impl_;
};

}  // namespace millrace

#endif  // MILLRACE_LOOP_PROCESS_H_
