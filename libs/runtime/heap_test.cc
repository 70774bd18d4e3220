#include "runtime/heap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <vector>

#include "loop/thread_probe.h"

namespace millrace::runtime {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(HeapProfileTest, ReadsSitesTheLargestFirst) {
  const auto sites = ParseHeapProfile(
      "heap_v2/1024\n"
      "  t*: 3: 2097152 [5: 4194304]\n"
      "  t0: 3: 2097152 [5: 4194304]\n"
      "@ 0x10 0x20\n"
      "  t*: 1: 1048576 [2: 2097152]\n"
      "  t0: 1: 1048576 [2: 2097152]\n"
      "@ 0x30\n"
      "  t*: 0: 0 [4: 8388608]\n"
      "\n"
      "MAPPED_LIBRARIES:\n"
      "55d0-55d1 r-xp 0 00:00 0 /usr/bin/x\n");
  ASSERT_TRUE(sites.ok()) << sites.status();
  ASSERT_EQ(sites->size(), 2u);
  // Allocations far above the rate are all sampled.
  EXPECT_THAT((*sites)[0].stack, ElementsAre(reinterpret_cast<void*>(0x30)));
  EXPECT_EQ((*sites)[0].allocations, 4);
  EXPECT_EQ((*sites)[0].allocated_bytes, 8388608);
  EXPECT_EQ((*sites)[0].live, 0);
  EXPECT_THAT((*sites)[1].stack, ElementsAre(reinterpret_cast<void*>(0x10),
                                             reinterpret_cast<void*>(0x20)));
  EXPECT_EQ((*sites)[1].live_bytes, 1048576);
}

TEST(HeapProfileTest, CountsSmallAllocationsForThoseThatWereNotSampled) {
  const auto sites =
      ParseHeapProfile("heap_v2/65536\n@ 0x1\n  t*: 0: 0 [10: 640]\n");
  ASSERT_TRUE(sites.ok()) << sites.status();
  // One of 1,024 allocations of 64 bytes is seen.
  EXPECT_NEAR((*sites)[0].allocations, 10 / (1 - std::exp(-64.0 / 65536)), 1);
  EXPECT_NEAR((*sites)[0].allocated_bytes, 655'680, 100);
}

TEST(HeapProfileTest, RefusesOtherTexts) {
  for (const char* text :
       {"", "heap profile: 1: 2", "heap_v2/0\n", "heap_v2/x",
        "heap_v2/1024\n@ zz\n  t*: 1: 1 [1: 1]\n", "heap_v2/1024\n@ 0x1\n",
        "heap_v2/1024\n@ 0x1\n  t*: 1: 1\n"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseHeapProfile(text).status()))
        << text;
  }
}

#ifndef MILLRACE_SANITIZED

TEST(HeapTest, KnowsWhatIsUsed) {
  const HeapFacts before = ReadHeap();
  const std::vector<char> block(16 << 20, 'x');
  const HeapFacts after = ReadHeap();
  // Threads of tests before may let go of something meanwhile.
  EXPECT_GE(after.used_bytes, before.used_bytes + (15 << 20));
  EXPECT_GE(after.resident_bytes, after.used_bytes);
  EXPECT_GE(after.mapped_bytes, after.used_bytes);
}

// Not inlined, so that it has a name in the stacks.
__attribute__((noinline)) std::vector<std::unique_ptr<char[]>> Hoard() {
  std::vector<std::unique_ptr<char[]>> hoard;
  for (int i = 0; i < 1000; ++i) {
    hoard.push_back(std::make_unique<char[]>(10'000));
    std::make_unique<char[]>(10'000).reset();  // the other half is let go
  }
  return hoard;
}

TEST(AllocationProfileTest, NamesWhoAllocates) {
  ASSERT_TRUE(StartAllocationProfile(4096).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(StartAllocationProfile(4096)));
  const auto hoard = Hoard();
  const auto sites = FinishAllocationProfile();
  ASSERT_TRUE(sites.ok()) << sites.status();
  int64_t bytes = 0, live = 0;
  for (const AllocationSite& site : *sites) {
    const auto frames = loop_internal::Symbolize(site.stack);
    const bool mine = testing::Matches(Contains(HasSubstr("Hoard")))(frames);
    bytes += mine ? site.allocated_bytes : 0;
    live += mine ? site.live_bytes : 0;
  }
  // 20 MB, half of which is there; as far as samples tell.
  EXPECT_NEAR(static_cast<double>(bytes), 20e6, 3e6);
  EXPECT_NEAR(static_cast<double>(live), 10e6, 2e6);
  EXPECT_TRUE(absl::IsFailedPrecondition(FinishAllocationProfile().status()));
}

#endif

}  // namespace
}  // namespace millrace::runtime
