// TermMatcher: a struct for each C++ type that stands in a pattern, which says
// whether a term matches it. Values match the term that is made of them.
//
// Internal to term_convert.h. Types with parts are in term_container_matcher.h.

#ifndef RINGDIST_PROTO_TERM_MATCHER_H_
#define RINGDIST_PROTO_TERM_MATCHER_H_

#include <compare>
#include <concepts>
#include <optional>

#include "absl/strings/string_view.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term.h"
#include "ringdist/proto/term_converter.h"
#include "ringdist/proto/term_mismatch.h"
#include "ringdist/proto/term_order.h"
#include "ringdist/proto/term_values.h"
#include "ringdist/proto/term_view.h"

namespace ringdist {
namespace internal_term {

// What ForTuple and the like do to the parts of a pattern.
struct MatchPart {
  template <typename P>
  static bool Do(const TermView& term, const P& part, TermMismatch* mismatch);
};

// `matches`, and if it is false: the term of `value` was expected.
template <typename T>
bool MatchesValue(bool matches, const T& value, const TermView& term,
                  TermMismatch* mismatch) {
  if (matches || mismatch == nullptr) return matches;
  return TermMismatch::ExpectTerm(mismatch, ToTerm(value), term);
}

// A value that is compared as what it is read as.
template <typename P>
struct TermMatcher {
  static bool Match(const TermView& term, const P& pattern,
                    TermMismatch* mismatch) {
    P value{};
    const bool matches =
        TermConverter<P>::Read(term, value, nullptr) && value == pattern;
    return MatchesValue(matches, pattern, term, mismatch);
  }
};

// Owners as their views, so that nothing is allocated.
template <>
struct TermMatcher<Atom> : TermMatcher<AtomView> {};
template <>
struct TermMatcher<Pid> : TermMatcher<PidView> {};
template <>
struct TermMatcher<Reference> : TermMatcher<ReferenceView> {};
template <>
struct TermMatcher<Port> : TermMatcher<PortView> {};

// Integers are read as floats, but none is one.
template <std::floating_point P>
struct TermMatcher<P> {
  static bool Match(const TermView& term, P pattern, TermMismatch* mismatch) {
    const std::optional<double> value = term.AsFloat();
    const bool matches = value.has_value() && *value == double{pattern};
    return MatchesValue(matches, pattern, term, mismatch);
  }
};

template <Text P>
struct TermMatcher<P> {
  static bool Match(const TermView& term, absl::string_view pattern,
                    TermMismatch* mismatch) {
    const std::optional<absl::string_view> value = term.AsBinary();
    const bool matches = value.has_value() && *value == pattern;
    return MatchesValue(matches, pattern, term, mismatch);
  }
};

template <OneOf<Term, TermView> P>
struct TermMatcher<P> {
  static bool Match(const TermView& term, const TermView& pattern,
                    TermMismatch* mismatch) {
    return MatchesValue(std::is_eq(CompareExactly(term, pattern)), pattern,
                        term, mismatch);
  }
};

template <>
struct TermMatcher<Any> {
  static bool Match(const TermView& term, const Any&, TermMismatch* mismatch) {
    return !term.empty() || TermMismatch::Expect(mismatch, "a term", term);
  }
};

// A capture. A pointer to characters is text.
template <typename T>
requires(!Text<T*>) struct TermMatcher<T*> {
  static bool Match(const TermView& term, T* pattern, TermMismatch* mismatch) {
    return TermConverter<T>::Read(term, *pattern, mismatch);
  }
};

template <typename T>
struct TermMatcher<std::optional<T>> {
  static bool Match(const TermView& term, const std::optional<T>& pattern,
                    TermMismatch* mismatch) {
    return pattern.has_value()
               ? MatchPart::Do(term, *pattern, mismatch)
               : TermMatcher<Atom>::Match(term, Atom("undefined"), mismatch);
  }
};

template <typename P>
bool MatchPart::Do(const TermView& term, const P& part,
                   TermMismatch* mismatch) {
  return TermMatcher<P>::Match(term, part, mismatch);
}

}  // namespace internal_term
}  // namespace ringdist

#endif  // RINGDIST_PROTO_TERM_MATCHER_H_
