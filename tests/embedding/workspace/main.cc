#include <cstdint>
#include <iostream>
#include <tuple>

#include "ringdist/runtime/node.h"

int main() {
  auto reactor = ringdist::Reactor::Create().value();
  ringdist::NodeOptions options;
  options.distribution.name = "cpp@localhost";
  options.distribution.cookie = "secret";
  auto node = ringdist::Node::Create(*reactor, options).value();
  // A process: {adder, 'cpp@localhost'} ! {self(), 1, 2}.
  const ringdist::Pid adder = node->Spawn(
      [](ringdist::Process& self, const ringdist::TermView& message) {
        ringdist::PidView from;
        int a = 0, b = 0;
        if (!Matches(message, std::tuple(&from, &a, &b))) return;
        std::cout << "sent: " << self.Send(from, int64_t{a} + b) << std::endl;
      });
  std::cout << "register: " << node->Register("adder", adder) << std::endl;
  // A function: erpc:call('cpp@localhost', math, add, [1, 2]).
  const absl::Status exported =
      node->Export("math", "add", [](int a, int b) { return int64_t{a} + b; });
  std::cout << "export: " << exported << std::endl;
  std::cout << "listen: " << node->Listen() << std::endl;
  return reactor->Run().ok() ? 0 : 1;
}
