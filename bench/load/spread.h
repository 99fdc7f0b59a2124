// Spread: what several measurements of the same thing gave.

#ifndef RINGDIST_BENCH_LOAD_SPREAD_H_
#define RINGDIST_BENCH_LOAD_SPREAD_H_

#include <vector>

namespace ringdist {

struct Spread {
  double median = 0;  // Of an even number: the mean of the two in the middle.
  double lowest = 0;
  double highest = 0;

  // How far apart they are, as a part of the median; 0 if that is 0.
  double Relative() const {
    return median == 0 ? 0 : (highest - lowest) / median;
  }

  // Zeros of no values.
  static Spread Of(std::vector<double> values);
};

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_SPREAD_H_
