// Unary gRPC echo: libs/rpc against the bare completion queue of grpc++.
//
//   faces_bench [rounds] [seconds per run]
//
// Each server is a process of its own on the first core, the load runs on the
// last. The two servers take turns; printed are the medians and, of the pairs
// of a round, the median ratio of calls per second and of the server's CPU
// time per call. A ratio between 0.9 and 1.1 is a tie on a noisy machine.

#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "base/logger.h"
#include "base/metrics.h"
#include "contract/dispatcher.h"
#include "load.h"
#include "loop/event_loop.h"
#include "raw_server.h"
#include "rpc/engine.h"
#include "rpc/server.h"
#include "rpc/testdata/echo_service.h"

namespace millrace::bench {
namespace {

using test::EchoReply;
using test::EchoRequest;

class Echo final : public test::EchoService {
 public:
  Promise<EchoReply> Say(const Call&, const EchoRequest& request) override {
    EchoReply reply;
    reply.set_text(request.text());
    co_return reply;
  }
  Stream<EchoReply> Count(const Call&, const EchoRequest&) override {
    return Stream<EchoReply>::Empty();
  }
  Promise<EchoReply> Join(const Call&, Stream<EchoRequest>) override {
    co_return EchoReply();
  }
  Stream<EchoReply> Talk(const Call&, Stream<EchoRequest>) override {
    return Stream<EchoReply>::Empty();
  }
};

void RunOurServer() {
  EventLoop loop;
  rpc::Engine engine(loop);
  Echo echo;
  DirectDispatcher dispatcher({test::BindEcho(echo)});
  NullLogger logger;
  NullMetrics metrics;
  auto server = rpc::Server::Start(engine, rpc::ServerOptions(), dispatcher,
                                   logger, metrics);
  if (!server.ok()) std::abort();
  std::printf("%d\n", (*server)->port());
  std::fflush(stdout);
  loop.Run();
}

void PinTo(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  sched_setaffinity(0, sizeof set, &set);
}

// A server process, from its start until it is killed.
class ServerProcess {
 public:
  explicit ServerProcess(const char* kind) {
    int out[2];
    if (pipe(out) != 0) std::abort();
    pid_ = fork();
    if (pid_ == 0) {
      dup2(out[1], STDOUT_FILENO);
      close(out[0]);
      close(out[1]);
      PinTo(0);
      execl("/proc/self/exe", "faces_bench", "--serve", kind, nullptr);
      _exit(127);
    }
    close(out[1]);
    FILE* reader = fdopen(out[0], "r");
    int port = 0;
    if (std::fscanf(reader, "%d", &port) != 1) std::abort();
    std::fclose(reader);
    target_ = "127.0.0.1:" + std::to_string(port);
  }

  ~ServerProcess() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

  const std::string& target() const { return target_; }

  double CpuSeconds() const {
    clockid_t clock;
    timespec time{};
    if (clock_getcpuclockid(pid_, &clock) != 0) std::abort();
    clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * time.tv_nsec;
  }

 private:
  pid_t pid_;
  std::string target_;
};

struct Run {
  double calls_per_second;
  double cpu_micros_per_call;
};

Run Measure(const char* kind, int in_flight, double seconds) {
  ServerProcess server(kind);
  RunLoad(server.target(), in_flight, 0.3);  // warm
  const double cpu = server.CpuSeconds();
  const LoadResult load = RunLoad(server.target(), in_flight, seconds);
  const auto calls = static_cast<double>(load.calls);
  return {calls / load.seconds, 1e6 * (server.CpuSeconds() - cpu) / calls};
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void Compare(int in_flight, int rounds, double seconds) {
  std::vector<double> raw_rate, raw_cpu, our_rate, our_cpu, rate, cpu;
  for (int i = 0; i < rounds; ++i) {
    const Run raw = Measure("raw", in_flight, seconds);
    const Run ours = Measure("millrace", in_flight, seconds);
    raw_rate.push_back(raw.calls_per_second);
    raw_cpu.push_back(raw.cpu_micros_per_call);
    our_rate.push_back(ours.calls_per_second);
    our_cpu.push_back(ours.cpu_micros_per_call);
    rate.push_back(ours.calls_per_second / raw.calls_per_second);
    cpu.push_back(ours.cpu_micros_per_call / raw.cpu_micros_per_call);
  }
  std::printf(
      "%3d in flight: raw %.0f calls/s %.1f us CPU, millrace %.0f calls/s "
      "%.1f us CPU; ratio %.2f calls, %.2f CPU\n",
      in_flight, Median(raw_rate), Median(raw_cpu), Median(our_rate),
      Median(our_cpu), Median(rate), Median(cpu));
}

}  // namespace
}  // namespace millrace::bench

int main(int argc, char** argv) {
  using namespace millrace::bench;
  if (argc == 3 && std::strcmp(argv[1], "--serve") == 0) {
    if (std::strcmp(argv[2], "raw") == 0) {
      RunRawServer();
    } else {
      RunOurServer();
    }
    return 0;
  }
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 5;
  const double seconds = argc > 2 ? std::atof(argv[2]) : 3;
  PinTo(static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)) - 1);
  Compare(64, rounds, seconds);
  Compare(1, rounds, seconds);
  return 0;
}
