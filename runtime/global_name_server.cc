// Who belongs to the cluster, and what the process is asked. How two nodes put
// their names together is in global_sessions.cc.

#include "ringdist/runtime/global_name_server.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "ringdist/proto/node_name.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/runtime/global_messages.h"
#include "ringdist/runtime/log.h"

namespace ringdist {
namespace {

// As OTP's kernel parameter global_connect_retries.
constexpr int kConnectRetries = 5;

// Others see most of what this node has to tell or to do by themselves, at the
// same time: that a node has died, and if told of that before, they log it; and
// that they are to connect to this one. So they are given a moment.
constexpr absl::Duration kPatience = absl::Milliseconds(100);

}  // namespace

GlobalNameServer::GlobalNameServer(Reactor& reactor, const NodeOptions& options,
                                   PeerLinks& links, Calls& calls, Process self)
    : options_(options),
      reactor_(reactor),
      links_(links),
      calls_(calls),
      self_(self),
      self_node_(self.pid().node),
      registry_(self, options.global_limits.registry_bytes,
                options.distribution.log),
      locker_(reactor, self, registry_.locks(),
              {.find_known = [this] { return KnownNodes(); },
               .is_connected =
                   [this](const std::string& node) { return IsUp(node); },
               .on_locked =
                   [this](const std::string& node, const Term& lock_id) {
                     OnLocked(node, lock_id);
                   }}),
      later_(reactor, ReactorCallback::To<&GlobalNameServer::OnLater>(this)) {}

void GlobalNameServer::Stop() {
  up_.clear();
  known_.clear();
  sessions_.clear();
  connecting_.clear();
  losses_.clear();
}

Pid GlobalNameServer::WhereIs(const Term& name) const {
  const GlobalNames::Entry* const entry = registry_.names().Find(name);
  return entry == nullptr ? Pid() : entry->pid;
}

void GlobalNameServer::OnMessage(const TermView& message) {
  TermView from, request;
  if (Matches(message, std::tuple(Atom("$gen_cast"), &request))) {
    OnInitConnect(request) || OnLockSet(request) || OnExchange(request) ||
        OnSolved(request) || OnResolved(request) || OnNewNodes(request) ||
        OnInSync(request);
  } else if (Matches(message, std::tuple(Atom("$gen_call"), &from, &request))) {
    const std::optional<ReplyTo> caller = ReplyTo::Read(from);
    if (caller.has_value()) OnCall(request, *caller);
  } else {
    OnAnswer(message) || OnInitConnectAck(message) ||
        OnCancelConnect(message) || OnLostConnection(message) ||
        OnRemoveConnection(message);
  }
}

// As in OTP a call that it does not know is not answered.
void GlobalNameServer::OnCall(const TermView& request, const ReplyTo& caller) {
  const auto reply = [&](const auto& answer) {
    caller.Reply(self_, answer).IgnoreError();
  };
  Term name, requester;
  const auto id = std::tuple(&name, &requester);
  GlobalNames::Entry entry;
  if (Matches(request, std::tuple(Atom("set_lock"), id))) {
    reply(registry_.SetLock(name, requester, caller.pid()));
  } else if (Matches(request, std::tuple(Atom("del_lock"), id))) {
    registry_.DeleteLock(name, requester, caller.pid());
    reply(true);
  } else if (Matches(request, std::tuple(Atom("register"), &name, &entry.pid,
                                         &entry.method)) ||
             Matches(request,
                     std::tuple(Atom("register_ext"), &name, &entry.pid,
                                &entry.method, &entry.registrar))) {
    registry_.Register(name, std::move(entry), caller.pid());
    reply(Atom("yes"));
  } else if (Matches(request, std::tuple(Atom("unregister"), &name))) {
    registry_.Unregister(name);
    reply(Atom("ok"));
  }
}

// Of a lock that was asked for; or the end of a process.
bool GlobalNameServer::OnAnswer(const TermView& message) {
  using Answer = GlobalLocker::Answer;
  ReferenceView reference;
  bool granted = false;
  if (Matches(message, std::tuple(&reference, &granted))) {
    locker_.OnAnswer(reference, granted ? Answer::kGranted : Answer::kRefused);
    return true;
  }
  if (!Matches(message,
               std::tuple(Atom("DOWN"), &reference, Any(), Any(), Any()))) {
    return false;
  }
  if (!locker_.OnAnswer(reference, Answer::kGone)) registry_.OnDown(reference);
  return true;
}

// Nodes.

void GlobalNameServer::OnPeerUp(const PeerInfo& peer) {
  if (peer.hidden) return;
  const std::string node = peer.name.full();
  TellLosses();  // Before it is a member again.
  up_.insert(node);
  if (connecting_.erase(node) > 0) TellInSync({{node, 0}});
  BeginSession(node);
}

void GlobalNameServer::OnPeerLost(const std::string& node) {
  if (up_.erase(node) > 0) return Lose(node, Loss::kLost);
  const auto connecting = connecting_.find(node);
  if (connecting == connecting_.end()) return;
  if (++connecting->second <= kConnectRetries) return DoLater();
  connecting_.erase(connecting);
  Warn(absl::StrCat("failed to connect to ", node));
  Lose(node, Loss::kLost);
}

bool GlobalNameServer::IsMember(const std::string& node) const {
  const auto session = sessions_.find(node);
  return known_.count(node) > 0 ||
         (session != sessions_.end() && session->second.step != Step::kBegun);
}

int64_t GlobalNameServer::VersionOf(const std::string& node) const {
  const auto known = known_.find(node);
  if (known != known_.end()) return known->second;
  const auto session = sessions_.find(node);
  return session == sessions_.end() ? 0 : session->second.version;
}

std::vector<std::string> GlobalNameServer::KnownNodes() const {
  std::vector<std::string> nodes;
  for (const auto& [node, version] : known_) nodes.push_back(node);
  return nodes;
}

std::vector<GlobalNameServer::NodeVersion> GlobalNameServer::AddKnown(
    const std::vector<NodeVersion>& nodes) {
  std::vector<NodeVersion> added;
  for (const NodeVersion& node : nodes) {
    const auto [known, is_new] = known_.insert(node);
    if (is_new) added.push_back(node);
    if (known->second == 0) known->second = node.second;
  }
  return added;
}

// Without this node, and no more than may be known.
std::vector<GlobalNameServer::NodeVersion> GlobalNameServer::ReadNodes(
    const TermView& list) const {
  std::vector<NodeVersion> nodes;
  const size_t limit = options_.global_limits.nodes;
  size_t room = limit - std::min(limit, known_.size());
  TermElements elements = list.elements();
  for (TermView element; elements.Next(element);) {
    AtomView node;
    int64_t version = 0;
    if (!Matches(element, std::tuple(&node, &version)) &&
        !Matches(element, &node)) {
      continue;
    }
    const absl::StatusOr<NodeName> name = NodeName::Parse(node.ToString());
    if (!name.ok() || name->full() == self_node_) continue;
    const std::string full = name->full();
    if (known_.count(full) == 0 && room-- == 0) {
      Warn(absl::StrCat("more than ", limit, " nodes: does not connect to ",
                        full));
      break;
    }
    nodes.emplace_back(full, version == 0 ? VersionOf(full) : version);
  }
  return nodes;
}

void GlobalNameServer::TellInSync(const std::vector<NodeVersion>& nodes) {
  for (const auto& [node, version] : nodes) {
    if (IsUp(node)) {
      CastGlobal(self_, node,
                 std::tuple(Atom("in_sync"), Atom(self_node_), true));
    } else if (connecting_.emplace(node, 0).second) {
      DoLater();
    }
  }
}

void GlobalNameServer::DoLater() {
  if (!later_.running()) later_.Start(reactor_.Now() + kPatience);
}

void GlobalNameServer::OnLater() {
  TellLosses();
  std::vector<std::string> nodes;
  for (const auto& [node, failures] : connecting_) nodes.push_back(node);
  for (const std::string& node : nodes) {
    // Nothing happens if that is under way.
    if (!links_.Connect(*NodeName::Parse(node)).ok()) OnPeerLost(node);
  }
}

void GlobalNameServer::Disconnect(const std::string& node) {
  const absl::StatusOr<NodeName> name = NodeName::Parse(node);
  if (!name.ok()) return;
  links_.distribution().Find(*name).Disconnect(absl::CancelledError(
      "disconnect: by global, to prevent overlapping partitions"));
}

void GlobalNameServer::Warn(absl::string_view text) const {
  Log(options_.distribution.log, LogLevel::kWarning,
      absl::StrCat("global: ", text));
}

// Losses.

void GlobalNameServer::Lose(const std::string& node, Loss loss) {
  EndSession(node);
  known_.erase(node);
  connecting_.erase(node);
  switch (loss) {
    case Loss::kRemoved:
      if (IsUp(node)) removing_.insert(node);
      return;
    case Loss::kLost:
      if (removing_.erase(node) > 0) return;
      losses_.push_back(node);
      DoLater();
  }
}

void GlobalNameServer::TellLosses() {
  for (const std::string& node : std::exchange(losses_, {})) {
    TellLoss(node, MakeTerm(std::tuple(Atom("lost_connection"),
                                       Atom(self_node_), self_.pid().creation,
                                       ++last_number_, Atom(node))));
  }
}

void GlobalNameServer::TellLoss(const std::string& except,
                                const Term& message) {
  if (!options_.prevent_overlapping_partitions) return;
  for (const std::string& node : up_) {
    if (node != except && IsMember(node) &&
        VersionOf(node) >= kVersionedNodesVersion) {
      SendGlobal(self_, node, message);
    }
  }
}

bool GlobalNameServer::OnLostConnection(const TermView& message) {
  AtomView reporter, lost;
  Term creation;
  int64_t number = 0;
  if (!Matches(message, std::tuple(Atom("lost_connection"), &reporter,
                                   &creation, &number, &lost))) {
    return false;
  }
  const std::string from = reporter.ToString();
  const std::string of = lost.ToString();
  if (!options_.prevent_overlapping_partitions ||
      !lost_connections_.IsNews(from, of, creation, number, reactor_.Now())) {
    return true;
  }
  TellLoss(from, Term(message));
  // Who has lost this node is about to go.
  const std::string& leaves = of == self_node_ ? from : of;
  if (!IsMember(leaves)) return true;
  Warn(absl::StrCat(from, " has lost ", of, ": requests disconnect from ",
                    leaves, " to prevent overlapping partitions"));
  if (VersionOf(leaves) < kVersionedNodesVersion) {
    Disconnect(leaves);
  } else if (IsUp(leaves)) {
    SendGlobal(self_, leaves,
               std::tuple(Atom("remove_connection"), Atom(self_node_)));
  }
  Lose(leaves, Loss::kRemoved);
  return true;
}

bool GlobalNameServer::OnRemoveConnection(const TermView& message) {
  AtomView by;
  if (!Matches(message, std::tuple(Atom("remove_connection"), &by))) {
    return false;
  }
  const std::string node = by.ToString();
  if (!IsMember(node)) return true;
  Warn(absl::StrCat("disconnects from ", node,
                    " to prevent overlapping partitions"));
  Disconnect(node);
  Lose(node, Loss::kRemoved);
  return true;
}

Term NodeList(const std::vector<std::pair<std::string, int64_t>>& nodes,
              int64_t for_version) {
  std::vector<Term> list;
  for (const auto& [node, version] : nodes) {
    list.push_back(for_version < kVersionedNodesVersion
                       ? MakeTerm(Atom(node))
                       : MakeTerm(std::pair(Atom(node), version)));
  }
  return MakeTerm(list);
}

}  // namespace ringdist
