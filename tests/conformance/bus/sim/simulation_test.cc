// Thousands of small systems with faults, each a function of its seed; and the
// proof that this would tell defects.

#include "tests/conformance/bus/sim/simulation.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "tests/conformance/bus/sim/mutant.h"

namespace millrace::bus::sim {
namespace {

#ifdef MILLRACE_SANITIZED
constexpr int kSeeds = 100;
#else
constexpr int kSeeds = 2'000;
#endif

// By when each mutant has to be told.
constexpr int kMutantSeeds = 200;

int Threads() { return static_cast<int>(std::thread::hardware_concurrency()); }

TEST(BusSimulation, HoldsUnderEverySeed) {
  const Summary summary = RunSeeds(1, kSeeds, Threads());
  for (const Outcome& outcome : summary.failed) {
    ADD_FAILURE() << outcome.ToString();
  }
  EXPECT_EQ(summary.runs, kSeeds);
  // It is not that nothing has happened.
  EXPECT_GT(summary.applied, 10 * kSeeds);
  EXPECT_GT(summary.deliveries, summary.applied);
  EXPECT_GT(summary.letters, kSeeds / 10);
  EXPECT_GT(summary.lives, 2 * kSeeds);
}

TEST(BusSimulation, TheSameSeedGivesTheSameRun) {
  std::set<uint64_t> digests;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const Outcome first = RunSeed(seed);
    const Outcome second = RunSeed(seed);
    EXPECT_EQ(first.digest, second.digest)
        << "seed " << seed << " gives different runs";
    EXPECT_EQ(first.trace, second.trace);
    digests.insert(first.digest);
  }
  EXPECT_EQ(digests.size(), 20u);
}

class BusSimulationMutants
    : public testing::TestWithParam<std::shared_ptr<Mutant>> {};

TEST_P(BusSimulationMutants, AreTold) {
  RunOptions options;
  options.mutant = GetParam();
  const Summary summary = RunSeeds(1, kMutantSeeds, Threads(), options);
  EXPECT_FALSE(summary.failed.empty())
      << "nobody has told: " << options.mutant->name();
}

INSTANTIATE_TEST_SUITE_P(
    All, BusSimulationMutants, testing::ValuesIn(AllMutants()),
    [](const testing::TestParamInfo<std::shared_ptr<Mutant>>& info) {
      std::string name = info.param->name();
      for (char& c : name) c = c == ' ' ? '_' : c;
      return name;
    });

}  // namespace
}  // namespace millrace::bus::sim
