// Runs of the sample program, for tests of whole processes.
#ifndef MILLRACE_RUNTIME_PROGRAM_RUN_H_
#define MILLRACE_RUNTIME_PROGRAM_RUN_H_

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <future>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/strings.h"
#include "runtime/test_support.h"

namespace millrace::runtime {

// A run of the sample program. Ended with SIGKILL when it still runs.
class Program {
 public:
  explicit Program(std::vector<std::string> flags,
                   const char* file = MILLRACE_SAMPLE_PROGRAM) {
    int out[2];
    EXPECT_EQ(pipe2(out, O_CLOEXEC), 0);
    const std::string errors = dir_ / "stderr";
    std::vector<char*> arguments;
    flags.insert(flags.begin(), file);
    for (std::string& flag : flags) arguments.push_back(flag.data());
    arguments.push_back(nullptr);
    pid_ = fork();
    if (pid_ == 0) {
      dup2(out[1], STDOUT_FILENO);
      dup2(open(errors.c_str(), O_CREAT | O_WRONLY, 0600), STDERR_FILENO);
      execv(arguments[0], arguments.data());
      _exit(127);
    }
    close(out[1]);
    out_ = fdopen(out[0], "r");
  }
  ~Program() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    fclose(out_);
  }

  // The next line of stdout, "" at its end.
  std::string Line() {
    char line[1024];
    if (fgets(line, sizeof(line), out_) == nullptr) return "";
    std::string text = line;
    if (text.ends_with('\n')) text.pop_back();
    return text;
  }

  // Waits for the ready line and takes the ports from it.
  void Ready() {
    ready = Line();
    ASSERT_TRUE(ready.starts_with("ready http=127.0.0.1:")) << Errors();
    const size_t grpc_at = ready.find(" grpc=");
    http = PortOf(ready.substr(0, grpc_at));
    grpc = PortOf(ready);
  }

  std::string Errors() const {
    std::ifstream file(dir_ / "stderr");
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }

  void Signal(int signum) { kill(pid_, signum); }

  // Whether its stderr says so, within a time that even a busy machine keeps.
  bool Says(const std::string& text) const {
    for (int i = 0; i < 3000; ++i) {
      if (Errors().find(text) != std::string::npos) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

  pid_t pid() const { return pid_; }

  // As waitpid() gives it.
  int Wait() {
    int status = 0;
    waitpid(std::exchange(pid_, -1), &status, 0);
    return status;
  }

  std::string ready;
  int http = 0;
  int grpc = 0;

 private:
  ScratchDir dir_;
  pid_t pid_ = -1;
  FILE* out_ = nullptr;
};

class ProgramTest : public testing::Test {
 protected:
  std::vector<std::string> Flags(std::vector<std::string> more = {}) {
    std::vector<std::string> flags = {"--http-port", "0",      "--grpc-port",
                                      "0",           "--data", dir_ / "data"};
    flags.insert(flags.end(), more.begin(), more.end());
    return flags;
  }

  static std::string Greet(const Program& program, const std::string& name) {
    return HttpExchange(program.http, "POST", "/sample.v1.GreeterService/Greet",
                        StrCat("{\"name\":\"", name, "\"}"));
  }

  // A call that is answered later; returns when the program handles it.
  static std::future<std::string> GreetLater(const Program& program,
                                             const std::string& name) {
    auto answer = std::async(std::launch::async,
                             [&program, name] { return Greet(program, name); });
    while (HttpExchange(program.http, "GET", "/metrics")
               .find("millrace_calls_in_flight 1\n") == std::string::npos) {
      std::this_thread::yield();
    }
    return answer;
  }

  ScratchDir dir_;
};

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_PROGRAM_RUN_H_
