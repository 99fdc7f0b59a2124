// Processes: their life, their names, and how messages reach their handlers.
// What the other signals do is in process_signals.cc.

#include "ringdist/runtime/process_table.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ringdist/proto/check.h"

namespace ringdist {
namespace {

// Pids: the lower part of a key is the id, which has 28 bits on old nodes.
constexpr int kIdBits = 28;
constexpr uint64_t kIdMask = (uint64_t{1} << kIdBits) - 1;
// References: the first word has 18 bits on old nodes.
constexpr int kFirstWordBits = 18;
constexpr uint64_t kFirstWordMask = (uint64_t{1} << kFirstWordBits) - 1;

// So many messages of a mailbox are handled before others have their turn.
constexpr int kMessagesPerTurn = 256;

Pid PidOf(const std::string& node, uint64_t key, uint32_t creation) {
  return {node, static_cast<uint32_t>(key & kIdMask),
          static_cast<uint32_t>(key >> kIdBits), creation};
}

}  // namespace

ProcessState::ProcessState(ProcessTable& its_table, uint64_t its_key,
                           Pid its_pid, Reactor& reactor)
    : table(its_table),
      key(its_key),
      pid(std::move(its_pid)),
      ready(reactor, ReactorCallback::To<&ProcessState::OnReady>(this)),
      await_timer(reactor,
                  ReactorCallback::To<&ProcessState::OnAwaitTimeout>(this)) {}

void ProcessState::OnReady() { table.RunMailbox(*this); }

void ProcessState::OnAwaitTimeout() { table.RunAwaitTimeout(*this); }

void ProcessState::DelayedMessage::OnTimer() {
  process.table.RunDelayed(*this);
}

absl::Status ProcessOptions::Validate() const {
  if (mailbox_bytes == 0) {
    return absl::InvalidArgumentError(
        "mailbox_bytes is 0; it must be at least 1");
  }
  return absl::OkStatus();
}

ProcessTable::ProcessTable(Reactor& reactor, SignalRouter& router)
    : reactor_(reactor),
      router_(router),
      tell_ended_(reactor, ReactorCallback::To<&ProcessTable::OnEnded>(this)) {}

ProcessTable::~ProcessTable() = default;

void ProcessTable::Clear() {
  names_.clear();
  OnNamesChanged();
  last_found_key_ = 0;
  aliases_.clear();
  orphans_.clear();
  related_.clear();
  spawned_.clear();
  // What is destroyed with a handler may look for processes.
  const auto alive = std::exchange(processes_, {});
  const auto ended = std::exchange(ended_, {});
}

void ProcessTable::SetSelf(const NodeName& name, uint32_t creation) {
  OnNamesChanged();
  self_ = name.full();
  creation_ = creation;
}

Pid ProcessTable::Spawn(MessageHandler handler, ProcessOptions options) {
  const uint64_t key = ++last_key_;
  auto process = std::make_unique<ProcessState>(
      *this, key, PidOf(self_, key, creation_), reactor_);
  process->handler = std::move(handler);
  process->on_death = std::move(options.on_death);
  process->trap_exits = options.trap_exits;
  process->mailbox_limit = options.mailbox_bytes;
  process->at_mailbox_limit = options.at_mailbox_limit;
  Pid pid = process->pid;
  processes_.emplace(key, std::move(process));
  return pid;
}

Process ProcessTable::SpawnForNode(MessageHandler handler) {
  const Pid pid = Spawn(std::move(handler), {});
  Find(pid)->ignores_exits = true;
  return HandleOf(pid);
}

ProcessState* ProcessTable::Find(const PidView& pid) {
  if (pid.creation != creation_ || !(pid.node == self_)) return nullptr;
  return Find(KeyOf(pid));
}

uint64_t ProcessTable::KeyOf(const PidView& pid) {
  return (uint64_t{pid.serial} << kIdBits) | pid.id;
}

Process ProcessTable::HandleOf(const PidView& pid) {
  const ProcessState* const process = Find(pid);
  return process == nullptr ? Process() : HandleOf(process->key);
}

ProcessState* ProcessTable::FindAnew(uint64_t key) {
  const auto found = processes_.find(key);
  if (found == processes_.end() ||
      found->second->phase != ProcessState::Phase::kAlive) {
    return nullptr;
  }
  last_found_key_ = key;
  last_found_ = found->second.get();
  return last_found_;
}

// Names.

absl::Status ProcessTable::Register(absl::string_view name,
                                    const PidView& pid) {
  if (name.empty() || name == "undefined" || !IsAtomText(name)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "register ", name, ": a name is an atom, and not 'undefined'"));
  }
  ProcessState* const process = Find(pid);
  if (process == nullptr) {
    return absl::NotFoundError(absl::StrCat("register ", name, ": ",
                                            pid.ToString(),
                                            " is no process of this node"));
  }
  const auto [at, is_new] = names_.try_emplace(std::string(name), process->key);
  if (!is_new) {
    return absl::AlreadyExistsError(
        absl::StrCat("register ", name, ": another process has this name"));
  }
  process->names.push_back(at->first);
  OnNamesChanged();
  return absl::OkStatus();
}

absl::Status ProcessTable::Unregister(absl::string_view name) {
  const auto found = names_.find(name);
  if (found == names_.end()) {
    return absl::NotFoundError(
        absl::StrCat("unregister ", name, ": nobody has this name"));
  }
  ProcessState& process = *processes_.at(found->second);
  process.names.erase(
      std::find(process.names.begin(), process.names.end(), name));
  names_.erase(found);
  OnNamesChanged();
  return absl::OkStatus();
}

ProcessState* ProcessTable::FindName(absl::string_view name) {
  if (name != last_name_ || name.empty()) {
    const auto found = names_.find(name);
    if (found == names_.end()) return nullptr;
    last_name_ = found->first;
    last_named_key_ = found->second;
  }
  return Find(last_named_key_);
}

ProcessState* ProcessTable::FindName(const AtomView& name) {
  return name.latin1() ? FindName(name.ToString()) : FindName(name.bytes());
}

uint64_t ProcessTable::ReceiverOf(const ControlMessage& message) {
  ProcessState* process = nullptr;
  if (const auto* send = std::get_if<control::RegSend>(&message)) {
    process = FindName(send->to);
  } else if (const auto* to_pid = std::get_if<control::Send>(&message)) {
    process = Find(to_pid->to);
  }
  return process == nullptr ? 0 : process->key;
}

std::vector<std::string> ProcessTable::Names() const {
  std::vector<std::string> names;
  for (const auto& [name, key] : names_) names.push_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<uint64_t> ProcessTable::NodeMonitors() const {
  std::vector<uint64_t> keys;
  for (const auto& [key, process] : processes_) {
    if (process->monitors_nodes) keys.push_back(key);
  }
  return keys;
}

// References and aliases.

Reference ProcessTable::NewReference() {
  const uint64_t number = ++last_reference_;
  const uint32_t words[] = {static_cast<uint32_t>(number & kFirstWordMask),
                            static_cast<uint32_t>(number >> kFirstWordBits), 0};
  return {self_, creation_, words};
}

uint64_t ProcessTable::KeyOf(const ReferenceView& alias) {
  return (uint64_t{alias.words[1]} << kFirstWordBits) | alias.words[0];
}

void ProcessTable::AddAlias(ProcessState& process, const Reference& alias,
                            bool for_one_reply) {
  const uint64_t key = KeyOf(alias);
  aliases_[key] = {process.key, for_one_reply};
  process.aliases.insert(key);
}

ProcessState* ProcessTable::FindAlias(const ReferenceView& alias,
                                      bool used_for_reply) {
  if (alias.creation != creation_ || !(alias.node == self_)) return nullptr;
  const auto found = aliases_.find(KeyOf(alias));
  if (found == aliases_.end()) return nullptr;
  ProcessState* const process = Find(found->second.process);
  if (process != nullptr && used_for_reply && found->second.for_one_reply) {
    RemoveAlias(*process, alias);
  }
  return process;
}

bool ProcessTable::RemoveAlias(ProcessState& process,
                               const ReferenceView& alias) {
  if (alias.creation != creation_ || !(alias.node == self_)) return false;
  const uint64_t key = KeyOf(alias);
  if (process.aliases.erase(key) == 0) return false;
  aliases_.erase(key);
  return true;
}

// Messages.

bool ProcessTable::RunHandler(ProcessState& process, MessageHandler& handler,
                              const TermView& message) {
  RINGDIST_CHECK(!process.running);
  process.running = true;
  Process self = HandleOf(process.key);
  handler(self, message);
  process.running = false;
  if (process.phase == ProcessState::Phase::kAlive) return true;
  FinishExit(process);
  return false;
}

void ProcessTable::DeliverMessage(ProcessState& process,
                                  absl::string_view from_node,
                                  const TermView& message) {
  // What waits comes first, unless it was looked at and is not awaited.
  const bool is_next =
      process.mailbox.empty() ||
      (process.awaiting != nullptr && !process.ready.scheduled());
  if (process.running || process.paused || !is_next) {
    if (!process.paused) process.ready.Schedule();
    return Store(process, from_node, message);
  }
  if (process.awaiting == nullptr) {
    RunHandler(process, process.handler, message);
    return;
  }
  auto awaiting = std::move(process.awaiting);
  if (!IsWanted(process, *awaiting, message)) {
    if (!AwaitFurther(process, std::move(awaiting))) return;
    return Store(process, from_node, message);
  }
  process.await_timer.Stop();
  if (RunHandler(process, awaiting->then, message)) process.ready.Schedule();
}

void ProcessTable::Store(ProcessState& process, absl::string_view from_node,
                         const TermView& message) {
  process.mailbox.Append(message);
  if (process.mailbox.bytes() <= process.mailbox_limit) return;
  switch (process.at_mailbox_limit) {
    case MailboxLimitAction::kExit:
      return EndProcess(process, MakeTerm(Atom("system_limit")));
    case MailboxLimitAction::kPause:
      if (from_node == self_) return;  // Refused when it is sent: IsFull.
      process.paused_peers.push_back(router_.PausePeer(from_node));
      return;
  }
}

bool ProcessTable::IsFull(const Destination& to) {
  const ProcessState* process = nullptr;
  if (const auto* pid = std::get_if<PidView>(&to)) {
    process = Find(*pid);
  } else if (const auto* name = std::get_if<NameAt>(&to)) {
    process = FindName(name->name);
  } else {
    process = FindAlias(std::get<ReferenceView>(to), false);
  }
  return process != nullptr &&
         process->at_mailbox_limit == MailboxLimitAction::kPause &&
         process->mailbox.bytes() >= process->mailbox_limit;
}

bool ProcessTable::IsWanted(ProcessState& process,
                            ProcessState::Awaiting& awaiting,
                            const TermView& message) {
  // Should it end the process, that comes afterwards.
  process.running = true;
  const bool wanted = awaiting.wanted(message);
  process.running = false;
  return wanted;
}

bool ProcessTable::TakeNext(ProcessState& process,
                            ProcessState::Awaiting* awaiting,
                            TermView& message) {
  if (awaiting == nullptr) {
    return process.mailbox.Take(Mailbox::Any, message);
  }
  return process.mailbox.Take(
      [&](const TermView& one) { return IsWanted(process, *awaiting, one); },
      message);
}

bool ProcessTable::AwaitFurther(
    ProcessState& process, std::unique_ptr<ProcessState::Awaiting> awaiting) {
  if (process.phase == ProcessState::Phase::kExiting) {
    FinishExit(process);
    return false;
  }
  if (process.awaiting == nullptr) process.awaiting = std::move(awaiting);
  return true;
}

void ProcessTable::RunMailbox(ProcessState& process) {
  int left = kMessagesPerTurn;
  while (left > 0 && !process.paused && !process.mailbox.empty()) {
    --left;
    // Moved out while it runs: it may await something else.
    auto awaiting = std::move(process.awaiting);
    TermView message;
    ProcessState::Awaiting* const waiting = awaiting.get();
    if (!TakeNext(process, waiting, message)) {
      if (!AwaitFurther(process, std::move(awaiting))) return;
      process.ready.Unschedule();  // All that waits was looked at.
      break;
    }
    if (waiting != nullptr) process.await_timer.Stop();
    MessageHandler& handler =
        waiting != nullptr ? waiting->then : process.handler;
    if (!RunHandler(process, handler, message)) return;
    process.mailbox.Release();
  }
  if (process.mailbox.bytes() <= process.mailbox_limit / 2) {
    process.paused_peers.clear();
  }
  if (left == 0) process.ready.Schedule();
}

void ProcessTable::RunAwaitTimeout(ProcessState& process) {
  if (process.ready.scheduled()) {
    // What is awaited may have come and not been looked at.
    const uint64_t key = process.key;
    process.ready.Unschedule();
    RunMailbox(process);
    if (Find(key) == nullptr || process.await_timer.running()) return;
  }
  if (process.awaiting == nullptr) return;
  const auto awaiting = std::move(process.awaiting);
  if (RunHandler(process, awaiting->then, TermView())) process.ready.Schedule();
}

void ProcessTable::RunDelayed(ProcessState::DelayedMessage& delayed) {
  ProcessState& process = delayed.process;
  const auto found =
      std::find_if(process.delayed.begin(), process.delayed.end(),
                   [&](const auto& entry) { return entry.get() == &delayed; });
  const std::unique_ptr<ProcessState::DelayedMessage> taken = std::move(*found);
  process.delayed.erase(found);
  DeliverMessage(process, self_, taken->message.view());
}

// The end of a process.

void ProcessTable::EndProcess(ProcessState& process, const Term& reason) {
  if (process.phase == ProcessState::Phase::kExiting) return;
  process.phase = ProcessState::Phase::kExiting;
  process.exit_reason = reason;
  if (!process.running) FinishExit(process);
}

void ProcessTable::FinishExit(ProcessState& process) {
  process.ready.Unschedule();
  process.await_timer.Stop();
  process.delayed.clear();
  process.paused_peers.clear();
  ended_.push_back(std::move(processes_.extract(process.key).mapped()));
  last_found_key_ = 0;
  tell_ended_.Schedule();
  for (const std::string& name : process.names) names_.erase(name);
  OnNamesChanged();
  for (const uint64_t alias : process.aliases) aliases_.erase(alias);
  for (const std::string& node : process.related_nodes) {
    const auto related = related_.find(node);
    if (related == related_.end()) continue;
    related->second.erase(process.key);
    if (related->second.empty()) related_.erase(related);
  }
  if (!process.spawned_for.empty()) {
    const auto spawned = spawned_.find(process.spawned_for);
    if (--spawned->second == 0) spawned_.erase(spawned);
  }
  TellOthers(process, process.exit_reason);
}

void ProcessTable::OnEnded() {
  for (const auto& process : std::exchange(ended_, {})) {
    if (!process->on_death) continue;
    process->on_death(process->pid, process->exit_reason);
  }
}

}  // namespace ringdist
