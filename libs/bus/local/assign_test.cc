#include "bus/local/assign.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace millrace::bus::local {
namespace {

std::vector<TopicPartition> Partitions(int count) {
  std::vector<TopicPartition> partitions;
  for (int i = 0; i < count; ++i) partitions.push_back({"t", i});
  return partitions;
}

TEST(AssignTest, NobodyGetsNothing) {
  EXPECT_TRUE(Assign(Partitions(3), {}, {}).empty());
}

// Members come and go at random; after each change every partition has an
// owner, loads differ by at most one, and no more move than must.
TEST(AssignTest, IsEvenAndMovesLittle) {
  std::mt19937 random(11);
  for (int round = 0; round < 300; ++round) {
    const auto partitions = Partitions(1 + static_cast<int>(random() % 20));
    std::vector<int> members;
    std::map<TopicPartition, int> owners;
    int next = 0;
    for (int step = 0; step < 20; ++step) {
      const bool join = members.empty() || random() % 2 == 0;
      if (join) {
        members.push_back(next++);
      } else {
        members.erase(members.begin() +
                      static_cast<ptrdiff_t>(random() % members.size()));
      }
      const auto assigned = Assign(partitions, members, owners);
      if (members.empty()) {
        owners = assigned;
        continue;
      }
      ASSERT_EQ(assigned.size(), partitions.size());
      std::map<int, size_t> load;
      for (const int member : members) load[member] = 0;
      for (const auto& [partition, member] : assigned) {
        ASSERT_TRUE(load.contains(member));
        ++load[member];
      }
      const auto [low, high] = std::minmax_element(
          load.begin(), load.end(),
          [](const auto& a, const auto& b) { return a.second < b.second; });
      EXPECT_LE(high->second - low->second, 1u);
      // One member more or less: nothing moves between two that stay, unless
      // it is to the newcomer or from the one who left.
      for (const auto& [partition, member] : assigned) {
        const auto before = owners.find(partition);
        if (before == owners.end() || before->second == member) continue;
        const bool left = std::find(members.begin(), members.end(),
                                    before->second) == members.end();
        const bool newcomer = join && member == members.back();
        EXPECT_TRUE(left || newcomer);
      }
      owners = assigned;
    }
  }
}

}  // namespace
}  // namespace millrace::bus::local
