#include "loop/task.h"

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace millrace {
namespace {

TEST(TaskTest, EmptyFunctionsMakeEmptyTasks) {
  EXPECT_FALSE(Task());
  EXPECT_FALSE(Task(nullptr));
  EXPECT_FALSE(Task(std::function<void()>()));
  EXPECT_FALSE(Task(absl::AnyInvocable<void()>()));
  EXPECT_FALSE(Task(static_cast<void (*)()>(nullptr)));
  EXPECT_TRUE(Task([] {}));
  EXPECT_TRUE(Task(std::function<void()>([] {})));
}

// Counts how often it is destroyed with its value.
template <size_t kBytes>
struct Tracked {
  explicit Tracked(std::vector<int>* l) : log(l) {}
  Tracked(Tracked&& other) noexcept
      : log(std::exchange(other.log, nullptr)), value(other.value) {}
  ~Tracked() {
    if (log != nullptr) log->push_back(-value);
  }
  void operator()() { log->push_back(++value); }

  std::vector<int>* log;
  int value = 0;
  std::array<char, kBytes> padding{};
};

template <size_t kBytes>
void KeepsItsState() {
  std::vector<int> log;
  {
    Task task{Tracked<kBytes>(&log)};
    task();
    Task moved = std::move(task);
    EXPECT_FALSE(task);  // NOLINT: what is left of it is the question
    moved();
    task = std::move(moved);
    task();
    EXPECT_EQ(log, (std::vector{1, 2, 3}));
  }
  EXPECT_EQ(log, (std::vector{1, 2, 3, -3}));
}

TEST(TaskTest, KeepsSmallFunctionsInside) {
  static_assert(sizeof(Tracked<1>) <= 2 * sizeof(void*));
  KeepsItsState<1>();
}

TEST(TaskTest, KeepsLargeFunctionsOutside) { KeepsItsState<100>(); }

TEST(TaskTest, TakesMoveOnlyFunctionsAndDropsResults) {
  int sum = 0;
  Task task = [&sum, step = std::make_unique<int>(2)] { return sum += *step; };
  task();
  task();
  EXPECT_EQ(sum, 4);
}

TEST(TaskTest, AssignmentDropsWhatWasThere) {
  auto owned = std::make_shared<int>(1);
  Task task = [owned] {};
  EXPECT_EQ(owned.use_count(), 2);
  task = [owned] { ++*owned; };
  EXPECT_EQ(owned.use_count(), 2);
  task();
  EXPECT_EQ(*owned, 2);
  task = nullptr;
  EXPECT_EQ(owned.use_count(), 1);
  EXPECT_FALSE(task);
}

// What a function owns may look at the task that held it.
TEST(TaskTest, IsEmptyWhileItsFunctionGoes) {
  Task task;
  bool empty = false;
  struct Look {
    ~Look() { *empty = !*task; }
    Task* task;
    bool* empty;
  };
  task = [look = std::make_unique<Look>(Look{&task, &empty})] {};
  empty = false;  // the temporary has looked, too
  task = nullptr;
  EXPECT_TRUE(empty);
}

}  // namespace
}  // namespace millrace
