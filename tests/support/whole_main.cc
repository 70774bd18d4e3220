// The main of test programs that ctest runs whole: returns 77, ctest's code
// for a skipped test, when nothing failed and at least one case was skipped.

#include <cstdio>

#include <gtest/gtest.h>

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const int code = RUN_ALL_TESTS();
  const testing::UnitTest& unit = *testing::UnitTest::GetInstance();
  if (code == 0 && unit.skipped_test_count() > 0) {
    std::printf("skipped %d of %d cases\n", unit.skipped_test_count(),
                unit.test_to_run_count());
    return 77;
  }
  return code;
}
