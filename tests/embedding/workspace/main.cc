#include <iostream>

#include "ringdist/runtime/node.h"

int main() {
  auto reactor = ringdist::Reactor::Create().value();
  ringdist::NodeOptions options;
  options.distribution.name = "cpp@localhost";
  options.distribution.cookie = "secret";
  options.on_node_up = [](const ringdist::PeerInfo& peer) {
    std::cout << "nodeup " << peer.name.full() << std::endl;
  };
  auto node = ringdist::Node::Create(*reactor, options).value();
  std::cout << "listen: " << node->Listen() << std::endl;
  return reactor->Run().ok() ? 0 : 1;
}
