// Processes: what Erlang's processes send to and hear from. One is a handler
// for messages, with a mailbox, a pid, and links and monitors as in Erlang.
//
//   Pid adder = node->Spawn([](Process& self, const TermView& message) {
//     Pid from;
//     int64_t a = 0, b = 0;
//     if (!Matches(message, std::tuple(&from, &a, &b))) {
//       return self.Exit(MakeTerm(Atom("badarg")));
//     }
//     self.Send(from, std::tuple(Atom("sum"), a + b));
//   });
//   node->Register("adder", adder);
//
// What an Erlang process would find in its mailbox comes as a message: {'DOWN',
// Ref, process, Pid, Reason} of a monitor; {'EXIT', From, Reason} if the
// process traps exits; {nodeup, Node} and {nodedown, Node} if it asked for
// them.
//
// Everything on the reactor's thread. A handler never runs inside of a call
// made by another one: signals, also those between processes of this node, are
// queued and handled in order.

#ifndef RINGDIST_RUNTIME_PROCESS_H_
#define RINGDIST_RUNTIME_PROCESS_H_

#include <cstddef>
#include <cstdint>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/proto/term_view.h"
#include "ringdist/proto/term_writer.h"
#include "ringdist/runtime/process_options.h"

namespace ringdist {

class ProcessTable;

// Names a timer of a process.
using ProcessTimerId = uint64_t;

// The handle of a process of this node. Cheap to copy, and safe to keep while
// the node lives: once the process has ended, IsAlive is false and nothing else
// does anything; sends are NotFound.
class Process {
 public:
  // Refers to nothing.
  Process() = default;

  bool IsAlive() const;
  // Empty once it has ended.
  Pid pid() const;

  // Sends a value (term_convert.h), a Term or a TermView, as this process. The
  // order of messages to one destination is kept. A node that is not connected
  // is connected first. OK does not say that anybody gets it. Errors, with
  // nothing queued: ResourceExhausted, too much waits for that node already,
  // see NodeOptions::on_writable; InvalidArgument, the destination is no node's
  // name; otherwise why its node cannot be connected.
  template <typename Value>
  absl::Status Send(const Destination& to, const Value& message) {
    return SendWith(to,
                    [&](TermWriter& writer) { WriteValue(writer, message); });
  }
  absl::Status SendWith(const Destination& to, MessageWriter message);
  // The same for what the receiver waits for, the reply to its call: never
  // refused for want of room. Instead a peer that does not read what it is owed
  // is not read either (NodeOptions::peer_owed_bytes).
  absl::Status SendOwed(const Destination& to, MessageWriter message);

  // The message comes to this process itself after a while, unless cancelled.
  ProcessTimerId SendAfter(absl::Duration delay, Term message);
  // False if it was sent, or cancelled, before.
  bool CancelTimer(ProcessTimerId timer);

  // Puts messages aside until one comes that `wanted` accepts, looking first
  // at those that wait: Erlang's receive with a pattern. That one goes to
  // `then`, and the others afterwards to the handler, in order. After `timeout`
  // `then` is given no term. One at a time: awaiting again replaces it.
  // `wanted` may be asked more than once about a message, and only looks at it.
  void Await(absl::AnyInvocable<bool(const TermView&)> wanted,
             absl::Duration timeout, MessageHandler then);
  bool IsAwaiting() const;
  // Messages wait until Resume.
  void Pause();
  void Resume();
  // What waits.
  size_t mailbox_count() const;
  size_t mailbox_bytes() const;

  // As link/1 and unlink/1. If there is no such process, or no way to its
  // node, an exit with noproc or noconnection follows.
  void Link(const PidView& other);
  void Unlink(const PidView& other);

  // As monitor/2 and demonitor(Ref, [flush]): {'DOWN', Ref, process, Pid or
  // {Name, Node}, Reason} comes once, and not after Demonitor. With `alias` the
  // reference is an alias, too, as long as the monitor is there.
  Reference Monitor(const PidView& other, bool alias = false);
  Reference Monitor(const NameAt& name, bool alias = false);
  void Demonitor(const ReferenceView& monitor);

  // As alias/1 and unalias/1: a reference that messages can be sent to, for
  // one reply or until it is taken back.
  Reference CreateAlias(bool for_one_reply = false);
  bool RemoveAlias(const ReferenceView& alias);

  // As spawn_request/5: asks another node for a new process. {spawn_reply, Ref,
  // ok, Pid} comes, or {spawn_reply, Ref, error, Reason}: notsup, if that node
  // takes no such requests, or noconnection, say. Ref is the monitor, too, if
  // one is asked for. `arguments` writes the list of them. Errors as Send.
  absl::StatusOr<Reference> SpawnRequest(
      const SpawnFunction& function, MessageWriter arguments,
      const SpawnRequestOptions& options = {});

  void TrapExits(bool trap);
  // As net_kernel:monitor_nodes/1: {nodeup, Node} and {nodedown, Node}.
  void MonitorNodes(bool monitor);

  // Ends this process, when its handler has returned: linked and monitoring
  // processes get the reason.
  void Exit(const Term& reason);
  // As exit/2: an exit signal to another process.
  void ExitOther(const PidView& other, const Term& reason);

 private:
  friend class ProcessTable;
  Process(ProcessTable* table, uint64_t key) : table_(table), key_(key) {}

  ProcessTable* table_ = nullptr;
  uint64_t key_ = 0;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_PROCESS_H_
