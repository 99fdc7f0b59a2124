#include "ringdist/bench/load/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace ringdist {
namespace {

constexpr size_t kHalf = 1024;  // Buckets of each power of two from 2048 on.

}  // namespace

// Index by value, with 11 bits kept:
//        0 ..  2047   the value itself
//     2048 ..  3071   2048 ..  4095, 2 values each
//     3072 ..  4095   4096 ..  8191, 4 values each, and so on
size_t Histogram::IndexOf(int64_t value) {
  const auto bits = static_cast<uint64_t>(value);
  if (bits < 2 * kHalf) return bits;
  const size_t shift =
      static_cast<size_t>(std::bit_width(bits)) - kSubBucketBits;
  return shift * kHalf + (bits >> shift);
}

int64_t Histogram::LargestOf(size_t index) {
  if (index < 2 * kHalf) return static_cast<int64_t>(index);
  const size_t shift = index / kHalf - 1;
  const uint64_t kept = index % kHalf + kHalf;
  return static_cast<int64_t>(((kept + 1) << shift) - 1);
}

void Histogram::Record(int64_t value, uint64_t count) {
  if (count == 0) return;
  value = std::max<int64_t>(value, 0);
  const size_t index = IndexOf(value);
  if (index >= counts_.size()) counts_.resize(index + 1);
  counts_[index] += count;
  min_ = count_ == 0 ? value : std::min(min_, value);
  max_ = std::max(max_, value);
  count_ += count;
}

void Histogram::Merge(const Histogram& other) {
  if (other.count_ == 0) return;
  counts_.resize(std::max(counts_.size(), other.counts_.size()));
  for (size_t i = 0; i < other.counts_.size(); ++i) {
    counts_[i] += other.counts_[i];
  }
  min_ = count_ == 0 ? other.min_ : std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  count_ += other.count_;
}

void Histogram::Clear() {
  std::fill(counts_.begin(), counts_.end(), 0);
  count_ = 0;
  min_ = 0;
  max_ = 0;
}

int64_t Histogram::min() const { return min_; }

double Histogram::Mean() const {
  if (count_ == 0) return 0;
  double sum = 0;
  for (const Bucket& bucket : Buckets()) {
    sum += MiddleOf(bucket) * static_cast<double>(bucket.count);
  }
  return sum / static_cast<double>(count_);
}

double Histogram::StandardDeviation() const {
  if (count_ == 0) return 0;
  const double mean = Mean();
  double sum = 0;
  for (const Bucket& bucket : Buckets()) {
    const double deviation = MiddleOf(bucket) - mean;
    sum += deviation * deviation * static_cast<double>(bucket.count);
  }
  return std::sqrt(sum / static_cast<double>(count_));
}

// As HdrHistogram has it: the value a mean takes for all of a bucket.
double Histogram::MiddleOf(const Bucket& bucket) {
  const size_t index = IndexOf(bucket.value);
  if (index < 2 * kHalf) return static_cast<double>(bucket.value);
  const int64_t width = int64_t{1} << (index / kHalf - 1);
  const int64_t middle = bucket.value - width + 1 + width / 2;
  return static_cast<double>(middle);
}

int64_t Histogram::ValueAt(double percentile) const {
  if (count_ == 0) return 0;
  // A step down, so that rounding of 99.9 % of 1000 does not ask for one more.
  const double asked =
      std::nextafter(std::clamp(percentile, 0.0, 100.0), 0.0) / 100;
  const auto rank = std::max<uint64_t>(
      1, static_cast<uint64_t>(std::ceil(asked * static_cast<double>(count_))));
  uint64_t seen = 0;
  for (size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen >= rank) return std::min(LargestOf(i), max_);
  }
  return max_;
}

uint64_t Histogram::CountAtOrBelow(int64_t value) const {
  if (value < 0 || counts_.empty()) return 0;
  const size_t end = std::min(IndexOf(value) + 1, counts_.size());
  uint64_t count = 0;
  for (size_t i = 0; i < end; ++i) count += counts_[i];
  return count;
}

std::vector<Histogram::Bucket> Histogram::Buckets() const {
  std::vector<Bucket> buckets;
  for (size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] > 0) buckets.push_back({LargestOf(i), counts_[i]});
  }
  return buckets;
}

bool Histogram::SetExtremes(int64_t min, int64_t max) {
  if (count_ == 0) return min == 0 && max == 0;
  if (min < 0 || min > max || IndexOf(min) != IndexOf(min_) ||
      IndexOf(max) != IndexOf(max_)) {
    return false;
  }
  min_ = min;
  max_ = max;
  return true;
}

}  // namespace ringdist
