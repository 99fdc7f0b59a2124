// Faults: what goes wrong in a simulation, and how often.
//
//   Faults faults = Faults::All(seed);           // everything, now and then
//   faults.probability(Fault::kReset) = 0;       // but connections live
//   Simulation simulation(seed, faults);
//
//   Simulation calm(seed, Faults());             // nothing: as fast as it goes
//
// All of them are what runtime/io_engine.h allows an engine, and a network, to
// do; kTurnSkipped and the delays are what a scheduler does.

#ifndef RINGDIST_TESTS_SIMULATION_FAULTS_H_
#define RINGDIST_TESTS_SIMULATION_FAULTS_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace ringdist {

enum class Fault : uint8_t {
  kPartialReceive,   // A receive brings only a part of what is there.
  kPartialSend,      // A send takes only a part of what there is room for.
  kNoBuffers,        // A receive ends with -ENOBUFS; nothing is lost.
  kReceiveEnds,      // A receive ends together with some bytes, for no reason.
  kAcceptEnds,       // An accept ends together with a descriptor.
  kNoDescriptors,    // An accept ends with -EMFILE.
  kBacklogFull,      // A connect ends with -EAGAIN.
  kConnectRefused,   // A connect ends with -ECONNREFUSED.
  kCancelTooLate,    // What a cancelled operation can still do happens first.
  kReset,            // A connection breaks at a send.
  kCompletionsLeft,  // A turn runs only some of the completions.
  kTurnSkipped,      // Somebody does not get to run while others do.
  kPeerRefused,      // SimulatedCarrier::CheckPeer refuses.
};
inline constexpr size_t kFaultCount = 13;

absl::string_view FaultName(Fault fault);

struct Faults {
  // Every fault on, each as likely as `seed` says, some hardly ever: runs of
  // different seeds differ in kind. Small socket buffers, delays.
  static Faults All(uint64_t seed);

  // From 0 to 1, each time there is an occasion.
  double& probability(Fault fault) {
    return probabilities[static_cast<size_t>(fault)];
  }
  double probability(Fault fault) const {
    return probabilities[static_cast<size_t>(fault)];
  }

  std::array<double, kFaultCount> probabilities = {};

  // The longest time an operation takes once it is possible.
  absl::Duration max_delay = absl::ZeroDuration();
  // The longest time everybody sleeps past what they waited for: several things
  // have happened then.
  absl::Duration max_oversleep = absl::ZeroDuration();

  // Bytes on their way in one direction of a connection, from which a send has
  // to wait: a random number between the two for each.
  size_t min_socket_buffer = 64 * 1024;
  size_t max_socket_buffer = 64 * 1024;

  // IoEngine::ReceiveLimitIsExact; if not, so many bytes may come on top.
  bool receive_limit_is_exact = true;
  size_t max_receive_excess = 4096;
};

}  // namespace ringdist

#endif  // RINGDIST_TESTS_SIMULATION_FAULTS_H_
