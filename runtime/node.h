// Node: a node at message level, on top of a Distribution. It speaks for the
// processes of this program and does what every node owes its peers.
//
//   NodeOptions options;
//   options.distribution.name = "cpp@localhost";
//   options.distribution.cookie = "secret";
//   options.on_node_up = [](const PeerInfo& peer) { ... };
//   absl::StatusOr<std::unique_ptr<Node>> node =
//       Node::Create(*reactor, options);
//   absl::Status listening = (*node)->Listen();
//   (*node)->Connect(*NodeName::Parse("srv@localhost"));
//   (*node)->Ping(*NodeName::Parse("srv@localhost"), absl::Seconds(5),
//                 [](absl::StatusOr<absl::Duration> round_trip) { ... });
//
// What it answers to any peer (node_duties.h): net_kernel's is_auth, so that
// net_adm:ping gives pong; noproc for links and monitors of what is not there;
// the acknowledgement of unlinks. What a real node closes a connection for
// closes it here.
//
// Everything on the reactor's thread; no callback runs inside a call to Node.

#ifndef RINGDIST_RUNTIME_NODE_H_
#define RINGDIST_RUNTIME_NODE_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
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
#include "ringdist/runtime/distribution_options.h"
#include "ringdist/runtime/pings.h"
#include "ringdist/runtime/reactor.h"

namespace ringdist {

struct NodeOptions {
  // The node at packet level: name, cookie, directory, times, limits.
  DistributionOptions distribution;
  // Announce PUBLISHED: to be in nodes() over there, not in nodes(hidden).
  bool visible = false;

  // What happens, as net_kernel:monitor_nodes tells it; each may be empty. A
  // reason's text begins with OTP's word for it where there is one.
  std::function<void(const PeerInfo& peer)> on_node_up;
  std::function<void(const PeerInfo& peer, const absl::Status& reason)>
      on_node_down;
  std::function<void(const NodeName& peer, const absl::Status& reason)>
      on_setup_failed;
  // A node without a name (undefined@host) got one.
  std::function<void(const NodeName& name, uint32_t creation)> on_named;
};

class Node final : private DistributionHandler {
 public:
  // `reactor` outlives the node. InvalidArgument names the option.
  static absl::StatusOr<std::unique_ptr<Node>> Create(Reactor& reactor,
                                                      NodeOptions options);
  // As Distribution's: not in a callback.
  ~Node() override;

  // As Distribution::Listen.
  absl::Status Listen() { return distribution_->Listen(); }

  // Connects if there is no connection yet; its outcome is on_node_up or
  // on_setup_failed. OK if there is one. Errors as Distribution::Setup.
  absl::Status Connect(const NodeName& peer);
  // NotFound if there is no connection. on_node_down follows.
  absl::Status Disconnect(const NodeName& peer);
  // Peers that are connected, visible and hidden ones, in no order.
  std::vector<NodeName> Nodes() const;

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
  Distribution& distribution() { return *distribution_; }

 private:
  Node(Reactor& reactor, NodeOptions options);

  void OnUp(Channel& channel, const PeerInfo& peer) override;
  void OnPacket(Channel& channel, absl::string_view packet) override;
  void OnWritable(Channel& channel) override;
  void OnDown(Channel& channel, const PeerInfo& peer,
              const absl::Status& reason) override;
  void OnSetupFailed(const NodeName& peer, const absl::Status& reason) override;
  void OnNamed(const NodeName& name, uint32_t creation) override;

  // Does what a packet says. ResourceExhausted: an answer is owed and there is
  // no room for it; nothing was done.
  absl::Status Dispatch(Channel& channel, absl::string_view packet);
  // Whether someone here looks at the message's payload.
  bool HasReceiver(const ControlMessage& message) const;

  const NodeOptions options_;
  Pings pings_;
  // Per connection: packets that wait until an answer can be sent. Each holds
  // its credit, so that a peer that does not read is not read either.
  absl::flat_hash_map<uint64_t, std::deque<Delivery>> waiting_;
  // Destroyed first: until it is closed it calls this handler.
  std::unique_ptr<Distribution> distribution_;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_NODE_H_
