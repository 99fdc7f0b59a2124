// TermMismatch: where in a term something else stood than was asked for, and
// what.
//
// Internal to term_convert.h. The place is put together from the inside out, as
// the calls return that failed; nothing is done or allocated before that.

#ifndef RINGDIST_PROTO_TERM_MISMATCH_H_
#define RINGDIST_PROTO_TERM_MISMATCH_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/term.h"
#include "ringdist/proto/term_view.h"

namespace ringdist {
namespace internal_term {

class TermMismatch {
 public:
  // All return false, so that the caller can. `mismatch` may be nullptr if
  // nobody asks why; then nothing is done.
  static bool Expect(TermMismatch* mismatch, absl::string_view expected,
                     const TermView& found);
  // "a tuple of 3", "an integer of 64 bits".
  static bool ExpectSize(TermMismatch* mismatch, absl::string_view what,
                         size_t size, const TermView& found);
  static bool ExpectBits(TermMismatch* mismatch, absl::string_view what,
                         size_t bits, const TermView& found);
  // This very term.
  static bool ExpectTerm(TermMismatch* mismatch, const TermView& expected,
                         const TermView& found);

  // A map in which there is this key.
  static bool ExpectKey(TermMismatch* mismatch, const TermView& key,
                        const TermView& found);

  // The mismatch lies in this part of the term at hand, "element 3" or
  // "the tail".
  static bool In(TermMismatch* mismatch, absl::string_view part);
  static bool InElement(TermMismatch* mismatch, size_t number);
  // The value of this key.
  static bool InValue(TermMismatch* mismatch, const TermView& key);

  // InvalidArgument: "element 3, element 1: expected an integer of 64 bits,
  // found a binary".
  absl::Status ToStatus() const;

 private:
  std::string expected_;
  std::string found_;
  std::vector<std::string> place_;  // The innermost part first.
};

}  // namespace internal_term
}  // namespace ringdist

#endif  // RINGDIST_PROTO_TERM_MISMATCH_H_
