// bus_simulation [COUNT [SEED]] [--trace]: so many seeds from SEED on.
//
// Prints what failed, with the seed, and a summary; 1 when something did.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "base/random.h"
#include "base/strings.h"
#include "tests/conformance/bus/sim/simulation.h"

namespace millrace::bus::sim {
namespace {

// At the least so often something is said.
constexpr int64_t kPart = 5'000;

int Usage() {
  std::fputs("usage: bus_simulation [COUNT [SEED]] [--trace]\n", stderr);
  return 2;
}

int Main(const std::vector<std::string>& args) {
  int64_t count = 20'000;
  uint64_t seed = RandomBits() >> 16;
  RunOptions options;
  int numbers = 0;
  for (const std::string& arg : args) {
    if (arg == "--trace") {
      options.whole_trace = true;
    } else if (numbers == 0 && absl::SimpleAtoi(arg, &count) && count > 0) {
      ++numbers;
    } else if (numbers == 1 && absl::SimpleAtoi(arg, &seed)) {
      ++numbers;
    } else {
      return Usage();
    }
  }
  if (count == 1 && options.whole_trace) {
    const Outcome outcome = RunSeed(seed, options);
    std::puts(outcome.ToString().c_str());
    return outcome.failures.empty() ? 0 : 1;
  }
  std::printf(
      "seeds %llu to %llu\n", static_cast<unsigned long long>(seed),
      static_cast<unsigned long long>(seed + static_cast<uint64_t>(count) - 1));
  const int threads = static_cast<int>(std::thread::hardware_concurrency());
  for (int64_t done = 0; done < count; done += kPart) {
    const Summary summary =
        RunSeeds(seed + static_cast<uint64_t>(done),
                 std::min(kPart, count - done), threads, options);
    for (const Outcome& outcome : summary.failed) {
      std::puts(outcome.ToString().c_str());
    }
    std::puts(summary.ToString().c_str());
    std::fflush(stdout);
    if (!summary.failed.empty()) return 1;
  }
  return 0;
}

}  // namespace
}  // namespace millrace::bus::sim

int main(int argc, char** argv) {
  return millrace::bus::sim::Main(
      std::vector<std::string>(argv + 1, argv + argc));
}
