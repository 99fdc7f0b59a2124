// Node: a node at message level. Its processes (process.h) send to Erlang's
// processes and hear from them; it does what every node owes its peers.
//
//   NodeOptions options;
//   options.distribution.name = "cpp@localhost";
//   options.distribution.cookie = "secret";
//   absl::StatusOr<std::unique_ptr<Node>> node =
//       Node::Create(*reactor, options);
//   Pid echo = (*node)->Spawn([](Process& self, const TermView& message) {
//     Pid from;
//     TermView term;
//     if (Matches(message, std::tuple(&from, &term))) {
//       self.Send(from, term).IgnoreError();
//     }
//   });
//   absl::Status registered = (*node)->Register("echo", echo);
//   absl::Status listening = (*node)->Listen();
//   (*node)->Send(NameAt{"server", "srv@localhost"}, std::tuple(Atom("hi"),
//   1));
//
// Sending to a node that is not connected connects it first, as in Erlang. Like
// there, a message that cannot be delivered is lost: use monitors to learn of
// it, or on_setup_failed and on_node_down.
//
// Everything on the reactor's thread; no callback runs inside a call to Node.

#ifndef RINGDIST_RUNTIME_NODE_H_
#define RINGDIST_RUNTIME_NODE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "ringdist/proto/node_name.h"
#include "ringdist/runtime/calls.h"
#include "ringdist/runtime/distribution.h"
#include "ringdist/runtime/exports.h"
#include "ringdist/runtime/global_name_server.h"
#include "ringdist/runtime/node_options.h"
#include "ringdist/runtime/node_statistics.h"
#include "ringdist/runtime/peer_links.h"
#include "ringdist/runtime/pings.h"
#include "ringdist/runtime/process.h"
#include "ringdist/runtime/process_table.h"
#include "ringdist/runtime/reactor.h"
#include "ringdist/runtime/typed_function.h"

namespace ringdist {

class Node final : private PeerLinks::Owner {
 public:
  // `reactor` outlives the node. InvalidArgument names the option.
  static absl::StatusOr<std::unique_ptr<Node>> Create(Reactor& reactor,
                                                      NodeOptions options);
  // As Distribution's: not in a callback. The processes end without a word.
  ~Node();

  // As Distribution::Listen. In version 5 a node learns here which creation it
  // has: pids from before mean nobody.
  absl::Status Listen();

  // Connects if there is no connection yet; its outcome is on_node_up or
  // on_setup_failed. OK if there is one. Errors as Distribution::Setup.
  absl::Status Connect(const NodeName& peer) { return links_.Connect(peer); }
  // NotFound if there is no connection. on_node_down follows.
  absl::Status Disconnect(const NodeName& peer);
  // Peers that are connected, visible and hidden ones, in no order.
  std::vector<NodeName> Nodes() const;

  // Makes a process. `options` must be valid.
  Pid Spawn(MessageHandler handler, ProcessOptions options = {});
  // The handle of a process of this node; of nothing if it has ended.
  Process Find(const PidView& pid);
  // As register/2, unregister/1, whereis/1 and registered/0. AlreadyExists: the
  // name is taken; NotFound: there is no such process, or name.
  absl::Status Register(absl::string_view name, const PidView& pid);
  absl::Status Unregister(absl::string_view name);
  Process WhereIs(absl::string_view name);
  std::vector<std::string> Registered() const;
  // As global:whereis_name/1, at a visible node: the process that has the name
  // in the whole cluster. Empty if nobody has it.
  Pid WhereIsGlobal(const Term& name) const;

  // As Process::Send, in the name of this node's net_kernel.
  template <typename Value>
  absl::Status Send(const Destination& to, const Value& message) {
    return net_kernel_.Send(to, message);
  }
  // As exit/2.
  void Exit(const PidView& pid, const Term& reason) {
    net_kernel_.ExitOther(pid, reason);
  }

  // net_adm:ping: connects if need be, asks the peer's net_kernel, and tells
  // how long the answer took, from sending the question on. Errors are what
  // net_adm calls pang: why there is no connection, or DeadlineExceeded.
  using PingCallback = Pings::Callback;
  void Ping(const NodeName& peer, absl::Duration timeout, PingCallback done);

  // Makes a function callable for other nodes (exports.h): erpc:call(Node,
  // math, add, [1, 2]). `arity` is that of the callable, or told for a raw one.
  // Errors as Exports::Add.
  template <typename Callable>
  absl::Status Export(absl::string_view module, absl::string_view function,
                      Callable callable) {
    return exports_.Add(module, function, FunctionTraits<Callable>::kArity,
                        TypedFunction(std::move(callable)));
  }
  absl::Status Export(absl::string_view module, absl::string_view function,
                      size_t arity, ExportedFunction run) {
    return exports_.Add(module, function, arity, std::move(run));
  }
  absl::Status Unexport(absl::string_view module, absl::string_view function,
                        size_t arity) {
    return exports_.Remove(module, function, arity);
  }

  // Calls a function of another node, as erpc:call/5; `arguments` is a
  // std::tuple of them, or a list. `done` is told how it ended, on a later
  // turn. In other forms: blocking_calls.h, coroutine.h.
  template <typename Arguments>
  CallId Call(absl::string_view node, absl::string_view module,
              absl::string_view function, const Arguments& arguments,
              absl::Duration timeout, CallCallback done) {
    return calls_.Call(
        node, module, function,
        [&](TermWriter& writer) { WriteArguments(writer, arguments); }, timeout,
        std::move(done));
  }
  // Calls a server, a NameAt or a pid, as gen_server:call/3.
  template <typename Server, typename Request>
  CallId CallServer(const Server& server, const Request& request,
                    absl::Duration timeout, CallCallback done) {
    return calls_.CallServer(
        server, [&](TermWriter& writer) { WriteValue(writer, request); },
        timeout, std::move(done));
  }
  // Ends a call as Cancelled. False if it has ended before.
  bool CancelCall(CallId call) { return calls_.Cancel(call); }

  // Expires when the node is being destroyed: for what is posted to its reactor
  // and may come too late.
  std::weak_ptr<const void> lifetime() const { return lifetime_; }

  // Everything down, the name given back; then `done`. What is queued and not
  // sent yet is dropped: whoever needs an answer to arrive waits for one back.
  void Close(absl::AnyInvocable<void()> done);

  const NodeName& name() const { return distribution().name(); }
  uint32_t creation() const { return distribution().creation(); }
  NodeStatistics statistics() const;
  Distribution& distribution() const { return links_.distribution(); }

 private:
  Node(Reactor& reactor, NodeOptions options);
  void BecomeSelf();
  // A process with a name that the node itself needs.
  Process SpawnNamed(absl::string_view name, MessageHandler handler);
  // Begins, or begins again, to take part in `global`.
  void JoinGlobal();

  // PeerLinks::Owner.
  void OnPeerUp(const PeerInfo& peer) override;
  void OnPeerWritable(const NodeName& peer) override;
  bool AwaitsAnswers(const NodeName& peer) const override;
  void OnPeerLost(const NodeName& peer, const absl::Status& reason) override;
  void OnNamed(const NodeName& name, uint32_t creation) override;

  std::shared_ptr<const bool> lifetime_ = std::make_shared<const bool>();
  const NodeOptions options_;
  PeerLinks links_;
  ProcessTable processes_;
  Exports exports_;
  Pings pings_;
  Calls calls_;
  Process net_kernel_;
  Process rex_;
  Process group_leader_;
  Process global_name_server_;
  std::optional<GlobalNameServer> global_;  // Of a visible node.
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_NODE_H_
