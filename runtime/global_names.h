// GlobalNames: the names of global that this node knows of, its own processes'
// and others' (OTP: global.erl). Internal to //runtime:node.
//
// Every node of a cluster knows all of them: nodes that connect to each other
// later learn names from whichever node they connect to first.
//
// Pure. Which process a name stands for, and who solves conflicts, is for
// whoever keeps them to decide.

#ifndef RINGDIST_RUNTIME_GLOBAL_NAMES_H_
#define RINGDIST_RUNTIME_GLOBAL_NAMES_H_

#include <cstddef>
#include <optional>
#include <tuple>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term.h"

namespace ringdist {

class GlobalNames {
 public:
  struct Entry {
    Pid pid;
    // The function that solves conflicts about the name: passed on as it is.
    Term method;
    // Of a process whose node has no global, the node that registered it, an
    // atom; otherwise empty.
    Term registrar;
  };

  // Takes no more than so many bytes of names and what belongs to them.
  explicit GlobalNames(size_t limit_bytes) : limit_bytes_(limit_bytes) {}

  // Null if nobody has it.
  const Entry* Find(const Term& name) const;
  // Takes it away from whoever has it. False: there is no room.
  bool Insert(const Term& name, Entry entry);
  // Nullopt if nobody had it.
  std::optional<Entry> Erase(const Term& name);
  std::vector<Term> NamesOf(const Pid& pid) const;

  // As messages have them, [{Name, Pid, Method}]; and those with a registrar,
  // [{Name, Pid, Node}].
  using List = std::vector<std::tuple<Term, Pid, Term>>;
  List All() const;
  List External() const;

 private:
  const size_t limit_bytes_;
  size_t bytes_ = 0;
  absl::flat_hash_map<Term, Entry> names_;
  absl::flat_hash_map<Pid, absl::flat_hash_set<Term>> by_pid_;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_GLOBAL_NAMES_H_
