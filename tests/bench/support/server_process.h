// A server that a benchmark measures, as a process of its own: the benchmark's
// own program, run again with '--serve KIND', or another's.
#ifndef MILLRACE_TESTS_BENCH_SUPPORT_SERVER_PROCESS_H_
#define MILLRACE_TESTS_BENCH_SUPPORT_SERVER_PROCESS_H_

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <vector>

namespace millrace::bench {

// Keeps this process, or the calling thread's later ones, on one core.
void PinTo(int core);
int LastCore();

// What a server says first: where it listens, and a word without spaces that
// its clients need. Flushed.
void TellPort(int port, const std::string& word = "");

double Median(std::vector<double> values);
// `part` of the values are not above it; 0.99 is the 99th percentile.
double Percentile(std::vector<double> values, double part);

// The command that runs the calling program with '--serve KIND'.
std::vector<std::string> ServeCommand(const char* kind);

// From its start, on the first core, until it is killed with the object.
class ServerProcess {
 public:
  explicit ServerProcess(const char* kind);
  // A program of the PATH, which tells its port as TellPort() does.
  explicit ServerProcess(std::vector<std::string> command);
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  int port() const { return port_; }
  // Empty when it said none.
  const std::string& word() const { return word_; }
  std::string target() const;
  // Of the whole process, from its start.
  double CpuSeconds() const;
  size_t ResidentBytes() const;

 private:
  pid_t pid_;
  int port_ = 0;
  std::string word_;
};

}  // namespace millrace::bench

#endif  // MILLRACE_TESTS_BENCH_SUPPORT_SERVER_PROCESS_H_
