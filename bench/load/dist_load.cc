// dist_load: the command. See dist_load --help.

#include "ringdist/bench/load/dist_load_command.h"
#include "ringdist/bench/load/run_load.h"

// What CLI11 throws beyond usage errors are mistakes in its set-up.
// NOLINTNEXTLINE(bugprone-exception-escape)
int main(int argc, char** argv) {
  return ringdist::DistLoad(argc, argv, ringdist::RunLoad);
}
