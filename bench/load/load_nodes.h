// What the nodes of a load are called, and how they are set up.

#ifndef RINGDIST_BENCH_LOAD_LOAD_NODES_H_
#define RINGDIST_BENCH_LOAD_LOAD_NODES_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "ringdist/bench/load/load_spec.h"
#include "ringdist/bench/load/transport.h"
#include "ringdist/proto/node_name.h"
#include "ringdist/runtime/distribution_options.h"
#include "ringdist/runtime/reactor.h"

namespace ringdist {

// The target of `spec`, or the server that is started.
NodeName ServerNodeOf(const LoadSpec& spec);
// The name of the client's node with this index: no other process has it.
std::string ClientNode(const LoadSpec& spec, int index);

DistributionOptions NodeOptionsOf(const LoadSpec& spec,
                                  const std::string& name);

absl::StatusOr<std::unique_ptr<Reactor>> MakeReactor(const LoadSpec& spec);
EngineCounts CountsOf(Reactor& reactor);

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_LOAD_NODES_H_
