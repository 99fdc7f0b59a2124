// LoadSession: measures runs, each as often as it should be, or searches their
// highest rate; and until it is interrupted.
//
//   LoadSession session(RunLoad, live_line, interrupted);
//   absl::Status status = session.Measure(run, slo);

#ifndef RINGDIST_BENCH_LOAD_LOAD_SESSION_H_
#define RINGDIST_BENCH_LOAD_LOAD_SESSION_H_

#include <atomic>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ringdist/bench/load/live_line.h"
#include "ringdist/bench/load/load_results.h"
#include "ringdist/bench/load/load_spec.h"
#include "ringdist/bench/load/measurement.h"
#include "ringdist/bench/load/metric.h"
#include "ringdist/bench/load/run_hooks.h"

namespace ringdist {

// RunLoad, or what tests have instead.
using LoadRunner = std::function<absl::StatusOr<Measurement>(
    const LoadSpec& spec, const RunHooks& hooks)>;

class LoadSession {
 public:
  // `line` and `interrupted` outlive it.
  LoadSession(LoadRunner runner, LiveLine& line,
              const std::atomic<bool>& interrupted);

  // Measures run.spec run.spec.repeat times, at the highest rate that keeps
  // `slo` if there is one. After an error, and when it is interrupted, `run`
  // has what was measured until then.
  absl::Status Measure(LoadRun& run, const std::optional<Condition>& slo);

  // Fills in run.generator. What cannot be measured is no error.
  void MeasureGenerator(LoadRun& run);

 private:
  absl::StatusOr<Measurement> MeasureOnce(const LoadSpec& spec,
                                          const std::string& what);
  absl::Status Repeat(LoadRun& run);
  absl::Status Search(LoadRun& run, const Condition& slo);
  absl::StatusOr<double> FirstRate(const LoadSpec& spec);

  const LoadRunner runner_;
  LiveLine& line_;
  const std::atomic<bool>& interrupted_;
};

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_LOAD_SESSION_H_
