// LoadResults: all that one call of dist_load found out. It can be printed
// (result_text.h), kept and compared (result_json.h, comparison.h), and drawn
// (report.h).

#ifndef RINGDIST_BENCH_LOAD_LOAD_RESULTS_H_
#define RINGDIST_BENCH_LOAD_LOAD_RESULTS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "ringdist/bench/load/load_spec.h"
#include "ringdist/bench/load/machine.h"
#include "ringdist/bench/load/measurement.h"
#include "ringdist/bench/load/rate_search.h"

namespace ringdist {

// What the generator itself takes for a message: measured with a target that
// takes and answers at once, in the same process.
struct GeneratorCost {
  double nanoseconds = 0;  // For a message; 0: not measured,
  std::string unknown;     // because.
};

// One load, measured `spec.repeat` times, or as often as was possible.
struct LoadRun {
  // Unique in its LoadResults; what comparisons pair runs by.
  std::string name;
  LoadSpec spec;
  std::vector<Measurement> measurements;
  GeneratorCost generator;
  // Of --find_max; the measurements are those at the rate that was found.
  std::optional<RateSearch> search;
};

struct LoadResults {
  absl::Time started;
  Machine machine;
  std::vector<std::string> arguments;  // Of the command line.
  std::vector<LoadRun> runs;
};

// All latencies of a run's measurements.
Histogram MergedLatency(const LoadRun& run);
// Over all of a run's measurements.
Faults TotalFaults(const LoadRun& run);
uint64_t TotalErrors(const LoadRun& run);
std::string FirstError(const LoadRun& run);
bool IsInterrupted(const LoadRun& run);
// The median of what was achieved of the asked rate: 1 is all of it, and what
// there is of a closed loop.
double AchievedPart(const LoadRun& run);
// "stream, node level, 16 B, 1 connection"
std::string DescribeLoad(const LoadSpec& spec);
// "ringdist (cpu 0) to beam (cpu 1)"
std::string DescribeEnds(const LoadSpec& spec);
// "closed loop, 1 in flight", "open loop, constant 10.0 k/s"
std::string DescribePace(const LoadSpec& spec);
// "3s after 1s of warm-up, 5 times"
std::string DescribeTimes(const LoadRun& run);
bool IsOneWay(Workload workload);
// Whether the load of a valid spec has latencies to tell.
bool HasLatency(const LoadSpec& spec);

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_LOAD_RESULTS_H_
