#include "ringdist/bench/load/histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace ringdist {
namespace {

constexpr int64_t kLargest = std::numeric_limits<int64_t>::max();

// Of many magnitudes, as latencies are.
std::vector<int64_t> RandomValues(size_t count) {
  std::mt19937_64 random(7);
  std::vector<int64_t> values;
  for (size_t i = 0; i < count; ++i) {
    values.push_back(static_cast<int64_t>(random() >> (1 + random() % 63)));
  }
  return values;
}

Histogram HistogramOf(const std::vector<int64_t>& values) {
  Histogram histogram;
  for (const int64_t value : values) histogram.Record(value);
  return histogram;
}

TEST(HistogramTest, IsZeroWhenEmpty) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_EQ(histogram.min(), 0);
  EXPECT_EQ(histogram.max(), 0);
  EXPECT_EQ(histogram.Mean(), 0);
  EXPECT_EQ(histogram.StandardDeviation(), 0);
  EXPECT_EQ(histogram.ValueAt(99), 0);
  EXPECT_EQ(histogram.CountAtOrBelow(kLargest), 0u);
  EXPECT_TRUE(histogram.Buckets().empty());
}

TEST(HistogramTest, SmallValuesAreExact) {
  Histogram histogram;
  for (int64_t value = 0; value < 2048; ++value) histogram.Record(value);
  const std::vector<Histogram::Bucket> buckets = histogram.Buckets();
  ASSERT_EQ(buckets.size(), 2048u);
  for (int64_t value = 0; value < 2048; ++value) {
    EXPECT_EQ(buckets[value].value, value);
    EXPECT_EQ(buckets[value].count, 1u);
    EXPECT_EQ(histogram.CountAtOrBelow(value), value + 1u);
  }
  EXPECT_DOUBLE_EQ(histogram.Mean(), 1023.5);
}

TEST(HistogramTest, NegativeValuesCountAsZero) {
  Histogram histogram;
  histogram.Record(-5);
  EXPECT_EQ(histogram.count(), 1u);
  EXPECT_EQ(histogram.max(), 0);
}

// Each power of two, and what is beside it, up to the largest number there is.
TEST(HistogramTest, TellsAtMostAThousandthTooMuch) {
  for (int bit = 0; bit < 63; ++bit) {
    for (int64_t step = -1; step <= 1; ++step) {
      const int64_t value = (int64_t{1} << bit) + step;
      Histogram histogram;
      histogram.Record(value);
      histogram.Record(kLargest);  // So that max() does not cut it.
      const int64_t told = histogram.ValueAt(50);
      EXPECT_GE(told, value);
      EXPECT_LE(told - value, value / 1024) << value;
    }
  }
}

TEST(HistogramTest, PercentilesAreThoseOfTheSortedValues) {
  std::vector<int64_t> values = RandomValues(10'007);
  const Histogram histogram = HistogramOf(values);
  std::sort(values.begin(), values.end());
  EXPECT_EQ(histogram.min(), values.front());
  EXPECT_EQ(histogram.max(), values.back());
  for (const double percentile :
       {0.0, 0.01, 1.0, 10.0, 25.0, 50.0, 75.0, 90.0, 99.0, 99.9, 99.99}) {
    const double rank = std::ceil(percentile / 100 * 10'007);
    const int64_t exact = values[std::max(rank, 1.0) - 1];
    const int64_t told = histogram.ValueAt(percentile);
    EXPECT_GE(told, exact) << percentile;
    EXPECT_LE(told - exact, exact / 1024) << percentile;
  }
  EXPECT_EQ(histogram.ValueAt(100), values.back());
}

TEST(HistogramTest, ARankThatIsWholeIsNotRoundedUp) {
  Histogram histogram;
  for (int64_t value = 1; value <= 1000; ++value) histogram.Record(value);
  EXPECT_EQ(histogram.ValueAt(50), 500);
  EXPECT_EQ(histogram.ValueAt(99), 990);
  EXPECT_EQ(histogram.ValueAt(99.9), 999);
  EXPECT_EQ(histogram.ValueAt(99.91), 1000);
}

TEST(HistogramTest, MeanAndDeviationAreThoseOfTheValues) {
  std::mt19937_64 random(3);
  std::vector<int64_t> values;
  for (int i = 0; i < 10'000; ++i) values.push_back(random() % 1'000'000);
  double mean = 0;
  for (const int64_t value : values) mean += value / 10'000.0;
  double variance = 0;
  for (const int64_t value : values) {
    variance += (value - mean) * (value - mean) / 10'000.0;
  }
  const Histogram histogram = HistogramOf(values);
  EXPECT_NEAR(histogram.Mean(), mean, mean / 1000);
  EXPECT_NEAR(histogram.StandardDeviation(), std::sqrt(variance),
              std::sqrt(variance) / 1000);
}

TEST(HistogramTest, CountsManyAtOnce) {
  Histogram histogram;
  histogram.Record(10, 99);
  histogram.Record(20, 0);
  histogram.Record(5'000);
  EXPECT_EQ(histogram.count(), 100u);
  EXPECT_EQ(histogram.ValueAt(99), 10);
  EXPECT_EQ(histogram.ValueAt(100), 5'000);
  EXPECT_EQ(histogram.CountAtOrBelow(19), 99u);
}

TEST(HistogramTest, MergedIsAsIfAllHadBeenRecordedHere) {
  const std::vector<int64_t> values = RandomValues(1'000);
  const auto middle = values.begin() + 300;
  Histogram merged;
  merged.Merge(Histogram());
  merged.Merge(HistogramOf({values.begin(), middle}));
  merged.Merge(HistogramOf({middle, values.end()}));
  const Histogram whole = HistogramOf(values);
  EXPECT_EQ(merged.count(), whole.count());
  EXPECT_EQ(merged.min(), whole.min());
  EXPECT_EQ(merged.max(), whole.max());
  ASSERT_EQ(merged.Buckets().size(), whole.Buckets().size());
  for (size_t i = 0; i < whole.Buckets().size(); ++i) {
    EXPECT_EQ(merged.Buckets()[i].value, whole.Buckets()[i].value);
    EXPECT_EQ(merged.Buckets()[i].count, whole.Buckets()[i].count);
  }
}

TEST(HistogramTest, ClearedCountsAnew) {
  Histogram histogram = HistogramOf({5, 70'000});
  histogram.Clear();
  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_TRUE(histogram.Buckets().empty());
  histogram.Record(9);
  EXPECT_EQ(histogram.min(), 9);
  EXPECT_EQ(histogram.max(), 9);
}

}  // namespace
}  // namespace ringdist
