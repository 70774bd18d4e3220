// Runs the contract compiler on seeds, on kept requests, and on mutations that
// are the same in every run.
//
//   contract_compiler_replay [--protos DIR]... [--requests DIR]
//       [--mutations N] [--first I] [--write-seeds DIR] [--print FILE]
//
// --write-seeds writes the seeds for libFuzzer instead; --print shows a request
// that libFuzzer has kept as text, which is what regressions/ holds. Mutation I
// depends on nothing but I, so that one which ends the process is found by
// --first I --mutations 1.
#include <google/protobuf/text_format.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/fuzz/contract_compiler/mutate.h"
#include "tests/fuzz/contract_compiler/run.h"
#include "tests/fuzz/contract_compiler/seeds.h"

namespace millrace::compiler {
namespace {

using google::protobuf::compiler::CodeGeneratorRequest;

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
  std::vector<std::string> protos;
  std::string requests, seeds, print;
  size_t mutations = 0, first = 0;
};

Flags Parse(int argc, char** argv) {
  Flags flags;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string flag = argv[i];
    const std::string value = argv[i + 1];
    if (flag == "--protos") flags.protos.push_back(value);
    if (flag == "--requests") flags.requests = value;
    if (flag == "--write-seeds") flags.seeds = value;
    if (flag == "--print") flags.print = value;
    if (flag == "--mutations") flags.mutations = std::stoul(value);
    if (flag == "--first") flags.first = std::stoul(value);
  }
  return flags;
}

std::string NameOf(const Seed& seed) {
  std::string name = seed.name;
  for (char& c : name) {
    if (c == '/') c = '.';
  }
  return name;
}

int Print(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  CodeGeneratorRequest request;
  if (!request.ParsePartialFromString(bytes.str())) return 1;
  std::string text;
  google::protobuf::TextFormat::PrintToString(request, &text);
  std::fputs(text.c_str(), stdout);
  return 0;
}

int WriteSeeds(const std::vector<Seed>& seeds, const std::string& folder) {
  std::filesystem::create_directories(folder);
  for (const Seed& seed : seeds) {
    std::ofstream file(std::filesystem::path(folder) / NameOf(seed),
                       std::ios::binary);
    file << seed.request.SerializePartialAsString();
  }
  std::printf("%zu seeds\n", seeds.size());
  return 0;
}

int Main(int argc, char** argv) {
  const Flags flags = Parse(argc, argv);
  if (!flags.print.empty()) return Print(flags.print);
  std::vector<Seed> seeds = SeedsOf(flags.protos);
  if (!flags.requests.empty()) {
    for (Seed& request : RequestsOf(flags.requests)) {
      seeds.push_back(std::move(request));
    }
  }
  if (!flags.seeds.empty()) return WriteSeeds(seeds, flags.seeds);

  for (const int signal : {SIGSEGV, SIGABRT, SIGFPE, SIGILL, SIGBUS, SIGTERM}) {
    std::signal(signal, OnCrash);
  }
  size_t outcomes[3] = {};
  for (const Seed& seed : seeds) {
    Doing(seed.name);
    ++outcomes[static_cast<size_t>(RunCompiler(seed.request))];
  }
  const size_t refused = outcomes[static_cast<size_t>(Outcome::kErrors)];
  const size_t accepted = outcomes[static_cast<size_t>(Outcome::kCode)];
  std::printf("%zu seeds: %zu give code, %zu errors\n", seeds.size(), accepted,
              refused);
  // Mutations of what is only right, or only wrong, would show little.
  bool good = accepted > 0 && refused > 0;

  size_t mutated[3] = {};
  for (size_t i = flags.first; i < flags.first + flags.mutations; ++i) {
    Random random(i);
    const Seed& seed = seeds[random.Below(seeds.size())];
    Doing("mutation " + std::to_string(i) + ", of " + seed.name);
    CodeGeneratorRequest request = seed.request;
    Mutate(&request, &random);
    ++mutated[static_cast<size_t>(RunCompiler(request))];
  }
  if (flags.mutations > 0) {
    std::printf("%zu mutations: %zu give code, %zu errors, %zu are no protos\n",
                flags.mutations, mutated[2], mutated[1], mutated[0]);
  }
  // Each must be there, or what mutates them is of no use.
  if (flags.mutations >= 1000) {
    for (const size_t count : mutated) good = good && count > 0;
  }
  return good ? 0 : 1;
}

}  // namespace
}  // namespace millrace::compiler

int main(int argc, char** argv) { return millrace::compiler::Main(argc, argv); }
