// Erlang's order of terms, equality and hashes, on views.
//
//   CompareTerms(one, one_point_zero) == 0       // 1 == 1.0
//   CompareExactly(one, one_point_zero) < 0      // 1 =/= 1.0
//
// number < atom < reference < fun < port < pid < tuple < map < [] < list <
// bitstring (OTP, "Erlang Reference Manual", section "Term Comparisons"):
// tuples and maps by size first, maps then by keys and then by values, lists
// and bitstrings element by element, atoms by their characters.
//
// Both work on terms of any depth without recursion and, but for a stack as
// deep as the terms and the order of a map's keys, without allocating. The
// order of identifiers and funs among themselves is total and lasting, but not
// promised to be that of any release of OTP.

#ifndef RINGDIST_PROTO_TERM_ORDER_H_
#define RINGDIST_PROTO_TERM_ORDER_H_

#include <compare>
#include <cstddef>

#include "ringdist/proto/term_view.h"

namespace ringdist {

// As `<`, `==` and `>` do: integers and floats by value.
std::weak_ordering CompareTerms(const TermView& a, const TermView& b);

// As `=:=` does, and an order that goes with it: an integer comes before the
// float of the same value, as it does among the keys of a map.
std::strong_ordering CompareExactly(const TermView& a, const TermView& b);

// Equal for terms that are =:=, whichever tags they were sent with.
size_t HashTerm(const TermView& term);

}  // namespace ringdist

#endif  // RINGDIST_PROTO_TERM_ORDER_H_
