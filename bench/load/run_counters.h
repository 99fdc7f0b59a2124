// RunCounters: what both ends of a run did besides moving messages, as the
// counters of a Measurement; and the faults that the server found.

#ifndef RINGDIST_BENCH_LOAD_RUN_COUNTERS_H_
#define RINGDIST_BENCH_LOAD_RUN_COUNTERS_H_

#include <cstdint>
#include <optional>

#include "ringdist/bench/load/load_plan.h"
#include "ringdist/bench/load/load_spec.h"
#include "ringdist/bench/load/measurement.h"
#include "ringdist/bench/load/messages.h"
#include "ringdist/bench/load/transport.h"

namespace ringdist {

class RunCounters {
 public:
  // What the server said when the first connection was opened, and when one was
  // opened again;
  void Opened(const ServerReport& report);
  // in the measured time;
  void Cut(const ServerReport& report);
  // and at the end, on each connection: the last of it counts.
  void Settled(const ServerReport& report);

  // What this process has done when the measured time begins and ends.
  void Begin(const EngineCounts& counts);
  void End(const EngineCounts& counts);
  bool has_begun() const { return begin_.has_value(); }

  void AddTo(const LoadSpec& spec, const LoadPlan& plan,
             Measurement& measurement) const;

 private:
  struct Usage {
    EngineCounts counts;
    uint64_t cpu_ns = 0;
    uint64_t memory_bytes = 0;
  };
  static Usage UsageNow(const EngineCounts& counts);
  static Usage UsageOf(const ServerReport& report);

  std::optional<ServerReport> opened_;
  std::optional<ServerReport> first_cut_;
  std::optional<ServerReport> last_cut_;
  std::optional<ServerReport> settled_;
  std::optional<Usage> begin_;
  std::optional<Usage> end_;
};

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_RUN_COUNTERS_H_
