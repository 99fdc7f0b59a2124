// The command line of dist_load: each flag, its help, and what flags do not go
// together.
//
//   CLI::App app;
//   LoadFlags flags;
//   AddLoadFlags(app, flags);
//   app.parse(argc, argv);  // throws CLI::ParseError

#ifndef RINGDIST_BENCH_LOAD_LOAD_FLAGS_H_
#define RINGDIST_BENCH_LOAD_LOAD_FLAGS_H_

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "ringdist/bench/load/load_results.h"
#include "ringdist/bench/load/load_spec.h"
#include "ringdist/bench/load/metric.h"

namespace ringdist {

struct LoadFlags {
  // The load. Without --workload it is that of the canonical run, of which only
  // the ends and the times are taken from here.
  LoadSpec spec;
  bool is_canonical = true;

  // --find_max; spec.rate is where the search begins, or 0.
  std::optional<Condition> slo;
  std::vector<Condition> fail_if;

  // Files to write, "-" for standard output; empty: not.
  std::string json;
  std::string csv;
  std::string percentiles;
  std::string report;
  // Whether one of them goes to standard output, instead of the tables.
  bool UsesStandardOutput() const;
};

// Adds the flags, and what checks them when all are parsed: what they say
// together is a usage error that is thrown, too. `flags` outlives `app`.
void AddLoadFlags(CLI::App& app, LoadFlags& flags);

// What is to be measured, in this order: one run, or those of the canonical
// run.
std::vector<LoadRun> PlannedRuns(const LoadFlags& flags);

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_LOAD_FLAGS_H_
