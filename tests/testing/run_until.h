// RunUntil: turns a reactor until something has happened.
//
//   ASSERT_TRUE(RunUntil(reactor, [&] { return received == 3; }));

#ifndef RINGDIST_TESTS_TESTING_RUN_UNTIL_H_
#define RINGDIST_TESTS_TESTING_RUN_UNTIL_H_

#include <algorithm>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "ringdist/runtime/reactor.h"

namespace ringdist {

// False if `done` is not true within `limit`, or if the reactor failed.
inline bool RunUntil(Reactor& reactor, absl::FunctionRef<bool()> done,
                     absl::Duration limit = absl::Seconds(20)) {
  // What a timer or a task does is seen only when the turn's wait is over.
  constexpr absl::Duration kLongestTurn = absl::Milliseconds(5);
  const absl::Time deadline = reactor.engine().Now() + limit;
  while (!done()) {
    const absl::Duration left = deadline - reactor.engine().Now();
    if (left <= absl::ZeroDuration()) return false;
    if (!reactor.RunOnce(std::min(left, kLongestTurn)).ok()) return false;
  }
  return true;
}

}  // namespace ringdist

#endif  // RINGDIST_TESTS_TESTING_RUN_UNTIL_H_
