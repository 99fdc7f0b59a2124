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

ProcessTable::~ProcessTable() = default;

void ProcessTable::Clear() {
  names_.clear();
  aliases_.clear();
  related_.clear();
  // What is destroyed with a handler may look for processes.
  const auto ended = std::exchange(processes_, {});
}

void ProcessTable::SetSelf(const NodeName& name, uint32_t creation) {
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

ProcessState* ProcessTable::Find(const PidView& pid) {
  if (pid.creation != creation_ || !(pid.node == self_)) return nullptr;
  return Find((uint64_t{pid.serial} << kIdBits) | pid.id);
}

Process ProcessTable::HandleOf(const PidView& pid) {
  const ProcessState* const process = Find(pid);
  return process == nullptr ? Process() : HandleOf(process->key);
}

ProcessState* ProcessTable::Find(uint64_t key) {
  const auto found = processes_.find(key);
  if (found == processes_.end() ||
      found->second->phase != ProcessState::Phase::kAlive) {
    return nullptr;
  }
  return found->second.get();
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
  return absl::OkStatus();
}

ProcessState* ProcessTable::FindName(absl::string_view name) {
  const auto found = names_.find(name);
  return found == names_.end() ? nullptr : Find(found->second);
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

uint64_t ProcessTable::AddAlias(ProcessState& process, const Reference& alias,
                                bool for_one_reply) {
  const uint64_t key = KeyOf(alias);
  aliases_[key] = {process.key, for_one_reply};
  process.aliases.push_back(key);
  return key;
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
  const uint64_t key = KeyOf(alias);
  const auto found =
      std::find(process.aliases.begin(), process.aliases.end(), key);
  if (found == process.aliases.end()) return false;
  process.aliases.erase(found);
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
  if (process.running) return Store(process, from_node, message);
  if (process.awaiting != nullptr) {
    if (process.paused || !process.awaiting->wanted(message)) {
      return Store(process, from_node, message);
    }
    const auto awaiting = std::move(process.awaiting);
    process.await_timer.Stop();
    if (RunHandler(process, awaiting->then, message)) {
      process.ready.Schedule();
    }
    return;
  }
  if (process.paused || !process.mailbox.empty()) {
    return Store(process, from_node, message);
  }
  RunHandler(process, process.handler, message);
}

void ProcessTable::Store(ProcessState& process, absl::string_view from_node,
                         const TermView& message) {
  process.mailbox.Append(message);
  if (!process.paused) process.ready.Schedule();
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

bool ProcessTable::TakeAwaited(ProcessState& process) {
  // Moved out while it runs: it may await something else.
  auto awaiting = std::move(process.awaiting);
  bool alive = true;
  process.running = true;
  const bool taken = process.mailbox.TakeFirst(
      [&](const TermView& message) { return awaiting->wanted(message); },
      [&](const TermView& message) {
        process.await_timer.Stop();
        Process self = HandleOf(process.key);
        awaiting->then(self, message);
      });
  process.running = false;
  if (!taken) process.awaiting = std::move(awaiting);
  if (process.phase != ProcessState::Phase::kAlive) {
    FinishExit(process);
    alive = false;
  }
  return taken && alive;
}

void ProcessTable::RunMailbox(ProcessState& process) {
  for (int i = 0; i < kMessagesPerTurn; ++i) {
    if (process.paused || process.mailbox.empty()) break;
    if (process.awaiting != nullptr) {
      if (!TakeAwaited(process)) return;
      continue;
    }
    if (!RunHandler(process, process.handler, process.mailbox.front())) return;
    process.mailbox.PopFront();
  }
  if (process.mailbox.bytes() <= process.mailbox_limit / 2) {
    process.paused_peers.clear();
  }
  if (!process.paused && !process.mailbox.empty()) process.ready.Schedule();
}

void ProcessTable::RunAwaitTimeout(ProcessState& process) {
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
  const std::unique_ptr<ProcessState> ended =
      std::move(processes_.extract(process.key).mapped());
  for (const std::string& name : ended->names) names_.erase(name);
  for (const uint64_t alias : ended->aliases) aliases_.erase(alias);
  for (const std::string& node : ended->related_nodes) {
    related_[node].erase(ended->key);
  }
  TellOthers(*ended, ended->exit_reason);
  if (ended->on_death) ended->on_death(ended->pid, ended->exit_reason);
}

}  // namespace ringdist
