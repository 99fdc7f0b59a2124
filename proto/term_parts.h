// Going over the parts of a term and of a C++ value side by side, to read the
// one into the other or to match it.
//
// Internal to term_convert.h.

#ifndef RINGDIST_PROTO_TERM_PARTS_H_
#define RINGDIST_PROTO_TERM_PARTS_H_

#include <cstddef>
#include <tuple>
#include <utility>

#include "ringdist/proto/term_mismatch.h"
#include "ringdist/proto/term_tags.h"
#include "ringdist/proto/term_view.h"

namespace ringdist {
namespace internal_term {

// The elements of a list, also of one whose tail is a list that was sent as one
// of its own.
class ListCursor {
 public:
  explicit ListCursor(const TermView& list) : elements_(list.elements()) {}

  // False at the end.
  bool Next(TermView& element) {
    while (!elements_.Next(element)) {
      tail_ = elements_.Tail();
      if (tail_.type() != TermType::kList) return false;
      elements_ = tail_.elements();
    }
    return true;
  }
  // Once Next gave false.
  const TermView& tail() const { return tail_; }

 private:
  TermElements elements_;
  TermView tail_;
};

inline bool IsList(const TermView& term) {
  return term.type() == TermType::kList || term.type() == TermType::kNil;
}

template <typename T>
inline constexpr bool kIsTuple = false;
template <typename... Parts>
inline constexpr bool kIsTuple<std::tuple<Parts...>> = true;
template <typename First, typename Second>
inline constexpr bool kIsTuple<std::pair<First, Second>> = true;

template <typename T>
concept TupleType = kIsTuple<T>;

// Does an action, Action::Do(term, part, mismatch), with each part of a
// std::tuple and the terms that `next` gives, until one fails or `next` says
// that there is none.
template <typename Action, typename Tuple, typename Next>
bool ForParts(Next next, Tuple& parts, TermMismatch* mismatch) {
  size_t number = 0;
  const auto act = [&](auto& part) {
    TermView term;
    ++number;
    return next(term) && (Action::Do(term, part, mismatch) ||
                          TermMismatch::InElement(mismatch, number));
  };
  return std::apply([&](auto&... part) { return (act(part) && ...); }, parts);
}

// The elements of a tuple.
template <typename Action, typename Tuple>
bool ForTuple(const TermView& term, Tuple& parts, TermMismatch* mismatch) {
  constexpr size_t kSize = std::tuple_size_v<Tuple>;
  if (!term.IsTuple(kSize)) {
    return TermMismatch::ExpectSize(mismatch, "a tuple", kSize, term);
  }
  TermElements elements = term.elements();
  const auto next = [&](TermView& element) { return elements.Next(element); };
  return ForParts<Action>(next, parts, mismatch);
}

// The elements of a list that has as many as a tuple has parts.
template <typename Action, typename Tuple>
bool ForElements(const TermView& list, ListCursor& cursor, Tuple& parts,
                 TermMismatch* mismatch) {
  constexpr size_t kSize = std::tuple_size_v<Tuple>;
  const auto wrong_size = [&] {
    return TermMismatch::ExpectSize(mismatch, "a list", kSize, list);
  };
  const auto next = [&](TermView& element) {
    return cursor.Next(element) || wrong_size();
  };
  TermView more;
  return ForParts<Action>(next, parts, mismatch) &&
         (!cursor.Next(more) || wrong_size());
}

// The tail of a list whose elements were all taken.
template <typename Action, typename Tail>
bool ForTail(const ListCursor& cursor, Tail& tail, TermMismatch* mismatch) {
  return Action::Do(cursor.tail(), tail, mismatch) ||
         TermMismatch::In(mismatch, "the tail");
}

}  // namespace internal_term
}  // namespace ringdist

#endif  // RINGDIST_PROTO_TERM_PARTS_H_
