#include "ringdist/bench/load/percentile_text.h"

#include <algorithm>
#include <string>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace ringdist {
namespace {

// What HdrHistogram 2.1.11 printed: new Histogram(3), the same values, and
// outputPercentileDistribution(System.out, 5, 1000.0).
constexpr char kGolden[] = R"(
       Value     Percentile TotalCount 1/(1-Percentile)

       1.007 0.000000000000          1           1.00
     101.055 0.100000000000        101           1.11
     201.087 0.200000000000        201           1.25
     302.079 0.300000000000        302           1.43
     402.175 0.400000000000        402           1.67
     502.015 0.500000000000        502           2.00
     553.471 0.550000000000        553           2.22
     603.135 0.600000000000        603           2.50
     653.311 0.650000000000        653           2.86
     703.487 0.700000000000        703           3.33
     753.151 0.750000000000        753           4.00
     779.263 0.775000000000        779           4.44
     804.351 0.800000000000        804           5.00
     829.439 0.825000000000        829           5.71
     854.015 0.850000000000        854           6.67
     879.103 0.875000000000        879           8.00
     892.415 0.887500000000        892           8.89
     904.191 0.900000000000        904          10.00
     917.503 0.912500000000        917          11.43
     929.279 0.925000000000        929          13.33
     942.079 0.937500000000        942          16.00
     948.223 0.943750000000        948          17.78
     954.367 0.950000000000        954          20.00
     961.023 0.956250000000        961          22.86
     967.167 0.962500000000        967          26.67
     973.311 0.968750000000        973          32.00
     976.383 0.971875000000        976          35.56
     979.455 0.975000000000        979          40.00
     983.039 0.978125000000        983          45.71
     986.111 0.981250000000        986          53.33
     989.183 0.984375000000        989          64.00
     990.207 0.985937500000        990          71.11
     992.255 0.987500000000        992          80.00
     994.303 0.989062500000        994          91.43
     995.327 0.990625000000        995         106.67
     997.375 0.992187500000        997         128.00
     997.375 0.992968750000        997         142.22
     998.399 0.993750000000        998         160.00
     999.423 0.994531250000        999         182.86
    1000.447 0.995312500000       1000         213.33
   12353.535 0.996093750000       1003         256.00
   12353.535 0.996484375000       1003         284.44
   12353.535 0.996875000000       1003         320.00
   12353.535 0.997265625000       1003         365.71
   12353.535 0.997656250000       1003         426.67
   12353.535 0.998046875000       1003         512.00
   12353.535 0.998242187500       1003         568.89
   12353.535 0.998437500000       1003         640.00
   12353.535 0.998632812500       1003         731.43
   12353.535 0.998828125000       1003         853.33
  987758.591 0.999023437500       1004        1024.00
  987758.591 1.000000000000       1004
#[Mean    =     1518.974, StdDeviation   =    31140.731]
#[Max     =   987758.591, Total count    =         1004]
#[Buckets =           20, SubBuckets     =         2048]
)";

constexpr char kGoldenOfOne[] = R"(
       Value     Percentile TotalCount 1/(1-Percentile)

       1.500 0.000000000000          1           1.00
       1.500 1.000000000000          1
#[Mean    =        1.500, StdDeviation   =        0.000]
#[Max     =        1.500, Total count    =            1]
#[Buckets =            1, SubBuckets     =         2048]
)";

constexpr char kGoldenOfNone[] = R"(
       Value     Percentile TotalCount 1/(1-Percentile)

#[Mean    =        0.000, StdDeviation   =        0.000]
#[Max     =        0.000, Total count    =            0]
#[Buckets =            1, SubBuckets     =         2048]
)";

// Without the line end that only makes the literal begin on a line of its own.
std::string Text(absl::string_view golden) {
  return std::string(golden.substr(1));
}

TEST(PercentileTextTest, IsWhatHdrHistogramPrints) {
  Histogram histogram;
  for (int64_t value = 1; value <= 1000; ++value) {
    histogram.Record(value * 1000 + 7);
  }
  histogram.Record(12'345'678, 3);
  histogram.Record(987'654'321);
  EXPECT_EQ(PercentileText(histogram), Text(kGolden));
}

TEST(PercentileTextTest, OfOneValue) {
  Histogram histogram;
  histogram.Record(1'500);
  EXPECT_EQ(PercentileText(histogram), Text(kGoldenOfOne));
}

TEST(PercentileTextTest, OfNothing) {
  EXPECT_EQ(PercentileText(Histogram()), Text(kGoldenOfNone));
}

TEST(PercentileTextTest, PointsGetFinerTowardsTheEnd) {
  Histogram histogram;
  for (int64_t value = 1; value <= 1024; ++value) histogram.Record(value);
  const std::vector<PercentilePoint> points = PercentilePoints(histogram, 1);
  // 0, 50, 75, 87.5 and so on: each halves what is left. And 100.
  ASSERT_EQ(points.size(), 13u);
  for (size_t i = 0; i + 1 < points.size(); ++i) {
    EXPECT_EQ(points[i].percentile, 100 - 100.0 / (1 << i));
    EXPECT_EQ(points[i].count, std::max(1024 - (1024 >> i), 1));
  }
  EXPECT_EQ(points.back().percentile, 100);
  EXPECT_EQ(points.back().value, 1024);
}

}  // namespace
}  // namespace ringdist
