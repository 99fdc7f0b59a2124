#include "ringdist/runtime/net_kernel.h"

#include <optional>
#include <tuple>

#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term_convert.h"

namespace ringdist {
namespace {

std::optional<ReferenceView> AliasOf(TermView tag) {
  // No deeper than these two forms: what a peer nests in a tag has no limit.
  for (int form = 1; form <= 2 && tag.type() == TermType::kList; ++form) {
    TermElements elements = tag.elements();
    TermView first;
    elements.Next(first);
    if (first.IsAtom("alias")) return elements.Tail().AsReference();
    tag = first;
  }
  return std::nullopt;
}

}  // namespace

void HandleNetKernelMessage(Process& self, const TermView& message) {
  PidView caller;
  TermView tag;
  const bool is_auth =
      Matches(message, std::tuple(Atom("$gen_call"), std::tuple(&caller, &tag),
                                  std::tuple(Atom("is_auth"), Any())));
  if (!is_auth) return;
  const auto yes = std::tuple(tag, Atom("yes"));
  const std::optional<ReferenceView> alias = AliasOf(tag);
  // What cannot be sent now is lost, as a question that is asked too fast.
  if (alias.has_value() && self.Send(*alias, yes).ok()) return;
  self.Send(caller, yes).IgnoreError();
}

}  // namespace ringdist
