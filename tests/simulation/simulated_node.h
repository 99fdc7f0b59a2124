// SimulatedNode: a node at message level in a process of its own.
//
//   SimulatedNode a(network, {.distribution = {.name = "a@localhost"}});
//   a.node->Connect(...);
//   simulation.RunUntil(std::vector{a.reactor.get(), ...}, [&] { ... });

#ifndef RINGDIST_TESTS_SIMULATION_SIMULATED_NODE_H_
#define RINGDIST_TESTS_SIMULATION_SIMULATED_NODE_H_

#include <memory>
#include <utility>

#include "ringdist/proto/check.h"
#include "ringdist/runtime/node.h"
#include "ringdist/runtime/node_options.h"
#include "ringdist/runtime/reactor.h"
#include "ringdist/tests/simulation/simulated_carrier.h"
#include "ringdist/tests/simulation/simulated_engine.h"
#include "ringdist/tests/simulation/simulated_network.h"

namespace ringdist {

struct SimulatedNode {
  // It listens. `options` say at least its name.
  SimulatedNode(SimulatedNetwork& network, NodeOptions options) {
    auto engine = std::make_unique<SimulatedEngine>(network);
    SimulatedEngine& its_engine = *engine;
    reactor = std::make_unique<Reactor>(std::move(engine), ReactorOptions());
    options.distribution.cookie = "secret";
    options.distribution.carrier =
        std::make_shared<SimulatedCarrier>(*reactor, its_engine);
    options.distribution.entropy = [&network] {
      return network.simulation().Random();
    };
    auto made = Node::Create(*reactor, std::move(options));
    RINGDIST_CHECK(made.ok());
    node = *std::move(made);
    RINGDIST_CHECK(node->Listen().ok());
  }

  std::unique_ptr<Reactor> reactor;
  std::unique_ptr<Node> node;
};

}  // namespace ringdist

#endif  // RINGDIST_TESTS_SIMULATION_SIMULATED_NODE_H_
