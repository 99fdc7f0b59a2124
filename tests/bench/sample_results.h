// Results for tests, in which all is known.

#ifndef RINGDIST_TESTS_BENCH_SAMPLE_RESULTS_H_
#define RINGDIST_TESTS_BENCH_SAMPLE_RESULTS_H_

#include "ringdist/bench/load/load_results.h"

namespace ringdist {

// An open loop of round trips, measured three times: 990, 1000 and 1010 of them
// in a second, with latencies of 1 us, 2 us, and so on.
LoadRun SampleEcho();
// A closed stream of 2 million messages of 16 bytes in half a second, once.
LoadRun SampleStream();
// Both, measured on a machine that there is not.
LoadResults SampleResults();

}  // namespace ringdist

#endif  // RINGDIST_TESTS_BENCH_SAMPLE_RESULTS_H_
