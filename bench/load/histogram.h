// Histogram: counts of values, kept to about three digits: what HdrHistogram
// does. Nanoseconds here, but any whole numbers.
//
//   Histogram latency;
//   latency.Record(12'345);
//   int64_t p99 = latency.ValueAt(99);
//
// A value goes into a bucket at most 1/1024 of it wide, so what is told of it
// is never more than that too large. Values below 2048 are exact.

#ifndef RINGDIST_BENCH_LOAD_HISTOGRAM_H_
#define RINGDIST_BENCH_LOAD_HISTOGRAM_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ringdist {

class Histogram {
 public:
  // Negative values count as 0.
  void Record(int64_t value, uint64_t count = 1);
  void Merge(const Histogram& other);
  void Clear();

  uint64_t count() const { return count_; }
  // All are zero of an empty one.
  int64_t min() const;
  int64_t max() const { return max_; }
  double Mean() const;
  double StandardDeviation() const;
  // The value that `percentile` (0 to 100) of all values do not exceed: the
  // largest of its bucket, but never more than max().
  int64_t ValueAt(double percentile) const;
  uint64_t CountAtOrBelow(int64_t value) const;

  // Buckets that have counted something, from the smallest: the largest value
  // of each, and its count.
  struct Bucket {
    int64_t value = 0;
    uint64_t count = 0;
  };
  std::vector<Bucket> Buckets() const;
  // After recording Buckets() of another: what its min() and max() were. False
  // if they are not in the first and the last of them.
  bool SetExtremes(int64_t min, int64_t max);

 private:
  static constexpr size_t kSubBucketBits = 11;
  static size_t IndexOf(int64_t value);
  static int64_t LargestOf(size_t index);
  static double MiddleOf(const Bucket& bucket);

  std::vector<uint64_t> counts_;  // Grown to the largest index.
  uint64_t count_ = 0;
  int64_t min_ = 0;
  int64_t max_ = 0;
};

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_HISTOGRAM_H_
