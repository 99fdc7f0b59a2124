#include "ringdist/bench/load/ratio_interval.h"

#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace ringdist {
namespace {

// Checked with R: qwilcox(0.025, m, n) - 1.
TEST(RatioIntervalTest, LeavesOutWhatTheExactDistributionAllows) {
  EXPECT_EQ(OutsideOfInterval(0, 5), -1);
  EXPECT_EQ(OutsideOfInterval(1, 5), -1);
  EXPECT_EQ(OutsideOfInterval(3, 3), -1);
  EXPECT_EQ(OutsideOfInterval(3, 4), -1);
  EXPECT_EQ(OutsideOfInterval(4, 4), 0);
  EXPECT_EQ(OutsideOfInterval(5, 5), 2);
  EXPECT_EQ(OutsideOfInterval(4, 6), 2);
  EXPECT_EQ(OutsideOfInterval(6, 4), 2);
  EXPECT_EQ(OutsideOfInterval(7, 7), 8);
  EXPECT_EQ(OutsideOfInterval(10, 10), 23);
  EXPECT_EQ(OutsideOfInterval(20, 20), 127);
}

// Beyond 400 pairs: 21 and 20 must come out close to 20 and 20.
TEST(RatioIntervalTest, TheNormalApproximationContinuesIt) {
  EXPECT_GE(OutsideOfInterval(20, 21), 127);
  EXPECT_LE(OutsideOfInterval(20, 21), 137);
  EXPECT_EQ(OutsideOfInterval(20, 21), OutsideOfInterval(21, 20));
}

TEST(RatioIntervalTest, TooFewTellNothing) {
  EXPECT_FALSE(RatioOf({}, {1, 2}).has_value());
  EXPECT_FALSE(RatioOf({1, 2, 3}, {4, 5, 6}).has_value());
}

TEST(RatioIntervalTest, OfFourTheExtremesRemain) {
  const auto ratio = RatioOf({10, 11, 12, 10}, {20, 22, 21, 24});
  ASSERT_TRUE(ratio.has_value());
  EXPECT_DOUBLE_EQ(ratio->low, 20.0 / 12);
  EXPECT_DOUBLE_EQ(ratio->high, 2.4);
}

// It is in five of the 25 pairs, of which two are left out; but it does not
// hide that all are larger.
TEST(RatioIntervalTest, OneOutlierOfFiveWidensTheInterval) {
  const auto ratio =
      RatioOf({100, 100, 100, 100, 100}, {110, 110, 110, 110, 900});
  ASSERT_TRUE(ratio.has_value());
  EXPECT_DOUBLE_EQ(ratio->low, 1.1);
  EXPECT_DOUBLE_EQ(ratio->high, 9);
}

// What the method promises: of series that do not differ, at most 5 % seem to.
TEST(RatioIntervalTest, SeldomSeesADifferenceWhereThereIsNone) {
  std::mt19937_64 random(11);
  const auto five = [&random] {
    std::vector<double> values;
    for (int i = 0; i < 5; ++i) values.push_back(100.0 + random() % 1'000'000);
    return values;
  };
  int wrong = 0;
  for (int i = 0; i < 4'000; ++i) {
    const auto ratio = RatioOf(five(), five());
    if (ratio->low > 1 || ratio->high < 1) ++wrong;
  }
  // Exact for 5 and 5: 8 of 252 orders, 3.2 %.
  EXPECT_NEAR(wrong / 4'000.0, 8.0 / 252, 0.01);
}

}  // namespace
}  // namespace ringdist
