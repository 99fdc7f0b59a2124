// GlobalRegistry: the names of global and its locks, as this node has them, as
// long as the processes live that they belong to. Internal to //runtime:node.

#ifndef RINGDIST_RUNTIME_GLOBAL_REGISTRY_H_
#define RINGDIST_RUNTIME_GLOBAL_REGISTRY_H_

#include <cstddef>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term.h"
#include "ringdist/runtime/global_locks.h"
#include "ringdist/runtime/global_names.h"
#include "ringdist/runtime/log.h"
#include "ringdist/runtime/process.h"

namespace ringdist {

class GlobalRegistry {
 public:
  // `self` watches the others. Beyond `limit_bytes` of names, and as many of
  // locks, names are not kept and locks refused.
  GlobalRegistry(Process self, size_t limit_bytes, LogSink log);

  // For locks of this node's own, which nobody needs to watch.
  GlobalLocks& locks() { return locks_; }
  const GlobalNames& names() const { return names_; }

  bool SetLock(const Term& resource, const Term& requester, const Pid& pid);
  void DeleteLock(const Term& resource, const Term& requester, const Pid& pid);

  // What changes a name comes from somebody who has locked `global`: a process,
  // or a requester. If that lock has gone with its holder while the change was
  // on its way, everybody else has forgotten it, and so does this.
  void Register(const Term& name, GlobalNames::Entry entry, const Pid& by);
  void Unregister(const Term& name);
  // Each of `operations` is {insert, {Name, Pid, Method}} or {delete, Name}.
  void Apply(const std::vector<Term>& operations,
             const GlobalNames::List& external, const Term& requester);

  // A monitor has told of the end of a process.
  void OnDown(const ReferenceView& monitor);

 private:
  // A process that has names or locks.
  struct Watched {
    Reference monitor;
    size_t uses = 0;
  };

  void Insert(const Term& name, GlobalNames::Entry entry);
  void Watch(const Pid& pid);
  void Unwatch(const Pid& pid);

  Process self_;
  const LogSink log_;
  GlobalLocks locks_;
  GlobalNames names_;
  absl::flat_hash_map<Pid, Watched> watched_;
  absl::flat_hash_map<Reference, Pid> by_monitor_;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_GLOBAL_REGISTRY_H_
