// What gen_server:call, cast and their like send, and how to answer them (OTP:
// gen.erl, gen_server.erl, sys.erl).
//
//   Pid server = node->Spawn(GenServer({
//       .handle_call = [](Process& self, const TermView& request,
//                         ReplyTo caller) {
//         int64_t a = 0, b = 0;
//         if (Matches(request, std::tuple(Atom("add"), &a, &b))) {
//           caller.Reply(self, a + b).IgnoreError();
//         } else {
//           self.Exit(MakeTerm(Atom("bad_request")));
//         }
//       },
//       .handle_cast = [](Process& self, const TermView& request) {},
//       .handle_info = [](Process& self, const TermView& message) {},
//   }));
//   node->Register("calculator", server);
//
// In Erlang, gen_server:call({calculator, 'cpp@localhost'}, {add, 1, 2}) is 3.

#ifndef RINGDIST_RUNTIME_GEN_SERVER_H_
#define RINGDIST_RUNTIME_GEN_SERVER_H_

#include <optional>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/proto/term_view.h"
#include "ringdist/runtime/process.h"

namespace ringdist {

// Who waits for a reply, {Pid, Tag} in Erlang. Owns what it needs: reply at
// once, or keep it and reply later.
class ReplyTo {
 public:
  // Nullopt: `from` is no {Pid, Tag}, or the tag is too long (MayKeepTag).
  static std::optional<ReplyTo> Read(const TermView& from);

  // {Tag, Reply}, as gen:reply: to the alias in the tag, which is [alias | Ref]
  // or [[alias | Ref] | _], where there is one and the caller's node knows
  // aliases, so that a late reply does not litter a mailbox; else to the
  // process. Whatever else the tag is, is the caller's business. Never refused
  // for want of room, as Process::SendOwed; otherwise errors as Process::Send.
  template <typename Value>
  absl::Status Reply(Process& self, const Value& reply) const {
    return ReplyWith(self,
                     [&](TermWriter& writer) { WriteValue(writer, reply); });
  }
  absl::Status ReplyWith(Process& self, MessageWriter reply) const;

  const Pid& pid() const { return pid_; }

 private:
  ReplyTo() = default;

  Pid pid_;
  Term tag_;
  std::optional<Reference> alias_;
};

// The callbacks of a gen_server; each may be empty. Views are valid until the
// callback returns.
struct GenServerCallbacks {
  // Without it every call ends the server with {bad_call, Request}.
  absl::AnyInvocable<void(Process& self, const TermView& request,
                          ReplyTo caller)>
      handle_call;
  absl::AnyInvocable<void(Process& self, const TermView& request)> handle_cast;
  // Every other message.
  absl::AnyInvocable<void(Process& self, const TermView& message)> handle_info;
};

// A handler for Node::Spawn. Of system messages, gen_server:stop ends the
// process with its reason; the others (sys:get_state, ...) are answered
// {error, {unknown_system_msg, Message}}.
MessageHandler GenServer(GenServerCallbacks callbacks);

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_GEN_SERVER_H_
