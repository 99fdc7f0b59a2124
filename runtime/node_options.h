// NodeOptions: everything about a node at message level that can be set.

#ifndef RINGDIST_RUNTIME_NODE_OPTIONS_H_
#define RINGDIST_RUNTIME_NODE_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <functional>

#include "absl/status/status.h"
#include "ringdist/proto/distribution_decoder.h"
#include "ringdist/proto/node_name.h"
#include "ringdist/runtime/channel.h"
#include "ringdist/runtime/distribution_options.h"
#include "ringdist/runtime/group_leader.h"
#include "ringdist/runtime/signal_policy.h"

namespace ringdist {

// Of what a visible node keeps of its cluster.
struct GlobalLimits {
  // Nodes that it knows and connects to.
  size_t nodes = 4096;
  // Names that are registered with `global`, and as much of locks. Names beyond
  // are not told to nodes that connect to this one first; locks are refused.
  size_t registry_bytes = 64 * 1024 * 1024;
};

struct NodeOptions {
  // The node at packet level: name, cookie, directory, times, limits. Its flags
  // are added to what the node itself announces.
  DistributionOptions distribution;
  // Announce PUBLISHED: to be in nodes() over there, and not in nodes(hidden),
  // and with that a member of the cluster, in which every visible node is
  // connected to every other. The node then takes part in `global`: connects to
  // all nodes that those it is connected to know, passes names on, and grants
  // locks, without which nobody else could register a name. So a visible node
  // that stands still holds up the others. It has no names of its own; code
  // over there that does something at all nodes() meets it, too. A policy with
  // names needs rex and global_name_server among them. Not for a node that is
  // named by another.
  bool visible = false;
  // As the kernel's parameter: when a visible node is told that another one has
  // lost its connection to a third, it parts with that, too, and tells others
  // of its own losses. The same at all nodes.
  bool prevent_overlapping_partitions = true;
  GlobalLimits global_limits;
  // Flags of kOptionalNodeFlags (distribution_flags.h) not to announce, and so
  // not to use: to see what a peer does without them.
  uint64_t disabled_flags = 0;

  // What may wait for one peer beside its connection's send queue: messages
  // until it is connected, large ones while they are sent in fragments. A
  // message is refused when so much waits already. As much may wait of calls.
  size_t peer_queue_bytes = 16 * 1024 * 1024;
  // Answers that a peer is owed and does not read: beyond that it is not read
  // either, and if none gets out for a net_ticktime its connection ends. While
  // this node itself waits for answers of that peer, sixteen times as much.
  size_t peer_owed_bytes = 16 * 1024 * 1024;
  // What may wait for processes of this node at the end of a turn.
  size_t local_queue_bytes = 16 * 1024 * 1024;
  // Peers are refused new processes, and with them calls, while this node has
  // so many; Erlang's own default.
  size_t max_processes = 262144;
  // And each peer while so many of those that it asked for are there.
  size_t max_processes_per_peer = 131072;
  // Of messages that arrive in fragments, per connection.
  DistributionLimits fragments;

  // What a peer may do, asked for when its connection is up. Empty: everything.
  std::function<SignalPolicy(const PeerInfo& peer)> policy;
  // What functions of other nodes print while this one calls them. Empty: that
  // is dropped.
  OutputCallback on_output;

  // What happens, as net_kernel:monitor_nodes tells it; each may be empty. A
  // reason's text begins with OTP's word for it where there is one.
  std::function<void(const PeerInfo& peer)> on_node_up;
  std::function<void(const PeerInfo& peer, const absl::Status& reason)>
      on_node_down;
  // There is no connection; what waited for it is dropped.
  std::function<void(const NodeName& peer, const absl::Status& reason)>
      on_setup_failed;
  // A message for this peer was refused, and would not be any more.
  std::function<void(const NodeName& peer)> on_writable;
  // A node without a name (undefined@host) got one.
  std::function<void(const NodeName& name, uint32_t creation)> on_named;

  // InvalidArgument names the field and the limit. The distribution's are
  // checked by itself.
  absl::Status Validate() const;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_NODE_OPTIONS_H_
