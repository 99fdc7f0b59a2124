#include "ringdist/runtime/rex.h"

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>

#include "ringdist/proto/bytes.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/runtime/gen_server.h"

namespace ringdist {
namespace {

template <typename Reason>
void WriteBadRpc(TermWriter& writer, const Reason& reason) {
  WriteValue(writer,
             std::tuple(Atom("badrpc"), std::tuple(Atom("EXIT"), reason)));
}

void WriteResult(TermWriter& writer, MessageWriter* value,
                 const Exception* raised) {
  if (raised == nullptr) return (*value)(writer);
  switch (raised->kind) {
    case ExceptionClass::kThrow:
      return writer.WriteTerm(raised->reason);
    case ExceptionClass::kExit:
      return WriteBadRpc(writer, raised->reason);
    case ExceptionClass::kError:
      // Without a stack it is about the arguments, as with erpc.
      if (raised->stack.empty()) return WriteBadRpc(writer, raised->reason);
      return WriteBadRpc(writer, std::tuple(raised->reason, raised->stack));
  }
}

// Who waits for a result, as for a gen_server's or for rex's; or, of a cast,
// nobody. Shared by the call and by what is told when its process has ended.
struct Waiting {
  // The first result is what is told.
  void Tell(Process& self, MessageWriter result) {
    if (server_caller.has_value()) {
      server_caller->ReplyWith(self, result).IgnoreError();
    } else if (caller.has_value()) {
      const auto message = [&](TermWriter& writer) {
        writer.WriteTupleHeader(2);
        writer.WriteAtom("rex");
        result(writer);
      };
      self.SendOwed(*caller, message).IgnoreError();
    }
    server_caller.reset();
    caller.reset();
  }

  std::optional<ReplyTo> server_caller;
  std::optional<Pid> caller;
};

class RexServer {
 public:
  RexServer(Exports& exports, SpawnForCall spawn)
      : exports_(exports), spawn_(std::move(spawn)) {}

  void operator()(Process& self, const TermView& message) {
    TermView from, request, name;
    Pid pid;
    if (Matches(message, std::tuple(Atom("$gen_call"), &from, &request))) {
      std::optional<ReplyTo> caller = ReplyTo::Read(from);
      if (!caller.has_value()) return;
      pid = caller->pid();
      return Call(self, {"call", "block_call"}, request, pid,
                  {std::move(caller), std::nullopt});
    }
    if (Matches(message, std::tuple(Atom("$gen_cast"), &request))) {
      return Call(self, {"cast"}, request, self.pid(), {});
    }
    if (!Matches(message, std::tuple(&pid, &request))) return;
    const Atom node(self.pid().node);
    if (request.IsAtom("features_request")) {
      const auto features = List(std::make_tuple(Atom("erpc")));
      self.Send(pid, std::tuple(Atom("features_reply"), node, features))
          .IgnoreError();
    } else if (Matches(request, std::tuple(Atom("sbcast"), &name, Any()))) {
      const auto nobody = std::tuple(Atom("nonexisting_name"), name);
      self.Send(pid, std::tuple(Atom("rex"), node, nobody)).IgnoreError();
    } else {
      Call(self, {"call"}, request, pid, {std::nullopt, pid});
    }
  }

 private:
  // {call, Module, Function, Arguments, GroupLeader}, and its like. Some nodes'
  // group leader is no pid but `user` (ei_rpc), or send_stdout_to_caller.
  void Call(Process& self, std::initializer_list<absl::string_view> kinds,
            const TermView& request, const Pid& caller, Waiting waits) {
    AtomView how;
    TermView module, function, arguments, leader;
    if (!Matches(request,
                 std::tuple(&how, &module, &function, &arguments, &leader)) ||
        std::find(kinds.begin(), kinds.end(), how.ToString()) == kinds.end()) {
      return;
    }
    const auto waiting = std::make_shared<Waiting>(std::move(waits));
    // Should it end before the function gives an answer.
    Process process =
        spawn_([self, waiting](const Pid&, const Term& reason) mutable {
          waiting->Tell(
              self, [&](TermWriter& writer) { WriteBadRpc(writer, reason); });
        });
    if (!process.IsAlive()) {
      return waiting->Tell(self, [](TermWriter& writer) {
        WriteBadRpc(writer, Atom("system_limit"));
      });
    }
    exports_.Run(
        process,
        {caller, leader.AsPid().has_value() ? Pid(*leader.AsPid()) : Pid()},
        [waiting](Process& called, MessageWriter* value,
                  const Exception* raised) {
          if (!called.IsAlive()) return;
          waiting->Tell(called, [&](TermWriter& writer) {
            WriteResult(writer, value, raised);
          });
          called.Exit(MakeTerm(Atom("normal")));
        },
        module, function, arguments);
  }

  Exports& exports_;
  SpawnForCall spawn_;
};

}  // namespace

MessageHandler Rex(Exports& exports, SpawnForCall spawn) {
  return RexServer(exports, std::move(spawn));
}

}  // namespace ringdist
