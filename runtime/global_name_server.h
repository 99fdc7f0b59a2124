// GlobalNameServer: this node's part in `global`, which visible nodes expect of
// each other: what the process global_name_server does (OTP: global.erl,
// versions 6 to 8 of its protocol). Internal to //runtime:node.
//
// It registers no names of its own accord. But it keeps everybody's, and passes
// them on: who connects to this node first learns all names, and all nodes,
// from it. In short, when nodes A and B connect, each sends the other
//
//   {init_connect, {Version, Tag}, Node, {locker, _, _, Locker}}
//   {init_connect_ack, Node, YourTag, Tag}
//   {lock_set, Locker, true | false, _, YourTag}            global_locker.h
//   {exchange, Node, Names, _, YourTag}                     all that it knows
//   {resolved, Node, Operations, Nodes, _, External, YourTag}
//
// and those that it knew already
//
//   {new_nodes, Node, Operations, External, NewNodes, [{vsn, _}, {lock, Id}]}
//
// and who hears of a node connects to it and tells it {in_sync, Node, _}. That
// is a session; its tags tell it from others of the same two nodes. Then all
// know all, are connected, and have the same names. Who wants to register one
// locks the resource `global` at all nodes ({set_lock, Id}), and then tells
// them ({register, Name, Pid, Method}).
//
// When a connection is lost, who lost it tells all ({lost_connection, ...}),
// and these part with the lost node, too: no two that are connected differ
// about a third (prevent_overlapping_partitions).

#ifndef RINGDIST_RUNTIME_GLOBAL_NAME_SERVER_H_
#define RINGDIST_RUNTIME_GLOBAL_NAME_SERVER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term.h"
#include "ringdist/proto/term_view.h"
#include "ringdist/runtime/calls.h"
#include "ringdist/runtime/gen_server.h"
#include "ringdist/runtime/global_locker.h"
#include "ringdist/runtime/global_names.h"
#include "ringdist/runtime/global_registry.h"
#include "ringdist/runtime/lost_connections.h"
#include "ringdist/runtime/node_options.h"
#include "ringdist/runtime/peer_links.h"
#include "ringdist/runtime/process.h"
#include "ringdist/runtime/reactor.h"

namespace ringdist {

class GlobalNameServer {
 public:
  // `self` is the process that is registered as global_name_server. All others
  // outlive it.
  GlobalNameServer(Reactor& reactor, const NodeOptions& options,
                   PeerLinks& links, Calls& calls, Process self);

  // What the process is sent.
  void OnMessage(const TermView& message);
  void OnPeerUp(const PeerInfo& peer);
  // Its connection has gone, or cannot be had.
  void OnPeerLost(const std::string& node);
  // Empty if nobody has that name.
  Pid WhereIs(const Term& name) const;
  // This node ends all its connections: that is no loss to tell others of.
  void Stop();

 private:
  // A node, and its version of the protocol: 0 if that is not known.
  using NodeVersion = std::pair<std::string, int64_t>;

  // How far this side of a session is. The other side may be further: what it
  // sends early is kept.
  enum class Step {
    kBegun,       // Waits for its init_connect.
    kLocking,     // Both lock their parts.
    kExchanging,  // Has told its names, and waits for the other's.
    kResolving,   // Has both; conflicts are being solved.
    kResolved,    // Has told what is to be done, and waits to be told.
  };
  struct Resolved {
    std::vector<Term> operations;
    std::vector<NodeVersion> nodes;
    GlobalNames::List external;
  };
  struct Session {
    Step step = Step::kBegun;
    int64_t my_tag = 0;
    // From kLocking on: what the other has told of itself.
    Term his_tag;
    int64_t version = 0;
    // From kExchanging on.
    Term lock_id;
    // What is to be done here, and there; and what is still to be solved.
    std::vector<Term> operations;
    std::vector<Term> his_operations;
    size_t open_conflicts = 0;
    // What has come, early or not.
    std::optional<GlobalNames::List> his_names;
    std::optional<Resolved> his_resolved;
  };

  enum class Loss {
    kLost,     // By itself, or at the other node, or by a user.
    kRemoved,  // By global itself: when it is gone nobody needs to be told.
  };

  // Sessions: global_sessions.cc. Those that take a message tell whether it is
  // theirs.
  bool OnInitConnect(const TermView& message);
  bool OnInitConnectAck(const TermView& message);
  bool OnCancelConnect(const TermView& message);
  bool OnLockSet(const TermView& message);
  bool OnExchange(const TermView& message);
  bool OnSolved(const TermView& message);
  bool OnResolved(const TermView& message);
  bool OnNewNodes(const TermView& message);
  bool OnInSync(const TermView& message);
  Session* FindSession(const std::string& node);
  // Null if it has ended; then what is left of it ends as well.
  Session* FindSession(const std::string& node, int64_t my_tag);
  void BeginSession(const std::string& node);
  void EndSession(const std::string& node);
  void RestartSession(const std::string& node);
  void CancelAtPeer(const std::string& node, const Term& his_tag);
  void OnLocked(const std::string& node, const Term& lock_id);
  void Advance(const std::string& node, Session& session);
  void CompareNames(const std::string& node, Session& session);
  void AskToSolve(const std::string& node, Session& session, const Term& name,
                  const Pid& pid, const Term& method);
  void TellResolved(const std::string& node, Session& session);
  void Merge(const std::string& node, const Session& session);
  void TellNewNodes(const Session& session, const std::vector<Term>& operations,
                    const std::vector<NodeVersion>& nodes);

  // Who belongs to the cluster: global_name_server.cc.
  void OnCall(const TermView& request, const ReplyTo& caller);
  bool OnAnswer(const TermView& message);
  bool OnLostConnection(const TermView& message);
  bool OnRemoveConnection(const TermView& message);
  bool IsUp(const std::string& node) const { return up_.count(node) > 0; }
  // Known, or about to be.
  bool IsMember(const std::string& node) const;
  int64_t VersionOf(const std::string& node) const;
  std::vector<std::string> KnownNodes() const;
  // Of those that are new.
  std::vector<NodeVersion> AddKnown(const std::vector<NodeVersion>& nodes);
  std::vector<NodeVersion> ReadNodes(const TermView& list) const;
  // Connects to them if need be, and tells them that they are known here.
  void TellInSync(const std::vector<NodeVersion>& nodes);
  void DoLater();
  void OnLater();
  void Disconnect(const std::string& node);
  void Lose(const std::string& node, Loss loss);
  void TellLosses();
  // Tells all members but that one of the loss of a connection.
  void TellLoss(const std::string& except, const Term& message);
  void Warn(absl::string_view text) const;

  const NodeOptions& options_;
  Reactor& reactor_;
  PeerLinks& links_;
  Calls& calls_;
  Process self_;
  const std::string self_node_;
  GlobalRegistry registry_;
  GlobalLocker locker_;
  LostConnections lost_connections_;
  int64_t last_number_ = 0;  // Of tags, and of losses.

  // Visible nodes that are connected.
  std::set<std::string> up_;
  // Nodes that have the same names, and their versions. They are connected, or
  // about to be.
  std::map<std::string, int64_t> known_;
  std::map<std::string, Session> sessions_;
  // Nodes to be told that they are known, and how often connecting has failed.
  std::map<std::string, int> connecting_;
  // Nodes that are to disconnect; and those whose loss is to be told.
  std::set<std::string> removing_;
  std::vector<std::string> losses_;
  Timer later_;  // Runs while there is something to connect to, or to tell.
};

// [{Node, Version}]; in versions that do not tell them [Node].
Term NodeList(const std::vector<std::pair<std::string, int64_t>>& nodes,
              int64_t for_version);

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_GLOBAL_NAME_SERVER_H_
