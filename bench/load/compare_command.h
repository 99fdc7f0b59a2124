// dist_load compare A.json B.json

#ifndef RINGDIST_BENCH_LOAD_COMPARE_COMMAND_H_
#define RINGDIST_BENCH_LOAD_COMPARE_COMMAND_H_

#include <CLI/CLI.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "ringdist/bench/load/comparison.h"

namespace ringdist {

struct CompareFlags {
  std::string a;  // Files.
  std::string b;
  std::string json;  // To write to, "-" for standard output; empty: not.
  ComparisonOptions options;
};

// Adds the subcommand; `flags` outlives `app`.
CLI::App& AddCompareCommand(CLI::App& app, CompareFlags& flags);

// Prints the comparison; the exit status, or why there is none.
absl::StatusOr<int> RunCompare(const CompareFlags& flags);

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_COMPARE_COMMAND_H_
