#include "services/templates/diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "base/strings.h"

namespace millrace::templates {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string Show(const std::vector<DiffLine>& lines) {
  std::string text;
  for (const DiffLine& line : lines) {
    StrAppend(&text, std::string(1, " -+"[static_cast<int>(line.edit)]),
              line.text, "\n");
  }
  return text;
}

// The lines of one of the two texts.
std::string Side(const std::vector<DiffLine>& lines, Edit other) {
  std::string text;
  for (const DiffLine& line : lines) {
    if (line.edit != other) StrAppend(&text, line.text, "\n");
  }
  return text;
}

int Edits(const std::vector<DiffLine>& lines) {
  return static_cast<int>(std::count_if(
      lines.begin(), lines.end(),
      [](const DiffLine& line) { return line.edit != Edit::kSame; }));
}

// The length of the longest common subsequence, the slow way.
int Common(const std::string& a, const std::string& b) {
  std::vector<std::vector<int>> best(a.size() + 1,
                                     std::vector<int>(b.size() + 1));
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      best[i][j] = a[i - 1] == b[j - 1]
                       ? best[i - 1][j - 1] + 1
                       : std::max(best[i - 1][j], best[i][j - 1]);
    }
  }
  return best[a.size()][b.size()];
}

TEST(Diff, TellsWhatWasRemovedAndAdded) {
  EXPECT_EQ(Show(DiffLines("a\nb\nc\n", "a\nx\nc\nd\n")),
            " a\n-b\n+x\n c\n+d\n");
  EXPECT_EQ(Show(DiffLines("", "a\n")), "+a\n");
  EXPECT_EQ(Show(DiffLines("a\n", "")), "-a\n");
  EXPECT_THAT(DiffLines("", ""), IsEmpty());
}

TEST(Diff, IsShortestAndMakesEachTextOfTheOther) {
  std::mt19937 random(3);
  for (int round = 0; round < 3000; ++round) {
    // A letter stands for a line.
    const auto text = [&] {
      std::string letters(random() % 12, 'a');
      for (char& letter : letters) letter = "abc"[random() % 3];
      return letters;
    };
    const auto lines = [](const std::string& letters) {
      std::string all;
      for (const char letter : letters) StrAppend(&all, letter, "\n");
      return all;
    };
    const std::string a = text();
    const std::string b = text();
    const std::string from = lines(a);
    const std::string to = lines(b);
    const std::vector<DiffLine> diff = DiffLines(from, to);
    ASSERT_EQ(Side(diff, Edit::kAdded), from) << a << " " << b;
    ASSERT_EQ(Side(diff, Edit::kRemoved), to) << a << " " << b;
    const int fewest = static_cast<int>(a.size() + b.size()) - 2 * Common(a, b);
    ASSERT_EQ(Edits(diff), fewest) << a << " " << b;
  }
}

TEST(Diff, StaysBoundedWhereNothingIsTheSame) {
  std::string from = "first\n";
  std::string to = "first\n";
  for (int i = 0; i < 20'000; ++i) {
    StrAppend(&from, "a", i, "\n");
    StrAppend(&to, "b", i, "\n");
  }
  from += "last\n";
  to += "last\n";
  const std::vector<DiffLine> diff = DiffLines(from, to);
  EXPECT_THAT(diff, SizeIs(40'002));
  EXPECT_EQ(Side(diff, Edit::kAdded), from);
  EXPECT_EQ(Side(diff, Edit::kRemoved), to);
}

TEST(Diff, HunksHaveContextAndLineNumbers) {
  const auto lines = DiffLines("1\n2\n3\n4\n5\n6\n7\n8\n9\n",
                               "1\nx\n3\n4\n5\n6\n7\n8\n9\ny\n");
  const std::vector<Hunk> hunks = ToHunks(lines, 1);
  ASSERT_THAT(hunks, SizeIs(2));
  EXPECT_EQ(Show(hunks[0].lines), " 1\n-2\n+x\n 3\n");
  EXPECT_EQ(hunks[0].from_line, 1);
  EXPECT_EQ(hunks[0].to_line, 1);
  EXPECT_EQ(Show(hunks[1].lines), " 9\n+y\n");
  EXPECT_EQ(hunks[1].from_line, 9);
  EXPECT_EQ(hunks[1].to_line, 9);
  // Where the contexts meet it is one hunk, with each line once.
  EXPECT_THAT(ToHunks(lines, 3), SizeIs(2));
  const std::vector<Hunk> one = ToHunks(lines, 4);
  ASSERT_THAT(one, SizeIs(1));
  EXPECT_EQ(one[0].lines, lines);
}

TEST(Diff, AHunkWithoutLinesOfATextIsBehindTheOneBefore) {
  const auto added = DiffLines("1\n2\n", "1\nx\n2\n");
  const std::vector<Hunk> hunks = ToHunks(added, 0);
  ASSERT_THAT(hunks, SizeIs(1));
  EXPECT_EQ(Show(hunks[0].lines), "+x\n");
  EXPECT_EQ(hunks[0].from_line, 1);
  EXPECT_EQ(hunks[0].to_line, 2);
  EXPECT_THAT(ToHunks(DiffLines("1\n", "1\n"), 3), IsEmpty());
}

}  // namespace
}  // namespace millrace::templates
