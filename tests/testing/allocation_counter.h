// Counts what a test program allocates with `new`: link it, and all of the
// program is counted.
//
//   const size_t before = allocations;
//   Encode(message);
//   EXPECT_EQ(allocations, before);

#ifndef RINGDIST_TESTS_TESTING_ALLOCATION_COUNTER_H_
#define RINGDIST_TESTS_TESTING_ALLOCATION_COUNTER_H_

#include <cstddef>

namespace ringdist {

// Since the program began. Not for programs with threads.
extern size_t allocations;

}  // namespace ringdist

#endif  // RINGDIST_TESTS_TESTING_ALLOCATION_COUNTER_H_
