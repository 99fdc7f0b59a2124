// See bench/peers/child_process.h: benchmarks start processes as well.

#ifndef RINGDIST_TESTS_TESTING_CHILD_PROCESS_H_
#define RINGDIST_TESTS_TESTING_CHILD_PROCESS_H_

#include "ringdist/bench/peers/child_process.h"  // IWYU pragma: export

#endif  // RINGDIST_TESTS_TESTING_CHILD_PROCESS_H_
