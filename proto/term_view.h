// TermView: exactly one complete, valid term of Erlang's external term format,
// where it lies in received bytes.
//
//   TermView message = reader.ReadTerm();    // {'$gen_call', From, Request}
//   if (message.IsTuple(3)) {
//     TermElements elements = message.elements();
//     TermView name, from, request;
//     elements.Next(name);
//     elements.Next(from);
//     elements.Next(request);
//     if (name.IsAtom("$gen_call") && request.IsTuple(2)) ...
//   }
//
// A view is made by TermReader, which validates; what it gives out needs no
// check any more. It is valid as long as the bytes and the atom table are, is
// cheap to copy, and nothing here allocates. The term is the same whichever of
// several tags it was sent with: a STRING_EXT is a list of small integers, a
// LIST_EXT without elements its tail, a bitstring of whole bytes a binary.
//
// As a view knows where it ends, reading the elements of elements goes over the
// innermost bytes once per level: right for the few levels that a handler looks
// into, wrong for walking a term that may be nested thousands of levels deep.

#ifndef RINGDIST_PROTO_TERM_VIEW_H_
#define RINGDIST_PROTO_TERM_VIEW_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "ringdist/proto/atom_view.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term_scan.h"
#include "ringdist/proto/term_tags.h"

namespace ringdist {

class TermElements;

// An integer of any size: sign and little-endian magnitude, without zeros at
// its end. It views the term's bytes.
using BigInteger = internal_term::BigInteger;

class TermView {
 public:
  // No term: empty(), of type kNone, and none of the As... gives a value.
  TermView() = default;
  // For bytes that a TermReader found valid before, with the same atoms.
  static TermView Trusted(absl::string_view bytes, AtomTable atoms) {
    return TermView(bytes, atoms);
  }

  bool empty() const { return bytes_.empty(); }
  // The whole term, without a version byte. It stands for itself unless it
  // holds atom cache references, which mean nothing without atoms().
  absl::string_view bytes() const { return bytes_; }
  AtomTable atoms() const { return atoms_; }

  TermType type() const;

  bool IsAtom(absl::string_view utf8) const {
    return tag() == TermTag::kSmallAtomUtf8 ? bytes_.substr(2) == utf8
                                            : IsOtherAtom(utf8);
  }
  bool IsTuple(size_t arity) const {
    return type() == TermType::kTuple && size() == arity;
  }

  // Each gives nothing if the term is not of that type, or does not fit.
  std::optional<int64_t> AsInt64() const {
    int64_t value;
    if (!ToInt64(value)) return std::nullopt;
    return value;
  }
  std::optional<uint64_t> AsUint64() const {
    uint64_t value;
    if (!ToUint64(value)) return std::nullopt;
    return value;
  }
  // Only for an integer that the tags for large ones hold.
  std::optional<BigInteger> AsBigInteger() const;
  std::optional<double> AsFloat() const;
  std::optional<AtomView> AsAtom() const;
  std::optional<PidView> AsPid() const;
  std::optional<ReferenceView> AsReference() const;
  std::optional<PortView> AsPort() const;
  std::optional<absl::string_view> AsBinary() const;

  // How many elements a tuple has, a list without its tail, or how many pairs
  // a map; 0 for all else.
  size_t size() const;
  // The elements of a tuple or a list; of a map keys and values by turns.
  TermElements elements() const;

 private:
  TermView(absl::string_view bytes, AtomTable atoms)
      : bytes_(IsList(bytes) ? WithoutEmptyLists(bytes) : bytes),
        atoms_(atoms) {}

  static bool IsList(absl::string_view bytes) {
    return !bytes.empty() && static_cast<TermTag>(bytes[0]) == TermTag::kList;
  }
  static absl::string_view WithoutEmptyLists(absl::string_view bytes);

  // 0, which is no tag, for an empty view.
  TermTag tag() const {
    return empty() ? TermTag{0} : static_cast<TermTag>(bytes_[0]);
  }
  bool IsOtherAtom(absl::string_view utf8) const;
  bool ToInt64(int64_t& value) const;
  bool ToUint64(uint64_t& value) const;
  // A cursor behind the tag.
  internal_term::TermCursor Body() const { return {bytes_.substr(1), atoms_}; }

  absl::string_view bytes_;
  AtomTable atoms_;
};

// A cursor over the parts of one term.
//
//   TermElements elements = list.elements();
//   for (TermView element; elements.Next(element);) ...
//   if (elements.Tail().type() != TermType::kNil) ...     // improper
class TermElements {
 public:
  // How many are still to come.
  size_t remaining() const { return remaining_; }

  // False, and an empty view, if there is none left.
  bool Next(TermView& element);

  // What stands behind the last element of a list: [] unless it is improper.
  // An empty view for anything but a list. Next gives nothing after it.
  TermView Tail();

 private:
  friend class TermView;

  enum class Kind {
    kTerms,  // Of a tuple or a map.
    kList,   // Terms and then a tail.
    kBytes,  // Of a STRING_EXT: integers without tags.
  };

  TermElements(Kind kind, size_t count, internal_term::TermCursor parts)
      : kind_(kind), remaining_(count), parts_(parts) {}

  Kind kind_;
  size_t remaining_;
  internal_term::TermCursor parts_;
};

}  // namespace ringdist

#endif  // RINGDIST_PROTO_TERM_VIEW_H_
