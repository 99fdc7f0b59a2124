// RunHooks: what a run tells while it goes on, and what ends it early.

#ifndef RINGDIST_BENCH_LOAD_RUN_HOOKS_H_
#define RINGDIST_BENCH_LOAD_RUN_HOOKS_H_

#include <atomic>
#include <functional>

#include "ringdist/bench/load/measurement.h"

namespace ringdist {

struct RunHooks {
  // Called at the end of each interval of the measured time, by the thread that
  // runs RunLoad; may be empty.
  std::function<void(const Interval&)> on_interval;
  // Once true, the run ends with what it has; null: never.
  const std::atomic<bool>* interrupted = nullptr;
};

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_RUN_HOOKS_H_
