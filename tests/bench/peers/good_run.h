// GoodRun: a run of a load that goes well: something comes, and nothing is
// lost.
//
//   const Measurement measured = GoodRun(RunLoad, spec);

#ifndef RINGDIST_TESTS_BENCH_PEERS_GOOD_RUN_H_
#define RINGDIST_TESTS_BENCH_PEERS_GOOD_RUN_H_

#include <cstdint>
#include <functional>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "ringdist/bench/load/load_spec.h"
#include "ringdist/bench/load/measurement.h"
#include "ringdist/bench/load/run_hooks.h"

namespace ringdist {

// Expects all that holds of every good run. On a machine that has much else to
// do nothing may come in a short time: then it is tried with a longer one.
inline Measurement GoodRun(absl::FunctionRef<absl::StatusOr<Measurement>(
                               const LoadSpec&, const RunHooks&)>
                               run,
                           LoadSpec spec, RunHooks hooks = {}) {
  const absl::Status valid = spec.Validate();
  EXPECT_TRUE(valid.ok()) << valid;
  const std::function<void(const Interval&)> on_interval = hooks.on_interval;
  uint64_t told = 0;
  hooks.on_interval = [&](const Interval& interval) {
    told += interval.messages;
    if (on_interval) on_interval(interval);
  };
  while (true) {
    told = 0;
    const absl::StatusOr<Measurement> measured = run(spec, hooks);
    EXPECT_TRUE(measured.ok()) << measured.status();
    if (!measured.ok()) return Measurement();
    EXPECT_EQ(measured->errors, 0u) << measured->first_error;
    EXPECT_EQ(measured->faults.Total(), 0u);
    EXPECT_EQ(measured->messages, told);
    EXPECT_GT(measured->duration, absl::ZeroDuration());
    if (measured->messages > 0) return *measured;
    spec.duration *= 4;
    if (spec.duration < absl::Seconds(10)) continue;
    ADD_FAILURE() << "nothing came";
    return *measured;
  }
}

}  // namespace ringdist

#endif  // RINGDIST_TESTS_BENCH_PEERS_GOOD_RUN_H_
