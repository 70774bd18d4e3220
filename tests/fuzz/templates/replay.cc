// Runs the template engine on seeds, on kept inputs, and on mutations that are
// the same in every run.
//
//   templates_replay [--inputs DIR]... [--mutations N] [--first I]
//       [--write-seeds DIR]
//
// --inputs runs every file of the folder, as they are in regressions/ and as
// libFuzzer keeps them; --write-seeds writes the seeds for libFuzzer instead.
// Mutation I depends on nothing but I, so that one which ends the process is
// found by --first I --mutations 1.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/fuzz/templates/mutate.h"
#include "tests/fuzz/templates/run.h"

namespace millrace::templates {
namespace {

// What runs now, for the signal handler.
char doing[256] = "nothing yet";

void Doing(const std::string& what) {
  std::snprintf(doing, sizeof doing, "the process ended in: %s\n",
                what.c_str());
}

void OnCrash(int signal) {
  const std::string_view text = doing;
  (void)!write(STDERR_FILENO, text.data(), text.size());
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

struct Flags {
  std::vector<std::string> folders;
  std::string seeds;
  size_t mutations = 0, first = 0;
};

Flags Parse(int argc, char** argv) {
  Flags flags;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string flag = argv[i];
    const std::string value = argv[i + 1];
    if (flag == "--inputs") flags.folders.push_back(value);
    if (flag == "--write-seeds") flags.seeds = value;
    if (flag == "--mutations") flags.mutations = std::stoul(value);
    if (flag == "--first") flags.first = std::stoul(value);
  }
  return flags;
}

int WriteSeeds(const std::string& folder) {
  std::filesystem::create_directories(folder);
  size_t count = 0;
  for (const Input& seed : Seeds()) {
    std::ofstream file(
        std::filesystem::path(folder) / ("seed-" + std::to_string(count++)),
        std::ios::binary);
    file << ToText(seed);
  }
  std::printf("%zu seeds\n", count);
  return 0;
}

int Main(int argc, char** argv) {
  const Flags flags = Parse(argc, argv);
  if (!flags.seeds.empty()) return WriteSeeds(flags.seeds);
  for (const int signal : {SIGSEGV, SIGABRT, SIGFPE, SIGILL, SIGBUS, SIGTERM}) {
    std::signal(signal, OnCrash);
  }
  bool good = true;
  const std::vector<Input> seeds = Seeds();
  for (const Input& seed : seeds) {
    Doing(seed.source);
    // A seed that is wrong would show little when it is mutated.
    if (RunEngine(ParseInput(ToText(seed))) == Outcome::kRendered) continue;
    std::printf("a seed is wrong: %s\n", seed.source.c_str());
    good = false;
  }
  std::printf("%zu seeds\n", seeds.size());
  size_t inputs = 0;
  for (const std::string& folder : flags.folders) {
    if (!std::filesystem::exists(folder)) continue;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      Doing(entry.path().string());
      std::ifstream file(entry.path(), std::ios::binary);
      RunEngine(
          ParseInput(std::string(std::istreambuf_iterator<char>(file), {})));
      ++inputs;
    }
  }
  std::printf("%zu inputs\n", inputs);
  size_t outcomes[4] = {};
  for (size_t i = flags.first; i < flags.first + flags.mutations; ++i) {
    Random random(i);
    Input input = seeds[random.Below(seeds.size())];
    Doing("mutation " + std::to_string(i) + ", of " + input.source);
    Mutate(&input, &random);
    ++outcomes[static_cast<size_t>(RunEngine(input))];
  }
  if (flags.mutations > 0) {
    std::printf(
        "%zu mutations: %zu rendered, %zu were stopped, %zu had no data, %zu "
        "errors\n",
        flags.mutations, outcomes[3], outcomes[2], outcomes[1], outcomes[0]);
  }
  // Each must be there, or what mutates is of no use.
  if (flags.mutations >= 1000) {
    for (const size_t count : outcomes) good = good && count > 0;
  }
  return good ? 0 : 1;
}

}  // namespace
}  // namespace millrace::templates

int main(int argc, char** argv) {
  return millrace::templates::Main(argc, argv);
}
