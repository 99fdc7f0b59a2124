// Calls functions of an Erlang node, and waits for a process there to end.
//
//   client cpp@localhost secret /run/nodes srv@localhost worker

#include <functional>
#include <iostream>
#include <string>
#include <tuple>
#include <utility>

#include "absl/time/time.h"
#include "ringdist/proto/term_text.h"
#include "ringdist/runtime/coroutine.h"
#include "ringdist/runtime/node.h"

namespace {

using ringdist::Atom;
using End = std::function<void(absl::Status)>;
constexpr absl::Duration kTimeout = absl::Seconds(5);

// Monitors a process that has a name: it may end, or its node may go.
void Watch(ringdist::Node& node, const ringdist::NameAt& name, const End& end) {
  const ringdist::Pid watcher =
      node.Spawn([end](auto& /*self*/, const auto& message) {
        ringdist::TermView who, why;
        if (Matches(message, std::tuple(Atom("DOWN"), ringdist::Any(),
                                        Atom("process"), &who, &why))) {
          std::cout << ToText(who) << " is down: " << ToText(why) << std::endl;
          end(absl::OkStatus());
        }
      });
  node.Find(watcher).Monitor(name);
}

// Goes on when a result has come; until then the reactor does other things.
ringdist::Coroutine Work(ringdist::Node& node, std::string peer,
                         std::string name, End end) {
  const ringdist::CallResult release =
      co_await CallAsync(node, peer, "erlang", "system_info",
                         std::tuple(Atom("otp_release")), kTimeout);
  if (!release.ok()) co_return end(release.status());
  std::cout << "OTP release: " << ToText(release.value()) << std::endl;
  Watch(node, {name, peer}, end);
  // What the function raises is told as the status.
  const ringdist::CallResult head = co_await CallAsync(
      node, peer, "erlang", "hd", std::tuple(ringdist::Nil()), kTimeout);
  std::cout << "hd([]): " << head.status() << std::endl;
  std::cout << "waiting for " << name << " to end" << std::endl;
}

absl::Status Run(char** arguments) {
  auto reactor = ringdist::Reactor::Create();
  if (!reactor.ok()) return reactor.status();
  ringdist::NodeOptions options;
  options.distribution.name = arguments[1];
  options.distribution.cookie = arguments[2];
  options.distribution.directory = arguments[3];
  auto node = ringdist::Node::Create(**reactor, std::move(options));
  if (!node.ok()) return node.status();
  absl::Status ended;
  Work(**node, arguments[4], arguments[5], [&](absl::Status status) {
    ended = std::move(status);
    (*reactor)->Stop();
  });
  absl::Status running = (*reactor)->Run();
  return running.ok() ? ended : running;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::cerr << "usage: client NODE COOKIE DIRECTORY PEER NAME" << std::endl;
    return 2;
  }
  const absl::Status status = Run(argv);
  if (!status.ok()) std::cerr << "client: " << status << std::endl;
  return status.ok() ? 0 : 1;
}
