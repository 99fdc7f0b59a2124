#include "ringdist/bench/load/percentile_text.h"

#include <cmath>

#include "absl/strings/str_format.h"

namespace ringdist {
namespace {

constexpr int kSteps = 5;
constexpr double kNanosecondsPerUnit = 1000;
constexpr int64_t kSubBuckets = 2048;

double InUnits(double nanoseconds) { return nanoseconds / kNanosecondsPerUnit; }

// How many of its buckets, each of kSubBuckets, HdrHistogram has for a value.
int BucketsFor(int64_t value) {
  int buckets = 1;
  for (; value >= kSubBuckets; value /= 2) ++buckets;
  return buckets;
}

double NextLevel(double level, int steps) {
  const double halvings = std::floor(std::log2(100 / (100 - level)));
  return level + 100 / (steps * std::exp2(halvings + 1));
}

}  // namespace

std::vector<PercentilePoint> PercentilePoints(const Histogram& histogram,
                                              int steps) {
  std::vector<PercentilePoint> points;
  const auto total = static_cast<double>(histogram.count());
  double level = 0;
  uint64_t count = 0;
  for (const Histogram::Bucket& bucket : histogram.Buckets()) {
    count += bucket.count;
    const bool is_last = count == histogram.count();
    while (100 * static_cast<double>(count) / total >= level) {
      points.push_back({level, bucket.value, count});
      level = NextLevel(level, steps);
      // There is no end to the steps before 100.
      if (is_last) break;
    }
    if (is_last) points.push_back({100, bucket.value, count});
  }
  return points;
}

std::string PercentileText(const Histogram& histogram) {
  std::string text =
      absl::StrFormat("%12s %14s %10s %14s\n\n", "Value", "Percentile",
                      "TotalCount", "1/(1-Percentile)");
  int64_t largest = 0;
  for (const PercentilePoint& point : PercentilePoints(histogram, kSteps)) {
    absl::StrAppendFormat(&text, "%12.3f %2.12f %10d",
                          InUnits(static_cast<double>(point.value)),
                          point.percentile / 100, point.count);
    if (point.percentile < 100) {
      absl::StrAppendFormat(&text, " %14.2f", 1 / (1 - point.percentile / 100));
    }
    text.push_back('\n');
    largest = point.value;
  }
  absl::StrAppendFormat(&text,
                        "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n"
                        "#[Max     = %12.3f, Total count    = %12d]\n"
                        "#[Buckets = %12d, SubBuckets     = %12d]\n",
                        InUnits(histogram.Mean()),
                        InUnits(histogram.StandardDeviation()),
                        InUnits(static_cast<double>(largest)),
                        histogram.count(), BucketsFor(largest), kSubBuckets);
  return text;
}

}  // namespace ringdist
