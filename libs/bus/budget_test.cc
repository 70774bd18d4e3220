#include "bus/budget.h"

#include <gtest/gtest.h>

namespace millrace::bus {
namespace {

TEST(BudgetTest, OneMayTakeHalfAndItsShare) {
  Budget budget(100, 1000);
  budget.AddPartition();
  budget.AddPartition();
  for (int i = 0; i < 50; ++i) {
    EXPECT_FALSE(budget.IsFull(i, 0)) << i;
    budget.Add(0);
  }
  EXPECT_TRUE(budget.IsFull(50, 0));
  // The other one has its share all the same.
  EXPECT_FALSE(budget.IsFull(0, 0));
  EXPECT_FALSE(budget.IsFull(24, 0));
  EXPECT_TRUE(budget.IsFull(25, 0));
}

TEST(BudgetTest, BytesCountAsWell) {
  Budget budget(100, 1000);
  budget.AddPartition();
  budget.Add(600);
  EXPECT_TRUE(budget.IsFull(1, 600));
  EXPECT_FALSE(budget.IsFull(1, 499));
  EXPECT_FALSE(budget.HasRoom(1, 600));
  budget.Remove(600);
  EXPECT_TRUE(budget.HasRoom(1, 600));
}

TEST(BudgetTest, AllOfThemStayWithinIt) {
  Budget budget(100, 1 << 20);
  size_t held[10] = {};
  for (int i = 0; i < 10; ++i) budget.AddPartition();
  for (bool any = true; any;) {
    any = false;
    for (size_t& one : held) {
      while (!budget.IsFull(one, one)) {
        budget.Add(1);
        ++one;
        any = true;
      }
    }
  }
  EXPECT_LE(budget.records(), 100u);
  for (const size_t one : held) EXPECT_GE(one, 5u);
}

TEST(BudgetTest, TellsWhoWaitsOnceWhenItIsLow) {
  Budget budget(8, 1000);
  for (int i = 0; i < 4; ++i) budget.Add(1);
  int told = 0;
  budget.WhenRoom([&] { ++told; });
  budget.Tell();
  EXPECT_EQ(told, 0);
  budget.Remove(1);
  budget.Tell();
  budget.Tell();
  EXPECT_EQ(told, 1);
}

TEST(BudgetTest, WhoHoldsNothingNeverWaits) {
  Budget budget(1, 1);
  for (int i = 0; i < 100; ++i) budget.AddPartition();
  budget.Add(1000);
  EXPECT_FALSE(budget.IsFull(0, 0));
  EXPECT_TRUE(budget.HasRoom(0, 0));
}

}  // namespace
}  // namespace millrace::bus
