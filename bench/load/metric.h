// Metric: a figure of a Measurement that has a name; and Condition, what a
// figure should be.
//
//   Condition slo;
//   absl::Status parsed = Condition::Parse("p99<200us", slo);
//   if (!slo.HoldsFor(measurements)) ...

#ifndef RINGDIST_BENCH_LOAD_METRIC_H_
#define RINGDIST_BENCH_LOAD_METRIC_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ringdist/bench/load/measurement.h"

namespace ringdist {

struct Metric {
  enum class Kind {
    kRate,        // rate: messages per second.
    kBandwidth,   // bandwidth: payload bytes per second.
    kPercentile,  // p50, p99, p99.9: of the latencies, in nanoseconds.
    kMin,         // min, mean, max: of the same.
    kMean,
    kMax,
    kBlocked,  // blocked_p99: how long messages that were due had to wait.
    kErrors,   // errors: failed connections, calls or sends.
    kFaults,   // faults: lost, duplicated, reordered or corrupted messages.
    kMemory,   // memory: of the target, for each connection; bytes.
  };
  Kind kind = Kind::kRate;
  double percentile = 0;  // Of kPercentile and kBlocked.

  // InvalidArgument lists the names there are.
  static absl::Status Parse(absl::string_view name, Metric& metric);
  std::string name() const;

  bool IsLatency() const;
  bool HigherIsBetter() const {
    return kind == Kind::kRate || kind == Kind::kBandwidth;
  }
  // Nothing if there is no such figure: the latency of a closed stream, the
  // memory where it was not asked.
  std::optional<double> Of(const Measurement& measurement) const;
  // Of those that have it, each.
  std::vector<double> OfAll(absl::Span<const Measurement> measurements) const;
  // The value, with its unit.
  std::string Text(double value) const;
  // Reads a value, with its unit.
  absl::Status ParseValue(absl::string_view text, double& value) const;
};

// The counter that Metric::Kind::kMemory takes.
inline constexpr char kMemoryCounter[] = "server_memory_per_connection";

struct Condition {
  enum class Comparison { kBelow, kAtMost, kAbove, kAtLeast };

  Metric metric;
  Comparison comparison = Comparison::kBelow;
  double value = 0;

  // "p99<200us", "rate>=100k", "errors>0".
  static absl::Status Parse(absl::string_view text, Condition& condition);
  // So that Parse reads the same.
  std::string ToString() const;

  // Of one measurement, or of the median of several. False if there is no such
  // figure.
  bool HoldsFor(absl::Span<const Measurement> measurements) const;
};

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_METRIC_H_
