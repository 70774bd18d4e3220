// Many streams that are open at a time on one loop: what each takes of the
// server's memory, and what they do to the calls beside them.
//
//   streams_bench [--streams N] [--calls N] [--most KIB]
//
// N (default 10000) gRPC streams are opened at gRPC's bare completion queue,
// which is the floor, and at our server behind the pipeline; then as many
// clients of Server-Sent Events at the HTTP face. Each server is a process of
// its own on the first core. Printed are the resident bytes that a stream adds
// and, of unary calls (default 3000), one after the other, the p50, the p99 and
// the server's CPU time, without streams and beside them while 200 messages a
// second go out, whose CPU time is with the calls'. On a busy machine the p99
// is the machine's: look at the CPU time.
//
// What a stream's memory is made of, a heap profiler tells of a server that
// runs alone; the streams are then held open until standard input ends:
//
//   streams_bench --serve raw|streams|events       prints its port
//   streams_bench --open grpc|events PORT N
//
// With --most the exit code is 1 when a gRPC stream takes more than so many KiB
// beyond the floor's.

#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/bench/streams/clients.h"
#include "tests/bench/streams/servers.h"
#include "tests/bench/support/server_process.h"

namespace millrace::bench {
namespace {

constexpr size_t kConnections = 10;
constexpr double kKiB = 1024;

struct Options {
  size_t streams = 10'000;
  size_t calls = 3000;
  double most_kib = 0;  // 0: no limit
};

// In microseconds.
struct Calls {
  double p50, p99, cpu;
};

struct Result {
  double kib_per_stream;
  Calls without, beside;
};

template <typename Clients>
Calls MeasureCalls(const ServerProcess& server, Clients& clients,
                   const Options& options) {
  const double before = server.CpuSeconds();
  const std::vector<double> seconds = clients.Call(options.calls);
  const double cpu = server.CpuSeconds() - before;
  return {1e6 * Percentile(seconds, 0.5), 1e6 * Percentile(seconds, 0.99),
          1e6 * cpu / static_cast<double>(options.calls)};
}

template <typename Clients>
Result Measure(const ServerProcess& server, Clients& clients,
               const Options& options) {
  // Warm: what is only made once is not the streams'.
  clients.Open(kConnections);
  static_cast<void>(clients.Call(200));
  const Calls without = MeasureCalls(server, clients, options);
  const size_t before = server.ResidentBytes();
  clients.Open(options.streams);
  const size_t after = server.ResidentBytes();
  const Calls beside = MeasureCalls(server, clients, options);
  const double grown = static_cast<double>(after) - static_cast<double>(before);
  return {grown / kKiB / static_cast<double>(options.streams), without, beside};
}

Result MeasureGrpc(const char* kind, const Options& options) {
  const ServerProcess server(kind);
  GrpcStreams clients(server.target(), kConnections);
  return Measure(server, clients, options);
}

Result MeasureEvents(const Options& options) {
  const ServerProcess server("events");
  EventClients clients(server.port());
  return Measure(server, clients, options);
}

void Print(const char* what, const Result& result) {
  std::printf("%-28s %6.1f KiB each\n", what, result.kib_per_stream);
  for (const auto& [when, calls] : {std::pair("without", result.without),
                                    std::pair("beside", result.beside)}) {
    std::printf("    calls %-8s p50 %6.0f us, p99 %6.0f us, %5.1f us CPU\n",
                when, calls.p50, calls.p99, calls.cpu);
  }
  std::fflush(stdout);
}

int Compare(const Options& options) {
  std::printf("%zu streams, %zu calls\n", options.streams, options.calls);
  const Result raw = MeasureGrpc("raw", options);
  Print("gRPC, bare queue", raw);
  const Result ours = MeasureGrpc("streams", options);
  Print("gRPC, millrace", ours);
  Print("Server-Sent Events, millrace", MeasureEvents(options));
  const double beyond = ours.kib_per_stream - raw.kib_per_stream;
  std::printf("a gRPC stream takes %.1f KiB beyond gRPC's own\n", beyond);
  if (options.most_kib == 0 || beyond <= options.most_kib) return 0;
  std::printf("that is more than %.1f KiB\n", options.most_kib);
  return 1;
}

std::optional<Options> Parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; i += 2) {
    const double value = i + 1 < argc ? std::atof(argv[i + 1]) : 0;
    if (value < 1) return std::nullopt;
    if (std::strcmp(argv[i], "--streams") == 0) {
      options.streams = static_cast<size_t>(value);
    } else if (std::strcmp(argv[i], "--calls") == 0) {
      options.calls = static_cast<size_t>(value);
    } else if (std::strcmp(argv[i], "--most") == 0) {
      options.most_kib = value;
    } else {
      return std::nullopt;
    }
  }
  return options;
}

int Serve(const char* kind) {
  if (std::strcmp(kind, "raw") == 0) RunRawStreams();
  if (std::strcmp(kind, "streams") == 0) RunOurStreams();
  if (std::strcmp(kind, "events") == 0) RunOurEvents();
  return 2;
}

template <typename Clients>
int Hold(Clients& clients, size_t count) {
  clients.Open(count);
  std::printf("%zu streams are open\n", count);
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  return 0;
}

int Open(const char* kind, const std::string& port, size_t count) {
  if (std::strcmp(kind, "grpc") == 0) {
    GrpcStreams clients("127.0.0.1:" + port, kConnections);
    return Hold(clients, count);
  }
  if (std::strcmp(kind, "events") == 0) {
    EventClients clients(std::atoi(port.c_str()));
    return Hold(clients, count);
  }
  return 2;
}

// A descriptor for each stream, on either side.
void RaiseFileLimit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace
}  // namespace millrace::bench

int main(int argc, char** argv) {
  using namespace millrace::bench;
  RaiseFileLimit();
  if (argc == 3 && std::strcmp(argv[1], "--serve") == 0) return Serve(argv[2]);
  if (argc == 5 && std::strcmp(argv[1], "--open") == 0) {
    return Open(argv[2], argv[3], static_cast<size_t>(std::atol(argv[4])));
  }
  const auto options = Parse(argc, argv);
  if (!options.has_value()) {
    std::fprintf(stderr,
                 "usage: streams_bench [--streams N] [--calls N] "
                 "[--most KIB]\n");
    return 2;
  }
  PinTo(LastCore());
  return Compare(*options);
}
