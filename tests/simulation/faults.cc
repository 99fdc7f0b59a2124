#include "ringdist/tests/simulation/faults.h"

#include <random>

namespace ringdist {
namespace {

// The highest probability of a fault in Faults::All. Those that end what is
// being tested are rare, so that most connections live long enough to matter.
double Highest(Fault fault) {
  switch (fault) {
    case Fault::kPartialReceive:
    case Fault::kPartialSend:
    case Fault::kCancelTooLate:
    case Fault::kCompletionsLeft:
      return 0.5;
    case Fault::kNoBuffers:
    case Fault::kReceiveEnds:
    case Fault::kAcceptEnds:
    case Fault::kNoDescriptors:
    case Fault::kBacklogFull:
    case Fault::kTurnSkipped:
      return 0.3;
    case Fault::kConnectRefused:
    case Fault::kPeerRefused:
      return 0.1;
    case Fault::kReset:
      return 0.02;
  }
  return 0;
}

}  // namespace

absl::string_view FaultName(Fault fault) {
  switch (fault) {
    case Fault::kPartialReceive:
      return "partial receive";
    case Fault::kPartialSend:
      return "partial send";
    case Fault::kNoBuffers:
      return "no buffers";
    case Fault::kReceiveEnds:
      return "receive ends";
    case Fault::kAcceptEnds:
      return "accept ends";
    case Fault::kNoDescriptors:
      return "no descriptors";
    case Fault::kBacklogFull:
      return "backlog full";
    case Fault::kConnectRefused:
      return "connect refused";
    case Fault::kCancelTooLate:
      return "cancel too late";
    case Fault::kReset:
      return "reset";
    case Fault::kCompletionsLeft:
      return "completions left";
    case Fault::kTurnSkipped:
      return "turn skipped";
    case Fault::kPeerRefused:
      return "peer refused";
  }
  return "unknown";
}

Faults Faults::All(uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto unit = [&random] {
    return static_cast<double>(random() >> 11) /
           static_cast<double>(1ULL << 53);
  };
  Faults faults;
  for (size_t i = 0; i < kFaultCount; ++i) {
    // Squared: more often rare than frequent, but never off.
    const double strength = unit();
    faults.probabilities[i] =
        strength * strength * Highest(static_cast<Fault>(i));
  }
  faults.max_delay = absl::Milliseconds(1) * unit();
  faults.max_oversleep = absl::Milliseconds(1) * unit();
  faults.min_socket_buffer = 16;
  faults.max_socket_buffer = size_t{64} << (random() % 10);
  faults.receive_limit_is_exact = random() % 2 == 0;
  faults.max_receive_excess = 1 + random() % 8192;
  return faults;
}

}  // namespace ringdist
