// ProcessTable: the processes of this node, and what signals do to them.
// Internal to //runtime:node.
//
// It knows nothing of connections: signals that come in are handed to Deliver,
// one after the other and never inside a handler; signals that go out, also to
// processes of this node, go to the router.

#ifndef RINGDIST_RUNTIME_PROCESS_TABLE_H_
#define RINGDIST_RUNTIME_PROCESS_TABLE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/control_message.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/node_name.h"
#include "ringdist/proto/term.h"
#include "ringdist/runtime/process.h"
#include "ringdist/runtime/process_state.h"
#include "ringdist/runtime/reactor.h"
#include "ringdist/runtime/signal_router.h"

namespace ringdist {

// Sends a message in the name of a process of this node. One that is `owed` is
// never refused for want of room.
absl::Status SendMessage(ProcessTable& table, const ProcessState& from,
                         const Destination& to, MessageWriter message,
                         bool owed);

class ProcessTable {
 public:
  ProcessTable(Reactor& reactor, SignalRouter& router);
  ProcessTable(const ProcessTable&) = delete;
  ProcessTable& operator=(const ProcessTable&) = delete;
  ~ProcessTable();

  // Ends all processes without a word to anybody: no signals, no on_death.
  void Clear();

  // Who this node is: before anything else. Pids from before mean nobody.
  void SetSelf(const NodeName& name, uint32_t creation);
  const std::string& self() const { return self_; }

  Pid Spawn(MessageHandler handler, ProcessOptions options);
  // One that the node itself needs: exit signals mean nothing to it.
  Process SpawnForNode(MessageHandler handler);
  Process HandleOf(uint64_t key) { return Process(this, key); }
  Process HandleOf(const PidView& pid);
  // Null if it is gone, or of another node or an earlier life.
  ProcessState* Find(const PidView& pid);
  // What a process of this node is found by.
  static uint64_t KeyOf(const PidView& pid);
  ProcessState* Find(uint64_t key) {
    return key == last_found_key_ &&
                   last_found_->phase == ProcessState::Phase::kAlive
               ? last_found_
               : FindAnew(key);
  }
  size_t size() const { return processes_.size(); }

  // AlreadyExists: the name is taken. NotFound: no such process.
  absl::Status Register(absl::string_view name, const PidView& pid);
  absl::Status Unregister(absl::string_view name);
  ProcessState* FindName(absl::string_view name);
  ProcessState* FindName(const AtomView& name);
  std::vector<std::string> Names() const;
  // The key of whom a message to a name or a pid goes to, the same for as long
  // as names_version() is. 0 if nobody is known, or it goes to an alias.
  uint64_t ReceiverOf(const ControlMessage& message);
  uint64_t names_version() const { return names_version_; }

  Reference NewReference();
  ProcessState* FindAlias(const ReferenceView& alias, bool used_for_reply);
  void AddAlias(ProcessState& process, const Reference& alias,
                bool for_one_reply);
  bool RemoveAlias(ProcessState& process, const ReferenceView& alias);

  // Runs what a spawn request of a peer asks for, in the process that was made
  // for it. Without one, and beyond the limits, requests are refused.
  using RunSpawned =
      absl::AnyInvocable<void(Process self, const control::SpawnRequest&)>;
  void SetRunSpawned(size_t max_processes, size_t max_processes_per_peer,
                     RunSpawned run);
  // Where processes that this node asks others for print.
  void SetGroupLeader(Pid leader) { group_leader_ = std::move(leader); }
  const Pid& group_leader() const { return group_leader_; }

  // A signal from a process of `node`. One that is not `allowed` finds nobody.
  void Deliver(absl::string_view node, const ControlMessage& signal,
               bool allowed = true);
  // Whether somebody here would look at the signal's payload.
  bool HasReceiver(const ControlMessage& signal);
  // Whether a message for it would go beyond the limit of its mailbox: those of
  // this node's own processes are refused then.
  bool IsFull(const Destination& to);

  void OnNodeUp(absl::string_view node);
  // It takes no spawn requests: those that wait for replies fail.
  void FailSpawns(absl::string_view node, absl::string_view why);
  // It acknowledges no unlinks: those that wait for that are done.
  void ForgetUnlinks(absl::string_view node);
  // The connection is gone; or, if it was not up, there came to be none.
  void OnNodeLost(absl::string_view node, bool was_up);

  // For Process, and for the state's callbacks.
  Reactor& reactor() { return reactor_; }
  SignalRouter& router() { return router_; }
  // Notes that the two have something in common that ends with the node.
  void Relate(ProcessState& process, absl::string_view node);
  // Ends the process now, or when its handler has returned.
  void EndProcess(ProcessState& process, const Term& reason);
  // Lets the process look at what waits for it.
  void RunMailbox(ProcessState& process);
  void RunAwaitTimeout(ProcessState& process);
  void RunDelayed(ProcessState::DelayedMessage& delayed);
  // A message, or one that the node itself tells.
  void DeliverMessage(ProcessState& process, absl::string_view from_node,
                      const TermView& message);
  // An exit signal: ends the process, comes as a message, or is ignored.
  void DeliverExit(ProcessState& process, const PidView& from,
                   const TermView& reason, bool is_link);
  // The other end of a link has gone: an exit, unless it was unlinked.
  void BreakLink(ProcessState& process, const Pid& other,
                 const TermView& reason);
  // The DOWN message of a monitor.
  void DeliverDown(ProcessState& process, const ReferenceView& reference,
                   const TermView& reason);
  // A monitor that the process has on another one; returns its reference.
  Reference AddMonitor(ProcessState& process, MonitorState monitor, bool alias);
  // Whatever has become of the name that it was monitored by.
  void RemoveWatcher(const control::DemonitorP& demonitor);
  absl::StatusOr<Reference> RequestSpawn(ProcessState& process,
                                         const SpawnFunction& function,
                                         MessageWriter arguments,
                                         const SpawnRequestOptions& options);
  void DeliverSpawnRequest(absl::string_view node,
                           const control::SpawnRequest& request, bool allowed);
  void DeliverSpawnReply(absl::string_view node,
                         const control::SpawnReply& reply);
  // A process for a node that asks for it; of nothing beyond the limits.
  Process SpawnForPeer(absl::string_view node, DeathHandler on_death);
  uint64_t NextUnlinkId() { return ++last_unlink_id_; }
  ProcessTimerId NextTimerId() { return ++last_timer_id_; }

 private:
  struct Alias {
    uint64_t process = 0;
    bool for_one_reply = false;
  };

  static uint64_t KeyOf(const ReferenceView& alias);
  ProcessState* FindAnew(uint64_t key);
  // True if the process is still there afterwards.
  bool RunHandler(ProcessState& process, MessageHandler& handler,
                  const TermView& message);
  // The next message of the mailbox; with `awaiting`, one that it wants.
  bool TakeNext(ProcessState& process, ProcessState::Awaiting* awaiting,
                TermView& message);
  bool IsWanted(ProcessState& process, ProcessState::Awaiting& awaiting,
                const TermView& message);
  // Nothing came. True if the process is still there.
  bool AwaitFurther(ProcessState& process,
                    std::unique_ptr<ProcessState::Awaiting> awaiting);
  void Store(ProcessState& process, absl::string_view from_node,
             const TermView& message);
  void DisownSpawned(absl::string_view node, const control::SpawnReply& reply);
  void ForgetOrphans(absl::string_view node);
  void TellSpawned(ProcessState& process, const ReferenceView& id,
                   const PidOrName& result);
  void FailSpawnsOf(ProcessState& process, absl::string_view node,
                    absl::string_view why);
  void FinishExit(ProcessState& process);
  void OnEnded();
  // What was found by name before may be wrong from now on.
  void OnNamesChanged() {
    ++names_version_;
    last_name_.clear();
  }
  void TellOthers(ProcessState& process, const Term& reason);
  std::vector<uint64_t> NodeMonitors() const;

  Reactor& reactor_;
  SignalRouter& router_;
  std::string self_;
  uint32_t creation_ = 0;
  RunSpawned run_spawned_;
  size_t max_processes_ = 0;
  size_t max_processes_per_peer_ = 0;
  Pid group_leader_;
  uint64_t last_key_ = 0;
  uint64_t last_reference_ = 0;
  uint64_t last_unlink_id_ = 0;
  ProcessTimerId last_timer_id_ = 0;
  absl::flat_hash_map<uint64_t, std::unique_ptr<ProcessState>> processes_;
  absl::flat_hash_map<std::string, size_t> spawned_;  // By who asked for them.
  absl::flat_hash_map<std::string, uint64_t> names_;
  // What was looked for last is looked for next, mostly. No process has the
  // key 0.
  uint64_t last_found_key_ = 0;
  ProcessState* last_found_ = nullptr;
  std::string last_name_;  // Empty: forgotten.
  uint64_t names_version_ = 1;
  uint64_t last_named_key_ = 0;
  absl::flat_hash_map<uint64_t, Alias> aliases_;
  absl::flat_hash_map<Reference, OrphanedSpawn> orphans_;
  // Processes by a node that they have links or monitors with, or had.
  absl::flat_hash_map<std::string, absl::flat_hash_set<uint64_t>> related_;
  // Those whose on_death and whose end come at the end of this turn: both run
  // code of the embedder, which may be what ends them.
  std::vector<std::unique_ptr<ProcessState>> ended_;
  Task tell_ended_;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_PROCESS_TABLE_H_
