// What answers as net_kernel: is_auth, so that net_adm:ping gives pong here as
// at any node (OTP: net_kernel.erl, handle_call is_auth). Everything else that
// is sent there is ignored. Internal to //runtime:node.

#ifndef RINGDIST_RUNTIME_NET_KERNEL_H_
#define RINGDIST_RUNTIME_NET_KERNEL_H_

#include "ringdist/proto/term_view.h"
#include "ringdist/runtime/process.h"

namespace ringdist {

// {'$gen_call', {Pid, Tag}, {is_auth, Node}} is answered {Tag, yes}: to the
// alias in the tag, [alias | Ref] or [[alias | Ref] | _], if the peer knows
// aliases, so that a late answer does not litter the mailbox of a caller that
// has given up; else to Pid.
void HandleNetKernelMessage(Process& self, const TermView& message);

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_NET_KERNEL_H_
