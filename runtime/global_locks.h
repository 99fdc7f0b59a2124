// GlobalLocks: the locks of global that this node has given (OTP: global.erl,
// set_lock/1 and del_lock/1). Internal to //runtime:node.
//
//   if (locks.Set(resource, requester, pid) != GlobalLocks::Outcome::kRefused)
//     ...
//   locks.Delete(resource, requester, pid);
//
// A resource is locked in the name of a requester, by one or more processes:
// whoever asks in the same name is given it, too. It is free when each of them
// has given it back, or has ended.
//
// Pure.

#ifndef RINGDIST_RUNTIME_GLOBAL_LOCKS_H_
#define RINGDIST_RUNTIME_GLOBAL_LOCKS_H_

#include <cstddef>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term.h"

namespace ringdist {

class GlobalLocks {
 public:
  enum class Outcome {
    kNew,      // The process has it from now on.
    kHad,      // The process has had it before.
    kRefused,  // Another requester has it, or there is no room for more.
  };

  struct Lock {
    Term requester;
    absl::flat_hash_set<Pid> holders;  // At least one.
  };

  // Refuses more than so many bytes of resources and requesters, as often as
  // they are held.
  explicit GlobalLocks(size_t limit_bytes);

  // The resource that global itself locks while names change: the atom global.
  const Term& global() const { return global_; }

  Outcome Set(const Term& resource, const Term& requester, const Pid& pid);
  // Whether no other requester has it.
  bool CanSet(const Term& resource, const Term& requester) const;
  // Null if it is free.
  const Lock* Find(const Term& resource) const;

  // Whether the process had it, in that name.
  bool Delete(const Term& resource, const Term& requester, const Pid& pid);
  // The process has ended, and so do its locks.
  void Release(const Pid& pid);
  // Whether global() is free because its last holder has ended, and did not
  // give it back.
  bool global_was_lost() const { return global_was_lost_; }

 private:
  bool Remove(const Term& resource, const Pid& pid, bool has_ended);

  const size_t limit_bytes_;
  const Term global_;
  bool global_was_lost_ = false;
  size_t bytes_ = 0;
  absl::flat_hash_map<Term, Lock> locks_;
  absl::flat_hash_map<Pid, absl::flat_hash_set<Term>> held_;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_GLOBAL_LOCKS_H_
