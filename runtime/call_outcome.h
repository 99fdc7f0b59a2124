// What the answers to calls say: how erpc, rpc and gen_server tell a result, an
// exception, or that there is none (OTP: erpc.erl, rpc.erl, gen.erl). Without
// I/O. Internal to //runtime:node.

#ifndef RINGDIST_RUNTIME_CALL_OUTCOME_H_
#define RINGDIST_RUNTIME_CALL_OUTCOME_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/term_view.h"
#include "ringdist/runtime/call_result.h"

namespace ringdist {

// Unavailable, noconnection.
absl::Status NoConnection(absl::string_view node, absl::string_view why);
// Why a node cannot be connected: InvalidArgument, badarg, if it is none.
absl::Status CannotConnect(absl::string_view node, const absl::Status& why);
// Why a request could not be sent.
absl::Status CannotSend(absl::string_view node, const absl::Status& why);

// The exit reason of a process that ran erpc:execute_call/4, with the mark that
// the call gave along; or of one that came to another end.
CallResult ExecutedOutcome(absl::string_view node, uint64_t mark,
                           const TermView& reason);
// The reason that there is no such process: of a spawn request's reply.
CallResult SpawnErrorOutcome(absl::string_view node, const TermView& reason);
// The reply of rex.
CallResult RexOutcome(absl::string_view node, const TermView& reply);
// The exit reason of a server that did not reply, or noproc.
CallResult ServerDownOutcome(absl::string_view node, const TermView& reason);

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_CALL_OUTCOME_H_
