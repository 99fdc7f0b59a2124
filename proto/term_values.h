// What C++ has no type for when terms are built, matched and read with
// term_convert.h: atoms, [], lists and maps of mixed types, and "whatever".
//
//   MakeTerm(List(std::tuple(1, Atom("a")), Atom("b")));          // [1, a | b]
//   MakeTerm(Map(std::pair(Atom("name"), "x"), std::pair(1, Nil())));
//   MatchTerm(term, std::tuple(Atom("ok"), Any(), Map(std::pair(1, &one))));

#ifndef RINGDIST_PROTO_TERM_VALUES_H_
#define RINGDIST_PROTO_TERM_VALUES_H_

#include <compare>
#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/string_view.h"
#include "ringdist/proto/atom_view.h"

namespace ringdist {

// An atom that owns its text. What is made of it must be an atom: UTF-8, at
// most 255 characters (IsAtomText).
struct Atom {
  Atom() = default;  // ''.
  explicit Atom(absl::string_view utf8) : text(utf8) {}
  explicit Atom(const AtomView& view) : text(view.ToString()) {}
  operator AtomView() const { return AtomView::Utf8(text); }  // NOLINT

  bool operator==(const Atom&) const = default;
  // Erlang's: by character, which UTF-8 keeps.
  std::strong_ordering operator<=>(const Atom& other) const {
    return text.compare(other.text) <=> 0;
  }
  template <typename H>
  friend H AbslHashValue(H state, const Atom& atom) {
    return H::combine(std::move(state), atom.text);
  }

  std::string text;
};

// [].
struct Nil {
  bool operator==(const Nil&) const = default;
};

// In a pattern: matches every term.
struct Any {};

// A list of exactly these elements, a std::tuple or a std::vector, and what
// stands behind the last.
template <typename Elements, typename Tail = Nil>
struct List {
  List() = default;
  explicit List(Elements all, Tail behind = Tail())
      : elements(std::move(all)), tail(std::move(behind)) {}
  bool operator==(const List&) const = default;

  Elements elements;
  Tail tail;
};

// A map of exactly these pairs. In a pattern, as in Erlang: a map that has all
// of these keys, which are values, and their patterns match.
template <typename... Pairs>
struct Map {
  explicit Map(Pairs... all) : pairs(std::move(all)...) {}

  std::tuple<Pairs...> pairs;
};

}  // namespace ringdist

#endif  // RINGDIST_PROTO_TERM_VALUES_H_
