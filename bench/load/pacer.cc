#include "ringdist/bench/load/pacer.h"

#include <cmath>

#include "ringdist/proto/check.h"

namespace ringdist {

Pacer::Pacer(const LoadSpec& spec)
    : arrival_(spec.arrival),
      gap_ns_(1e9 / spec.rate),
      burst_(spec.burst),
      random_(spec.seed) {
  RINGDIST_CHECK(spec.arrival != Arrival::kClosed && spec.rate > 0);
}

int64_t Pacer::Next() {
  const uint64_t number = number_++;
  switch (arrival_) {
    case Arrival::kClosed:
      break;
    case Arrival::kConstant:
      // Not a sum of gaps: their rounding would add up.
      return std::llround(gap_ns_ * static_cast<double>(number));
    case Arrival::kPoisson:
      poisson_ns_ += NextGap();
      return std::llround(poisson_ns_);
    case Arrival::kBurst:
      return std::llround(gap_ns_ *
                          static_cast<double>(number - number % burst_));
  }
  return 0;
}

// Not std::exponential_distribution, which each library may do its own way: a
// seed gives the same times everywhere.
double Pacer::NextGap() {
  const double uniform = static_cast<double>(random_() >> 11) * 0x1p-53;
  return -std::log1p(-uniform) * gap_ns_;  // In [0, 1), so the log is finite.
}

}  // namespace ringdist
