// Erlang's order of terms, equality and hashes, on views.
//
//   CompareTerms(one, one_point_zero) == 0       // 1 == 1.0
//   CompareExactly(one, one_point_zero) < 0      // 1 =/= 1.0
//
// number < atom < reference < fun < port < pid < tuple < map < [] < list <
// bitstring (OTP, "Erlang Reference Manual", section "Term Comparisons"):
// tuples and maps by size first, maps then by keys (all integers in front of
// all floats) and then by values, lists and bitstrings element by element,
// atoms by their characters. Identifiers and funs among themselves have the
// order that OTP 25.2.3 gives them (erts_cmp in erts/emulator/beam/utils.c); no
// release promises it. What holds in every release is that it is total. As up
// to OTP 26, 0.0 and -0.0 are the same; from OTP 27 on they are not =:=.
//
// Terms may be of any depth: nothing recurses. A stack as deep as the terms is
// allocated, and for maps of the same size the order of their keys: up to some
// 40 times the bytes if these are hardly more than maps in maps. Time goes with
// the bytes up to the first difference; where there are maps with n log² n for
// maps of n bytes, however hostile (term_index.h).

#ifndef RINGDIST_PROTO_TERM_ORDER_H_
#define RINGDIST_PROTO_TERM_ORDER_H_

#include <compare>
#include <cstddef>

#include "ringdist/proto/term_view.h"

namespace ringdist {

// As `<`, `==` and `>` do: integers and floats by value.
std::weak_ordering CompareTerms(const TermView& a, const TermView& b);

// Equal as `=:=` is, and an order that agrees with CompareTerms: it only tells
// apart what is == there. At the first place where one has an integer and the
// other the float of the same value, the integer comes first.
std::strong_ordering CompareExactly(const TermView& a, const TermView& b);

// Equal for terms that are =:=, whichever tags they were sent with.
size_t HashTerm(const TermView& term);

}  // namespace ringdist

#endif  // RINGDIST_PROTO_TERM_ORDER_H_
