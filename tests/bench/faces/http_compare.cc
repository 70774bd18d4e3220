#include "tests/bench/faces/http_compare.h"

#include <cstdio>
#include <vector>

#include "tests/bench/faces/http_load.h"
#include "tests/bench/support/server_process.h"

namespace millrace::bench {
namespace {

constexpr char kGet[] = "GET /hello HTTP/1.1\r\nhost: localhost\r\n\r\n";
constexpr char kTwin[] = FACES_BENCH_DIR "/twin.mjs";

HttpLoad Get(const ServerProcess& server) {
  return {
      .port = server.port(), .request = kGet, .answer = "{\"text\":\"hello\"}"};
}

// With a token, who calls and a trace go along.
std::string PostOf(const std::string& token) {
  const std::string text(100, 'x');
  const std::string body = "{\"text\":\"" + text + "\"}";
  std::string request =
      "POST /millrace.test.Echo/Say HTTP/1.1\r\n"
      "host: localhost\r\n"
      "content-type: application/json\r\n"
      "content-length: " +
      std::to_string(body.size()) + "\r\n";
  if (!token.empty()) {
    request += "authorization: Bearer " + token +
               "\r\n"
               "traceparent: 00-0af7651916cd43dd8448eb211c80319c-"
               "b7ad6b7169203331-01\r\n";
  }
  return request + "\r\n" + body;
}

HttpLoad Post(const ServerProcess& server) {
  return {.port = server.port(),
          .request = PostOf(server.word()),
          .answer = "\"text\":\"xxxx"};
}

struct Contestant {
  const char* name;
  std::vector<std::string> command;

  std::vector<double> rate = {}, micros = {}, p50 = {}, p99 = {};
  // Next to the last of the contestants, in the same round.
  std::vector<double> rate_ratio = {}, cpu_ratio = {};
};

using MakeLoad = HttpLoad (*)(const ServerProcess&);

void Measure(Contestant& contestant, MakeLoad make, double seconds) {
  const ServerProcess server(contestant.command);
  HttpLoad load = make(server);
  // Node compiles what runs often.
  load.seconds = 1;
  RunHttpLoad(load);
  load.seconds = seconds;
  const double cpu = server.CpuSeconds();
  const HttpLoadResult result = RunHttpLoad(load);
  const auto requests = static_cast<double>(result.requests);
  contestant.rate.push_back(requests / result.seconds);
  contestant.micros.push_back(1e6 * (server.CpuSeconds() - cpu) / requests);
  contestant.p50.push_back(1e6 * Percentile(result.latencies, 0.5));
  contestant.p99.push_back(1e6 * Percentile(result.latencies, 0.99));
}

// The last one is what the others are compared with.
void Compare(const char* what, std::vector<Contestant> contestants,
             MakeLoad make, int rounds, double seconds) {
  for (int i = 0; i < rounds; ++i) {
    for (Contestant& each : contestants) Measure(each, make, seconds);
    const Contestant& peer = contestants.back();
    for (Contestant& each : contestants) {
      each.rate_ratio.push_back(each.rate.back() / peer.rate.back());
      each.cpu_ratio.push_back(each.micros.back() / peer.micros.back());
    }
  }
  std::printf("%s\n", what);
  for (const Contestant& each : contestants) {
    std::printf(
        "  %-20s %7.0f requests/s %6.1f us CPU, p50 %5.0f us, p99 %6.0f us; "
        "%.2f of the requests at %.2f of the CPU\n",
        each.name, Median(each.rate), Median(each.micros), Median(each.p50),
        Median(each.p99), Median(each.rate_ratio), Median(each.cpu_ratio));
  }
  std::fflush(stdout);
}

}  // namespace

void CompareHttp(int rounds, double seconds) {
  Compare("GET of a small route",
          {{"libuv, not parsed", ServeCommand("floor")},
           {"millrace", ServeCommand("http")},
           {"node:http", {"node", kTwin, "bare"}}},
          Get, rounds, seconds);
  Compare("POST of a unary call as JSON, nothing before the handler",
          {{"millrace", ServeCommand("http")},
           {"node:http", {"node", kTwin, "bare"}}},
          Post, rounds, seconds);
  Compare("the same through the pipeline, and its like",
          {{"millrace", ServeCommand("http_pipeline")},
           {"node:http", {"node", kTwin, "pipeline"}}},
          Post, rounds, seconds);
}

void LoadHttp(int port, int64_t requests, const std::string& token) {
  HttpLoad load = {
      .port = port, .request = kGet, .seconds = 3600, .requests = requests};
  if (!token.empty()) load.request = PostOf(token == "-" ? "" : token);
  std::printf("%lld requests\n",
              static_cast<long long>(RunHttpLoad(load).requests));
}

}  // namespace millrace::bench
