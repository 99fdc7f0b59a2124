#include "ringdist/runtime/global_locks.h"

#include <utility>

#include "ringdist/proto/term_convert.h"

namespace ringdist {
namespace {

// Of one process that holds one lock, with what keeping that takes.
size_t BytesOf(const Term& resource, const Term& requester) {
  constexpr size_t kOverhead = 256;
  return resource.bytes().size() + requester.bytes().size() + kOverhead;
}

}  // namespace

GlobalLocks::GlobalLocks(size_t limit_bytes)
    : limit_bytes_(limit_bytes), global_(MakeTerm(Atom("global"))) {}

GlobalLocks::Outcome GlobalLocks::Set(const Term& resource,
                                      const Term& requester, const Pid& pid) {
  if (!CanSet(resource, requester)) return Outcome::kRefused;
  const Lock* const lock = Find(resource);
  if (lock != nullptr && lock->holders.contains(pid)) return Outcome::kHad;
  const size_t bytes = BytesOf(resource, requester);
  if (bytes_ + bytes > limit_bytes_) return Outcome::kRefused;
  bytes_ += bytes;
  Lock& taken = locks_[resource];
  taken.requester = requester;
  taken.holders.insert(pid);
  held_[pid].insert(resource);
  return Outcome::kNew;
}

bool GlobalLocks::CanSet(const Term& resource, const Term& requester) const {
  const Lock* const lock = Find(resource);
  return lock == nullptr || lock->requester == requester;
}

const GlobalLocks::Lock* GlobalLocks::Find(const Term& resource) const {
  const auto found = locks_.find(resource);
  return found == locks_.end() ? nullptr : &found->second;
}

bool GlobalLocks::Delete(const Term& resource, const Term& requester,
                         const Pid& pid) {
  return Find(resource) != nullptr && CanSet(resource, requester) &&
         Remove(resource, pid, /*has_ended=*/false);
}

void GlobalLocks::Release(const Pid& pid) {
  const auto held = held_.find(pid);
  if (held == held_.end()) return;
  const auto resources = std::move(held->second);
  held_.erase(held);
  for (const Term& resource : resources) {
    Remove(resource, pid, /*has_ended=*/true);
  }
}

bool GlobalLocks::Remove(const Term& resource, const Pid& pid, bool has_ended) {
  const auto lock = locks_.find(resource);
  if (lock->second.holders.erase(pid) == 0) return false;
  bytes_ -= BytesOf(resource, lock->second.requester);
  const auto held = held_.find(pid);
  if (held != held_.end()) {
    held->second.erase(resource);
    if (held->second.empty()) held_.erase(held);
  }
  if (lock->second.holders.empty()) {
    if (resource == global_) global_was_lost_ = has_ended;
    locks_.erase(lock);
  }
  return true;
}

}  // namespace ringdist
