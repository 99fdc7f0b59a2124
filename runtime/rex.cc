#include "ringdist/runtime/rex.h"

#include <optional>
#include <tuple>
#include <utility>

#include "ringdist/proto/bytes.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/runtime/gen_server.h"

namespace ringdist {
namespace {

void WriteResult(TermWriter& writer, MessageWriter* value,
                 const Exception* raised) {
  if (raised == nullptr) return (*value)(writer);
  const auto badrpc = [&](const auto& reason) {
    WriteValue(writer,
               std::tuple(Atom("badrpc"), std::tuple(Atom("EXIT"), reason)));
  };
  switch (raised->kind) {
    case ExceptionClass::kThrow:
      return writer.WriteTerm(raised->reason);
    case ExceptionClass::kExit:
      return badrpc(raised->reason);
    case ExceptionClass::kError:
      return badrpc(std::tuple(raised->reason, raised->stack));
  }
}

// Takes a result to whoever waits for it, as a gen_server or as rex.
struct Waiting {
  void Tell(Process& self, MessageWriter result) const {
    if (server_caller.has_value()) {
      server_caller->ReplyWith(self, result).IgnoreError();
    } else if (caller.has_value()) {
      const auto message = [&](TermWriter& writer) {
        writer.WriteTupleHeader(2);
        writer.WriteAtom("rex");
        result(writer);
      };
      self.SendWith(*caller, message).IgnoreError();
    }
  }

  std::optional<ReplyTo> server_caller;
  std::optional<Pid> caller;
};

class RexServer {
 public:
  RexServer(Exports& exports, SpawnForCall spawn)
      : exports_(exports), spawn_(std::move(spawn)) {}

  void operator()(Process& self, const TermView& message) {
    TermView from, request;
    Pid pid;
    if (Matches(message, std::tuple(Atom("$gen_call"), &from, &request))) {
      std::optional<ReplyTo> caller = ReplyTo::Read(from);
      if (!caller.has_value()) return;
      pid = caller->pid();
      return Call(self, request, pid, {std::move(caller), std::nullopt});
    }
    if (Matches(message, std::tuple(Atom("$gen_cast"), &request))) {
      return Call(self, request, self.pid(), {});
    }
    if (!Matches(message, std::tuple(&pid, &request))) return;
    if (request.IsAtom("features_request")) {
      const auto reply =
          std::tuple(Atom("features_reply"), Atom(self.pid().node),
                     List(std::make_tuple(Atom("erpc"))));
      return self.Send(pid, reply).IgnoreError();
    }
    Call(self, request, pid, {std::nullopt, pid});
  }

 private:
  // {call, Module, Function, Arguments, GroupLeader}, and its like.
  void Call(Process& self, const TermView& request, const Pid& caller,
            Waiting waiting) {
    AtomView how;
    TermView module, function, arguments;
    Pid leader;
    if (!Matches(request,
                 std::tuple(&how, &module, &function, &arguments, &leader))) {
      return;
    }
    const std::string kind = how.ToString();
    if (kind != "call" && kind != "block_call" && kind != "cast" &&
        kind != "block_cast") {
      return;
    }
    Process process = spawn_();
    if (!process.IsAlive()) {
      const Exception raised{ExceptionClass::kExit,
                             MakeTerm(Atom("system_limit")), Term()};
      return waiting.Tell(self, [&](TermWriter& writer) {
        WriteResult(writer, nullptr, &raised);
      });
    }
    exports_.Run(
        process, {caller, std::move(leader)},
        [waiting = std::move(waiting)](Process& ended, MessageWriter* value,
                                       const Exception* raised) {
          waiting.Tell(ended, [&](TermWriter& writer) {
            WriteResult(writer, value, raised);
          });
          ended.Exit(MakeTerm(Atom("normal")));
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
