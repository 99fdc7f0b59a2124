// What a node owes its peers whatever it is used for: the answers that
// net_kernel and the runtime system of a real node give by themselves.
//
//   from the peer                           answer
//   is_auth, a call of net_kernel           {Tag, yes}, to the caller or to the
//                                           alias in its tag
//   LINK to a process that is not there     EXIT noproc
//   MONITOR_P of what is not there          MONITOR_P_EXIT noproc
//   UNLINK_ID                               UNLINK_ID_ACK
//   SPAWN_REQUEST, though not announced     SPAWN_REPLY notsup
//   all else                                nothing
//
// OTP: net_kernel.erl (handle_call is_auth), erts/doc "Distribution Protocol".

#ifndef RINGDIST_RUNTIME_NODE_DUTIES_H_
#define RINGDIST_RUNTIME_NODE_DUTIES_H_

#include "absl/status/status.h"
#include "ringdist/proto/control_message.h"
#include "ringdist/runtime/channel.h"

namespace ringdist {

// Whether AnswerDuties looks at the message's payload.
bool AnswerNeedsPayload(const ControlMessage& message);

// Sends what is owed for `message`, if anything, over `channel`. Errors are
// those of sending; nothing was sent then.
absl::Status AnswerDuties(const ControlMessage& message, Channel& channel);

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_NODE_DUTIES_H_
