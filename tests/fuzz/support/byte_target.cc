#include "tests/fuzz/support/byte_target.h"

#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/escaping.h"
#include "tests/fuzz/contract_compiler/random.h"

namespace millrace::fuzz {
namespace {

// What Replay() runs, for whoever has to find out why it fails.
std::string_view running;

using compiler::Random;
using Inputs = std::vector<std::string>;

struct Flags {
  Inputs folders;
  std::string seeds;
  size_t mutations = 0, first = 0;
};

Flags Parse(int argc, char** argv) {
  Flags flags;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string flag = argv[i];
    const std::string value = argv[i + 1];
    if (flag == "--requests") flags.folders.push_back(value);
    if (flag == "--write-seeds") flags.seeds = value;
    if (flag == "--mutations") flags.mutations = std::stoul(value);
    if (flag == "--first") flags.first = std::stoul(value);
  }
  return flags;
}

// By name, so that every run has them in one order.
void AddFilesOf(const std::string& folder, Inputs* inputs) {
  if (!std::filesystem::exists(folder)) return;
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  for (const std::filesystem::path& path : paths) {
    std::stringstream bytes;
    bytes << std::ifstream(path, std::ios::binary).rdbuf();
    inputs->push_back(bytes.str());
  }
}

int WriteSeeds(const Inputs& seeds, const std::string& folder) {
  std::filesystem::create_directories(folder);
  for (size_t i = 0; i < seeds.size(); ++i) {
    std::ofstream(std::filesystem::path(folder) / std::to_string(i),
                  std::ios::binary)
        << seeds[i];
  }
  std::printf("%zu seeds\n", seeds.size());
  return 0;
}

std::string Mutated(std::string input, const Inputs& seeds,
                    std::string_view alphabet, Random& random) {
  do {
    const size_t at = random.Below(input.size() + 1);
    switch (random.Below(5)) {
      case 0:
        input.insert(at, 1, alphabet[random.Below(alphabet.size())]);
        break;
      case 1:
        if (at < input.size()) input.erase(at, 1 + random.Below(8));
        break;
      case 2:
        if (at < input.size()) {
          input[at] = static_cast<char>(input[at] ^ (1 << random.Below(8)));
        }
        break;
      case 3:
        input.insert(
            at, input.substr(random.Below(input.size() + 1), random.Below(64)));
        break;
      default: {
        const std::string& other = seeds[random.Below(seeds.size())];
        input.insert(
            at, other.substr(random.Below(other.size() + 1), random.Below(64)));
      }
    }
  } while (random.OneIn(2));
  return input;
}

}  // namespace

void Demand(bool kept, const char* promise) {
  if (kept) return;
  std::fprintf(stderr, "broken: %s\n", promise);
  if (!running.empty()) {
    std::fprintf(stderr, "by: %s\n",
                 absl::CHexEscape({running.data(), running.size()}).c_str());
  }
  std::abort();
}

int Replay(const ByteTarget& target, int argc, char** argv) {
  const google::protobuf::LogSilencer quiet;
  const Flags flags = Parse(argc, argv);
  Inputs seeds = target.seeds();
  for (const std::string& folder : flags.folders) AddFilesOf(folder, &seeds);
  if (!flags.seeds.empty()) return WriteSeeds(seeds, flags.seeds);
  using Counts = std::array<size_t, 2>;
  Counts outcomes{}, mutated{};
  for (const std::string& seed : seeds) {
    running = seed;
    ++outcomes[static_cast<size_t>(target.run(seed))];
  }
  std::printf("%zu seeds: %zu are read, %zu refused\n", seeds.size(),
              outcomes[1], outcomes[0]);
  for (size_t i = flags.first; i < flags.first + flags.mutations; ++i) {
    Random random(i);
    const std::string& seed = seeds[random.Below(seeds.size())];
    const std::string input = Mutated(seed, seeds, target.alphabet, random);
    running = input;
    ++mutated[static_cast<size_t>(target.run(input))];
  }
  std::printf("%zu mutations: %zu are read, %zu refused\n", flags.mutations,
              mutated[1], mutated[0]);
  const auto both = [](const Counts& counts) {
    return counts[0] > 0 && counts[1] > 0;
  };
  const bool good = both(outcomes) && (flags.mutations < 1000 || both(mutated));
  return good ? 0 : 1;
}

}  // namespace millrace::fuzz
