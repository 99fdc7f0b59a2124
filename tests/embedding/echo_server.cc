// An echo server: a process with a name, which sends back what it is sent.
// Ctrl-C or SIGTERM ends it.
//
//   echo_server cpp@localhost secret /run/nodes
//
// In an Erlang node of that directory:
//
//   {echo, 'cpp@localhost'} ! {self(), hello}, receive X -> X end.

#include <signal.h>

#include <iostream>
#include <thread>
#include <tuple>
#include <utility>

#include "ringdist/proto/term_text.h"
#include "ringdist/runtime/node.h"

namespace {

// `message` is valid until this returns; a ringdist::Term would own its bytes.
void Echo(ringdist::Process& self, const ringdist::TermView& message) {
  ringdist::PidView from;
  ringdist::TermView term;
  if (!Matches(message, std::tuple(&from, &term))) {
    std::cout << "not {Pid, Term}: " << ToText(message, 60) << std::endl;
    return;
  }
  // Refused, and not queued without end, if that node reads too slowly.
  const absl::Status sent = self.Send(from, term);
  std::cout << ToText(term, 60) << ": " << sent << std::endl;
}

absl::Status Serve(char** arguments) {
  auto reactor = ringdist::Reactor::Create();
  if (!reactor.ok()) return reactor.status();
  ringdist::NodeOptions options;
  options.distribution.name = arguments[1];
  options.distribution.cookie = arguments[2];
  options.distribution.directory = arguments[3];
  options.on_node_up = [](const auto& peer) {
    std::cout << "nodeup " << peer.name.full() << std::endl;
  };
  options.on_node_down = [](const auto& peer, const absl::Status& why) {
    std::cout << "nodedown " << peer.name.full() << ": " << why << std::endl;
  };
  auto node = ringdist::Node::Create(**reactor, std::move(options));
  if (!node.ok()) return node.status();
  absl::Status status = (*node)->Register("echo", (*node)->Spawn(Echo));
  if (status.ok()) status = (*node)->Listen();
  if (!status.ok()) return status;

  sigset_t signals;  // Blocked in every thread, so that one can wait for them.
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::thread stopper([&, signal = 0]() mutable {
    sigwait(&signals, &signal);
    (*reactor)->Stop();
  });
  std::cout << "echo is at " << (*node)->name().full() << std::endl;
  status = (*reactor)->Run();
  pthread_kill(stopper.native_handle(), SIGINT);  // If Run failed.
  stopper.join();
  return status;  // The node's destructor closes it and gives its name back.
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: echo_server NODE COOKIE DIRECTORY" << std::endl;
    return 2;
  }
  const absl::Status status = Serve(argv);
  if (!status.ok()) std::cerr << "echo_server: " << status << std::endl;
  return status.ok() ? 0 : 1;
}
