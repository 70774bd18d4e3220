// loop_soak [OPERATIONS [SEED]]: prints what was done and what was left; the
// exit code is 1 when something was, or when memory grew.

#include <cstdio>
#include <cstdlib>

#include "absl/strings/numbers.h"
#include "tests/soak/soak.h"

namespace {

constexpr double kMiB = 1 << 20;

int Print(const millrace::soak::Report& report) {
  for (const auto& [name, count] : report.operations) {
    std::printf("%-22s %12llu\n", name.c_str(),
                static_cast<unsigned long long>(count));
  }
  const bool flat = report.final_rss <= report.early_rss + report.allowed_rss();
  const bool done = report.begun == report.ended && report.live == 0;
  std::printf(
      "turns %llu, begun %llu, ended %llu, objects left %lld\n"
      "memory after a tenth %.1f MiB, at the end %.1f MiB, allowed %.1f MiB "
      "more: %s\n",
      static_cast<unsigned long long>(report.turns),
      static_cast<unsigned long long>(report.begun),
      static_cast<unsigned long long>(report.ended),
      static_cast<long long>(report.live),
      static_cast<double>(report.early_rss) / kMiB,
      static_cast<double>(report.final_rss) / kMiB,
      static_cast<double>(report.allowed_rss()) / kMiB,
      flat ? "flat" : "it grew");
  for (const std::string& problem : report.problems) {
    std::printf("problem: %s\n", problem.c_str());
  }
  return flat && done && report.problems.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  millrace::soak::Options options{.operations = 10'000'000};
  if (argc > 3 ||
      (argc > 1 && !absl::SimpleAtoi(argv[1], &options.operations)) ||
      (argc > 2 && !absl::SimpleAtoi(argv[2], &options.seed)) ||
      options.operations < 10) {
    std::fprintf(stderr, "usage: loop_soak [OPERATIONS (10 or more) [SEED]]\n");
    return 2;
  }
  std::printf("operations %llu, seed %llu\n",
              static_cast<unsigned long long>(options.operations),
              static_cast<unsigned long long>(options.seed));
  std::fflush(stdout);
  return Print(millrace::soak::RunSoak(options));
}
