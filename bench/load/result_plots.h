// The plots of a run: its latencies by percentile, how it went over time, and
// what a search for the highest rate met.

#ifndef RINGDIST_BENCH_LOAD_RESULT_PLOTS_H_
#define RINGDIST_BENCH_LOAD_RESULT_PLOTS_H_

#include <string>
#include <vector>

#include "ringdist/bench/load/load_results.h"
#include "ringdist/bench/load/plot.h"

namespace ringdist {

struct NamedPlot {
  std::string name;         // "latency", "series", "search": for a file's name.
  std::string description;  // How it is to be read.
  Plot plot;
};

// Those of which there is something to draw.
std::vector<NamedPlot> PlotsOf(const LoadRun& run);

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_RESULT_PLOTS_H_
