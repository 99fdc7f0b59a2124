// PeerLinks: the connections of a node, and the signals on their way from and
// to its processes: it decodes them, checks them against the peer's policy and
// hands them to the ProcessTable; what processes send it takes to their peers'
// links, connecting first if need be. Internal to //runtime:node.

#ifndef RINGDIST_RUNTIME_PEER_LINKS_H_
#define RINGDIST_RUNTIME_PEER_LINKS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/control_message.h"
#include "ringdist/proto/node_name.h"
#include "ringdist/runtime/channel.h"
#include "ringdist/runtime/distribution.h"
#include "ringdist/runtime/local_signals.h"
#include "ringdist/runtime/node_options.h"
#include "ringdist/runtime/node_statistics.h"
#include "ringdist/runtime/process_table.h"
#include "ringdist/runtime/reactor.h"

namespace ringdist {

class PeerLinks final : public SignalRouter, private DistributionHandler {
 public:
  // Told beside the callbacks of the options, and the processes.
  class Owner {
   public:
    virtual void OnPeerUp(const PeerInfo& peer) = 0;
    // A message for it was refused, and would not be any more.
    virtual void OnPeerWritable(const NodeName& peer) = 0;
    // Whether there are calls of this node that it is to answer.
    virtual bool AwaitsAnswers(const NodeName& peer) const = 0;
    // The connection is gone, or cannot be had.
    virtual void OnPeerLost(const NodeName& peer,
                            const absl::Status& reason) = 0;
    virtual void OnNamed(const NodeName& name, uint32_t creation) = 0;

   protected:
    ~Owner() = default;
  };

  // How the way to a node is just now.
  struct Way {
    bool is_up = false;
    uint64_t flags = 0;            // Negotiated, if it is up.
    absl::Status connecting = {};  // Otherwise: why that is not tried, or OK.
  };

  // All outlive it; `processes` and `owner` may be under construction.
  PeerLinks(Reactor& reactor, const NodeOptions& options,
            ProcessTable& processes, Owner& owner);
  ~PeerLinks() override;

  // Before anything else; and the end, as ~Distribution.
  absl::Status Start();
  void Stop();
  Distribution& distribution() const { return *distribution_; }

  // As Node::Connect.
  absl::Status Connect(const NodeName& peer);
  // Connects to a node if need be.
  Way WayTo(absl::string_view node);
  // Whether whoever sent the signal that is being handled may call a function,
  // "module:function/arity", by the peer's policy. Counts and logs if not.
  bool MayCall(absl::string_view function);

  // Whose signal is being handled: this node's, if it is no peer's.
  absl::string_view Sender() const;

  void AddTo(NodeStatistics& statistics) const;

  // SignalRouter.
  absl::Status RouteMessage(absl::string_view node,
                            const ControlMessage& signal, MessageWriter payload,
                            bool owed) override;
  bool RouteAgain(uint64_t from_key, const Destination& to,
                  MessageWriter payload) override;
  void RouteSignal(absl::string_view node, const ControlMessage& signal,
                   bool connect) override;
  std::shared_ptr<void> PausePeer(absl::string_view node) override;

 private:
  struct Peer;

  // From where to where messages repeat themselves.
  struct Route {
    bool Is(uint64_t key, const Destination& destination) const;

    Peer* peer = nullptr;   // Null: they do not.
    uint64_t repeated = 0;  // As its OutboundLink has it.
    uint64_t from_key = 0;
    std::string name;  // Empty: to the pid.
    Pid pid;
  };

  // DistributionHandler.
  void OnUp(Channel& channel, const PeerInfo& peer) override;
  void OnPacket(Channel& channel, absl::string_view packet) override;
  void OnWritable(Channel& channel) override;
  void OnDown(Channel& channel, const PeerInfo& peer,
              const absl::Status& reason) override;
  void OnSetupFailed(const NodeName& peer, const absl::Status& reason) override;
  void OnNamed(const NodeName& name, uint32_t creation) override;

  Peer* FindPeer(absl::string_view node) const;
  Peer* FindPeer(const Channel& channel) const;
  void ForgetPeer(const std::string& node);
  Peer& AddPeer(const NodeName& name);
  // The peer, for which a connection is at least under way.
  absl::StatusOr<Peer*> ConnectedPeer(absl::string_view node);
  absl::Status Dispatch(Peer& peer, const ControlMessage& signal,
                        const absl::Status& payload, bool repeats);
  // A message that differs in nothing but its payload from the one before.
  void DispatchAgain(Peer& peer);
  void NoteRoute(Peer& peer);
  void CountIn(const Peer& peer, const ControlMessage& signal);
  void OnRefused(const Peer& peer, absl::string_view what);
  void TakeHeld(Peer& peer);
  // What there is to do when packets were taken, or could not be.
  void AfterTaking(Peer& peer, const absl::Status& taken);
  // Stops, or goes on, to read a peer that does not read itself.
  void CheckOwed(Peer& peer);
  size_t OwedLimit(const Peer& peer) const;
  void OnProgress(Peer& peer);
  void TellUnreachable();

  const NodeOptions& options_;
  Reactor& reactor_;
  ProcessTable& processes_;
  Owner& owner_;
  // Peers that are connected, or that signals wait for.
  absl::flat_hash_map<std::string, std::unique_ptr<Peer>> peers_;
  absl::flat_hash_map<uint64_t, Peer*> peers_by_channel_;
  // The one that was looked for last, by name and by channel; null: forgotten.
  mutable Peer* last_by_name_ = nullptr;
  mutable Peer* last_by_channel_ = nullptr;
  Route route_;
  // Whose signal is being handled; null if it is one of this node.
  const Peer* current_ = nullptr;
  uint64_t signals_in_ = 0;
  uint64_t signals_out_ = 0;
  uint64_t signals_refused_ = 0;
  LocalSignals local_;
  // Nodes that cannot even be tried, and whose links and monitors must know.
  std::vector<std::string> unreachable_;
  Task tell_unreachable_;
  // Destroyed first: until it is closed it calls this handler.
  std::unique_ptr<Distribution> distribution_;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_PEER_LINKS_H_
