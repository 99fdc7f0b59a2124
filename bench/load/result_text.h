// Results for people: a table for each run, and what they were measured on.

#ifndef RINGDIST_BENCH_LOAD_RESULT_TEXT_H_
#define RINGDIST_BENCH_LOAD_RESULT_TEXT_H_

#include <string>

#include "ringdist/bench/load/load_results.h"

namespace ringdist {

std::string RunText(const LoadRun& run);

// "Linux 6.18.5 x86_64, 2 x AMD EPYC 9B14, virtual, 15.6 GiB of memory"
std::string MachineText(const Machine& machine);
// "commit 4c1f9a2b7d3e, optimised"
std::string BuildText(const Machine& machine);

// Both, as the last line behind all runs.
std::string MeasuredOnText(const Machine& machine);

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_RESULT_TEXT_H_
