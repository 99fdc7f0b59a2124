// Backoff: how long to wait before the next attempt. Each wait is random and up
// to twice as long as the one before: 0.5 to 1 s, 1 to 2 s, ..., 15 to 30 s.
//
//   Backoff backoff;
//   timer.Start(now + backoff.Next(SystemEntropy()));   // it failed
//   backoff.Reset();                                    // it worked
//
// Random, so that many nodes that lost the same peer do not all come at once.

#ifndef RINGDIST_TOOLS_BACKOFF_H_
#define RINGDIST_TOOLS_BACKOFF_H_

#include <algorithm>
#include <cstdint>

#include "absl/time/time.h"

namespace ringdist {

class Backoff {
 public:
  static constexpr absl::Duration kShortest = absl::Milliseconds(500);
  static constexpr absl::Duration kLongest = absl::Seconds(30);

  // `entropy` is 64 random bits.
  absl::Duration Next(uint64_t entropy) {
    const absl::Duration random_part =
        longest_ / 2 * (static_cast<double>(entropy >> 32) / UINT32_MAX);
    const absl::Duration wait = longest_ / 2 + random_part;
    longest_ = std::min(longest_ * 2, kLongest);
    return wait;
  }

  void Reset() { longest_ = 2 * kShortest; }

 private:
  absl::Duration longest_ = 2 * kShortest;  // Of the next wait.
};

}  // namespace ringdist

#endif  // RINGDIST_TOOLS_BACKOFF_H_
