// RateSearch: finds the highest rate of an open loop at which a condition
// holds.
//
//   RateSearchOptions options;
//   options.slo = ...;  // p99 < 200 us
//   absl::StatusOr<RateSearch> found = SearchRate(options, [&](double rate) {
//     spec.rate = rate;
//     return RunLoad(spec, hooks);
//   });
//
// From the first rate it doubles while the condition holds, or halves until it
// does, and then halves the distance, as a ratio, until that is at most the
// precision. A rate that fails is measured once more, so that one hiccup of the
// machine does not decide.

#ifndef RINGDIST_BENCH_LOAD_RATE_SEARCH_H_
#define RINGDIST_BENCH_LOAD_RATE_SEARCH_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ringdist/bench/load/measurement.h"
#include "ringdist/bench/load/metric.h"

namespace ringdist {

struct RateStep {
  double rate = 0;  // That was asked for.
  double achieved = 0;
  // Of the slo's figure; below 0 if there was none.
  double value = -1;
  // Why the rate does not hold, for people; empty if it does.
  std::string failure;
};

struct RateSearch {
  Condition slo;
  std::vector<RateStep> steps;  // In the order they were made.
  double rate = 0;              // The highest that held; 0: none did.
  Measurement best;             // At this rate.
  bool interrupted = false;     // Before it was as precise as it should be.
};

struct RateSearchOptions {
  Condition slo;
  double first_rate = 1000;
  double lowest_rate = 1;
  double highest_rate = 1e9;
  double precision = 0.02;
  // Told of each step when it is done; may be empty.
  std::function<void(const RateStep&)> on_step;
};

// `measure` runs the load at a rate; its error ends the search. Rates have
// three digits.
absl::StatusOr<RateSearch> SearchRate(
    const RateSearchOptions& options,
    const std::function<absl::StatusOr<Measurement>(double rate)>& measure);

// A rate holds if it was achieved (to kAchieved), nothing failed or was lost,
// and the condition is met. Empty if so, otherwise why not.
std::string WhyRateFails(const Measurement& measurement, const Condition& slo);

// The part of the asked rate that counts as having been reached.
inline constexpr double kAchieved = 0.99;

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_RATE_SEARCH_H_
