#include <iostream>
#include <tuple>

#include "ringdist/runtime/node.h"

int main() {
  auto reactor = ringdist::Reactor::Create().value();
  ringdist::NodeOptions options;
  options.distribution.name = "cpp@localhost";
  options.distribution.cookie = "secret";
  auto node = ringdist::Node::Create(*reactor, options).value();
  const ringdist::Pid adder = node->Spawn(
      [](ringdist::Process& self, const ringdist::TermView& message) {
        ringdist::PidView from;
        int a = 0, b = 0;
        if (!Matches(message, std::tuple(&from, &a, &b))) return;
        std::cout << "sent: " << self.Send(from, a + b) << std::endl;
      });
  std::cout << "register: " << node->Register("adder", adder) << std::endl;
  std::cout << "listen: " << node->Listen() << std::endl;
  return reactor->Run().ok() ? 0 : 1;
}
