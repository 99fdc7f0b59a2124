#include "ringdist/bench/load/recorder.h"

#include <algorithm>

#include "absl/time/time.h"

namespace ringdist {

Recorder::Recorder(const LoadSpec& spec, const RunHooks& hooks,
                   int64_t start_ns)
    : hooks_(hooks),
      interval_ns_(
          absl::ToInt64Nanoseconds(std::min(spec.interval, spec.duration))),
      begin_ns_(start_ns + absl::ToInt64Nanoseconds(spec.warmup)),
      end_ns_(begin_ns_ + absl::ToInt64Nanoseconds(spec.duration)),
      next_cut_ns_(begin_ns_) {}

bool Recorder::TakeCut(int64_t now_ns) {
  if (over_ || now_ns < next_cut_ns_) return false;
  if (!begun_ && !measurement_.interrupted) {
    // It takes its whole time, also if this thread comes late.
    end_ns_ += now_ns - begin_ns_;
    begin_ns_ = next_cut_ns_ = now_ns;
  }
  begun_ = true;
  over_ = next_cut_ns_ >= end_ns_;
  // Ends of intervals that passed unnoticed are left out.
  const int64_t intervals = (now_ns - begin_ns_) / interval_ns_ + 1;
  next_cut_ns_ = std::min(begin_ns_ + intervals * interval_ns_, end_ns_);
  return true;
}

void Recorder::Interrupt(int64_t now_ns) {
  if (over_ || now_ns >= end_ns_) return;
  measurement_.interrupted = true;
  begin_ns_ = std::min(begin_ns_, now_ns);
  end_ns_ = next_cut_ns_ = now_ns;
}

void Recorder::Cut(int64_t time_ns, const Totals& totals) {
  if (cuts_++ == 0) {
    first_ns_ = time_ns;
  } else {
    const uint64_t faults = totals.faults.Total() - last_totals_.faults.Total();
    Interval interval;
    interval.start = absl::Nanoseconds(last_ns_ - first_ns_);
    interval.messages = totals.messages - last_totals_.messages;
    interval.bytes = totals.bytes - last_totals_.bytes;
    interval.errors = measurement_.errors - last_errors_ + faults;
    interval.p50_ns = interval_latency_.ValueAt(50);
    interval.p99_ns = interval_latency_.ValueAt(99);
    interval.max_ns = interval_latency_.max();
    measurement_.duration = absl::Nanoseconds(time_ns - first_ns_);
    measurement_.messages += interval.messages;
    measurement_.bytes += interval.bytes;
    measurement_.series.push_back(interval);
    if (hooks_.on_interval) hooks_.on_interval(interval);
    interval_latency_.Clear();
  }
  last_ns_ = time_ns;
  last_totals_ = totals;
  last_errors_ = measurement_.errors;
}

void Recorder::Sent(int64_t due_ns, int64_t now_ns) {
  if (due_ns < begin_ns_ || due_ns >= end_ns_) return;
  ++due_;
  measurement_.blocked.Record(now_ns - due_ns);
  measurement_.asked_rate = static_cast<double>(due_) * 1e9 /
                            static_cast<double>(end_ns_ - begin_ns_);
}

void Recorder::Failed(const absl::Status& reason) {
  if (measurement_.errors++ == 0) {
    measurement_.first_error = std::string(reason.message());
  }
}

}  // namespace ringdist
