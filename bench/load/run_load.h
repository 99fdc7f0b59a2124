// RunLoad: one measurement of a load, from starting the server to stopping it.
//
//   std::atomic<bool> interrupted = false;
//   RunHooks hooks;
//   hooks.interrupted = &interrupted;
//   absl::StatusOr<Measurement> measured = RunLoad(spec, hooks);

#ifndef RINGDIST_BENCH_LOAD_RUN_LOAD_H_
#define RINGDIST_BENCH_LOAD_RUN_LOAD_H_

#include "absl/status/statusor.h"
#include "ringdist/bench/load/load_spec.h"
#include "ringdist/bench/load/measurement.h"
#include "ringdist/bench/load/run_hooks.h"

namespace ringdist {

// Starts the server that `spec` names in a process of its own, generates the
// load from this one, and stops the server. `spec` is valid. Unimplemented: no
// client of this kind has this workload. Faults and failed messages are part of
// the measurement; an error means that there is none.
absl::StatusOr<Measurement> RunLoad(const LoadSpec& spec,
                                    const RunHooks& hooks);

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_RUN_LOAD_H_
