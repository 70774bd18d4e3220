#include "tests/bench/support/server_process.h"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <utility>

namespace millrace::bench {

void PinTo(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  sched_setaffinity(0, sizeof set, &set);
}

int LastCore() { return static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)) - 1; }

void TellPort(int port, const std::string& word) {
  std::printf("%d %s\n", port, word.c_str());
  std::fflush(stdout);
}

double Percentile(std::vector<double> values, double part) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto at =
      static_cast<size_t>(part * static_cast<double>(values.size()));
  return values[std::min(at, values.size() - 1)];
}

double Median(std::vector<double> values) {
  return Percentile(std::move(values), 0.5);
}

std::vector<std::string> ServeCommand(const char* kind) {
  return {"/proc/self/exe", "--serve", kind};
}

ServerProcess::ServerProcess(const char* kind)
    : ServerProcess(ServeCommand(kind)) {}

ServerProcess::ServerProcess(std::vector<std::string> command) {
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  int out[2];
  if (pipe(out) != 0) std::abort();
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(out[1], STDOUT_FILENO);
    close(out[0]);
    close(out[1]);
    PinTo(0);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  close(out[1]);
  FILE* reader = fdopen(out[0], "r");
  char line[4096];
  if (std::fgets(line, sizeof line, reader) == nullptr) std::abort();
  std::fclose(reader);
  std::istringstream(line) >> port_ >> word_;
}

ServerProcess::~ServerProcess() {
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

std::string ServerProcess::target() const {
  return "127.0.0.1:" + std::to_string(port_);
}

double ServerProcess::CpuSeconds() const {
  clockid_t clock;
  timespec time{};
  if (clock_getcpuclockid(pid_, &clock) != 0) std::abort();
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * time.tv_nsec;
}

size_t ServerProcess::ResidentBytes() const {
  const std::string path = "/proc/" + std::to_string(pid_) + "/statm";
  FILE* file = std::fopen(path.c_str(), "r");
  size_t all = 0, resident = 0;
  if (file == nullptr || std::fscanf(file, "%zu %zu", &all, &resident) != 2) {
    std::abort();
  }
  std::fclose(file);
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace millrace::bench
