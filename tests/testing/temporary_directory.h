// See bench/peers/temporary_directory.h: benchmarks need one as well.

#ifndef RINGDIST_TESTS_TESTING_TEMPORARY_DIRECTORY_H_
#define RINGDIST_TESTS_TESTING_TEMPORARY_DIRECTORY_H_

#include "ringdist/bench/peers/temporary_directory.h"  // IWYU pragma: export

#endif  // RINGDIST_TESTS_TESTING_TEMPORARY_DIRECTORY_H_
