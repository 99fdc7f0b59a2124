#include "ringdist/runtime/calls.h"

#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "ringdist/proto/atom_view.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/term.h"
#include "ringdist/runtime/call_outcome.h"

namespace ringdist {
namespace {

// Of a reference that this node has made.
uint64_t KeyOf(const ReferenceView& reference) {
  return (uint64_t{reference.words[1]} << 32) | reference.words[0];
}

Reference MonitorServer(Process& caller, const Destination& server,
                        bool alias) {
  if (const auto* pid = std::get_if<PidView>(&server)) {
    return caller.Monitor(*pid, alias);
  }
  return caller.Monitor(std::get<NameAt>(server), alias);
}

// What a server marks its reply with: [alias | Reference] lets it reply to the
// alias that the reference is.
void WriteTag(TermWriter& writer, const Reference& reference, bool alias) {
  if (!alias) return WriteValue(writer, reference);
  WriteValue(writer, List(std::make_tuple(Atom("alias")), reference));
}

bool IsReply(const TermView& message, ReferenceView& reference,
             TermView& reply) {
  const auto alias = List(std::make_tuple(Atom("alias")), &reference);
  return Matches(message, std::tuple(alias, &reply)) ||
         Matches(message, std::tuple(&reference, &reply));
}

}  // namespace

// A request that waits.
struct Calls::Waiting {
  explicit Waiting(const Request& request)
      : module(request.module), function(request.function) {
    if (request.server.has_value()) {
      const auto* its_pid = std::get_if<PidView>(&*request.server);
      if (its_pid != nullptr) {
        pid = Pid(*its_pid);
      } else {
        name = std::string(std::get<NameAt>(*request.server).name);
      }
    }
    StringWriter bytes;
    TermWriter writer(bytes);
    request.body(writer);
    body = Term::Trusted(std::string(bytes.view()));
  }

  std::optional<Destination> server(absl::string_view node) const {
    if (pid.has_value()) return PidView(*pid);
    if (name.has_value()) return NameAt{*name, node};
    return std::nullopt;
  }
  // What it takes, and the call with it.
  size_t size() const;

  std::string module;
  std::string function;
  std::optional<Pid> pid;
  std::optional<std::string> name;
  Term body;
};

struct Calls::Open {
  Open(Calls& its_calls, CallId its_id, absl::string_view its_node,
       absl::Duration its_timeout, CallCallback its_done)
      : calls(its_calls),
        id(its_id),
        node(its_node),
        timeout(its_timeout),
        done(std::move(its_done)),
        timer(calls.reactor_, ReactorCallback::To<&Open::OnTimer>(this)) {}
  void OnTimer() { calls.OnTimeout(*this); }

  Calls& calls;
  const CallId id;
  const std::string node;
  const absl::Duration timeout;
  CallCallback done;
  Timer timer;
  Kind kind = Kind::kFunction;
  // What answers, once it was asked, or is at least monitored.
  std::optional<Reference> asked;
  std::unique_ptr<Waiting> waiting;
  absl::Status failure;  // Not OK: to be told at the end of this turn.
};

size_t Calls::Waiting::size() const {
  return sizeof(Open) + sizeof(Waiting) + body.bytes().size();
}

Calls::Calls(Reactor& reactor, ProcessTable& processes, size_t limit_bytes,
             bool aliases, FindWay find_way)
    : reactor_(reactor),
      processes_(processes),
      limit_bytes_(limit_bytes),
      aliases_(aliases),
      find_way_(std::move(find_way)),
      fail_(reactor, ReactorCallback::To<&Calls::OnFailed>(this)) {}

Calls::~Calls() { Clear(); }

void Calls::Clear() {
  while (!open_.empty()) {
    asked_.clear();
    nodes_.clear();
    failed_.clear();
    // What is destroyed with a callback may look for calls, or make some.
    const auto open = std::exchange(open_, {});
  }
}

void Calls::BecomeSelf() {
  for (const auto& [id, open] : open_) {
    if (!open->asked.has_value()) continue;
    FailSoon(*open, NoConnection(open->node, "this node has a new name"));
  }
  caller_.Exit(MakeTerm(Atom("normal")));
  caller_ = processes_.SpawnForNode(
      [this](Process&, const TermView& message) { OnMessage(message); });
}

Calls::Open& Calls::Begin(absl::string_view node, absl::Duration timeout,
                          CallCallback done) {
  const CallId id = ++last_id_;
  ++nodes_[node].open;
  auto& open = open_[id];
  open = std::make_unique<Open>(*this, id, node, timeout, std::move(done));
  if (timeout != absl::InfiniteDuration()) {
    open->timer.Start(reactor_.Now() + timeout);
  }
  return *open;
}

CallId Calls::Call(absl::string_view node, absl::string_view module,
                   absl::string_view function, MessageWriter arguments,
                   absl::Duration timeout, CallCallback done) {
  Open& open = Begin(node, timeout, std::move(done));
  if (IsAtomText(module) && IsAtomText(function)) {
    Start(open, {module, function, std::nullopt, arguments});
  } else {
    FailSoon(open, absl::InvalidArgumentError(
                       absl::StrCat("badarg: ", module, ":", function,
                                    " is no name of a function")));
  }
  return open.id;
}

CallId Calls::CallServer(const NameAt& server, MessageWriter request,
                         absl::Duration timeout, CallCallback done) {
  return CallServerAt(server.node, server, request, timeout, std::move(done));
}

CallId Calls::CallServer(const PidView& server, MessageWriter request,
                         absl::Duration timeout, CallCallback done) {
  return CallServerAt(server.node.ToString(), server, request, timeout,
                      std::move(done));
}

CallId Calls::CallServerAt(absl::string_view node, const Destination& server,
                           MessageWriter request, absl::Duration timeout,
                           CallCallback done) {
  Open& open = Begin(node, timeout, std::move(done));
  const auto* name = std::get_if<NameAt>(&server);
  if (name == nullptr || IsAtomText(name->name)) {
    Start(open, {"", "", server, request});
  } else {
    FailSoon(open, absl::InvalidArgumentError(absl::StrCat(
                       "badarg: ", name->name, " is no name of a server")));
  }
  return open.id;
}

bool Calls::Cancel(CallId call) {
  Open* const open = Find(call);
  if (open == nullptr || !open->failure.ok()) return false;
  FailSoon(*open, absl::CancelledError("cancelled: by the caller"));
  return true;
}

// Asking.

void Calls::Start(Open& open, const Request& request) {
  const Way way = find_way_(open.node);
  if (!way.connecting.ok()) {
    return FailSoon(open, CannotConnect(open.node, way.connecting));
  }
  if (!way.is_up || !nodes_.at(open.node).waiting.empty()) {
    return Wait(open, request);
  }
  const absl::Status asked = Ask(open, request, way.has_spawn);
  if (asked.ok()) return;
  // Nobody tells when this node itself has room.
  if (!absl::IsResourceExhausted(asked) || open.node == processes_.self()) {
    return FailSoon(open, CannotSend(open.node, asked));
  }
  Wait(open, request);
}

void Calls::Wait(Open& open, const Request& request) {
  OfNode& node = nodes_.at(open.node);
  if (node.waiting_bytes >= limit_bytes_) {
    return FailSoon(open,
                    absl::ResourceExhaustedError(absl::StrCat(
                        "system_limit: calls of ", node.waiting_bytes,
                        " bytes wait to be sent to ", open.node, " already")));
  }
  open.waiting = std::make_unique<Waiting>(request);
  node.waiting_bytes += open.waiting->size();
  node.waiting.push_back(open.id);
}

void Calls::StopWaiting(Open& open) {
  nodes_.at(open.node).waiting_bytes -= open.waiting->size();
  open.waiting.reset();
}

absl::Status Calls::Ask(Open& open, const Request& request, bool has_spawn) {
  if (request.server.has_value()) {
    return AskServer(open, Kind::kServer, *request.server, request.body);
  }
  if (has_spawn) return AskFunction(open, request);
  const NameAt rex{"rex", open.node};
  return AskServer(open, Kind::kRex, rex, [&](TermWriter& writer) {
    writer.WriteTupleHeader(5);
    writer.WriteAtom("call");
    writer.WriteAtom(request.module);
    writer.WriteAtom(request.function);
    request.body(writer);
    writer.WritePid(processes_.group_leader());
  });
}

absl::Status Calls::AskFunction(Open& open, const Request& request) {
  const absl::StatusOr<Reference> asked =
      caller_.SpawnRequest({open.node, "erpc", "execute_call", 4},
                           [&](TermWriter& writer) {
                             writer.WriteListHeader(4);
                             WriteValue(writer, open.id);
                             writer.WriteAtom(request.module);
                             writer.WriteAtom(request.function);
                             request.body(writer);
                             writer.WriteNil();
                           },
                           {.monitor = true});
  if (asked.ok()) NoteAsked(open, Kind::kFunction, *asked);
  return asked.status();
}

absl::Status Calls::AskServer(Open& open, Kind kind, const Destination& server,
                              MessageWriter request) {
  // It may be monitored already, and have been refused the message.
  if (!open.asked.has_value()) {
    NoteAsked(open, kind, MonitorServer(caller_, server, aliases_));
  }
  return caller_.SendWith(server, [&](TermWriter& writer) {
    writer.WriteTupleHeader(3);
    writer.WriteAtom("$gen_call");
    writer.WriteTupleHeader(2);
    writer.WritePid(caller_.pid());
    WriteTag(writer, *open.asked, aliases_);
    request(writer);
  });
}

void Calls::NoteAsked(Open& open, Kind kind, const Reference& reference) {
  open.kind = kind;
  open.asked = reference;
  asked_[KeyOf(reference)] = open.id;
}

void Calls::OnWritable(absl::string_view node) {
  const auto found = nodes_.find(node);
  if (found == nodes_.end()) return;
  const bool has_spawn = find_way_(node).has_spawn;
  std::vector<CallId>& waiting = found->second.waiting;
  size_t asked = 0;
  while (asked < waiting.size() && AskWaiting(waiting[asked], has_spawn)) {
    ++asked;
  }
  // If there is no room, this is called again.
  waiting.erase(waiting.begin(),
                waiting.begin() + static_cast<std::ptrdiff_t>(asked));
}

bool Calls::AskWaiting(CallId id, bool has_spawn) {
  Open* const open = Find(id);
  if (open == nullptr || open->waiting == nullptr) return true;
  const Waiting& waiting = *open->waiting;
  const auto body = [&](TermWriter& writer) { writer.WriteTerm(waiting.body); };
  const absl::Status asked =
      Ask(*open,
          {waiting.module, waiting.function, waiting.server(open->node), body},
          has_spawn);
  if (absl::IsResourceExhausted(asked)) return false;
  StopWaiting(*open);
  if (!asked.ok()) FailSoon(*open, CannotSend(open->node, asked));
  return true;
}

void Calls::OnLost(absl::string_view node, const absl::Status& reason) {
  // Calls that were asked have heard of it by their monitors.
  const auto found = nodes_.find(node);
  if (found == nodes_.end()) return;
  for (const CallId id : std::exchange(found->second.waiting, {})) {
    Open* const open = Find(id);
    if (open == nullptr || open->waiting == nullptr) continue;
    FailSoon(*open, NoConnection(node, reason.message()));
  }
}

// Answers.

Calls::Open* Calls::Find(CallId id) const {
  const auto found = open_.find(id);
  return found == open_.end() ? nullptr : found->second.get();
}

Calls::Open* Calls::FindAsked(const ReferenceView& reference) const {
  const auto asked = asked_.find(KeyOf(reference));
  if (asked == asked_.end()) return nullptr;
  Open* const open = Find(asked->second);
  return open != nullptr && *open->asked == reference ? open : nullptr;
}

void Calls::OnMessage(const TermView& message) {
  ReferenceView reference;
  TermView rest;
  Open* open = nullptr;
  if (Matches(message,
              std::tuple(Atom("DOWN"), &reference, Any(), Any(), &rest))) {
    if ((open = FindAsked(reference)) != nullptr) OnDown(*open, rest);
  } else if (IsReply(message, reference, rest)) {
    open = FindAsked(reference);
    if (open != nullptr && open->kind != Kind::kFunction) OnReply(*open, rest);
  } else if (Matches(message, std::tuple(Atom("spawn_reply"), &reference,
                                         Atom("error"), &rest))) {
    open = FindAsked(reference);
    if (open != nullptr) Finish(*open, SpawnErrorOutcome(open->node, rest));
  }
}

void Calls::OnDown(Open& open, const TermView& reason) {
  const bool executed =
      open.kind == Kind::kFunction && !reason.IsAtom("noconnection");
  Finish(open, executed ? ExecutedOutcome(open.node, open.id, reason)
                        : ServerDownOutcome(open.node, reason));
}

void Calls::OnReply(Open& open, const TermView& reply) {
  Finish(open, open.kind == Kind::kRex ? RexOutcome(open.node, reply)
                                       : CallResult::Returned(Term(reply)));
}

// Ends.

void Calls::OnTimeout(Open& open) {
  Finish(open, CallResult::Failed(absl::DeadlineExceededError(absl::StrCat(
                   "timeout: no answer from ", open.node, " within ",
                   absl::FormatDuration(open.timeout)))));
}

void Calls::Leave(Open& open) {
  open.timer.Stop();
  if (open.asked.has_value()) {
    asked_.erase(KeyOf(*open.asked));
    caller_.Demonitor(*open.asked);
  }
  if (open.waiting != nullptr) StopWaiting(open);
}

std::unique_ptr<Calls::Open> Calls::Remove(Open& open) {
  const auto node = nodes_.find(open.node);
  if (--node->second.open == 0) nodes_.erase(node);
  return std::move(open_.extract(open.id).mapped());
}

void Calls::Finish(Open& open, const CallResult& result) {
  Leave(open);
  const auto ended = Remove(open);
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
