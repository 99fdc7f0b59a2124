// How this node and another put their names together (global_name_server.h).

#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/runtime/global_messages.h"
#include "ringdist/runtime/global_name_server.h"

namespace ringdist {
namespace {

// Of a lock's id, {global, Requester}.
Term RequesterOf(const TermView& lock_id) {
  Term requester;
  Matches(lock_id, std::tuple(Any(), &requester));
  return requester;
}

}  // namespace

GlobalNameServer::Session* GlobalNameServer::FindSession(
    const std::string& node) {
  const auto found = sessions_.find(node);
  return found == sessions_.end() ? nullptr : &found->second;
}

GlobalNameServer::Session* GlobalNameServer::FindSession(
    const std::string& node, int64_t my_tag) {
  Session* const session = FindSession(node);
  if (session != nullptr && session->my_tag == my_tag) return session;
  locker_.End(node, my_tag);
  return nullptr;
}

// Beginning and end.

void GlobalNameServer::BeginSession(const std::string& node) {
  if (!IsUp(node) || known_.count(node) > 0 || FindSession(node) != nullptr) {
    return;
  }
  Session& session = sessions_[node];
  session.my_tag = ++last_number_;
  CastGlobal(
      self_, node,
      std::tuple(Atom("init_connect"),
                 std::tuple(kGlobalVersion, session.my_tag), Atom(self_node_),
                 std::tuple(Atom("locker"), Atom("no_longer_a_pid"), Nil(),
                            self_.pid())));
}

void GlobalNameServer::EndSession(const std::string& node) {
  const auto session = sessions_.extract(node);
  if (!session.empty()) locker_.End(node, session.mapped().my_tag);
}

void GlobalNameServer::RestartSession(const std::string& node) {
  EndSession(node);
  BeginSession(node);
}

// The other side's own session, which it then begins again.
void GlobalNameServer::CancelAtPeer(const std::string& node,
                                    const Term& his_tag) {
  if (!IsUp(node)) return;
  SendGlobal(self_, node,
             std::tuple(Atom("cancel_connect"), Atom(self_node_), his_tag));
}

bool GlobalNameServer::OnInitConnect(const TermView& message) {
  TermView his_version, number, his_tag;
  AtomView his_name;
  Pid locker;
  if (!Matches(message,
               std::tuple(Atom("init_connect"), &his_version, &his_name,
                          std::tuple(Atom("locker"), Any(), Any(), &locker)))) {
    return false;
  }
  // {Version, Tag}; later versions may add to it.
  TermElements parts = his_version.elements();
  parts.Next(number);
  parts.Next(his_tag);
  const int64_t version = number.AsInt64().value_or(0);
  const std::string node = his_name.ToString();
  Session* session = FindSession(node);
  if (session == nullptr || his_tag.empty()) return true;
  if (version < kOldestGlobalVersion) {
    Warn(absl::StrCat(node, " speaks version ", version, " of global, not ",
                      kOldestGlobalVersion, " or later: has no names of it"));
    return true;
  }
  if (session->step != Step::kBegun) {
    // The two sides mean different sessions: both begin again.
    CancelAtPeer(node, Term(his_tag));
    RestartSession(node);
    session = FindSession(node);
    if (session == nullptr) return true;
  }
  session->step = Step::kLocking;
  session->his_tag = his_tag;
  session->version = version;
  locker_.Add(node, {.my_tag = session->my_tag,
                     .his_tag = session->his_tag,
                     .version = version,
                     .locker = locker});
  if (version >= kConfirmedSessionsVersion) {
    SendGlobal(self_, node,
               std::tuple(Atom("init_connect_ack"), Atom(self_node_),
                          session->his_tag, session->my_tag));
  }
  return true;
}

bool GlobalNameServer::OnInitConnectAck(const TermView& message) {
  AtomView from;
  int64_t my_tag = 0;
  Term his_tag;
  if (!Matches(message, std::tuple(Atom("init_connect_ack"), &from, &my_tag,
                                   &his_tag))) {
    return false;
  }
  const std::string node = from.ToString();
  const Session* const session = FindSession(node);
  if (session == nullptr ||
      (session->my_tag == my_tag && session->his_tag == his_tag)) {
    return true;
  }
  CancelAtPeer(node, his_tag);
  RestartSession(node);
  return true;
}

bool GlobalNameServer::OnCancelConnect(const TermView& message) {
  AtomView from;
  int64_t my_tag = 0;
  if (!Matches(message, std::tuple(Atom("cancel_connect"), &from, &my_tag))) {
    return false;
  }
  const std::string node = from.ToString();
  if (FindSession(node, my_tag) != nullptr) RestartSession(node);
  return true;
}

bool GlobalNameServer::OnInSync(const TermView& message) {
  AtomView from;
  if (!Matches(message, std::tuple(Atom("in_sync"), &from, Any()))) {
    return false;
  }
  // A third node has both sides' names.
  EndSession(from.ToString());
  return true;
}

// Locking, and exchanging names.

bool GlobalNameServer::OnLockSet(const TermView& message) {
  PidView locker;
  bool is_set = false;
  int64_t my_tag = 0;
  const Atom lock_set("lock_set");
  const bool has_tag =
      Matches(message, std::tuple(lock_set, &locker, &is_set, Any(), &my_tag));
  if (!has_tag &&
      !Matches(message, std::tuple(lock_set, &locker, &is_set, Any()))) {
    return false;
  }
  const std::string node = locker.node.ToString();
  const Session* const session = FindSession(node);
  if (session == nullptr || (has_tag && session->my_tag != my_tag)) return true;
  locker_.OnLockSet(node, is_set);
  return true;
}

void GlobalNameServer::OnLocked(const std::string& node, const Term& lock_id) {
  Session* const session = FindSession(node);
  if (session == nullptr || session->step != Step::kLocking) return;
  session->step = Step::kExchanging;
  session->lock_id = lock_id;
  CastGlobal(self_, node,
             std::tuple(Atom("exchange"), Atom(self_node_),
                        registry_.names().All(), Nil(), session->his_tag));
  Advance(node, *session);
}

bool GlobalNameServer::OnExchange(const TermView& message) {
  AtomView from;
  int64_t my_tag = 0;
  GlobalNames::List names;
  if (!Matches(message,
               std::tuple(Atom("exchange"), &from, &names, Any(), &my_tag))) {
    return false;
  }
  const std::string node = from.ToString();
  Session* const session = FindSession(node, my_tag);
  if (session == nullptr) return true;
  session->his_names = std::move(names);
  Advance(node, *session);
  return true;
}

// Goes on as far as what has come allows.
void GlobalNameServer::Advance(const std::string& node, Session& session) {
  if (session.step == Step::kExchanging && session.his_names.has_value()) {
    session.step = Step::kResolving;
    CompareNames(node, session);
  }
  if (session.step == Step::kResolving && session.open_conflicts == 0) {
    session.step = Step::kResolved;
    TellResolved(node, session);
  }
  if (session.step == Step::kResolved && session.his_resolved.has_value()) {
    const Session finished = std::move(session);
    Merge(node, finished);
  }
}

// Names and their conflicts.

void GlobalNameServer::CompareNames(const std::string& node, Session& session) {
  for (const auto& [name, pid, method] : *session.his_names) {
    const GlobalNames::Entry* const ours = registry_.names().Find(name);
    if (ours == nullptr) {
      session.operations.push_back(
          MakeTerm(std::tuple(Atom("insert"), std::tuple(name, pid, method))));
    } else if (!(ours->pid == pid) && self_node_ < node) {
      AskToSolve(node, session, name, pid, method);
    }
  }
}

// Asks the node of the process that has the name here which of the two is to
// keep it, and tells the answer to this process: what is to be done here, and
// at the other side.
void GlobalNameServer::AskToSolve(const std::string& node, Session& session,
                                  const Term& name, const Pid& pid,
                                  const Term& method) {
  const GlobalNames::Entry ours = *registry_.names().Find(name);
  const Term insert_his =
      MakeTerm(std::tuple(Atom("insert"), std::tuple(name, pid, method)));
  const Term insert_ours = MakeTerm(
      std::tuple(Atom("insert"), std::tuple(name, ours.pid, ours.method)));
  const Term erase = MakeTerm(std::tuple(Atom("delete"), name));
  // This object may be gone by then; the process tells.
  const auto solved = [self = self_, self_node = self_node_, node,
                       my_tag = session.my_tag, pid, our_pid = ours.pid,
                       insert_his, insert_ours,
                       erase](const CallResult& result) mutable {
    const auto tell = [&](const auto& here, const auto& there) {
      CastGlobal(
          self, self_node,
          std::tuple(Atom("exchange_ops"), Atom(node), my_tag, here, there));
    };
    using Operations = std::vector<Term>;
    if (!result.ok() || result.value() == MakeTerm(pid)) {
      tell(Operations{insert_his}, Operations());
    } else if (result.value() == MakeTerm(our_pid)) {
      tell(Operations(), Operations{insert_ours});
    } else {
      tell(Operations{erase}, Operations{erase});
    }
  };
  ++session.open_conflicts;
  const auto arguments = std::tuple(ours.method, name, pid, ours.pid);
  calls_.Call(
      ours.pid.node, "global", "resolve_it",
      [&](TermWriter& writer) { WriteArguments(writer, arguments); },
      absl::InfiniteDuration(), solved);
}

bool GlobalNameServer::OnSolved(const TermView& message) {
  AtomView from;
  int64_t my_tag = 0;
  std::vector<Term> here, there;
  if (!Matches(message, std::tuple(Atom("exchange_ops"), &from, &my_tag, &here,
                                   &there))) {
    return false;
  }
  const std::string node = from.ToString();
  Session* const session = FindSession(node, my_tag);
  if (session == nullptr || session->open_conflicts == 0) return true;
  --session->open_conflicts;
  for (Term& operation : here) session->operations.push_back(operation);
  for (Term& operation : there) session->his_operations.push_back(operation);
  Advance(node, *session);
  return true;
}

void GlobalNameServer::TellResolved(const std::string& node, Session& session) {
  const std::vector<NodeVersion> known(known_.begin(), known_.end());
  CastGlobal(
      self_, node,
      std::tuple(Atom("resolved"), Atom(self_node_), session.his_operations,
                 NodeList(known, session.version), Atom("unused"),
                 registry_.names().External(), session.his_tag));
}

bool GlobalNameServer::OnResolved(const TermView& message) {
  AtomView from;
  int64_t my_tag = 0;
  TermView nodes;
  Resolved resolved;
  if (!Matches(message,
               std::tuple(Atom("resolved"), &from, &resolved.operations, &nodes,
                          Any(), &resolved.external, &my_tag))) {
    return false;
  }
  const std::string node = from.ToString();
  Session* const session = FindSession(node, my_tag);
  if (session == nullptr) return true;
  resolved.nodes = ReadNodes(nodes);
  session->his_resolved = std::move(resolved);
  Advance(node, *session);
  return true;
}

// Both sides have told each other what is to be done.
void GlobalNameServer::Merge(const std::string& node, const Session& session) {
  std::vector<Term> operations = session.operations;
  const Resolved& his = *session.his_resolved;
  operations.insert(operations.end(), his.operations.begin(),
                    his.operations.end());
  TellInSync(his.nodes);
  registry_.Apply(operations, his.external, RequesterOf(session.lock_id));
  // Names of these have come with those of `node`.
  for (const auto& [other, version] : his.nodes) EndSession(other);
  std::vector<NodeVersion> nodes = {{node, session.version}};
  nodes.insert(nodes.end(), his.nodes.begin(), his.nodes.end());
  TellNewNodes(session, operations, nodes);
  // Gives the locks back, now that all who were locked have been told.
  EndSession(node);
  AddKnown(nodes);
}

void GlobalNameServer::TellNewNodes(const Session& session,
                                    const std::vector<Term>& operations,
                                    const std::vector<NodeVersion>& nodes) {
  const auto extra =
      List(std::tuple(std::tuple(Atom("vsn"), session.version),
                      std::tuple(Atom("lock"), session.lock_id)));
  for (const auto& [node, version] : known_) {
    CastGlobal(self_, node,
               std::tuple(Atom("new_nodes"), Atom(self_node_), operations,
                          session.his_resolved->external,
                          NodeList(nodes, version), extra));
  }
}

bool GlobalNameServer::OnNewNodes(const TermView& message) {
  TermView nodes, extra;
  std::vector<Term> operations;
  GlobalNames::List external;
  if (!Matches(message, std::tuple(Atom("new_nodes"), Any(), &operations,
                                   &external, &nodes, &extra))) {
    return false;
  }
  TellInSync(AddKnown(ReadNodes(nodes)));
  TermView lock_id;
  TermElements parts = extra.elements();
  for (TermView part; lock_id.empty() && parts.Next(part);) {
    Matches(part, std::tuple(Atom("lock"), &lock_id));
  }
  registry_.Apply(operations, external, RequesterOf(lock_id));
  return true;
}

}  // namespace ringdist
