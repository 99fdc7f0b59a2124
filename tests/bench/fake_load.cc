#include "ringdist/tests/bench/fake_load.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>
#include <random>

#include "ringdist/bench/load/load_results.h"
#include "ringdist/bench/load/pacer.h"
#include "ringdist/bench/load/payload_mix.h"

namespace ringdist {
namespace {

constexpr double kServiceNs = 10'000;
constexpr double kMoreNs = 4'000;

// The run, message by message. Times are nanoseconds since it began.
class Simulation {
 public:
  Simulation(const LoadSpec& spec, const RunHooks& hooks)
      : spec_(spec),
        hooks_(hooks),
        mix_(spec.payload, spec.seed),
        random_(spec.seed),
        end_ns_(absl::ToInt64Nanoseconds(spec.duration)),
        stall_end_ns_(end_ns_ / 2 + absl::ToInt64Nanoseconds(spec.stall)) {
    if (spec.arrival != Arrival::kClosed) pacer_.emplace(spec);
    measurement_.duration = spec.duration;
  }

  Measurement Run() {
    while (true) {
      // In a closed loop the next one is due when the target is free.
      const int64_t due = pacer_.has_value() ? pacer_->Next() : free_ns_;
      if (due >= end_ns_) break;
      ++due_;
      const int64_t answered = Answer(due);
      if (answered >= end_ns_) continue;
      Count(due, answered);
    }
    EndInterval();
    if (pacer_.has_value()) {
      measurement_.asked_rate =
          static_cast<double>(due_) / absl::ToDoubleSeconds(spec_.duration);
    }
    if (!HasLatency(spec_)) measurement_.latency.Clear();
    return measurement_;
  }

 private:
  int64_t Answer(int64_t due) {
    int64_t start = std::max(due, free_ns_);
    if (start >= end_ns_ / 2) start = std::max(start, stall_end_ns_);
    const double uniform = static_cast<double>(random_() >> 11) * 0x1p-53;
    free_ns_ =
        start + std::llround(kServiceNs - kMoreNs * std::log1p(-uniform));
    return free_ns_;
  }

  void Count(int64_t due, int64_t answered) {
    while (answered >= NextCutNs()) EndInterval();
    const size_t bytes = mix_.BytesOf(measurement_.messages);
    ++measurement_.messages;
    measurement_.bytes += bytes;
    ++interval_.messages;
    interval_.bytes += bytes;
    measurement_.latency.Record(answered - due);
    interval_latency_.Record(answered - due);
    if (pacer_.has_value()) measurement_.blocked.Record(100);
  }

  int64_t NextCutNs() const {
    return absl::ToInt64Nanoseconds(interval_.start + spec_.interval);
  }

  void EndInterval() {
    if (HasLatency(spec_)) {
      interval_.p50_ns = interval_latency_.ValueAt(50);
      interval_.p99_ns = interval_latency_.ValueAt(99);
      interval_.max_ns = interval_latency_.max();
    }
    measurement_.series.push_back(interval_);
    if (hooks_.on_interval) hooks_.on_interval(interval_);
    const absl::Duration next = interval_.start + spec_.interval;
    interval_ = Interval();
    interval_.start = next;
    interval_latency_.Clear();
  }

  const LoadSpec& spec_;
  const RunHooks& hooks_;
  const PayloadMix mix_;
  std::optional<Pacer> pacer_;  // Of an open loop.
  std::mt19937_64 random_;
  const int64_t end_ns_;
  const int64_t stall_end_ns_;
  int64_t free_ns_ = 0;
  uint64_t due_ = 0;
  Interval interval_;
  Histogram interval_latency_;
  Measurement measurement_;
};

}  // namespace

absl::StatusOr<Measurement> FakeLoad(const LoadSpec& spec,
                                     const RunHooks& hooks) {
  if (spec.target == "down@fake") {
    return absl::UnavailableError("down@fake: no node listens there");
  }
  if (spec.target == "other@fake") {
    return absl::UnimplementedError("other@fake has no such load");
  }
  Measurement measurement = Simulation(spec, hooks).Run();
  if (spec.target == "lossy@fake") {
    measurement.faults.lost = 1;
    measurement.faults.duplicated = 1;
  }
  if (spec.target == "broken@fake") {
    measurement.errors = 1;
    measurement.first_error = "no answer within 7s";
  }
  if (spec.target == "endless@fake") {
    fputs("running\n", stderr);
    hooks.interrupted->wait(false);
    measurement.interrupted = true;
  }
  return measurement;
}

}  // namespace ringdist
