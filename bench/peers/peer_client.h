// RunPeerClient: a load that a real Erlang node generates, measured as RunLoad
// measures ours.
//
//   spec.client = Peer::kBeam;
//   spec.server = Peer::kBeam;
//   absl::StatusOr<Measurement> measured = RunPeerClient(spec, hooks);

#ifndef RINGDIST_BENCH_PEERS_PEER_CLIENT_H_
#define RINGDIST_BENCH_PEERS_PEER_CLIENT_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ringdist/bench/load/load_spec.h"
#include "ringdist/bench/load/measurement.h"
#include "ringdist/bench/load/run_hooks.h"

namespace ringdist {

// Starts a node for the client, kBeam or kBeamTcp, loads it with ours and ends
// it. The load goes to spec.target in spec.directory; without a target a server
// is started as well, which has to be of the same kind then. A target that does
// not take a load yet is made to (load_module.h).
//
// Two nodes have one connection, so `connections` is how many processes share
// it. Unimplemented: an Erlang node does not generate this load. Cancelled: it
// was interrupted before the measured time began.
absl::StatusOr<Measurement> RunPeerClient(const LoadSpec& spec,
                                          const RunHooks& hooks);

}  // namespace ringdist

#endif  // RINGDIST_BENCH_PEERS_PEER_CLIENT_H_
