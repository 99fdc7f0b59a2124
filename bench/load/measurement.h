// Measurement: what one run of a load gave, whoever generated it.

#ifndef RINGDIST_BENCH_LOAD_MEASUREMENT_H_
#define RINGDIST_BENCH_LOAD_MEASUREMENT_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "ringdist/bench/load/histogram.h"

namespace ringdist {

// What the receiver of numbered messages found.
struct Faults {
  uint64_t lost = 0;
  uint64_t duplicated = 0;
  uint64_t reordered = 0;
  uint64_t corrupted = 0;

  uint64_t Total() const { return lost + duplicated + reordered + corrupted; }
};

// One point of the time series; what it counts is of this interval alone.
struct Interval {
  absl::Duration start;  // Since the measured time began.
  uint64_t messages = 0;
  uint64_t bytes = 0;
  uint64_t errors = 0;  // And faults, as far as they are known yet.
  int64_t p50_ns = 0;   // Zero if there were no latencies.
  int64_t p99_ns = 0;
  int64_t max_ns = 0;
};

struct Measurement {
  // The measured time, without warm-up.
  absl::Duration duration;
  // Taken by the receiver, of a stream; round trips, calls or handshakes
  // otherwise.
  uint64_t messages = 0;
  uint64_t bytes = 0;  // Of payload.
  // From when a message was meant to be sent to when its answer was there; of
  // an open loop this has the time it was kept back. Nanoseconds. Empty for a
  // closed stream.
  Histogram latency;
  // Open loop: how long messages that were due had to wait before they could
  // be sent at all.
  Histogram blocked;
  // Open loop: messages due in the measured time, per second. (Poisson's own
  // scatter is in it, so that it does not count as not keeping up.) Zero:
  // closed.
  double asked_rate = 0;
  uint64_t errors = 0;      // Failed connections, calls, or sends.
  std::string first_error;  // What the first of them was.
  Faults faults;
  std::vector<Interval> series;
  // Whatever else is known, such as "receiver_enters" or
  // "receiver_completions", whole numbers and ratios.
  std::map<std::string, double> counters;
  bool interrupted = false;  // Ended before its time; the rest is right.

  double Rate() const {
    return static_cast<double>(messages) / absl::ToDoubleSeconds(duration);
  }
  double BytesPerSecond() const {
    return static_cast<double>(bytes) / absl::ToDoubleSeconds(duration);
  }
};

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_MEASUREMENT_H_
