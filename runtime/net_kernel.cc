#include "ringdist/runtime/net_kernel.h"

#include <optional>
#include <tuple>

#include "ringdist/proto/term_convert.h"
#include "ringdist/runtime/gen_server.h"

namespace ringdist {

void HandleNetKernelMessage(Process& self, const TermView& message) {
  TermView from;
  const bool is_auth = Matches(
      message,
      std::tuple(Atom("$gen_call"), &from, std::tuple(Atom("is_auth"), Any())));
  if (!is_auth) return;
  const std::optional<ReplyTo> caller = ReplyTo::Read(from);
  if (caller.has_value()) caller->Reply(self, Atom("yes")).IgnoreError();
}

}  // namespace ringdist
