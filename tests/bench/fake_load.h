// FakeLoad: what RunLoad does, but to a target and by a clock that are numbers
// (virtual_transport.h): a load takes no time, and gives the same figures each
// time. Some targets are special:
//
//   down@fake     is not there
//   other@fake    has no load
//   lossy@fake    loses a message, and repeats another
//   broken@fake   answers all but one call
//   endless@fake  is measured until that is interrupted: "running" is written
//                 to standard error then

#ifndef RINGDIST_TESTS_BENCH_FAKE_LOAD_H_
#define RINGDIST_TESTS_BENCH_FAKE_LOAD_H_

#include "absl/status/statusor.h"
#include "ringdist/bench/load/load_spec.h"
#include "ringdist/bench/load/measurement.h"
#include "ringdist/bench/load/run_hooks.h"

namespace ringdist {

absl::StatusOr<Measurement> FakeLoad(const LoadSpec& spec,
                                     const RunHooks& hooks);

}  // namespace ringdist

#endif  // RINGDIST_TESTS_BENCH_FAKE_LOAD_H_
