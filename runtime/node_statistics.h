// NodeStatistics: what a node at message level counts.

#ifndef RINGDIST_RUNTIME_NODE_STATISTICS_H_
#define RINGDIST_RUNTIME_NODE_STATISTICS_H_

#include <cstdint>

#include "ringdist/proto/atom_cache.h"
#include "ringdist/runtime/distribution.h"

namespace ringdist {

struct NodeStatistics {
  uint64_t processes = 0;
  uint64_t open_calls = 0;  // Of this node, that have not ended.
  uint64_t signals_in = 0;  // From other nodes, since the beginning.
  uint64_t signals_out = 0;
  uint64_t signals_refused = 0;  // Of signals_in: NodeOptions::policy.
  uint64_t waiting_bytes = 0;    // For peers, beside what connections hold.
  AtomCacheStatistics atoms_in;  // Of the connections that are up.
  AtomCacheStatistics atoms_out;
  DistributionStatistics distribution;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_NODE_STATISTICS_H_
