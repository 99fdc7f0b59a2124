// What processes are made with, and where their messages go (process.h).

#ifndef RINGDIST_RUNTIME_PROCESS_OPTIONS_H_
#define RINGDIST_RUNTIME_PROCESS_OPTIONS_H_

#include <cstddef>
#include <optional>
#include <variant>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term.h"
#include "ringdist/proto/term_view.h"
#include "ringdist/proto/term_writer.h"

namespace ringdist {

class Process;

// A registered name at a node, {Name, Node} in Erlang.
struct NameAt {
  absl::string_view name;
  absl::string_view node;
};

// Where a message goes: a process, a name, or the alias that a reference is.
// A Pid and a Reference convert to it; views need to live only for the call.
using Destination = std::variant<PidView, NameAt, ReferenceView>;

// Writes one term: a message straight into the queue it is sent from. May be
// called twice for one message, and then writes the same.
using MessageWriter = absl::FunctionRef<void(TermWriter&)>;

// Whether what a peer marks a request with is kept until that is answered, as
// the peer wants it back. Where atoms are cached it may become a hundred times
// as long as it was sent, and then so much is the limit. OTP's are references.
inline constexpr size_t kMaxTagBytes = 64 * 1024;
inline bool MayKeepTag(const TermView& tag) {
  return tag.atoms().empty() || tag.bytes().size() <= kMaxTagBytes;
}

// Handles one message; the view is valid until it returns (keep a Term).
using MessageHandler =
    absl::AnyInvocable<void(Process& self, const TermView& message)>;
// Told once when a process has ended, and why: `normal`, `killed`, ... At the
// end of that turn, never inside a call.
using DeathHandler =
    absl::AnyInvocable<void(const Pid& pid, const Term& reason)>;

// What happens when more waits for a process than its mailbox may hold.
enum class MailboxLimitAction {
  kExit,   // The process ends, with the reason system_limit.
  kPause,  // The connection whose message went beyond is not read until half
           // is done; nothing is lost, but its other messages wait, too.
};

struct ProcessOptions {
  // Messages wait while the process awaits another one (Process::Await) or
  // is paused; this many bytes may.
  size_t mailbox_bytes = 64 * 1024 * 1024;
  MailboxLimitAction at_mailbox_limit = MailboxLimitAction::kExit;
  // Exits of linked processes come as messages, as process_flag(trap_exit).
  bool trap_exits = false;
  DeathHandler on_death;

  // InvalidArgument names the field and the limit.
  absl::Status Validate() const;
};

// A function of another node that is to run in a new process there.
struct SpawnFunction {
  absl::string_view node;
  absl::string_view module;
  absl::string_view function;
  size_t arity = 0;
};

struct SpawnRequestOptions {
  bool link = false;
  bool monitor = false;
  // Where what the process prints goes: this node's own, which tells
  // NodeOptions::on_output, if none is set.
  std::optional<PidView> group_leader;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_PROCESS_OPTIONS_H_
