#include "ringdist/bench/load/ratio_interval.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace ringdist {
namespace {

constexpr double kTail = 0.025;  // Of each side.
// From here on the statistic is as good as normal.
constexpr int kMaxExact = 400;
constexpr double kNormalQuantile = 1.959964;

// How many of the orders of m values and n others have the statistic u (of how
// many pairs the second is the lower one), for each u. The largest value is one
// of the m, and then above all n, or one of the others, and then above none:
//   count(m, n, u) = count(m - 1, n, u - n) + count(m, n - 1, u)
std::vector<double> CountsOfStatistic(int m, int n) {
  // By n, for the m that the loop has come to; without any of the m, u is 0.
  std::vector<std::vector<double>> counts(n + 1);
  for (int j = 0; j <= n; ++j) {
    counts[j].assign(m * n + 1, 0);
    counts[j][0] = 1;
  }
  for (int i = 1; i <= m; ++i) {
    for (int j = 1; j <= n; ++j) {
      for (int u = m * n; u >= 0; --u) {
        const double with_largest = u >= j ? counts[j][u - j] : 0;
        counts[j][u] = with_largest + counts[j - 1][u];
      }
    }
  }
  return counts[n];
}

}  // namespace

int OutsideOfInterval(int m, int n) {
  const double pairs = static_cast<double>(m) * n;
  if (m < 1 || n < 1) return -1;
  if (pairs > kMaxExact) {
    const double deviation = std::sqrt(pairs * (m + n + 1) / 12);
    return static_cast<int>(pairs / 2 - kNormalQuantile * deviation);
  }
  const std::vector<double> counts = CountsOfStatistic(m, n);
  double total = 0;
  for (const double count : counts) total += count;
  int outside = 0;
  for (double below = counts[0]; below / total <= kTail;
       below += counts[outside]) {
    ++outside;
  }
  return outside - 1;
}

std::optional<RatioInterval> RatioOf(const std::vector<double>& a,
                                     const std::vector<double>& b) {
  const int outside =
      OutsideOfInterval(static_cast<int>(a.size()), static_cast<int>(b.size()));
  if (outside < 0) return std::nullopt;
  std::vector<double> ratios;
  for (const double from : a) {
    for (const double to : b) ratios.push_back(to / from);
  }
  std::sort(ratios.begin(), ratios.end());
  return RatioInterval{ratios[outside], ratios[ratios.size() - 1 - outside]};
}

}  // namespace ringdist
