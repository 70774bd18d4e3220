// The short form of the soak; 'tools/dev soak' runs the long one.

#include <gtest/gtest.h>

#include "tests/soak/soak.h"

namespace millrace::soak {
namespace {

#ifdef MILLRACE_SANITIZED
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

TEST(SoakTest, NothingIsLeftAndMemoryIsFlat) {
  const Report report =
      RunSoak({.operations = kSanitized ? 50'000u : 200'000u, .seed = 1});
  for (const std::string& problem : report.problems) {
    ADD_FAILURE() << problem;
  }
  EXPECT_EQ(report.begun, report.ended);
  EXPECT_EQ(report.live, 0);
  for (const auto& [name, count] : report.operations) {
    EXPECT_GT(count, 0u) << name;
  }
  // Sanitizers keep what was freed.
  if (!kSanitized) {
    EXPECT_LE(report.final_rss, report.early_rss + report.allowed_rss());
  }
}

// The soak itself would see what it is there for.
TEST(SoakTest, CountsWhatIsLeft) {
  EventLoop loop;
  Soak soak(loop, 1);
  const Deferred<void> never;
  soak.Watch(never.promise());
  loop.Run();
  EXPECT_EQ(soak.begun(), 1u);
  EXPECT_EQ(soak.ended(), 0u);
  EXPECT_GT(soak.live(), 0);
  never.Resolve();
  loop.Run();
  EXPECT_EQ(soak.ended(), 1u);
  EXPECT_EQ(soak.live(), 0);
}

}  // namespace
}  // namespace millrace::soak
