// The one place that knows how each tag of the external term format continues:
// used by TermReader to validate and by TermView to read what is valid.
//
// Internal to the term codec; include term_reader.h or term_view.h.
//
//   TermCursor cursor(bytes, atoms);
//   if (!SkipTerm(cursor, max_terms)) ... cursor.problem() ...
//
// Nothing here recurses or allocates: the parts of a container are terms that
// come behind it, so that a term ends where a count of terms still to come
// falls to zero. A count that is claimed is held against the bytes that follow
// before anything is done with it, as each term takes at least one.

#ifndef RINGDIST_PROTO_TERM_SCAN_H_
#define RINGDIST_PROTO_TERM_SCAN_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ringdist/proto/atom_view.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term_tags.h"

namespace ringdist {

// What atom cache references (ATOM_CACHE_REF) stand for: the texts, UTF-8, by
// index. They come with a distribution header; without one there are none.
using AtomTable = absl::Span<const absl::string_view>;

namespace internal_term {

// An integer as the wire has it when it does not fit the small tags.
struct BigInteger {
  bool negative = false;
  absl::string_view magnitude;  // Little-endian, no zeros at its end.
};

// A ByteReader that also knows the atoms and, once it failed, why.
class TermCursor {
 public:
  TermCursor(absl::string_view bytes, AtomTable atoms)
      : bytes_(bytes), atoms_(atoms) {}

  ByteReader& bytes() { return bytes_; }
  const ByteReader& bytes() const { return bytes_; }
  AtomTable atoms() const { return atoms_; }
  bool ok() const { return bytes_.ok(); }
  // Once failed: what is wrong with the term at hand, a static text; and
  // whether it is that the bytes end before it does.
  absl::string_view problem() const {
    return ended_early() ? "the bytes end inside it" : problem_;
  }
  bool ended_early() const { return problem_.empty(); }

  // The first problem is the one that is kept; if the bytes ended before it,
  // that was the problem.
  void Fail(absl::string_view problem) {
    if (ok()) problem_ = problem;
    bytes_.Fail();
  }

 private:
  ByteReader bytes_;
  AtomTable atoms_;
  absl::string_view problem_;
};

inline constexpr absl::string_view kNotAtomText =
    "an atom that is not UTF-8 of at most 255 characters";

// What follows a tag of the named type, which was read before. They fail the
// cursor, and give an empty value, if the tag is of another type.
PidView ReadPid(TermCursor& cursor, uint8_t tag);
ReferenceView ReadReference(TermCursor& cursor, uint8_t tag);
PortView ReadPort(TermCursor& cursor, uint8_t tag);
double ReadFloat(TermCursor& cursor, uint8_t tag);
BigInteger ReadBig(TermCursor& cursor, uint8_t tag);
// An atom of any tag but the usual one.
AtomView ReadOtherAtom(TermCursor& cursor, uint8_t tag);
inline AtomView ReadAtom(TermCursor& cursor, uint8_t tag) {
  if (tag != static_cast<uint8_t>(TermTag::kSmallAtomUtf8)) {
    return ReadOtherAtom(cursor, tag);
  }
  const absl::string_view text =
      cursor.bytes().ReadBytes(cursor.bytes().ReadU8());
  if (IsAtomText(text)) return AtomView::Utf8(text);
  cursor.Fail(kNotAtomText);
  return AtomView();
}

// False if the number does not fit.
bool ToInt64(const BigInteger& big, int64_t& value);
bool ToUint64(const BigInteger& big, uint64_t& value);

// ScanOne for the tags that are rare or long.
uint64_t ScanOther(TermCursor& cursor, uint8_t tag);

// Takes one tag and what belongs to it off the cursor. Returns how many terms
// follow that are parts of it.
inline uint64_t ScanOne(TermCursor& cursor) {
  ByteReader& bytes = cursor.bytes();
  const uint8_t tag = bytes.ReadU8();
  switch (static_cast<TermTag>(tag)) {
    case TermTag::kSmallInteger:
      bytes.ReadBytes(1);
      return 0;
    case TermTag::kInteger:
      bytes.ReadBytes(4);
      return 0;
    case TermTag::kNil:
      return 0;
    case TermTag::kBinary:
      bytes.ReadBytes(bytes.ReadU32());
      return 0;
    case TermTag::kString:
      bytes.ReadBytes(bytes.ReadU16());
      return 0;
    case TermTag::kSmallBig:
      bytes.ReadBytes(size_t{1} + bytes.ReadU8());
      return 0;
    case TermTag::kSmallAtomUtf8:
      ReadAtom(cursor, tag);
      return 0;
    case TermTag::kSmallTuple:
      return bytes.ReadU8();
    case TermTag::kList:
      return uint64_t{bytes.ReadU32()} + 1;
    default:
      return ScanOther(cursor, tag);
  }
}

// Takes `terms` whole terms, at least one, off the cursor. False, and the
// cursor has failed, if they are not well-formed or consist of more than
// `max_terms` terms.
bool SkipTerms(TermCursor& cursor, uint64_t terms, uint64_t max_terms);
inline bool SkipTerm(TermCursor& cursor, uint64_t max_terms) {
  return SkipTerms(cursor, 1, max_terms);
}

// The most that a limit on depth can be.
inline constexpr size_t kMaxDepthLimit = 1024;

// Whether no container in `term`, a valid term, lies inside of `max_depth`
// others; `max_depth` is at most kMaxDepthLimit. An atom has the depth 0, {} as
// well, {a} 1, [{a}] 2.
bool DepthIsWithin(absl::string_view term, AtomTable atoms, size_t max_depth);

}  // namespace internal_term
}  // namespace ringdist

#endif  // RINGDIST_PROTO_TERM_SCAN_H_
