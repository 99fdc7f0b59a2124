// Distribution: a node at packet level. It listens and connects under a name,
// shakes hands with Erlang nodes, keeps one connection per peer, and moves
// packets, as OTP's distribution controllers do. What is in the packets is the
// business of who uses it: node.h, or an embedder of the protocol.
//
//   class Echo : public DistributionHandler { ... };   // channel.h
//   Echo echo;
//   auto reactor = Reactor::Create();
//   DistributionOptions options;
//   options.name = "cpp@localhost";
//   options.cookie = "secret";
//   options.directory = "/run/nodes";      // where the Erlang nodes run
//   auto distribution = Distribution::Create(**reactor, options, echo);
//   absl::Status listening = (*distribution)->Listen();
//   (*reactor)->Run();
//
// It is the counterpart of the callback module of OTP's example carrier
// (erl_uds_dist.erl: listen, setup, close, select, address, setopts, getopts)
// and of the net_kernel's table of connections.
//
// Everything on the reactor's thread. Two of them, in one process or not, share
// nothing.

#ifndef RINGDIST_RUNTIME_DISTRIBUTION_H_
#define RINGDIST_RUNTIME_DISTRIBUTION_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "ringdist/proto/node_name.h"
#include "ringdist/runtime/carrier.h"
#include "ringdist/runtime/channel.h"
#include "ringdist/runtime/connection_table.h"
#include "ringdist/runtime/controller.h"
#include "ringdist/runtime/distribution_handler.h"
#include "ringdist/runtime/distribution_options.h"
#include "ringdist/runtime/listener.h"
#include "ringdist/runtime/reactor.h"

namespace ringdist {

struct DistributionStatistics {
  uint64_t connections_up = 0;
  uint64_t connections = 0;      // Those, and what begins or ends.
  uint64_t handshakes_done = 0;  // Since the beginning, as all below.
  uint64_t handshakes_failed = 0;
  ChannelStatistics traffic;  // Of all connections, past ones included.
  IoEngineStatistics engine;
};

class Distribution final : private Controller::Owner {
 public:
  // `reactor` and `handler` outlive it. InvalidArgument names the option.
  static absl::StatusOr<std::unique_ptr<Distribution>> Create(
      Reactor& reactor, DistributionOptions options,
      DistributionHandler& handler);

  // Closes; turns the reactor until everything has ended. Not in a callback.
  ~Distribution();

  // Starts to listen; before that the node can only connect to others, as with
  // -dist_listen false. Takes the name's socket file, and a stale one's place.
  // Errors: AlreadyExists, a live node has the name; FailedPrecondition, this
  // node is named by a peer, or something that is not a socket is in the way.
  absl::Status Listen();

  // Connects to a peer. OK: exactly one of OnUp and OnSetupFailed follows.
  // AlreadyExists: it is connected. InvalidArgument: it is this node.
  // FailedPrecondition: this node is being named by another peer right now.
  // ResourceExhausted: max_connections are open.
  absl::Status Setup(const NodeName& peer);

  // Takes everything down and gives the name back: OnDown for every connection,
  // then `done`, on a later turn. Nothing can be started any more, and what is
  // queued and not sent yet is dropped.
  void Close(absl::AnyInvocable<void()> done);

  // The connection to a peer, if it is up.
  Channel Find(const NodeName& peer) const;
  // All that are up, in no order.
  std::vector<Channel> Channels() const;

  // Whether this carrier serves a node name: always, the host does not matter.
  static bool Select(const NodeName& name);
  // Where this node is; without an address while it does not listen.
  NetAddress Address() const;

  // Options of the sockets of future connections: sndbuf, recbuf, priority.
  // InvalidArgument names the offenders; active, deliver and packet are never
  // allowed.
  absl::Status SetOptions(absl::Span<const SocketOption> options);
  // What future connections will have, by name: as the listening socket has it.
  // FailedPrecondition before Listen.
  absl::StatusOr<std::vector<SocketOption>> GetOptions(
      absl::Span<const std::string> names) const;

  // Empty until a node without a name was named.
  const NodeName& name() const { return local_.name; }
  uint32_t creation() const { return local_.creation; }
  DistributionStatistics statistics() const;

 private:
  Distribution(Reactor& reactor, DistributionOptions options,
               DistributionHandler& handler);

  enum class Phase {
    kOpen,
    kCloseAsked,  // Close was called; it begins at the end of this turn.
    kClosing,     // Waits for the listener and all controllers.
    kClosed,      // Nothing is in flight any more.
  };

  ConnectionDecision DecideInbound(Controller& controller,
                                   const NodeName& peer) override;
  absl::StatusOr<NodeName> InventName(Controller& controller,
                                      const std::string& host) override;
  bool IsStillPending(Controller& controller) override;
  void OnControllerUp(Controller& controller,
                      const HandshakeResult& result) override;
  void OnControllerDown(Controller& controller, const absl::Status& reason,
                        bool was_up) override;
  void OnControllerClosed(Controller& controller) override;

  void OnAccepted(int fd);
  Controller& AddController();
  Controller* FindController(uint64_t id) const;
  absl::Status TakeName(const HandshakeResult& result);
  void CloseAll();
  void ContinueClosing();

  Reactor& reactor_;
  DistributionOptions options_;
  DistributionHandler& handler_;
  LocalNode local_;
  ConnectionTable table_;
  Controller::Shared shared_;
  std::unique_ptr<Listener> listener_;
  uint64_t last_id_ = 0;
  absl::flat_hash_map<uint64_t, std::unique_ptr<Controller>> controllers_;
  // Connections that are up.
  absl::flat_hash_map<NodeName, Channel> up_;
  // Peers whose Setup has had no outcome yet.
  absl::flat_hash_set<NodeName> awaited_;
  DistributionStatistics past_;  // Of what is gone.
  Phase phase_ = Phase::kOpen;
  std::vector<absl::AnyInvocable<void()>> when_closed_;
  Task end_;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_DISTRIBUTION_H_
