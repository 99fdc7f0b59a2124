// Gathering: when a wait for completions lets more of them arrive first.
//
// While small packets only come in, many of them, to wake up for each costs
// more than the packet does: the receiver its way to sleep and back, the sender
// an interrupt to the other processor, a third of its time. So after some such
// waits the next ones last for a little time at least, as a network card does
// with its interrupts. Whoever answers is not made to wait: after a send, waits
// end with their first completion again.
//
//   Gathering gathering(absl::Microseconds(20));
//   if (gathering.Begin()) {
//     ... wait, with gathering.Due() of it to gather ...
//     gathering.End(took, received_bytes);
//   }

#ifndef RINGDIST_RUNTIME_GATHERING_H_
#define RINGDIST_RUNTIME_GATHERING_H_

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/time/time.h"

namespace ringdist {

class Gathering {
 public:
  // Zero: never.
  explicit Gathering(absl::Duration time) : time_(time) {}

  // Something was sent.
  void Sent() { sent_ = true; }

  // A wait begins. False: it is one like any other, and End is not called.
  bool Begin() {
    const bool watch = !std::exchange(sent_, false) && time_ > zero();
    if (!watch) rush_ = 0;
    return watch;
  }
  // How long it is to gather.
  absl::Duration Due() const { return rush_ >= kRush ? time_ : zero(); }
  // It is over, took so long, and brought so many bytes.
  void End(absl::Duration took, size_t received) {
    const bool is_rush =
        took <= 5 * time_ && received > 0 && received <= kSmall;
    rush_ = is_rush ? std::min(rush_ + 1, 2 * kRush) : std::max(rush_ - 4, 0);
  }

 private:
  static constexpr int kRush = 32;
  // What a socket holds must never be used up meanwhile: 200 KiB with all that
  // the kernel counts.
  static constexpr size_t kSmall = 16 * 1024;

  static constexpr absl::Duration zero() { return absl::ZeroDuration(); }

  absl::Duration time_;
  int rush_ = 0;  // Grows with each wait that was part of one.
  bool sent_ = false;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_GATHERING_H_
