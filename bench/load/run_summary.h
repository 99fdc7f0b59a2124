// What a run gave, for people, in parts that tables and reports are made of.

#ifndef RINGDIST_BENCH_LOAD_RUN_SUMMARY_H_
#define RINGDIST_BENCH_LOAD_RUN_SUMMARY_H_

#include <string>
#include <vector>

#include "ringdist/bench/load/load_results.h"

namespace ringdist {

// One figure, over all measurements of a run.
struct FigureRow {
  std::string name;  // "round trips", "latency p99"
  std::string median;
  std::string lowest;
  std::string highest;
  std::string spread;
};
std::vector<FigureRow> FigureRows(const LoadRun& run);

// The run in a sentence: "48.3 k round trips per second; half took at most
// 20.1 us, 99 % at most 35.0 us."
std::string Headline(const LoadRun& run);

// What else is known: what was checked, what was counted, what the generator
// takes itself.
std::vector<std::string> Remarks(const LoadRun& run);

// The steps of a search for the highest rate, in their order.
std::vector<std::string> SearchSteps(const LoadRun& run);

// What must be known before the figures are believed: faults, failures, a rate
// that was not reached, an interruption. Empty if there is nothing.
std::vector<std::string> Warnings(const LoadRun& run);

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_RUN_SUMMARY_H_
