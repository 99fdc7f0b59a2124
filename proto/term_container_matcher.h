// TermMatcher for types with parts: tuples, lists, maps.
//
// Internal to term_convert.h.

#ifndef RINGDIST_PROTO_TERM_CONTAINER_MATCHER_H_
#define RINGDIST_PROTO_TERM_CONTAINER_MATCHER_H_

#include <cstddef>
#include <tuple>
#include <vector>

#include "ringdist/proto/term.h"
#include "ringdist/proto/term_container.h"
#include "ringdist/proto/term_converter.h"
#include "ringdist/proto/term_matcher.h"
#include "ringdist/proto/term_mismatch.h"
#include "ringdist/proto/term_parts.h"
#include "ringdist/proto/term_values.h"
#include "ringdist/proto/term_view.h"

namespace ringdist {
namespace internal_term {

template <MapType P>
struct TermMatcher<P> {
  static bool Match(const TermView& term, const P& pattern,
                    TermMismatch* mismatch) {
    return TermMatcher<Term>::Match(term, ToTerm(pattern), mismatch);
  }
};

template <TupleType P>
struct TermMatcher<P> {
  static bool Match(const TermView& term, const P& pattern,
                    TermMismatch* mismatch) {
    return ForTuple<MatchPart>(term, pattern, mismatch);
  }
};

// The elements of a list that has as many as there are patterns.
template <typename Patterns>
bool MatchElements(const TermView& list, ListCursor& cursor,
                   const Patterns& patterns, TermMismatch* mismatch) {
  size_t number = 0;
  TermView term;
  for (const auto& pattern : patterns) {
    ++number;
    if (!cursor.Next(term)) break;
    if (!MatchPart::Do(term, pattern, mismatch)) {
      return TermMismatch::InElement(mismatch, number);
    }
  }
  // An empty one is what Next gave for a pattern too many.
  const bool enough = number == 0 || !term.empty();
  return (enough && !cursor.Next(term)) ||
         TermMismatch::ExpectSize(mismatch, "a list", patterns.size(), list);
}

template <typename Elements, typename Tail>
struct TermMatcher<List<Elements, Tail>> {
  static bool Match(const TermView& term, const List<Elements, Tail>& pattern,
                    TermMismatch* mismatch) {
    if (!IsList(term)) return TermMismatch::Expect(mismatch, "a list", term);
    ListCursor cursor(term);
    bool matches;
    if constexpr (TupleType<Elements>) {
      matches =
          ForElements<MatchPart>(term, cursor, pattern.elements, mismatch);
    } else {
      matches = MatchElements(term, cursor, pattern.elements, mismatch);
    }
    return matches && ForTail<MatchPart>(cursor, pattern.tail, mismatch);
  }
};

template <typename Element, typename Allocator>
struct TermMatcher<std::vector<Element, Allocator>> {
  using Vector = std::vector<Element, Allocator>;

  static bool Match(const TermView& term, const Vector& pattern,
                    TermMismatch* mismatch) {
    if (!IsList(term)) return TermMismatch::Expect(mismatch, "a list", term);
    static constexpr Nil kProper;
    ListCursor cursor(term);
    return MatchElements(term, cursor, pattern, mismatch) &&
           ForTail<MatchPart>(cursor, kProper, mismatch);
  }
};

template <typename... Pairs>
struct TermMatcher<Map<Pairs...>> {
  static bool Match(const TermView& term, const Map<Pairs...>& pattern,
                    TermMismatch* mismatch) {
    if (term.type() != TermType::kMap) {
      return TermMismatch::Expect(mismatch, "a map", term);
    }
    const auto match = [&](const auto& pair) {
      return MatchPair(term, pair, mismatch);
    };
    return std::apply([&](const auto&... pair) { return (match(pair) && ...); },
                      pattern.pairs);
  }

  template <typename Pair>
  static bool MatchPair(const TermView& map, const Pair& pair,
                        TermMismatch* mismatch) {
    TermElements elements = map.elements();
    for (TermView key, value; elements.Next(key);) {
      elements.Next(value);
      if (!MatchPart::Do(key, pair.first, nullptr)) continue;
      return MatchPart::Do(value, pair.second, mismatch) ||
             TermMismatch::InValue(mismatch, key);
    }
    return mismatch != nullptr &&
           TermMismatch::ExpectKey(mismatch, ToTerm(pair.first), map);
  }
};

}  // namespace internal_term
}  // namespace ringdist

#endif  // RINGDIST_PROTO_TERM_CONTAINER_MATCHER_H_
