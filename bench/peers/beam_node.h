// The real Erlang nodes of a load: how they are started, so that they are at
// their best. README.md tells why each option is there.

#ifndef RINGDIST_BENCH_PEERS_BEAM_NODE_H_
#define RINGDIST_BENCH_PEERS_BEAM_NODE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ringdist/bench/load/load_spec.h"
#include "ringdist/bench/peers/erlang_node.h"

namespace ringdist {

// Where a node is, apart from what the spec says of all.
struct BeamPlace {
  std::string name;  // alive@host.
  std::string directory;
  ErlangCarrier carrier = ErlangCarrier::kErlUds;
  int epmd_port = 0;  // Of kTcp.
  int cpu = -1;       // Of a node with one scheduler; others go anywhere.
};

// More of the command line, separated by blanks.
std::string BeamArguments(const LoadSpec& spec);

// The errors of ErlangNode::Start.
absl::StatusOr<std::unique_ptr<ErlangNode>> StartBeam(const LoadSpec& spec,
                                                      const BeamPlace& place);

// Kills it and removes its socket: nothing is left in a directory that is not
// its own.
void EndBeam(ErlangNode& node);

}  // namespace ringdist

#endif  // RINGDIST_BENCH_PEERS_BEAM_NODE_H_
