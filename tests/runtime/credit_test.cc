#include "ringdist/runtime/credit.h"

#include <random>

#include "gtest/gtest.h"

namespace ringdist {
namespace {

TEST(Credit, GrantsTenPacketsAtFirst) {
  Credit credit;
  EXPECT_EQ(credit.outstanding(), 0);
  for (int taken = 0; taken < 10; ++taken) {
    EXPECT_FALSE(credit.exhausted()) << taken;
    credit.Take();
    EXPECT_EQ(credit.outstanding(), taken + 1);
  }
  EXPECT_TRUE(credit.exhausted());
}

TEST(Credit, AStoppedReaderGoesOnWhenHalfIsReturned) {
  Credit credit;
  for (int i = 0; i < 10; ++i) credit.Take();
  for (int i = 0; i < 4; ++i) {
    credit.Return();
    EXPECT_TRUE(credit.exhausted());
  }
  credit.Return();
  EXPECT_FALSE(credit.exhausted());
  EXPECT_EQ(credit.outstanding(), 5);
  // And gets the five that were returned.
  for (int i = 0; i < 5; ++i) credit.Take();
  EXPECT_TRUE(credit.exhausted());
}

TEST(Credit, AConsumerThatReturnsAtOnceNeverStopsTheReader) {
  Credit credit;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_FALSE(credit.exhausted());
    credit.Take();
    credit.Return();
    EXPECT_EQ(credit.outstanding(), 0);
  }
}

TEST(Credit, AConsumerThatStopsGetsSixToTenPackets) {
  for (int consumed = 0; consumed < 20; ++consumed) {
    Credit credit;
    for (int i = 0; i < consumed; ++i) {
      credit.Take();
      credit.Return();
    }
    while (!credit.exhausted()) credit.Take();
    EXPECT_EQ(credit.outstanding(), 10 - consumed % 5) << consumed;
  }
}

// The seed counts down from what it granted, and grants again at half: with its
// N as granted and not yet processed.
TEST(Credit, KeepsToTheSeedsFormula) {
  const uint32_t seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::minstd_rand random(seed);
  Credit credit;
  int n = 10;
  int outstanding = 0;
  for (int i = 0; i < 10000; ++i) {
    const bool stopped = outstanding == n;
    ASSERT_EQ(credit.exhausted(), stopped);
    if (!stopped && (outstanding == 0 || random() % 2 == 0)) {
      credit.Take();
      ++outstanding;
    } else {
      credit.Return();
      --outstanding;
      if (--n <= 5) n = 10;
    }
    ASSERT_EQ(credit.outstanding(), outstanding);
    ASSERT_GT(n, 5);
  }
}

TEST(CreditDeathTest, TakingOrReturningTooMuchIsOurMistake) {
  Credit credit;
  EXPECT_DEATH(credit.Return(), "check failed");
  for (int i = 0; i < 10; ++i) credit.Take();
  EXPECT_DEATH(credit.Take(), "check failed");
}

}  // namespace
}  // namespace ringdist
