// The command dist_load, but for its main(): what runs a load comes from there.

#ifndef RINGDIST_BENCH_LOAD_DIST_LOAD_COMMAND_H_
#define RINGDIST_BENCH_LOAD_DIST_LOAD_COMMAND_H_

#include "ringdist/bench/load/load_session.h"

namespace ringdist {

// What it exits with.
enum LoadExitStatus {
  kLoadSuccess = 0,
  kLoadFailure = 1,     // An error, a fault, or --fail_if.
  kLoadUsageError = 2,  // The command line asks for what there is not.
  kLoadRateMissed = 3,  // Less than 99 % of the --rate was achieved.
};

// Parses, measures with `runner`, and tells.
int DistLoad(int argc, char** argv, const LoadRunner& runner);

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_DIST_LOAD_COMMAND_H_
