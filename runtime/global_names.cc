#include "ringdist/runtime/global_names.h"

#include <utility>

namespace ringdist {
namespace {

// With what keeping it takes.
size_t BytesOf(const Term& name, const GlobalNames::Entry& entry) {
  constexpr size_t kOverhead = 256;
  return 2 * name.bytes().size() + entry.method.bytes().size() +
         entry.registrar.bytes().size() + 2 * entry.pid.node.size() + kOverhead;
}

}  // namespace

const GlobalNames::Entry* GlobalNames::Find(const Term& name) const {
  const auto found = names_.find(name);
  return found == names_.end() ? nullptr : &found->second;
}

bool GlobalNames::Insert(const Term& name, Entry entry) {
  Erase(name);
  const size_t bytes = BytesOf(name, entry);
  if (bytes_ + bytes > limit_bytes_) return false;
  bytes_ += bytes;
  by_pid_[entry.pid].insert(name);
  names_.emplace(name, std::move(entry));
  return true;
}

std::optional<GlobalNames::Entry> GlobalNames::Erase(const Term& name) {
  const auto found = names_.find(name);
  if (found == names_.end()) return std::nullopt;
  Entry entry = std::move(found->second);
  names_.erase(found);
  bytes_ -= BytesOf(name, entry);
  const auto by_pid = by_pid_.find(entry.pid);
  by_pid->second.erase(name);
  if (by_pid->second.empty()) by_pid_.erase(by_pid);
  return entry;
}

std::vector<Term> GlobalNames::NamesOf(const Pid& pid) const {
  const auto found = by_pid_.find(pid);
  if (found == by_pid_.end()) return {};
  return {found->second.begin(), found->second.end()};
}

GlobalNames::List GlobalNames::All() const {
  List all;
  all.reserve(names_.size());
  for (const auto& [name, entry] : names_) {
    all.emplace_back(name, entry.pid, entry.method);
  }
  return all;
}

GlobalNames::List GlobalNames::External() const {
  List external;
  for (const auto& [name, entry] : names_) {
    if (entry.registrar.empty()) continue;
    external.emplace_back(name, entry.pid, entry.registrar);
  }
  return external;
}

}  // namespace ringdist
