// ForEachSeed: runs a simulation once per seed.
//
//   TEST(ControllerSimulationTest, LosesNothing) {
//     ForEachSeed(1000, [](uint64_t seed) {
//       Simulation simulation(seed, Faults::All(seed));
//       ...
//       ASSERT_TRUE(status.ok()) << status;
//     });
//   }
//
// It stops at the first seed that fails. Each failure, and each abort or report
// of a sanitizer, comes with the command that runs this one seed again:
//
//   bazel test //tests/simulation:controller_simulation_test
//       --test_filter=ControllerSimulationTest.LosesNothing
//       --test_env=RINGDIST_SEED=17
//
// (A test binary that is run by hand takes RINGDIST_SEED from the environment.)

#ifndef RINGDIST_TESTS_SIMULATION_SEEDS_H_
#define RINGDIST_TESTS_SIMULATION_SEEDS_H_

#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"

namespace ringdist {

// Calls `body` with 1, 2, ... `count`, or only with RINGDIST_SEED if that is
// set. Inside a test, not inside another ForEachSeed.
void ForEachSeed(int count, absl::FunctionRef<void(uint64_t seed)> body);

// What to type to run the current test with this seed only.
std::string ReplayCommand(uint64_t seed);

}  // namespace ringdist

#endif  // RINGDIST_TESTS_SIMULATION_SEEDS_H_
