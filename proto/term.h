// Term: an Erlang term that owns its bytes.
//
//   Term kept(message);                     // outlives the packet
//   if (kept == MakeTerm(std::tuple(Atom("ok"), 5))) ...   // term_convert.h
//   absl::flat_hash_map<Term, int> counts;  // == as =:=, and a hash to match
//   std::vector<Term> sorted = ...;         // < as Erlang sorts terms
//   Log(ToText(kept));                      // term_text.h
//
// It holds one term in Erlang's external term format, in a single allocation,
// and is read through its TermView: a copy of what arrived costs what arrived,
// however the term is nested. Where a TermView is asked for a Term will do.
//
// The bytes stand for themselves: atom cache references were replaced.

#ifndef RINGDIST_PROTO_TERM_H_
#define RINGDIST_PROTO_TERM_H_

#include <compare>
#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/term_order.h"
#include "ringdist/proto/term_reader.h"
#include "ringdist/proto/term_view.h"

namespace ringdist {

class Term {
 public:
  // No term: empty(), as an empty TermView.
  Term() = default;
  // A copy. Implicit, as a string is made of a literal.
  Term(const TermView& view);  // NOLINT
  // Takes bytes, without a version byte, that are one valid term without atom
  // cache references: what a TermWriter wrote.
  static Term Trusted(std::string bytes);

  // What term_to_binary/1,2 gives, and nothing behind it: a version byte and a
  // term, which may be compressed (zlib). Then `limits.max_bytes`, or if that
  // is not set 64 MiB, bounds what it expands to, and ResourceExhausted names
  // the limit; memory grows with what it does expand to, not with what it
  // claims. InvalidArgument says at which byte and why.
  static absl::StatusOr<Term> FromExternal(absl::string_view bytes,
                                           TermLimits limits = {});
  // What binary_to_term/1 takes. Compressed (zlib) if that is shorter and
  // `compress` is set.
  std::string ToExternal(bool compress = false) const;

  bool empty() const { return bytes_.empty(); }
  TermView view() const { return TermView::Trusted(bytes_, AtomTable()); }
  operator TermView() const { return view(); }  // NOLINT: as above.
  // Without a version byte.
  absl::string_view bytes() const { return bytes_; }

  // =:=, and an order that agrees with it (term_order.h).
  friend bool operator==(const Term& a, const Term& b) {
    return a.bytes_ == b.bytes_ ||
           std::is_eq(CompareExactly(a.view(), b.view()));
  }
  friend std::strong_ordering operator<=>(const Term& a, const Term& b) {
    return CompareExactly(a.view(), b.view());
  }
  template <typename H>
  friend H AbslHashValue(H state, const Term& term) {
    return H::combine(std::move(state), HashTerm(term.view()));
  }

 private:
  std::string bytes_;
};

}  // namespace ringdist

#endif  // RINGDIST_PROTO_TERM_H_
