// loop_bench [--smoke] [--benchmark_...]: see bench.h. With --smoke every case
// does a few operations, once.
#include <string_view>
#include <vector>

#include "bench.h"

int main(int argc, char** argv) {
  using namespace millrace::bench;
  Sizes sizes;
  std::vector<char*> args(argv, argv + argc);
  char once[] = "--benchmark_min_time=0";
  for (char*& arg : args) {
    if (std::string_view(arg) != "--smoke") continue;
    arg = once;
    sizes = {.batch = 2'000, .chain = 1'000};
  }
  int count = static_cast<int>(args.size());
  benchmark::Initialize(&count, args.data());
  if (benchmark::ReportUnrecognizedArguments(count, args.data())) return 2;
  RegisterEmit(sizes);
  RegisterQueues(sizes);
  RegisterTurns(sizes);
  RegisterAwaits(sizes);
  RegisterTimers(sizes);
  RegisterPost(sizes);
  RegisterLoops(sizes);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
