// Unary gRPC echo: libs/rpc against the bare completion queue of grpc++. And
// JSON over HTTP: libs/http against node:http.
//
//   faces_bench [grpc|http] [ROUNDS [SECONDS]]    default: both; 5 rounds, 3 s
//                                                 each run
//
// Compared over gRPC are the floor by the generic service (raw_server.h), the
// server alone and the server behind the pipeline of
// a service, at 64 calls in flight and at one. Each server is a process of its
// own on the first core, the load runs on the last. The servers take turns;
// printed are the medians and, of the pairs of a round, the median ratio of
// calls per second and of the server's CPU time per call. A ratio between 0.9
// and 1.1 is a tie on a noisy machine.
//
// Steadier are instructions, which a noisy machine does not change:
//
//   valgrind --tool=callgrind faces_bench --serve raw|generic|bare|pipeline|
//                                                 floor|http|http_pipeline
//   faces_bench --load PORT CALLS [TOKEN]     at the port and with the token
//                                             that the server has printed
//   faces_bench --load-http PORT CALLS [TOKEN]    a GET; with a token, or "-",
//                                                 a POST
//
// Over HTTP, with 64 connections, each is compared with Node, whose twin of the
// pipeline does what ours does; CPU time is that of all threads.

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "tests/bench/faces/floor_server.h"
#include "tests/bench/faces/http_compare.h"
#include "tests/bench/faces/load.h"
#include "tests/bench/faces/our_http_servers.h"
#include "tests/bench/faces/our_servers.h"
#include "tests/bench/faces/raw_server.h"
#include "tests/bench/support/server_process.h"

namespace millrace::bench {
namespace {

struct Run {
  double calls_per_second;
  double cpu_micros_per_call;
};

Run Measure(const char* kind, int in_flight, double seconds) {
  const ServerProcess server(kind);
  Load load = {.target = server.target(),
               .token = server.word(),
               .in_flight = in_flight,
               .seconds = 0.3};
  RunLoad(load);  // warm
  const double cpu = server.CpuSeconds();
  load.seconds = seconds;
  const LoadResult result = RunLoad(load);
  const auto calls = static_cast<double>(result.calls);
  return {calls / result.seconds, 1e6 * (server.CpuSeconds() - cpu) / calls};
}

// One server next to the floor, over the rounds.
struct Compared {
  void Add(const Run& run, const Run& floor) {
    calls.push_back(run.calls_per_second);
    micros.push_back(run.cpu_micros_per_call);
    calls_ratio.push_back(run.calls_per_second / floor.calls_per_second);
    cpu_ratio.push_back(run.cpu_micros_per_call / floor.cpu_micros_per_call);
  }
  void Print(const char* name) const {
    std::printf(
        "  %-9s %8.0f calls/s %6.1f us CPU; %.2f of the calls at %.2f "
        "of the CPU\n",
        name, Median(calls), Median(micros), Median(calls_ratio),
        Median(cpu_ratio));
  }

  std::vector<double> calls, micros, calls_ratio, cpu_ratio;
};

void Compare(int in_flight, int rounds, double seconds) {
  Compared raw, generic, bare, pipeline;
  for (int i = 0; i < rounds; ++i) {
    const Run floor = Measure("raw", in_flight, seconds);
    raw.Add(floor, floor);
    generic.Add(Measure("generic", in_flight, seconds), floor);
    bare.Add(Measure("bare", in_flight, seconds), floor);
    pipeline.Add(Measure("pipeline", in_flight, seconds), floor);
  }
  std::printf("%d in flight\n", in_flight);
  raw.Print("raw");
  generic.Print("generic");
  bare.Print("bare");
  pipeline.Print("pipeline");
  std::fflush(stdout);
}

int Serve(const char* kind) {
  if (std::strcmp(kind, "raw") == 0) RunRawServer();
  if (std::strcmp(kind, "generic") == 0) RunGenericRawServer();
  if (std::strcmp(kind, "bare") == 0) RunBareServer();
  if (std::strcmp(kind, "pipeline") == 0) RunPipelineServer();
  if (std::strcmp(kind, "floor") == 0) RunFloorServer();
  if (std::strcmp(kind, "http") == 0) RunHttpServer();
  if (std::strcmp(kind, "http_pipeline") == 0) RunHttpPipelineServer();
  return 2;
}

int Usage() {
  std::fprintf(
      stderr,
      "usage: faces_bench [grpc|http] [ROUNDS [SECONDS]]\n"
      "       faces_bench --serve raw|generic|bare|pipeline|floor|http|"
      "http_pipeline\n"
      "       faces_bench --load|--load-http PORT CALLS [TOKEN]\n");
  return 2;
}

int LoadOnce(const std::string& port, double calls, const std::string& token) {
  if (calls < 1) return Usage();
  const LoadResult result = RunLoad({.target = "127.0.0.1:" + port,
                                     .token = token,
                                     .in_flight = 64,
                                     .seconds = 3600,
                                     .calls = static_cast<int64_t>(calls)});
  std::printf("%lld calls\n", static_cast<long long>(result.calls));
  return 0;
}

int Main(std::vector<std::string> arguments) {
  size_t count = arguments.size();
  if (count == 2 && arguments[0] == "--serve") {
    return Serve(arguments[1].c_str());
  }
  if ((count == 3 || count == 4) && arguments[0] == "--load") {
    return LoadOnce(arguments[1], std::atof(arguments[2].c_str()),
                    count == 4 ? arguments[3] : "");
  }
  if ((count == 3 || count == 4) && arguments[0] == "--load-http") {
    LoadHttp(std::atoi(arguments[1].c_str()), std::atoll(arguments[2].c_str()),
             count == 4 ? arguments[3] : "");
    return 0;
  }
  const std::string face =
      count > 0 && (arguments[0] == "grpc" || arguments[0] == "http")
          ? arguments[0]
          : "";
  if (!face.empty()) arguments.erase(arguments.begin());
  count = arguments.size();
  const int rounds = count > 0 ? std::atoi(arguments[0].c_str()) : 5;
  const double seconds = count > 1 ? std::atof(arguments[1].c_str()) : 3;
  if (count > 2 || rounds < 1 || !(seconds > 0)) return Usage();
  PinTo(LastCore());
  if (face != "http") {
    Compare(64, rounds, seconds);
    Compare(1, rounds, seconds);
  }
  if (face != "grpc") CompareHttp(rounds, seconds);
  return 0;
}

}  // namespace
}  // namespace millrace::bench

int main(int argc, char** argv) {
  return millrace::bench::Main({argv + 1, argv + argc});
}
