// RatioInterval: how much larger the values of one series are than those of
// another, and how sure that is.
//
//   std::optional<RatioInterval> ratio = RatioOf(a, b);
//   if (ratio.has_value() && ratio->low > 1) ...  // b's are larger
//
// From few repeats nothing is known of how they scatter, so it is taken from
// their order only: the interval holds all ratios r for which the test of Mann
// and Whitney finds no difference (at the level of 5 %) between b and r times
// a. In figures: of all ratios of a value of b to a value of a, sorted, those
// remain that are not among the k lowest or the k highest, with k from the
// exact distribution of the test's statistic.

#ifndef RINGDIST_BENCH_LOAD_RATIO_INTERVAL_H_
#define RINGDIST_BENCH_LOAD_RATIO_INTERVAL_H_

#include <optional>
#include <vector>

namespace ringdist {

struct RatioInterval {
  double low = 0;
  double high = 0;
};

// At 95 % at least. Nothing if there are too few values to tell anything at
// all: four of each are enough, three are not. Values are above 0.
std::optional<RatioInterval> RatioOf(const std::vector<double>& a,
                                     const std::vector<double>& b);

// How many of the lowest, and as many of the highest, of m * n sorted ratios
// are outside of the interval; below 0 if it cannot be told.
int OutsideOfInterval(int m, int n);

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_RATIO_INTERVAL_H_
