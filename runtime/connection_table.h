// ConnectionTable: which connection to which peer counts, when both sides may
// dial each other at any time. Pure: no I/O, no callbacks.
//
// For each peer the table is in one of four states, net_kernel's
// (handle_info({_, {accept_pending, ...}}) in OTP's
// lib/kernel/src/net_kernel.erl):
//
//   none        nothing
//   pending     one handshake under way, dialled or accepted
//   up          one connection
//   up-pending  one connection, and an accepted handshake that is to replace
//               it: the peer lost the connection before this node noticed
//
//   none     --StartOutgoing, Inbound-->  pending  --Up-->  up
//   pending  --Inbound, our name is not the greater one-->  pending (the other)
//   up       --Inbound-->  up-pending  --Up-->  up (the new connection)
//   up-pending  --Gone(new)-->  up        --Gone(old)-->  pending
//
// The owner numbers its connections as it likes, each number once:
//
//   ConnectionTable::InboundAnswer answer = table.Inbound(peer, id);
//   if (answer.drop.has_value()) Close(*answer.drop);
//   step = handshake.Decide(answer.decision);
//   ...
//   absl::StatusOr<std::optional<uint64_t>> old = table.Up(id);
//   if (old.ok() && old->has_value()) Close(**old);
//   ...
//   table.Gone(id);   // when a connection is over, for whatever reason
//
// Ids that the table does not know, as those it refused or had dropped, may be
// given to Gone and IsStillPending; they change nothing.

#ifndef RINGDIST_RUNTIME_CONNECTION_TABLE_H_
#define RINGDIST_RUNTIME_CONNECTION_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "ringdist/proto/handshake_step.h"
#include "ringdist/proto/node_name.h"

namespace ringdist {

class ConnectionTable {
 public:
  enum class State { kNone, kPending, kUp, kUpPending };

  // `own_name` is empty for a node that is yet to be named.
  explicit ConnectionTable(NodeName own_name)
      : own_name_(std::move(own_name)) {}

  // Once a peer named this node.
  void SetOwnName(NodeName own_name) { own_name_ = std::move(own_name); }

  // This node dials `peer`. False if there is something for this peer already,
  // or if it is this node itself: do not dial.
  bool StartOutgoing(const NodeName& peer, uint64_t id);

  struct InboundAnswer {
    ConnectionDecision decision = ConnectionDecision::kRefuse;
    // With kOkSimultaneous: the connection that lost, to be closed at once.
    std::optional<uint64_t> drop;
  };

  // `peer` dialled this node and said its name. If both dial each other, the
  // attempt of the node with the greater name survives, in Erlang's order of
  // atoms; each node finds that out by itself. Only after kOk, kOkSimultaneous
  // and kAlive does the table know `id`.
  InboundAnswer Inbound(const NodeName& peer, uint64_t id);

  // The handshake of `id` is complete. Returns the connection that it replaces,
  // if any, to be closed at once. FailedPrecondition if `id` is not a handshake
  // that the table knows: it was dropped meanwhile and must be closed.
  absl::StatusOr<std::optional<uint64_t>> Up(uint64_t id);

  // The connection or attempt `id` is over.
  void Gone(uint64_t id);

  // Whether `id` is the pending handshake of its peer: the initiator's answer
  // to "alive".
  bool IsStillPending(uint64_t id) const;

  State StateOf(const NodeName& peer) const;
  // Peers that are not in the state kNone.
  size_t size() const { return peers_.size(); }

 private:
  struct Entry {
    State state = State::kPending;
    uint64_t connection = 0;
    uint64_t successor = 0;  // In kUpPending: the handshake that replaces it.
  };
  using Peers = absl::flat_hash_map<NodeName, Entry>;

  // A handshake starts for a peer that has nothing.
  void Begin(const NodeName& peer, uint64_t id);
  // Notes whose connection `id` is.
  void Remember(const NodeName& peer, uint64_t id);
  // Where `id` is the connection or the successor; end() if nowhere.
  Peers::iterator Find(uint64_t id);

  NodeName own_name_;
  Peers peers_;
  absl::flat_hash_map<uint64_t, NodeName> peer_of_;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_CONNECTION_TABLE_H_
