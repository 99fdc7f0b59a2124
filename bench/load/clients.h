// The clients of a load that are C++: everything that BEAMs and ei are not.

#ifndef RINGDIST_BENCH_LOAD_CLIENTS_H_
#define RINGDIST_BENCH_LOAD_CLIENTS_H_

#include "absl/status/statusor.h"
#include "ringdist/bench/load/load_spec.h"
#include "ringdist/bench/load/measurement.h"
#include "ringdist/bench/load/run_hooks.h"

namespace ringdist {

// Generates the load against a server that listens in spec.directory, or
// against spec.target there; or against nothing (server kNull).
absl::StatusOr<Measurement> RunClient(const LoadSpec& spec,
                                      const RunHooks& hooks);

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_CLIENTS_H_
