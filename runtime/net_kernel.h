// What answers as net_kernel: is_auth, so that net_adm:ping gives pong here as
// at any node (OTP: net_kernel.erl, handle_call is_auth). Everything else that
// is sent there is ignored. Internal to //runtime:node.

#ifndef RINGDIST_RUNTIME_NET_KERNEL_H_
#define RINGDIST_RUNTIME_NET_KERNEL_H_

#include "ringdist/proto/term_view.h"
#include "ringdist/runtime/process.h"

namespace ringdist {

// {'$gen_call', From, {is_auth, Node}} is answered yes (gen_server.h, ReplyTo).
void HandleNetKernelMessage(Process& self, const TermView& message);

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_NET_KERNEL_H_
