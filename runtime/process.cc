#include "ringdist/runtime/process.h"

#include <algorithm>
#include <memory>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/control_message.h"
#include "ringdist/runtime/process_state.h"
#include "ringdist/runtime/process_table.h"

namespace ringdist {
namespace {

ProcessState* StateOf(ProcessTable* table, uint64_t key) {
  return table == nullptr ? nullptr : table->Find(key);
}

// The node of a destination, and the signal that takes a message there.
ControlMessage SignalTo(const Destination& to, const PidView& from,
                        absl::string_view& node) {
  if (const auto* pid = std::get_if<PidView>(&to)) {
    node = pid->node.bytes();
    return control::Send{.from = from, .to = *pid, .token = {}, .message = {}};
  }
  if (const auto* name = std::get_if<NameAt>(&to)) {
    node = name->node;
    return control::RegSend{.from = from,
                            .to = AtomView::Utf8(name->name),
                            .token = {},
                            .message = {}};
  }
  const ReferenceView& alias = std::get<ReferenceView>(to);
  node = alias.node.bytes();
  return control::AliasSend{
      .from = from, .to = alias, .token = {}, .message = {}};
}

absl::Status SenderHasEnded() {
  return absl::NotFoundError("send: the sending process has ended");
}

}  // namespace

absl::Status SendMessage(ProcessTable& table, const ProcessState& from,
                         const Destination& to, MessageWriter message,
                         bool owed) {
  if (const auto* name = std::get_if<NameAt>(&to);
      name != nullptr && !IsAtomText(name->name)) {
    return absl::InvalidArgumentError(
        absl::StrCat("send to ", name->name, ": no name"));
  }
  absl::string_view node;
  const ControlMessage signal = SignalTo(to, from.pid, node);
  if (node == table.self() && !owed && table.IsFull(to)) {
    return absl::ResourceExhaustedError(
        "the mailbox of the receiver is at its limit");
  }
  return table.router().RouteMessage(node, signal, message, owed);
}

bool Process::IsAlive() const { return StateOf(table_, key_) != nullptr; }

Pid Process::pid() const {
  const ProcessState* const state = StateOf(table_, key_);
  return state == nullptr ? Pid() : state->pid;
}

absl::Status Process::SendWith(const Destination& to, MessageWriter message) {
  const ProcessState* const state = StateOf(table_, key_);
  if (state == nullptr) return SenderHasEnded();
  if (table_->router().RouteAgain(key_, to, message)) return absl::OkStatus();
  return SendMessage(*table_, *state, to, message, state->owes_messages);
}

absl::Status Process::SendOwed(const Destination& to, MessageWriter message) {
  const ProcessState* const state = StateOf(table_, key_);
  if (state == nullptr) return SenderHasEnded();
  return SendMessage(*table_, *state, to, message, /*owed=*/true);
}

ProcessTimerId Process::SendAfter(absl::Duration delay, Term message) {
  ProcessState* const state = StateOf(table_, key_);
  if (state == nullptr) return 0;
  const ProcessTimerId id = table_->NextTimerId();
  auto delayed = std::make_unique<ProcessState::DelayedMessage>(
      *state, id, std::move(message), table_->reactor());
  delayed->timer.Start(table_->reactor().Now() + delay);
  state->delayed.push_back(std::move(delayed));
  return id;
}

bool Process::CancelTimer(ProcessTimerId timer) {
  ProcessState* const state = StateOf(table_, key_);
  if (state == nullptr) return false;
  return std::erase_if(state->delayed, [&](const auto& delayed) {
           return delayed->id == timer;
         }) > 0;
}

void Process::Await(absl::AnyInvocable<bool(const TermView&)> wanted,
                    absl::Duration timeout, MessageHandler then) {
  ProcessState* const state = StateOf(table_, key_);
  if (state == nullptr) return;
  state->awaiting = std::make_unique<ProcessState::Awaiting>();
  state->awaiting->wanted = std::move(wanted);
  state->awaiting->then = std::move(then);
  state->await_timer.Start(table_->reactor().Now() + timeout);
  state->ready.Schedule();
}

bool Process::IsAwaiting() const {
  const ProcessState* const state = StateOf(table_, key_);
  return state != nullptr && state->awaiting != nullptr;
}

void Process::Pause() {
  if (ProcessState* const state = StateOf(table_, key_)) state->paused = true;
}

void Process::Resume() {
  ProcessState* const state = StateOf(table_, key_);
  if (state == nullptr) return;
  state->paused = false;
  state->ready.Schedule();
}

size_t Process::mailbox_count() const {
  const ProcessState* const state = StateOf(table_, key_);
  return state == nullptr ? 0 : state->mailbox.count();
}

size_t Process::mailbox_bytes() const {
  const ProcessState* const state = StateOf(table_, key_);
  return state == nullptr ? 0 : state->mailbox.bytes();
}

void Process::Link(const PidView& other) {
  ProcessState* const state = StateOf(table_, key_);
  if (state == nullptr || PidView(state->pid) == other) return;
  const auto [link, is_new] = state->links.try_emplace(Pid(other));
  if (!is_new && link->second.unlink_id == 0) return;
  link->second.unlink_id = 0;
  const std::string& node = link->first.node;
  table_->Relate(*state, node);
  table_->router().RouteSignal(
      node, control::Link{.from = state->pid, .to = other}, /*connect=*/true);
}

void Process::Unlink(const PidView& other) {
  ProcessState* const state = StateOf(table_, key_);
  if (state == nullptr) return;
  const auto link = state->links.find(Pid(other));
  if (link == state->links.end() || link->second.unlink_id != 0) return;
  const uint64_t id = table_->NextUnlinkId();
  link->second.unlink_id = id;
  table_->router().RouteSignal(
      link->first.node,
      control::UnlinkId{.id = id, .from = state->pid, .to = other},
      /*connect=*/false);
}

Reference Process::Monitor(const PidView& other, bool alias) {
  ProcessState* const state = StateOf(table_, key_);
  if (state == nullptr) return Reference();
  return table_->AddMonitor(*state, {Pid(other), "", other.node.ToString()},
                            alias);
}

Reference Process::Monitor(const NameAt& name, bool alias) {
  ProcessState* const state = StateOf(table_, key_);
  if (state == nullptr) return Reference();
  return table_->AddMonitor(
      *state, {Pid(), std::string(name.name), std::string(name.node)}, alias);
}

void Process::Demonitor(const ReferenceView& monitor) {
  ProcessState* const state = StateOf(table_, key_);
  if (state == nullptr) return;
  const auto found = state->monitors.find(Reference(monitor));
  if (found == state->monitors.end()) {
    // The process may not be there yet: its monitor is taken back when it is.
    const auto spawn = state->spawns.find(Reference(monitor));
    if (spawn != state->spawns.end() && !spawn->second.link) {
      state->spawns.erase(spawn);
      return;
    }
    // It may have fired, and wait.
    state->mailbox.Remove([&](const TermView& message) {
      return Matches(message, std::tuple(Atom("DOWN"), monitor, Atom("process"),
                                         Any(), Any()));
    });
    return;
  }
  const MonitorState monitored = std::move(found->second);
  state->monitors.erase(found);
  table_->RemoveAlias(*state, monitor);
  table_->router().RouteSignal(
      monitored.node,
      control::DemonitorP{.from = state->pid,
                          .to = MonitoredAs(monitored.name, monitored.pid),
                          .reference = monitor},
      /*connect=*/false);
}

Reference Process::CreateAlias(bool for_one_reply) {
  ProcessState* const state = StateOf(table_, key_);
  if (state == nullptr) return Reference();
  Reference alias = table_->NewReference();
  table_->AddAlias(*state, alias, for_one_reply);
  return alias;
}

bool Process::RemoveAlias(const ReferenceView& alias) {
  ProcessState* const state = StateOf(table_, key_);
  return state != nullptr && table_->RemoveAlias(*state, alias);
}

absl::StatusOr<Reference> Process::SpawnRequest(
    const SpawnFunction& function, MessageWriter arguments,
    const SpawnRequestOptions& options) {
  ProcessState* const state = StateOf(table_, key_);
  if (state == nullptr) {
    return absl::NotFoundError("spawn request: the asking process has ended");
  }
  return table_->RequestSpawn(*state, function, arguments, options);
}

void Process::TrapExits(bool trap) {
  if (ProcessState* const state = StateOf(table_, key_)) {
    state->trap_exits = trap;
  }
}

void Process::MonitorNodes(bool monitor) {
  if (ProcessState* const state = StateOf(table_, key_)) {
    state->monitors_nodes = monitor;
  }
}

void Process::Exit(const Term& reason) {
  ProcessState* const state = StateOf(table_, key_);
  if (state != nullptr) table_->EndProcess(*state, reason);
}

void Process::ExitOther(const PidView& other, const Term& reason) {
  const ProcessState* const state = StateOf(table_, key_);
  if (state == nullptr) return;
  table_->router().RouteSignal(other.node.ToString(),
                               control::Exit2{.from = state->pid,
                                              .to = other,
                                              .token = {},
                                              .reason = reason,
                                              .reason_is_payload = true},
                               /*connect=*/true);
}

}  // namespace ringdist
