// Between C++ values and terms: typed building, matching and reading.
//
//   Term reply = MakeTerm(std::tuple(Atom("ok"), 42, std::vector{1.5, 2.5}));
//   WriteValue(writer, std::tuple(Atom("sum"), sum));    // into a packet
//
//   Pid from;
//   int64_t a = 0;
//   std::string text;
//   absl::Status matched =
//       MatchTerm(message, std::tuple(Atom("add"), &from, std::tuple(&a,
//       &text)));
//   // "element 3, element 1: expected an integer of 64 bits, found a binary"
//
//   absl::StatusOr<std::vector<int64_t>> list =
//       ReadValue<std::vector<int64_t>>(message);
//
//   | C++                                   | Erlang                          |
//   |---------------------------------------|---------------------------------|
//   | bool                                  | true, false                     |
//   | integers                              | integer; beyond 64 bits: Term   |
//   | double, float                         | float (reads integers, too)     |
//   | Atom, AtomView                        | atom                            |
//   | std::string, string_view, const char* | binary (a std::string reads     |
//   |                                       | iolists, as "abc" is, too)      |
//   | std::tuple, std::pair                 | tuple                           |
//   | std::vector, absl::Span               | list                            |
//   | Nil; List (term_values.h)             | []; mixed and improper lists    |
//   | std::map, absl::flat_hash_map         | map                             |
//   | Map (term_values.h)                   | map of mixed types              |
//   | std::optional                         | the value, or undefined         |
//   | Pid, Reference, Port and their views  | the same                        |
//   | Term, TermView                        | as it is                        |
//
// Parts may be of any of these types. Views and const char* are read as views
// into the term's bytes, or not at all.
//
// A pattern is made of them as well. In it a pointer takes what stands there; a
// value matches the term that is =:= to what MakeTerm makes of it; Any()
// matches all, and a Map those that have its keys. Beware of
// std::tuple(std::tuple(x)), which C++ takes for a copy:
// std::make_tuple(std::tuple(x)) is a tuple in one.

#ifndef RINGDIST_PROTO_TERM_CONVERT_H_
#define RINGDIST_PROTO_TERM_CONVERT_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ringdist/proto/term.h"
#include "ringdist/proto/term_container.h"
#include "ringdist/proto/term_container_matcher.h"
#include "ringdist/proto/term_converter.h"
#include "ringdist/proto/term_finite.h"
#include "ringdist/proto/term_matcher.h"
#include "ringdist/proto/term_mismatch.h"
#include "ringdist/proto/term_values.h"
#include "ringdist/proto/term_view.h"
#include "ringdist/proto/term_writer.h"

namespace ringdist {

// Writes the term that `value` is, without a version byte. What no term can
// hold (an infinite float, an Atom whose text is none, an empty TermView, two
// equal keys) is a mistake of ours; all but the keys are checked.
template <typename T>
void WriteValue(TermWriter& writer, const T& value) {
  internal_term::Write(writer, value);
}

// Whether all floats in `value`, at any depth, are finite. To be asked of what
// others have computed.
template <typename T>
bool HasFiniteFloats(const T& value) {
  return internal_term::AllFinite(value);
}

template <typename T>
Term MakeTerm(const T& value) {
  return internal_term::ToTerm(value);
}

// The value that `term` is. InvalidArgument says where in it something else
// stands than belongs there, and what. Views are valid as long as the term is.
template <typename T>
absl::StatusOr<T> ReadValue(const TermView& term) {
  T value{};
  internal_term::TermMismatch mismatch;
  if (internal_term::ReadPart::Do(term, value, &mismatch)) return value;
  return mismatch.ToStatus();
}

// Whether `term` matches the pattern. If not, what stands before the first
// difference may have been taken; a pointer whose own term does not match is
// left alone. Allocates nothing but what captures need that own something, and
// for maps that are values.
template <typename Pattern>
bool Matches(const TermView& term, const Pattern& pattern) {
  return internal_term::MatchPart::Do(term, pattern, nullptr);
}

// The same, and InvalidArgument says where they differ, as for ReadValue: for
// the one pattern that must match. Where several are tried, Matches is cheaper.
template <typename Pattern>
absl::Status MatchTerm(const TermView& term, const Pattern& pattern) {
  internal_term::TermMismatch mismatch;
  if (internal_term::MatchPart::Do(term, pattern, &mismatch)) {
    return absl::OkStatus();
  }
  return mismatch.ToStatus();
}

}  // namespace ringdist

#endif  // RINGDIST_PROTO_TERM_CONVERT_H_
