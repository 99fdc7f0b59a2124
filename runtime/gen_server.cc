#include "ringdist/runtime/gen_server.h"

#include <tuple>
#include <utility>

namespace ringdist {
namespace {

// The alias in [alias | Ref] and [[alias | Ref] | _]. No deeper than these two
// forms: what a peer nests in a tag has no limit.
std::optional<Reference> AliasOf(TermView tag) {
  for (int form = 1; form <= 2 && tag.type() == TermType::kList; ++form) {
    TermElements elements = tag.elements();
    TermView first;
    elements.Next(first);
    if (first.IsAtom("alias")) {
      const std::optional<ReferenceView> alias = elements.Tail().AsReference();
      return alias.has_value() ? std::optional(Reference(*alias))
                               : std::nullopt;
    }
    tag = first;
  }
  return std::nullopt;
}

// What sys:handle_system_msg/6 does, as far as that makes sense here.
void HandleSystemMessage(Process& self, const TermView& request,
                         const ReplyTo& caller) {
  TermView reason;
  if (Matches(request, std::tuple(Atom("terminate"), &reason))) {
    caller.Reply(self, Atom("ok")).IgnoreError();
    return self.Exit(Term(reason));
  }
  caller
      .Reply(self, std::tuple(Atom("error"),
                              std::tuple(Atom("unknown_system_msg"), request)))
      .IgnoreError();
}

void HandleCall(GenServerCallbacks& callbacks, Process& self,
                const TermView& request, ReplyTo caller) {
  if (callbacks.handle_call != nullptr) {
    return callbacks.handle_call(self, request, std::move(caller));
  }
  self.Exit(MakeTerm(std::tuple(Atom("bad_call"), request)));
}

}  // namespace

std::optional<ReplyTo> ReplyTo::Read(const TermView& from) {
  ReplyTo caller;
  TermView tag;
  if (!Matches(from, std::tuple(&caller.pid_, &tag)) || !MayKeepTag(tag)) {
    return std::nullopt;
  }
  caller.tag_ = Term(tag);
  caller.alias_ = AliasOf(tag);
  return caller;
}

absl::Status ReplyTo::ReplyWith(Process& self, MessageWriter reply) const {
  const auto message = [&](TermWriter& writer) {
    writer.WriteTupleHeader(2);
    writer.WriteTerm(tag_);
    reply(writer);
  };
  if (alias_.has_value()) {
    absl::Status sent = self.SendOwed(*alias_, message);
    // Otherwise that node knows no aliases.
    if (!absl::IsFailedPrecondition(sent)) return sent;
  }
  return self.SendOwed(pid_, message);
}

MessageHandler GenServer(GenServerCallbacks callbacks) {
  return [callbacks = std::move(callbacks)](Process& self,
                                            const TermView& message) mutable {
    TermView from, request;
    std::optional<ReplyTo> caller;
    if (Matches(message, std::tuple(Atom("$gen_call"), &from, &request)) &&
        (caller = ReplyTo::Read(from)).has_value()) {
      return HandleCall(callbacks, self, request, *std::move(caller));
    }
    if (Matches(message, std::tuple(Atom("$gen_cast"), &request))) {
      if (callbacks.handle_cast != nullptr) {
        callbacks.handle_cast(self, request);
      }
      return;
    }
    if (Matches(message, std::tuple(Atom("system"), &from, &request)) &&
        (caller = ReplyTo::Read(from)).has_value()) {
      return HandleSystemMessage(self, request, *caller);
    }
    if (callbacks.handle_info != nullptr) callbacks.handle_info(self, message);
  };
}

}  // namespace ringdist
