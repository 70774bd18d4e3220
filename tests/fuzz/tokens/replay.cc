// Runs tokens and key sets: seeds, kept inputs, and mutations of them.
//
//   tokens_replay [--requests DIR] [--mutations N] [--first I]
//       [--write-seeds DIR]
//
// --requests names the folder of kept inputs, --write-seeds writes the seeds
// for libFuzzer instead. Seeds have new keys in every run; which bytes mutation
// I changes depends on nothing but I.
#include <google/protobuf/stubs/logging.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/fuzz/contract_compiler/random.h"
#include "tests/fuzz/tokens/run.h"

namespace millrace::tokens {
namespace {

struct Flags {
  std::string requests, seeds;
  size_t mutations = 0, first = 0;
};

// Flags of other targets are passed over.
Flags Parse(int argc, char** argv) {
  Flags flags;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string flag = argv[i];
    const std::string value = argv[i + 1];
    if (flag == "--requests") flags.requests = value;
    if (flag == "--write-seeds") flags.seeds = value;
    if (flag == "--mutations") flags.mutations = std::stoul(value);
    if (flag == "--first") flags.first = std::stoul(value);
  }
  return flags;
}

std::vector<std::string> FilesOf(const std::string& folder) {
  std::vector<std::string> inputs;
  if (folder.empty() || !std::filesystem::exists(folder)) return inputs;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::stringstream bytes;
    bytes << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    inputs.push_back(bytes.str());
  }
  return inputs;
}

int WriteSeeds(const std::vector<std::string>& seeds,
               const std::string& folder) {
  std::filesystem::create_directories(folder);
  for (size_t i = 0; i < seeds.size(); ++i) {
    std::ofstream(std::filesystem::path(folder) / std::to_string(i),
                  std::ios::binary)
        << seeds[i];
  }
  std::printf("%zu seeds\n", seeds.size());
  return 0;
}

std::string Mutated(std::string input, const std::vector<std::string>& seeds,
                    compiler::Random& random) {
  static constexpr std::string_view kBytes = "\"{}[]:,.=_-/+\\ \n0A\x7f\xff";
  do {
    const size_t at = random.Below(input.size() + 1);
    switch (random.Below(5)) {
      case 0:
        input.insert(at, 1, kBytes[random.Below(kBytes.size())]);
        break;
      case 1:
        if (at < input.size()) input.erase(at, 1 + random.Below(8));
        break;
      case 2:
        if (at < input.size()) input[at] ^= 1 << random.Below(8);
        break;
      case 3:
        input.insert(
            at, input.substr(random.Below(input.size() + 1), random.Below(64)));
        break;
      default: {
        const std::string& other = seeds[random.Below(seeds.size())];
        input.insert(
            at, other.substr(random.Below(other.size()), random.Below(64)));
      }
    }
  } while (random.OneIn(2));
  return input;
}

int Main(int argc, char** argv) {
  const google::protobuf::LogSilencer quiet;
  const Flags flags = Parse(argc, argv);
  std::vector<std::string> seeds = Seeds();
  for (std::string& input : FilesOf(flags.requests)) {
    seeds.push_back(std::move(input));
  }
  if (!flags.seeds.empty()) return WriteSeeds(seeds, flags.seeds);
  size_t outcomes[2] = {};
  for (const std::string& seed : seeds) {
    ++outcomes[static_cast<size_t>(RunInput(seed))];
  }
  std::printf("%zu seeds: %zu are read, %zu refused\n", seeds.size(),
              outcomes[1], outcomes[0]);
  size_t mutated[2] = {};
  for (size_t i = flags.first; i < flags.first + flags.mutations; ++i) {
    compiler::Random random(i);
    const std::string& seed = seeds[random.Below(seeds.size())];
    ++mutated[static_cast<size_t>(RunInput(Mutated(seed, seeds, random)))];
  }
  std::printf("%zu mutations: %zu are read, %zu refused\n", flags.mutations,
              mutated[1], mutated[0]);
  // Each must be there, or the mutations are of no use.
  const bool good =
      outcomes[0] > 0 && outcomes[1] > 0 &&
      (flags.mutations < 1000 || (mutated[0] > 0 && mutated[1] > 0));
  return good ? 0 : 1;
}

}  // namespace
}  // namespace millrace::tokens

int main(int argc, char** argv) { return millrace::tokens::Main(argc, argv); }
