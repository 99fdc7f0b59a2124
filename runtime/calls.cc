#include "ringdist/runtime/calls.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ringdist/proto/atom_view.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/term.h"

namespace ringdist {
namespace {

// Of a reference that this node has made.
uint64_t KeyOf(const ReferenceView& reference) {
  return (uint64_t{reference.words[1]} << 32) | reference.words[0];
}

absl::Status NoConnection(absl::string_view node, absl::string_view why) {
  return absl::UnavailableError(
      absl::StrCat("noconnection: ", node, ": ", why));
}

// Why a request could not be sent, in OTP's words.
absl::Status NotSent(absl::string_view node, const absl::Status& status) {
  if (absl::IsResourceExhausted(status)) {
    return absl::ResourceExhaustedError(
        absl::StrCat("system_limit: ", status.message()));
  }
  return NoConnection(node, status.message());
}

// What erpc and rpc give as the reason if a call could not be made.
absl::Status CannotCall(absl::string_view node, const TermView& reason) {
  if (reason.IsAtom("noconnection") || reason.IsAtom("nodedown")) {
    return NoConnection(node, "the connection is gone");
  }
  if (reason.IsAtom("notsup")) {
    return absl::UnimplementedError(
        absl::StrCat("notsup: ", node, " takes no calls"));
  }
  if (reason.IsAtom("system_limit")) {
    return absl::ResourceExhaustedError(
        absl::StrCat("system_limit: ", node, " has too many processes"));
  }
  if (reason.IsAtom("timeout")) {
    return absl::DeadlineExceededError(absl::StrCat("timeout: at ", node));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("badarg: ", node, " refuses the call"));
}

Exception Raised(ExceptionClass kind, const TermView& reason,
                 const TermView& stack = TermView()) {
  return {kind, Term(reason), stack.empty() ? Term() : Term(stack)};
}

}  // namespace

struct Calls::Open {
  // A call of a function that waits for a connection.
  struct Waiting {
    std::string module;
    std::string function;
    Term arguments;
  };

  Open(Calls& its_calls, CallId its_id, absl::string_view its_node,
       CallCallback its_done)
      : calls(its_calls),
        id(its_id),
        node(its_node),
        done(std::move(its_done)),
        timer(calls.reactor_, ReactorCallback::To<&Open::OnTimer>(this)) {}
  void OnTimer() { calls.OnTimeout(*this); }

  Calls& calls;
  const CallId id;
  const std::string node;
  CallCallback done;
  Timer timer;
  Kind kind = Kind::kFunction;
  // What answers, once it was asked.
  std::optional<Reference> asked;
  std::unique_ptr<Waiting> waiting;
  absl::Status failure;  // Not OK: to be told at the end of this turn.
};

Calls::Calls(Reactor& reactor, ProcessTable& processes, size_t limit_bytes,
             FindWay find_way)
    : reactor_(reactor),
      processes_(processes),
      limit_bytes_(limit_bytes),
      find_way_(std::move(find_way)),
      fail_(reactor, ReactorCallback::To<&Calls::OnFailed>(this)) {}

Calls::~Calls() {
  // What is destroyed with a callback may look for calls.
  const auto open = std::exchange(open_, {});
}

void Calls::BecomeSelf() {
  for (const auto& [id, open] : open_) {
    FailSoon(*open, NoConnection(open->node, "this node has a new name"));
  }
  caller_.Exit(MakeTerm(Atom("normal")));
  caller_ = processes_.HandleOf(processes_.Spawn(
      [this](Process&, const TermView& message) { OnMessage(message); }, {}));
}

Calls::Open& Calls::Begin(absl::string_view node, absl::Duration timeout,
                          CallCallback done) {
  const CallId id = ++last_id_;
  auto& open = open_[id];
  open = std::make_unique<Open>(*this, id, node, std::move(done));
  if (timeout != absl::InfiniteDuration()) {
    open->timer.Start(reactor_.Now() + timeout);
  }
  return *open;
}

CallId Calls::Call(absl::string_view node, absl::string_view module,
                   absl::string_view function, MessageWriter arguments,
                   absl::Duration timeout, CallCallback done) {
  Open& open = Begin(node, timeout, std::move(done));
  if (!IsAtomText(module) || !IsAtomText(function)) {
    FailSoon(open, absl::InvalidArgumentError(
                       absl::StrCat("badarg: ", module, ":", function,
                                    " is no name of a function")));
    return open.id;
  }
  const Way way = find_way_(node);
  if (!way.connecting.ok()) {
    FailSoon(open, absl::IsInvalidArgument(way.connecting)
                       ? way.connecting
                       : NoConnection(node, way.connecting.message()));
  } else if (way.is_up) {
    Ask(open, module, function, arguments, way.has_spawn);
  } else if (waiting_bytes_ >= limit_bytes_) {
    FailSoon(open, absl::ResourceExhaustedError(absl::StrCat(
                       "system_limit: calls with ", waiting_bytes_,
                       " bytes of arguments wait for connections already")));
  } else {
    StringWriter bytes;
    TermWriter writer(bytes);
    arguments(writer);
    open.waiting = std::make_unique<Open::Waiting>(
        Open::Waiting{std::string(module), std::string(function),
                      Term::Trusted(std::string(bytes.view()))});
    waiting_bytes_ += open.waiting->arguments.bytes().size();
    waiting_[node].push_back(open.id);
  }
  return open.id;
}

CallId Calls::CallServer(const NameAt& server, MessageWriter request,
                         absl::Duration timeout, CallCallback done) {
  return CallServerAt(server.node, server, request, timeout, std::move(done));
}

CallId Calls::CallServer(const PidView& server, MessageWriter request,
                         absl::Duration timeout, CallCallback done) {
  return CallServerAt(server.node.bytes(), server, request, timeout,
                      std::move(done));
}

template <typename Server>
CallId Calls::CallServerAt(absl::string_view node, const Server& server,
                           MessageWriter request, absl::Duration timeout,
                           CallCallback done) {
  Open& open = Begin(node, timeout, std::move(done));
  const Way way = find_way_(node);
  if (!way.connecting.ok()) {
    FailSoon(open, NoConnection(node, way.connecting.message()));
  } else {
    // It waits with all other messages, should there be no connection yet.
    AskServer(open, Kind::kServer, server, request);
  }
  return open.id;
}

bool Calls::Cancel(CallId call) {
  const auto found = open_.find(call);
  if (found == open_.end() || !found->second->failure.ok()) return false;
  FailSoon(*found->second, absl::CancelledError("cancelled: by the caller"));
  return true;
}

// Asking.

void Calls::Ask(Open& open, absl::string_view module,
                absl::string_view function, MessageWriter arguments,
                bool has_spawn) {
  if (!has_spawn) {
    return AskServer(open, Kind::kRex, NameAt{"rex", open.node},
                     [&](TermWriter& writer) {
                       writer.WriteTupleHeader(5);
                       writer.WriteAtom("call");
                       writer.WriteAtom(module);
                       writer.WriteAtom(function);
                       arguments(writer);
                       writer.WritePid(processes_.group_leader());
                     });
  }
  const absl::StatusOr<Reference> asked =
      caller_.SpawnRequest({open.node, "erpc", "execute_call", 4},
                           [&](TermWriter& writer) {
                             writer.WriteListHeader(4);
                             WriteValue(writer, open.id);
                             writer.WriteAtom(module);
                             writer.WriteAtom(function);
                             arguments(writer);
                             writer.WriteNil();
                           },
                           {.monitor = true});
  if (!asked.ok()) return FailSoon(open, NotSent(open.node, asked.status()));
  NoteAsked(open, Kind::kFunction, *asked);
}

template <typename Server>
void Calls::AskServer(Open& open, Kind kind, const Server& server,
                      MessageWriter request) {
  const Reference monitor = caller_.Monitor(server, /*alias=*/true);
  NoteAsked(open, kind, monitor);
  const absl::Status sent = caller_.SendWith(server, [&](TermWriter& writer) {
    writer.WriteTupleHeader(3);
    writer.WriteAtom("$gen_call");
    writer.WriteTupleHeader(2);
    writer.WritePid(caller_.pid());
    WriteValue(writer, List(std::make_tuple(Atom("alias")), monitor));
    request(writer);
  });
  if (!sent.ok()) FailSoon(open, NotSent(open.node, sent));
}

void Calls::NoteAsked(Open& open, Kind kind, const Reference& reference) {
  open.kind = kind;
  open.asked = reference;
  asked_[KeyOf(reference)] = open.id;
}

void Calls::OnUp(absl::string_view node, bool has_spawn) {
  const auto waiting = waiting_.extract(node);
  if (waiting.empty()) return;
  for (const CallId id : waiting.mapped()) {
    const auto found = open_.find(id);
    if (found == open_.end() || found->second->waiting == nullptr) continue;
    Open& open = *found->second;
    const auto call = std::move(open.waiting);
    waiting_bytes_ -= call->arguments.bytes().size();
    Ask(
        open, call->module, call->function,
        [&](TermWriter& writer) { writer.WriteTerm(call->arguments); },
        has_spawn);
  }
}

void Calls::OnLost(absl::string_view node, const absl::Status& reason) {
  // Calls that were asked have heard of it by their monitors.
  const auto waiting = waiting_.extract(node);
  if (waiting.empty()) return;
  for (const CallId id : waiting.mapped()) {
    const auto found = open_.find(id);
    if (found == open_.end() || found->second->waiting == nullptr) continue;
    FailSoon(*found->second, NoConnection(node, reason.message()));
  }
}

// Answers.

Calls::Open* Calls::FindAsked(const ReferenceView& reference) const {
  const auto asked = asked_.find(KeyOf(reference));
  if (asked == asked_.end()) return nullptr;
  const auto found = open_.find(asked->second);
  return found == open_.end() || !(*found->second->asked == reference)
             ? nullptr
             : found->second.get();
}

void Calls::OnMessage(const TermView& message) {
  ReferenceView reference;
  TermView rest;
  Open* open = nullptr;
  if (Matches(message,
              std::tuple(Atom("DOWN"), &reference, Any(), Any(), &rest))) {
    if ((open = FindAsked(reference)) != nullptr) OnDown(*open, rest);
  } else if (Matches(message, std::tuple(List(std::make_tuple(Atom("alias")),
                                              &reference),
                                         &rest))) {
    open = FindAsked(reference);
    if (open != nullptr && open->kind != Kind::kFunction) OnReply(*open, rest);
  } else if (Matches(message, std::tuple(Atom("spawn_reply"), &reference,
                                         Atom("error"), &rest))) {
    open = FindAsked(reference);
    if (open != nullptr) {
      Finish(*open, CallResult::Failed(CannotCall(open->node, rest)));
    }
  }
}

void Calls::OnDown(Open& open, const TermView& reason) {
  if (reason.IsAtom("noconnection")) {
    return Finish(open, CallResult::Failed(CannotCall(open.node, reason)));
  }
  if (open.kind == Kind::kFunction) return OnExecuted(open, reason);
  if (reason.IsAtom("noproc")) {
    return Finish(open,
                  CallResult::Failed(absl::NotFoundError(absl::StrCat(
                      "noproc: there is no such process at ", open.node))));
  }
  Finish(open, CallResult::Raised(Raised(ExceptionClass::kExit, reason)));
}

// What erpc:execute_call/4 ended with, or what else ended its process.
void Calls::OnExecuted(Open& open, const TermView& reason) {
  AtomView how;
  TermView what, stack;
  if (Matches(reason, std::tuple(open.id, &how, &what))) {
    if (how == AtomView::Utf8("return")) {
      return Finish(open, CallResult::Returned(Term(what)));
    }
    if (how == AtomView::Utf8("throw")) {
      return Finish(open,
                    CallResult::Raised(Raised(ExceptionClass::kThrow, what)));
    }
    if (how == AtomView::Utf8("exit")) {
      return Finish(open,
                    CallResult::Raised(Raised(ExceptionClass::kExit, what)));
    }
    TermView why;
    if (Matches(what, std::tuple(Atom("erpc"), &why))) {
      return Finish(open, CallResult::Failed(CannotCall(open.node, why)));
    }
  } else if (Matches(reason,
                     std::tuple(open.id, Atom("error"), &what, &stack))) {
    return Finish(
        open, CallResult::Raised(Raised(ExceptionClass::kError, what, stack)));
  }
  const Term signal = MakeTerm(std::tuple(Atom("signal"), reason));
  Finish(open, CallResult::Raised(Raised(ExceptionClass::kExit, signal)));
}

void Calls::OnReply(Open& open, const TermView& reply) {
  TermView why, reason, what, stack;
  if (open.kind != Kind::kRex ||
      !Matches(reply, std::tuple(Atom("badrpc"), &why))) {
    return Finish(open, CallResult::Returned(Term(reply)));
  }
  if (!Matches(why, std::tuple(Atom("EXIT"), &reason))) {
    return Finish(open, CallResult::Failed(CannotCall(open.node, why)));
  }
  const bool with_stack =
      Matches(reason, std::tuple(&what, &stack)) &&
      (stack.type() == TermType::kList || stack.type() == TermType::kNil);
  Finish(open, CallResult::Raised(
                   with_stack ? Raised(ExceptionClass::kError, what, stack)
                              : Raised(ExceptionClass::kExit, reason)));
}

// Ends.

void Calls::OnTimeout(Open& open) {
  Finish(open, CallResult::Failed(absl::DeadlineExceededError(
                   absl::StrCat("timeout: no answer from ", open.node))));
}

void Calls::Leave(Open& open) {
  open.timer.Stop();
  if (open.asked.has_value()) {
    asked_.erase(KeyOf(*open.asked));
    caller_.Demonitor(*open.asked);
  }
  if (open.waiting != nullptr) {
    waiting_bytes_ -= open.waiting->arguments.bytes().size();
    open.waiting.reset();
  }
}

void Calls::Finish(Open& open, const CallResult& result) {
  Leave(open);
  const auto ended = std::move(open_.extract(open.id).mapped());
  ended->done(result);
}

void Calls::FailSoon(Open& open, absl::Status status) {
  if (!open.failure.ok()) return;
  Leave(open);
  open.failure = std::move(status);
  failed_.push_back(open.id);
  fail_.Schedule();
}

void Calls::OnFailed() {
  for (const CallId id : std::exchange(failed_, {})) {
    Open& open = *open_.at(id);
    Finish(open, CallResult::Failed(open.failure));
  }
}

}  // namespace ringdist
