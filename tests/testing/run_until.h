// RunUntil: turns a reactor until something has happened.
//
//   ASSERT_TRUE(RunUntil(reactor, [&] { return received == 3; }));
//
// What is done by another process, and without the reactor, such as a byte that
// arrives at a plain socket of the test's own, does not end a turn by itself:
//
//   ASSERT_TRUE(RunUntilOther(reactor, [&] { return erlang->Ready(ping); }));

#ifndef RINGDIST_TESTS_TESTING_RUN_UNTIL_H_
#define RINGDIST_TESTS_TESTING_RUN_UNTIL_H_

#include <algorithm>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "ringdist/runtime/reactor.h"

namespace ringdist {

// False if `done` is not true within `limit`, or if the reactor failed.
inline bool RunUntil(Reactor& reactor, absl::FunctionRef<bool()> done,
                     absl::Duration limit = absl::Seconds(20),
                     absl::Duration longest_turn = absl::InfiniteDuration()) {
  const absl::Time deadline = reactor.engine().Now() + limit;
  while (!done()) {
    const absl::Duration left = deadline - reactor.engine().Now();
    if (left <= absl::ZeroDuration()) return false;
    if (!reactor.RunOnce(std::min(left, longest_turn)).ok()) return false;
  }
  return true;
}

inline bool RunUntilOther(Reactor& reactor, absl::FunctionRef<bool()> done,
                          absl::Duration limit = absl::Seconds(20)) {
  return RunUntil(reactor, done, limit, absl::Milliseconds(1));
}

}  // namespace ringdist

#endif  // RINGDIST_TESTS_TESTING_RUN_UNTIL_H_
