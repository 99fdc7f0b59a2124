#include "ringdist/tools/visit.h"

#include <utility>

namespace ringdist {

absl::StatusOr<std::unique_ptr<Node>> CreateVisitor(Reactor& reactor,
                                                    const NodeFlags& flags,
                                                    NodeOptions options) {
  absl::StatusOr<DistributionOptions> distribution = NodeOptionsOf(flags);
  if (!distribution.ok()) return distribution.status();
  options.distribution = *std::move(distribution);
  return Node::Create(reactor, std::move(options));
}

}  // namespace ringdist
