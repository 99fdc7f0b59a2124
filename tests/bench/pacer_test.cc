#include "ringdist/bench/load/pacer.h"

#include <cmath>
#include <vector>

#include "gtest/gtest.h"

namespace ringdist {
namespace {

LoadSpec SpecOf(Arrival arrival, double rate) {
  LoadSpec spec;
  spec.arrival = arrival;
  spec.rate = rate;
  return spec;
}

std::vector<int64_t> TimesOf(const LoadSpec& spec, int count) {
  Pacer pacer(spec);
  std::vector<int64_t> times;
  for (int i = 0; i < count; ++i) times.push_back(pacer.Next());
  return times;
}

TEST(PacerTest, ConstantTimesAreMultiplesOfTheGap) {
  EXPECT_EQ(TimesOf(SpecOf(Arrival::kConstant, 1000), 4),
            (std::vector<int64_t>{0, 1'000'000, 2'000'000, 3'000'000}));
}

TEST(PacerTest, ConstantTimesDoNotDrift) {
  // A gap of 333.3 ns: rounded, it would be 0.1 % off after a while.
  const std::vector<int64_t> times =
      TimesOf(SpecOf(Arrival::kConstant, 3'000'000), 3'000'001);
  EXPECT_EQ(times[1], 333);
  EXPECT_EQ(times[2], 667);
  EXPECT_EQ(times[3], 1000);
  EXPECT_EQ(times.back(), 1'000'000'000);
}

TEST(PacerTest, BurstsAreDueAtOnce) {
  LoadSpec spec = SpecOf(Arrival::kBurst, 1000);
  spec.burst = 3;
  EXPECT_EQ(TimesOf(spec, 7),
            (std::vector<int64_t>{0, 0, 0, 3'000'000, 3'000'000, 3'000'000,
                                  6'000'000}));
}

TEST(PacerTest, PoissonIsTheSameForTheSameSeedOnly) {
  LoadSpec spec = SpecOf(Arrival::kPoisson, 1000);
  const std::vector<int64_t> times = TimesOf(spec, 100);
  EXPECT_EQ(TimesOf(spec, 100), times);
  spec.seed = 2;
  EXPECT_NE(TimesOf(spec, 100), times);
}

// What makes it Poisson: gaps that are exponential, so that their deviation is
// their mean, and those above the mean are 1/e of all.
TEST(PacerTest, PoissonGapsAreExponential) {
  constexpr int kCount = 200'000;
  constexpr double kMean = 50'000;  // At 20,000 a second.
  const std::vector<int64_t> times =
      TimesOf(SpecOf(Arrival::kPoisson, 20'000), kCount);
  double squares = 0;
  int above = 0;
  int64_t last = 0;
  for (const int64_t time : times) {
    ASSERT_GE(time, last);
    const double gap = static_cast<double>(time - last);
    squares += (gap - kMean) * (gap - kMean) / kCount;
    if (gap > kMean) ++above;
    last = time;
  }
  // Five standard errors, for this one seed.
  EXPECT_NEAR(static_cast<double>(times.back()) / kCount, kMean,
              5 * kMean / std::sqrt(kCount));
  EXPECT_NEAR(std::sqrt(squares), kMean, 0.02 * kMean);
  EXPECT_NEAR(static_cast<double>(above) / kCount, std::exp(-1), 0.006);
}

}  // namespace
}  // namespace ringdist
