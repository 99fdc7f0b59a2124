// What answers as the group leader of the functions that this node calls
// elsewhere (stdlib's "The Erlang I/O Protocol"): io:format over there comes
// here as text. Internal to //runtime:node.
//
// put_chars is given to `output` and answered ok: the characters as they are,
// or what a function makes of them, as io:format sends it. That is called at
// the node of the process that asks, if it was that node that sent the request:
// no node has another one called by this one. Several `requests` go one after
// the other. Everything else is answered {error, enotsup}, so that nobody over
// there waits for ever; and what is too much at one time {error, terminated}.

#ifndef RINGDIST_RUNTIME_GROUP_LEADER_H_
#define RINGDIST_RUNTIME_GROUP_LEADER_H_

#include <functional>

#include "absl/functional/any_invocable.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term_view.h"
#include "ringdist/runtime/calls.h"
#include "ringdist/runtime/process.h"

namespace ringdist {

// Text that a called function printed, in UTF-8, and the process that did.
// Called on the reactor's thread.
using OutputCallback =
    std::function<void(absl::string_view text, const PidView& from)>;

// Whether it was this node that sent the message which is being handled.
using IsSender = absl::AnyInvocable<bool(absl::string_view node)>;

// An empty `output` drops text. `calls` outlives the process, which must not be
// paused.
MessageHandler GroupLeader(Calls& calls, OutputCallback output,
                           IsSender is_sender);

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_GROUP_LEADER_H_
