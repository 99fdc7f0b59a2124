// A gen_server and a function in C++, for Erlang and Elixir to call.
//
//   counter_server cpp@localhost secret /run/nodes
//
// In Erlang, and in Elixir:
//
//   gen_server:call({counter, 'cpp@localhost'}, {add, 2}).
//   erpc:call('cpp@localhost', numbers, gcd, [12, 18]).
//   GenServer.call({:counter, :"cpp@localhost"}, {:add, 2})
//   :erpc.call(:"cpp@localhost", :numbers, :gcd, [12, 18])

#include <cstdint>
#include <iostream>
#include <memory>
#include <numeric>
#include <tuple>
#include <utility>

#include "ringdist/proto/term_text.h"
#include "ringdist/runtime/gen_server.h"
#include "ringdist/runtime/node.h"

namespace {

using ringdist::Atom;

// Starts the server, and again whenever it ends, as a supervisor would.
absl::Status StartCounter(ringdist::Node& node) {
  ringdist::GenServerCallbacks counter;
  auto count = std::make_shared<uint64_t>(0);
  counter.handle_call = [count](auto& self, const auto& request, auto caller) {
    uint64_t number = 0;
    if (!Matches(request, std::tuple(Atom("add"), &number))) {
      return self.Exit(MakeTerm(std::tuple(Atom("bad_call"), request)));
    }
    *count += number;  // `caller` could also be kept, and be answered later.
    const absl::Status sent = caller.Reply(self, *count);
    std::cout << "count " << *count << ": " << sent << std::endl;
  };
  counter.handle_cast = [count](auto&, const auto& request) {
    if (Matches(request, Atom("reset"))) *count = 0;
  };
  ringdist::ProcessOptions options;
  options.on_death = [&node](const auto&, const auto& reason) {
    std::cout << "counter ended: " << ToText(reason, 60) << std::endl;
    std::cout << "started again: " << StartCounter(node) << std::endl;
  };
  return node.Register(
      "counter", node.Spawn(GenServer(std::move(counter)), std::move(options)));
}

absl::Status Serve(char** arguments) {
  auto reactor = ringdist::Reactor::Create();
  if (!reactor.ok()) return reactor.status();
  ringdist::NodeOptions options;
  options.distribution.name = arguments[1];
  options.distribution.cookie = arguments[2];
  options.distribution.directory = arguments[3];
  auto node = ringdist::Node::Create(**reactor, std::move(options));
  if (!node.ok()) return node.status();
  absl::Status status = (*node)->Export(
      "numbers", "gcd", [](uint64_t a, uint64_t b) { return std::gcd(a, b); });
  if (status.ok()) status = StartCounter(**node);
  if (status.ok()) status = (*node)->Listen();
  if (!status.ok()) return status;
  std::cout << "counter is at " << (*node)->name().full() << std::endl;
  return (*reactor)->Run();  // Until it is killed: echo_server ends in order.
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: counter_server NODE COOKIE DIRECTORY" << std::endl;
    return 2;
  }
  const absl::Status status = Serve(argv);
  std::cerr << "counter_server: " << status << std::endl;
  return 1;
}
