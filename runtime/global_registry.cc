#include "ringdist/runtime/global_registry.h"

#include <optional>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/proto/term_text.h"

namespace ringdist {

GlobalRegistry::GlobalRegistry(Process self, size_t limit_bytes, LogSink log)
    : self_(self),
      log_(std::move(log)),
      locks_(limit_bytes),
      names_(limit_bytes) {}

bool GlobalRegistry::SetLock(const Term& resource, const Term& requester,
                             const Pid& pid) {
  const GlobalLocks::Outcome outcome = locks_.Set(resource, requester, pid);
  if (outcome == GlobalLocks::Outcome::kNew) Watch(pid);
  return outcome != GlobalLocks::Outcome::kRefused;
}

void GlobalRegistry::DeleteLock(const Term& resource, const Term& requester,
                                const Pid& pid) {
  if (locks_.Delete(resource, requester, pid)) Unwatch(pid);
}

void GlobalRegistry::Register(const Term& name, GlobalNames::Entry entry,
                              const Pid& by) {
  const GlobalLocks::Lock* const lock = locks_.Find(locks_.global());
  const bool is_locked =
      lock != nullptr ? lock->holders.contains(by) : !locks_.global_was_lost();
  is_locked ? Insert(name, std::move(entry)) : Unregister(name);
}

void GlobalRegistry::Unregister(const Term& name) {
  const std::optional<GlobalNames::Entry> entry = names_.Erase(name);
  if (entry.has_value()) Unwatch(entry->pid);
}

void GlobalRegistry::Apply(const std::vector<Term>& operations,
                           const GlobalNames::List& external,
                           const Term& requester) {
  const GlobalLocks::Lock* const lock = locks_.Find(locks_.global());
  const bool is_locked = lock != nullptr ? lock->requester == requester
                                         : !locks_.global_was_lost();
  absl::flat_hash_map<Term, std::pair<Pid, Term>> registrars;
  for (const auto& [name, pid, node] : external) registrars[name] = {pid, node};
  for (const Term& operation : operations) {
    Term name;
    GlobalNames::Entry entry;
    const bool is_insert = Matches(
        operation, std::tuple(Atom("insert"),
                              std::tuple(&name, &entry.pid, &entry.method)));
    if (is_insert && is_locked) {
      const auto registrar = registrars.find(name);
      if (registrar != registrars.end() &&
          registrar->second.first == entry.pid) {
        entry.registrar = registrar->second.second;
      }
      Insert(name, std::move(entry));
    } else if (is_insert ||
               Matches(operation, std::tuple(Atom("delete"), &name))) {
      Unregister(name);
    }
  }
}

void GlobalRegistry::Insert(const Term& name, GlobalNames::Entry entry) {
  Unregister(name);
  const Pid pid = entry.pid;
  if (names_.Insert(name, std::move(entry))) return Watch(pid);
  Log(log_, LogLevel::kWarning,
      absl::StrCat("global: there is no room for the name ", ToText(name),
                   ": nodes that connect to this one first will not know it"));
}

// Processes.

void GlobalRegistry::Watch(const Pid& pid) {
  Watched& watched = watched_[pid];
  if (++watched.uses > 1) return;
  watched.monitor = self_.Monitor(PidView(pid));
  by_monitor_[watched.monitor] = pid;
}

void GlobalRegistry::Unwatch(const Pid& pid) {
  const auto watched = watched_.find(pid);
  if (watched == watched_.end() || --watched->second.uses > 0) return;
  self_.Demonitor(watched->second.monitor);
  by_monitor_.erase(watched->second.monitor);
  watched_.erase(watched);
}

void GlobalRegistry::OnDown(const ReferenceView& monitor) {
  const auto found = by_monitor_.find(Reference(monitor));
  if (found == by_monitor_.end()) return;
  const Pid pid = std::move(found->second);
  by_monitor_.erase(found);
  watched_.erase(pid);
  locks_.Release(pid);
  for (const Term& name : names_.NamesOf(pid)) names_.Erase(name);
}

}  // namespace ringdist
