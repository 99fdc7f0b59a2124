// Pacer: when the messages of an open loop are due. The times depend on the
// load alone, never on how the target does.
//
//   Pacer pacer(spec);
//   int64_t due = pacer.Next();  // of message 0, in ns since the loop began
//   ...
//   latency.Record(answered_ns - (begin_ns + due));
//
// One Pacer is for all connections together: give each in turn a message.

#ifndef RINGDIST_BENCH_LOAD_PACER_H_
#define RINGDIST_BENCH_LOAD_PACER_H_

#include <cstdint>
#include <random>

#include "ringdist/bench/load/load_spec.h"

namespace ringdist {

class Pacer {
 public:
  // `spec` is valid, and its arrival not kClosed.
  explicit Pacer(const LoadSpec& spec);

  // When the next message is due, nanoseconds since the loop began; never less
  // than the one before. The first is due at 0, but for kPoisson.
  int64_t Next();

 private:
  double NextGap();  // Of kPoisson, in nanoseconds.

  const Arrival arrival_;
  const double gap_ns_;  // Between two messages, on average.
  const uint64_t burst_;
  std::mt19937_64 random_;
  uint64_t number_ = 0;  // Of the next message.
  double poisson_ns_ = 0;
};

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_PACER_H_
