// What signals do to the processes of this node (OTP, "Erlang Reference
// Manual", chapter "Processes"; erts/doc: "Distribution Protocol").

#include <utility>
#include <variant>

#include "ringdist/proto/bytes.h"
#include "ringdist/proto/term_writer.h"
#include "ringdist/runtime/process_table.h"

namespace ringdist {
namespace {

// A term of one atom, for as long as this lives.
class AtomTerm {
 public:
  explicit AtomTerm(absl::string_view text) {
    TermWriter(bytes_).WriteAtom(text);
  }
  TermView view() const { return TermView::Trusted(bytes_.view(), {}); }

 private:
  StringWriter bytes_;
};

// {Name, Node} or a pid, as the messages of monitors have it.
void WriteMonitored(TermWriter& writer, const MonitorState& monitor) {
  if (monitor.name.empty()) return writer.WritePid(monitor.pid);
  writer.WriteTupleHeader(2);
  writer.WriteAtom(monitor.name);
  writer.WriteAtom(monitor.node);
}

// What each signal of another process does, here.
class Reception {
 public:
  Reception(ProcessTable& table, absl::string_view node, bool allowed)
      : table_(table), node_(node), allowed_(allowed) {}

  void operator()(const control::Send& send) {
    Message(Find(send.to), send.message);
  }
  void operator()(const control::RegSend& send) {
    Message(Find(send.to), send.message);
  }
  void operator()(const control::AliasSend& send) {
    Message(Find(send.to), send.message);
  }
  void operator()(const control::AltactSend& send) {
    ProcessState* const process =
        std::visit([&](const auto& to) { return Find(to); }, send.to);
    if (process == nullptr) return;
    if (!send.exit) return Message(process, send.message);
    table_.DeliverExit(*process, send.from, send.message, false);
  }

  void operator()(const control::Link& link) {
    ProcessState* const process = Find(link.to);
    if (process == nullptr) {
      const AtomTerm noproc("noproc");
      return Answer(control::Exit{.from = link.to,
                                  .to = link.from,
                                  .token = {},
                                  .reason = noproc.view(),
                                  .reason_is_payload = true});
    }
    // A link that is being unlinked stays so: the other end asked for the same
    // one before it knew, and will acknowledge.
    process->links.try_emplace(Pid(link.from));
    table_.Relate(*process, node_);
  }
  void operator()(const control::Unlink& unlink) {
    if (ProcessState* const process = table_.Find(unlink.to)) {
      process->links.erase(Pid(unlink.from));
    }
  }
  void operator()(const control::UnlinkId& unlink) {
    if (ProcessState* const process = table_.Find(unlink.to)) {
      const auto link = process->links.find(Pid(unlink.from));
      if (link != process->links.end() && link->second.unlink_id == 0) {
        process->links.erase(link);
      }
    }
    Answer(control::UnlinkIdAck{
        .id = unlink.id, .from = unlink.to, .to = unlink.from});
  }
  void operator()(const control::UnlinkIdAck& ack) {
    ProcessState* const process = table_.Find(ack.to);
    if (process == nullptr) return;
    const auto link = process->links.find(Pid(ack.from));
    if (link != process->links.end() && link->second.unlink_id == ack.id) {
      process->links.erase(link);
    }
  }
  void operator()(const control::Exit& exit) {
    ProcessState* const process = table_.Find(exit.to);
    if (process == nullptr) return;
    table_.BreakLink(*process, Pid(exit.from), exit.reason);
  }
  void operator()(const control::Exit2& exit) {
    if (ProcessState* const process = Find(exit.to)) {
      table_.DeliverExit(*process, exit.from, exit.reason, false);
    }
  }

  void operator()(const control::MonitorP& monitor) {
    const AtomView* const name = std::get_if<AtomView>(&monitor.to);
    ProcessState* const process =
        std::visit([&](const auto& to) { return Find(to); }, monitor.to);
    if (process == nullptr) {
      const AtomTerm noproc("noproc");
      return Answer(control::MonitorPExit{.from = monitor.to,
                                          .to = monitor.from,
                                          .reference = monitor.reference,
                                          .reason = noproc.view(),
                                          .reason_is_payload = true});
    }
    process->watchers[Reference(monitor.reference)] = {
        Pid(monitor.from), name != nullptr ? name->ToString() : ""};
    table_.Relate(*process, node_);
  }
  void operator()(const control::DemonitorP& demonitor) {
    table_.RemoveWatcher(demonitor);
  }
  void operator()(const control::MonitorPExit& exit) {
    ProcessState* const process = table_.Find(exit.to);
    if (process == nullptr) return;
    // The reason may be the result of a call: only the node that was called
    // tells it.
    const auto monitor = process->monitors.find(Reference(exit.reference));
    if (monitor == process->monitors.end() || monitor->second.node != node_) {
      return;
    }
    table_.DeliverDown(*process, exit.reference, exit.reason);
  }

  void operator()(const control::SpawnRequest& request) {
    table_.DeliverSpawnRequest(node_, request, allowed_);
  }
  void operator()(const control::SpawnReply& reply) {
    table_.DeliverSpawnReply(node_, reply);
  }
  // Processes of this node print nothing that Erlang should show.
  void operator()(const control::GroupLeader&) {}
  void operator()(const control::Unknown&) {}

 private:
  // Nobody, for a signal that is not allowed.
  ProcessState* Find(const PidView& pid) {
    return allowed_ ? table_.Find(pid) : nullptr;
  }
  ProcessState* Find(const AtomView& name) {
    return allowed_ ? table_.FindName(name) : nullptr;
  }
  ProcessState* Find(const ReferenceView& alias) {
    return allowed_ ? table_.FindAlias(alias, true) : nullptr;
  }
  void Message(ProcessState* process, const TermView& message) {
    if (process != nullptr) table_.DeliverMessage(*process, node_, message);
  }
  void Answer(const ControlMessage& signal) {
    table_.router().RouteSignal(node_, signal, /*connect=*/false);
  }

  ProcessTable& table_;
  const absl::string_view node_;
  const bool allowed_;
};

}  // namespace

void ProcessTable::Deliver(absl::string_view node, const ControlMessage& signal,
                           bool allowed) {
  std::visit(Reception(*this, node, allowed), signal);
}

bool ProcessTable::HasReceiver(const ControlMessage& signal) {
  if (const auto* send = std::get_if<control::Send>(&signal)) {
    return Find(send->to) != nullptr;
  }
  if (const auto* send = std::get_if<control::RegSend>(&signal)) {
    return FindName(send->to) != nullptr;
  }
  if (const auto* send = std::get_if<control::AliasSend>(&signal)) {
    return FindAlias(send->to, false) != nullptr;
  }
  if (const auto* exit = std::get_if<control::Exit>(&signal)) {
    return Find(exit->to) != nullptr;
  }
  if (const auto* exit = std::get_if<control::Exit2>(&signal)) {
    return Find(exit->to) != nullptr;
  }
  if (const auto* exit = std::get_if<control::MonitorPExit>(&signal)) {
    return Find(exit->to) != nullptr;
  }
  // A spawned process would be given it.
  return true;
}

void ProcessTable::Relate(ProcessState& process, absl::string_view node) {
  if (node == self_) return;
  if (related_[node].insert(process.key).second) {
    process.related_nodes.emplace_back(node);
  }
}

Reference ProcessTable::AddMonitor(ProcessState& process, MonitorState monitor,
                                   bool alias) {
  Reference reference = NewReference();
  if (alias) AddAlias(process, reference, /*for_one_reply=*/false);
  Relate(process, monitor.node);
  router_.RouteSignal(
      monitor.node,
      control::MonitorP{.from = process.pid,
                        .to = MonitoredAs(monitor.name, monitor.pid),
                        .reference = reference},
      /*connect=*/true);
  process.monitors[reference] = std::move(monitor);
  return reference;
}

void ProcessTable::RemoveWatcher(const control::DemonitorP& demonitor) {
  const Reference reference(demonitor.reference);
  const auto remove_from = [&](ProcessState* process) {
    if (process == nullptr) return false;
    const auto found = process->watchers.find(reference);
    if (found == process->watchers.end() ||
        !(PidView(found->second.watcher) == demonitor.from)) {
      return false;
    }
    process->watchers.erase(found);
    return true;
  };
  if (const auto* pid = std::get_if<PidView>(&demonitor.to)) {
    remove_from(Find(*pid));
    return;
  }
  // The name may be somebody else's by now.
  if (remove_from(FindName(std::get<AtomView>(demonitor.to)))) {
    return;
  }
  const std::string node = demonitor.from.node.ToString();
  if (node == self_) {
    for (const auto& [key, process] : processes_) {
      if (remove_from(process.get())) return;
    }
    return;
  }
  // A peer may name what it likes: only those are looked at that it knows.
  const auto related = related_.find(node);
  if (related == related_.end()) return;
  for (const uint64_t key : related->second) {
    if (remove_from(Find(key))) return;
  }
}

void ProcessTable::DeliverExit(ProcessState& process, const PidView& from,
                               const TermView& reason, bool is_link) {
  if (process.ignores_exits) return;
  const bool kill = !is_link && reason.IsAtom("kill");
  if (kill) return EndProcess(process, MakeTerm(Atom("killed")));
  if (process.trap_exits) {
    StringWriter bytes;
    TermWriter writer(bytes);
    writer.WriteTupleHeader(3);
    writer.WriteAtom("EXIT");
    writer.WritePid(from);
    writer.WriteTerm(reason);
    return DeliverMessage(process, self_,
                          TermView::Trusted(bytes.view(), AtomTable()));
  }
  // `normal` ends nobody but the process that says it of itself.
  if (reason.IsAtom("normal") && !(from == PidView(process.pid))) return;
  EndProcess(process, Term(reason));
}

void ProcessTable::BreakLink(ProcessState& process, const Pid& other,
                             const TermView& reason) {
  const auto link = process.links.find(other);
  if (link == process.links.end()) return;
  // An acknowledgement that is still to come means nothing then.
  const bool active = link->second.unlink_id == 0;
  process.links.erase(link);
  if (active) DeliverExit(process, other, reason, true);
}

void ProcessTable::DeliverDown(ProcessState& process,
                               const ReferenceView& reference,
                               const TermView& reason) {
  const auto found = process.monitors.find(Reference(reference));
  if (found == process.monitors.end()) return;
  const MonitorState monitor = std::move(found->second);
  process.monitors.erase(found);
  RemoveAlias(process, reference);
  StringWriter bytes;
  TermWriter writer(bytes);
  writer.WriteTupleHeader(5);
  writer.WriteAtom("DOWN");
  writer.WriteReference(reference);
  writer.WriteAtom("process");
  WriteMonitored(writer, monitor);
  writer.WriteTerm(reason);
  DeliverMessage(process, self_, TermView::Trusted(bytes.view(), AtomTable()));
}

void ProcessTable::TellOthers(ProcessState& process, const Term& reason) {
  for (const auto& [id, spawn] : process.spawns) {
    if (spawn.link) orphans_[id] = {spawn.node, reason};
  }
  for (const auto& [other, link] : process.links) {
    if (link.unlink_id != 0) continue;
    router_.RouteSignal(other.node,
                        control::Exit{.from = process.pid,
                                      .to = other,
                                      .token = {},
                                      .reason = reason,
                                      .reason_is_payload = true},
                        /*connect=*/false);
  }
  for (const auto& [reference, watcher] : process.watchers) {
    router_.RouteSignal(
        watcher.watcher.node,
        control::MonitorPExit{.from = MonitoredAs(watcher.name, process.pid),
                              .to = watcher.watcher,
                              .reference = reference,
                              .reason = reason,
                              .reason_is_payload = true},
        /*connect=*/false);
  }
  for (const auto& [reference, monitor] : process.monitors) {
    router_.RouteSignal(
        monitor.node,
        control::DemonitorP{.from = process.pid,
                            .to = MonitoredAs(monitor.name, monitor.pid),
                            .reference = reference},
        /*connect=*/false);
  }
}

// Nodes that come and go.

namespace {

void TellNodeEvent(ProcessTable& table, const std::vector<uint64_t>& processes,
                   absl::string_view event, absl::string_view node) {
  const Term message = MakeTerm(std::tuple(Atom(event), Atom(node)));
  for (const uint64_t key : processes) {
    if (ProcessState* const process = table.Find(key)) {
      table.DeliverMessage(*process, table.self(), message);
    }
  }
}

}  // namespace

void ProcessTable::OnNodeUp(absl::string_view node) {
  TellNodeEvent(*this, NodeMonitors(), "nodeup", node);
}

void ProcessTable::ForgetUnlinks(absl::string_view node) {
  const auto related = related_.find(node);
  if (related == related_.end()) return;
  for (const uint64_t key : related->second) {
    absl::erase_if(processes_.at(key)->links, [&](const auto& entry) {
      return entry.first.node == node && entry.second.unlink_id != 0;
    });
  }
}

void ProcessTable::OnNodeLost(absl::string_view node, bool was_up) {
  ForgetOrphans(node);
  const AtomTerm noconnection("noconnection");
  const auto related = related_.extract(node);
  const auto keys = related.empty() ? absl::flat_hash_set<uint64_t>()
                                    : std::move(related.mapped());
  for (const uint64_t key : keys) {
    ProcessState* process = Find(key);
    if (process == nullptr) continue;
    std::erase(process->related_nodes, node);
    absl::erase_if(process->watchers, [&](const auto& entry) {
      return entry.second.watcher.node == node;
    });
    std::vector<Reference> down;
    for (const auto& [reference, monitor] : process->monitors) {
      if (monitor.node == node) down.push_back(reference);
    }
    std::vector<Pid> linked;
    for (const auto& [other, link] : process->links) {
      if (other.node == node) linked.push_back(other);
    }
    FailSpawnsOf(*process, node, "noconnection");
    for (const Reference& reference : down) {
      if ((process = Find(key)) == nullptr) break;
      DeliverDown(*process, reference, noconnection.view());
    }
    for (const Pid& other : linked) {
      if ((process = Find(key)) == nullptr) break;
      BreakLink(*process, other, noconnection.view());
    }
  }
  if (was_up) TellNodeEvent(*this, NodeMonitors(), "nodedown", node);
}

}  // namespace ringdist
