// Comparison: what has changed from one result to another, and whether that is
// more than their repeats scatter anyway.
//
//   Comparison comparison = Compare(a, b, ComparisonOptions());
//   std::cout << ComparisonText(comparison);
//   return ExitStatusOf(comparison);
//
// Runs are paired by name. Compared are the rate of a closed loop, the
// latencies where there are any (p50 and p99; not the rate, which an open loop
// asks for), the memory of idle connections, and failures and faults. A figure
// has changed if the interval of RatioOf leaves out 1 and the medians differ by
// more than the tolerance.

#ifndef RINGDIST_BENCH_LOAD_COMPARISON_H_
#define RINGDIST_BENCH_LOAD_COMPARISON_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "ringdist/bench/load/load_results.h"
#include "ringdist/bench/load/metric.h"
#include "ringdist/bench/load/ratio_interval.h"

namespace ringdist {

enum class Verdict {
  kBetter,   // "faster"; of memory, "smaller"
  kWorse,    // "slower", "larger"
  kSame,     // "no difference"
  kUnknown,  // "too few repeats"
};

// One figure of a run that both results have. Differences are parts of a's
// median: 0.05 is 5 % more.
struct FigureComparison {
  std::string run;
  Metric metric;
  double a = 0;  // Medians.
  double b = 0;
  double difference = 0;
  // Of the difference; never without it. Nothing if it cannot be told.
  std::optional<RatioInterval> interval;
  Verdict verdict = Verdict::kUnknown;
};

struct ComparisonOptions {
  double tolerance = 0.02;
};

struct Comparison {
  std::vector<FigureComparison> figures;
  // What else differs: machines, builds, specs, runs that only one has.
  std::vector<std::string> notes;
  ComparisonOptions options;
};

Comparison Compare(const LoadResults& a, const LoadResults& b,
                   const ComparisonOptions& options);

absl::string_view VerdictText(const FigureComparison& figure);
// A table for people, with the method below it.
std::string ComparisonText(const Comparison& comparison);
// {"schema": "dist_load_compare", "version": 1, "regression": false,
//  "tolerance": 0.02, "notes": [..],
//  "figures": [{"run", "figure", "a", "b", "difference", "low", "high",
//               "verdict": "better", "worse", "same" or "unknown"}]}
// Without low and high if they cannot be told.
std::string ComparisonJson(const Comparison& comparison);

// 0: nothing has got worse; 1: something has; 2: it cannot be told, as there is
// nothing in common or there are too few repeats.
int ExitStatusOf(const Comparison& comparison);

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_COMPARISON_H_
