// Recorder: makes a Measurement of what happens in a run: leaves out the
// warm-up, cuts the rest into intervals, and keeps the latencies of what was
// due in it.
//
//   Recorder recorder(spec, hooks, Now());
//   while (!recorder.over()) {
//     if (recorder.TakeCut(Now())) recorder.Cut(Now(), received_so_far);
//     ... recorder.Answered(due, Now());
//   }
//   Measurement measurement = recorder.Finish();
//
// Times are nanoseconds of any one clock. Cuts are made by whoever counts the
// messages, which may be the other end: then by its clock.

#ifndef RINGDIST_BENCH_LOAD_RECORDER_H_
#define RINGDIST_BENCH_LOAD_RECORDER_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "ringdist/bench/load/arrival_check.h"
#include "ringdist/bench/load/histogram.h"
#include "ringdist/bench/load/load_spec.h"
#include "ringdist/bench/load/measurement.h"
#include "ringdist/bench/load/run_hooks.h"

namespace ringdist {

class Recorder {
 public:
  // The warm-up begins at `start_ns`. `hooks` outlive it.
  Recorder(const LoadSpec& spec, const RunHooks& hooks, int64_t start_ns);

  int64_t begin_ns() const { return begin_ns_; }
  int64_t end_ns() const { return end_ns_; }

  // When the next interval ends; the first cut is where the measured time
  // begins.
  int64_t next_cut_ns() const { return next_cut_ns_; }
  // Whether it has come; then whoever counts makes a Cut.
  bool TakeCut(int64_t now_ns);
  // Ends the measured time now: the last cut is due.
  void Interrupt(int64_t now_ns);
  // Whether the last cut was taken.
  bool over() const { return over_; }

  // `totals` were counted until this time.
  void Cut(int64_t time_ns, const Totals& totals);

  // A message was answered that was due then. It may be told after the end.
  void Answered(int64_t due_ns, int64_t now_ns) {
    if (due_ns < begin_ns_ || due_ns >= end_ns_) return;
    measurement_.latency.Record(now_ns - due_ns);
    interval_latency_.Record(now_ns - due_ns);
  }
  // Open loop: it could be sent, or the end came before.
  void Sent(int64_t due_ns, int64_t now_ns);
  // Something was not answered, or not even sent.
  void Failed(const absl::Status& reason);

  // To add to, and then to take. Without two cuts there is nothing in it.
  Measurement& measurement() { return measurement_; }
  bool has_measured() const { return cuts_ >= 2; }

 private:
  const RunHooks& hooks_;
  const int64_t interval_ns_;
  int64_t begin_ns_;
  int64_t end_ns_;
  int64_t next_cut_ns_;
  bool begun_ = false;  // The first cut was taken,
  bool over_ = false;   // and the last one.
  int cuts_ = 0;
  int64_t first_ns_ = 0;  // Of the cuts.
  int64_t last_ns_ = 0;
  Totals last_totals_;
  uint64_t last_errors_ = 0;
  uint64_t due_ = 0;  // Of an open loop, in the measured time.
  Histogram interval_latency_;
  Measurement measurement_;
};

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_RECORDER_H_
