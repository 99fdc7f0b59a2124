// Percentiles of a histogram as HdrHistogram prints them, for the programs that
// read or draw its files (hdrhistogram.github.io/HdrHistogram/plotFiles.html):
//
//          Value     Percentile TotalCount 1/(1-Percentile)
//
//         12.543 0.000000000000          1           1.00
//         ...
//   #[Mean    =       20.102, StdDeviation   =        3.219]
//   #[Max     =      904.191, Total count    =       144231]
//   #[Buckets =           10, SubBuckets     =         2048]

#ifndef RINGDIST_BENCH_LOAD_PERCENTILE_TEXT_H_
#define RINGDIST_BENCH_LOAD_PERCENTILE_TEXT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "ringdist/bench/load/histogram.h"

namespace ringdist {

struct PercentilePoint {
  double percentile = 0;  // 0 to 100.
  int64_t value = 0;
  uint64_t count = 0;  // Of values not above this one.
};

// From 0 to 100, in steps that get finer towards 100: `steps` of them each
// time that what is left is halved. Nothing of an empty histogram.
std::vector<PercentilePoint> PercentilePoints(const Histogram& histogram,
                                              int steps);

// What HdrHistogram's outputPercentileDistribution prints of the same values
// with 3 digits and 5 steps. Of nanoseconds it prints microseconds.
std::string PercentileText(const Histogram& histogram);

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_PERCENTILE_TEXT_H_
