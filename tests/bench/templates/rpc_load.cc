// templates_rpc_load TARGET PATH FILE IN_FLIGHT SECONDS: calls the method with
// the request that stands in the file, as bytes, and prints a line of JSON.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/bench/faces/load.h"

int main(int argc, char** argv) {
  using namespace millrace::bench;
  if (argc != 6) {
    std::fprintf(stderr,
                 "usage: templates_rpc_load TARGET PATH FILE IN_FLIGHT "
                 "SECONDS\n");
    return 2;
  }
  std::ifstream file(argv[3], std::ios::binary);
  const Load load = {
      .target = argv[1],
      .path = argv[2],
      .request = std::string(std::istreambuf_iterator<char>(file), {}),
      .in_flight = std::atoi(argv[4]),
      .seconds = std::atof(argv[5])};
  if (!file || load.request.empty()) {
    std::fprintf(stderr, "templates_rpc_load: cannot read %s\n", argv[3]);
    return 2;
  }
  const LoadResult result = RunLoad(load);
  std::printf("{\"calls\": %lld, \"seconds\": %.6f}\n",
              static_cast<long long>(result.calls), result.seconds);
}
