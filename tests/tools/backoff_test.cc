#include "ringdist/tools/backoff.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "absl/time/time.h"

namespace ringdist {
namespace {

// The extremes of the random part.
constexpr uint64_t kShortestWait = 0;
constexpr uint64_t kLongestWait = UINT64_MAX;

TEST(BackoffTest, DoublesUpToHalfAMinute) {
  Backoff shortest;
  Backoff longest;
  for (const double seconds : {0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0}) {
    EXPECT_EQ(shortest.Next(kShortestWait), absl::Seconds(seconds));
    EXPECT_EQ(longest.Next(kLongestWait), absl::Seconds(2 * seconds));
  }
}

TEST(BackoffTest, IsRandomInBetween) {
  EXPECT_LT(Backoff().Next(kShortestWait), Backoff().Next(UINT64_MAX / 2));
  EXPECT_LT(Backoff().Next(UINT64_MAX / 2), Backoff().Next(kLongestWait));
}

TEST(BackoffTest, BeginsAnewAfterASuccess) {
  Backoff backoff;
  backoff.Next(kLongestWait);
  backoff.Next(kLongestWait);
  backoff.Reset();
  EXPECT_EQ(backoff.Next(kShortestWait), Backoff::kShortest);
}

}  // namespace
}  // namespace ringdist
