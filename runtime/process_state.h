// ProcessState: everything about one process of this node. Internal to
// //runtime:node: process_table.h owns them, process.h is what users see.

#ifndef RINGDIST_RUNTIME_PROCESS_STATE_H_
#define RINGDIST_RUNTIME_PROCESS_STATE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "ringdist/proto/atom_view.h"
#include "ringdist/proto/control_message.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term.h"
#include "ringdist/runtime/mailbox.h"
#include "ringdist/runtime/process.h"
#include "ringdist/runtime/reactor.h"

namespace ringdist {

class ProcessTable;

// Who is monitored, as signals have it: by its name, if it was by that.
inline PidOrName MonitoredAs(const std::string& name, const Pid& pid) {
  if (name.empty()) return PidView(pid);
  return AtomView::Utf8(name);
}

// One end of a link (OTP, erts/doc: "Distribution Protocol", section "Link
// Protocol"). With an id it was unlinked by this end, and waits for the other
// to acknowledge that: until then exits and links from there mean nothing.
struct LinkState {
  uint64_t unlink_id = 0;
};

// A monitor that the process has on another one.
struct MonitorState {
  Pid pid;           // Of whom; or
  std::string name;  // under which name, if not empty, and then
  std::string node;  // where: the node of either.
};

// A monitor that another process has on this one.
struct WatcherState {
  Pid watcher;
  std::string name;  // That it was monitored by, if it was a name.
};

// A process that this one has asked another node for.
struct RequestedSpawn {
  std::string node;
  bool link = false;
  bool monitor = false;
};

// One that was to be linked to a process that has ended before the reply came,
// and the reason of that: what the link tells then.
struct OrphanedSpawn {
  std::string node;
  Term reason;
};

struct ProcessState {
  // How far it is.
  enum class Phase {
    kAlive,
    kExiting,  // Ends as soon as its handler has returned.
  };

  struct Awaiting {
    absl::AnyInvocable<bool(const TermView&)> wanted;
    MessageHandler then;
  };

  struct DelayedMessage {
    DelayedMessage(ProcessState& its_process, ProcessTimerId its_id,
                   Term its_message, Reactor& reactor)
        : process(its_process),
          id(its_id),
          message(std::move(its_message)),
          timer(reactor, ReactorCallback::To<&DelayedMessage::OnTimer>(this)) {}
    void OnTimer();

    ProcessState& process;
    const ProcessTimerId id;
    Term message;
    Timer timer;
  };

  ProcessState(ProcessTable& its_table, uint64_t its_key, Pid its_pid,
               Reactor& reactor);

  // Run by the reactor.
  void OnReady();
  void OnAwaitTimeout();

  ProcessTable& table;
  const uint64_t key;
  const Pid pid;
  std::string spawned_for;  // The node that asked for it, if one did.
  Phase phase = Phase::kAlive;
  bool running = false;  // Its handler is on the stack.
  bool paused = false;
  bool trap_exits = false;
  bool ignores_exits = false;
  bool monitors_nodes = false;
  bool owes_messages = false;  // What it sends is never refused.
  MessageHandler handler;
  DeathHandler on_death;
  size_t mailbox_limit = 0;
  MailboxLimitAction at_mailbox_limit = MailboxLimitAction::kExit;
  Term exit_reason;  // In phase kExiting.

  Mailbox mailbox;
  Task ready;  // Hands out what is in the mailbox.
  std::unique_ptr<Awaiting> awaiting;
  Timer await_timer;
  // Peers that are not read until the mailbox is half empty.
  std::vector<std::shared_ptr<void>> paused_peers;

  // Links by the other end; monitors by their references.
  absl::flat_hash_map<Pid, LinkState> links;
  absl::flat_hash_map<Reference, MonitorState> monitors;
  absl::flat_hash_map<Reference, WatcherState> watchers;
  std::vector<std::string> related_nodes;  // As in ProcessTable::Relate.
  std::vector<std::string> names;
  absl::flat_hash_set<uint64_t> aliases;
  absl::flat_hash_map<Reference, RequestedSpawn> spawns;
  std::vector<std::unique_ptr<DelayedMessage>> delayed;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_PROCESS_STATE_H_
