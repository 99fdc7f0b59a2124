// ReactorOptions: how a Reactor (reactor.h) waits.
//
//   auto reactor = Reactor::Create({.busy_poll = absl::Microseconds(50)});

#ifndef RINGDIST_RUNTIME_REACTOR_OPTIONS_H_
#define RINGDIST_RUNTIME_REACTOR_OPTIONS_H_

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace ringdist {

struct ReactorOptions {
  // How long to look for completions without blocking before the thread goes to
  // sleep. Costs a processor while it lasts; saves the wake-up, which is most
  // of a round trip. Zero: block at once.
  absl::Duration busy_poll = absl::ZeroDuration();

  // How long the thread sleeps at least, so that what arrives meanwhile is
  // handled together, while small packets come in one after the other, at
  // 10,000 per second and more, and nothing is sent. They, and work posted by
  // other threads, come later by so much and the kernel's timer slack
  // (PR_SET_TIMERSLACK, 50 us); it saves both ends most of their wake-ups, for
  // a real node a third of its time. Zero: never. Needs kernel 6.12.
  absl::Duration gather = absl::Microseconds(20);

  absl::Status Validate() const;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_REACTOR_OPTIONS_H_
