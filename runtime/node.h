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
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "ringdist/proto/control_message.h"
#include "ringdist/proto/node_name.h"
#include "ringdist/runtime/channel.h"
#include "ringdist/runtime/distribution.h"
#include "ringdist/runtime/local_signals.h"
#include "ringdist/runtime/node_options.h"
#include "ringdist/runtime/pings.h"
#include "ringdist/runtime/process.h"
#include "ringdist/runtime/process_table.h"
#include "ringdist/runtime/reactor.h"

namespace ringdist {

struct NodeStatistics {
  uint64_t processes = 0;
  uint64_t signals_in = 0;  // From other nodes, since the beginning.
  uint64_t signals_out = 0;
  uint64_t waiting_bytes = 0;    // For peers, beside what connections hold.
  AtomCacheStatistics atoms_in;  // Of the connections that are up.
  AtomCacheStatistics atoms_out;
  DistributionStatistics distribution;
};

class Node final : private DistributionHandler, private SignalRouter {
 public:
  // `reactor` outlives the node. InvalidArgument names the option.
  static absl::StatusOr<std::unique_ptr<Node>> Create(Reactor& reactor,
                                                      NodeOptions options);
  // As Distribution's: not in a callback. The processes end without a word.
  ~Node() override;

  // As Distribution::Listen. In version 5 a node learns here which creation it
  // has: pids from before mean nobody.
  absl::Status Listen();

  // Connects if there is no connection yet; its outcome is on_node_up or
  // on_setup_failed. OK if there is one. Errors as Distribution::Setup.
  absl::Status Connect(const NodeName& peer);
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

  // Everything down, the name given back; then `done`.
  void Close(absl::AnyInvocable<void()> done) {
    distribution_->Close(std::move(done));
  }

  const NodeName& name() const { return distribution_->name(); }
  uint32_t creation() const { return distribution_->creation(); }
  NodeStatistics statistics() const;
  Distribution& distribution() { return *distribution_; }

 private:
  struct Peer;

  Node(Reactor& reactor, NodeOptions options);
  void BecomeSelf();

  // DistributionHandler.
  void OnUp(Channel& channel, const PeerInfo& peer) override;
  void OnPacket(Channel& channel, absl::string_view packet) override;
  void OnWritable(Channel& channel) override;
  void OnDown(Channel& channel, const PeerInfo& peer,
              const absl::Status& reason) override;
  void OnSetupFailed(const NodeName& peer, const absl::Status& reason) override;
  void OnNamed(const NodeName& name, uint32_t creation) override;

  // SignalRouter.
  absl::Status RouteMessage(absl::string_view node,
                            const ControlMessage& signal,
                            MessageWriter payload) override;
  void RouteSignal(absl::string_view node, const ControlMessage& signal,
                   bool connect) override;
  std::shared_ptr<void> PausePeer(absl::string_view node) override;

  Peer* FindPeer(absl::string_view node) const;
  Peer& AddPeer(const NodeName& name);
  // The peer, for which a connection is at least under way.
  absl::StatusOr<Peer*> ConnectedPeer(absl::string_view node);
  absl::Status Dispatch(Peer& peer, const ControlMessage& signal,
                        const absl::Status& payload);
  void TakeHeld(Peer& peer);
  // What there is to do when packets were taken, or could not be.
  void AfterTaking(Peer& peer, const absl::Status& taken);
  // Stops, or goes on, to read a peer that does not read itself.
  void CheckOwed(Peer& peer);
  void OnProgress(Peer& peer);
  void TellUnreachable();

  const NodeOptions options_;
  Reactor& reactor_;
  // Peers that are connected, or that signals wait for.
  absl::flat_hash_map<std::string, std::unique_ptr<Peer>> peers_;
  absl::flat_hash_map<uint64_t, Peer*> peers_by_channel_;
  uint64_t signals_in_ = 0;
  uint64_t signals_out_ = 0;
  ProcessTable processes_;
  LocalSignals local_;
  // Nodes that cannot even be tried, and whose links and monitors must know.
  std::vector<std::string> unreachable_;
  Task tell_unreachable_;
  Pings pings_;
  Process net_kernel_;
  // Destroyed first: until it is closed it calls this handler.
  std::unique_ptr<Distribution> distribution_;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_NODE_H_
