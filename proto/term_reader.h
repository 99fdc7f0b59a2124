// TermReader: a validating cursor over terms in Erlang's external term format
// (OTP, erts/doc: "External Term Format").
//
//   TermReader reader(packet);
//   reader.ReadVersion();                        // 131
//   if (reader.ReadTupleHeader() == 3 && reader.ReadInt64() == 2) {
//     reader.ReadTerm();                         // whatever stands there
//     PidView to = reader.ReadPid();
//   }
//   if (!reader.ok()) return reader.status();
//
// As a ByteReader it fails at the first thing that is not as asked for, and
// stays failed: later reads give empty values, so that a decoder reads all its
// fields and asks once. status() then says at which byte, and what was expected
// there.
//
// All tags that OTP 25 to 28 sends are read, and those of older nodes. What a
// node keeps to itself (LOCAL_EXT and the like) and compressed terms are
// refused, as a real node refuses them on a connection. Two things that a real
// node checks are not checked: that the keys of a map differ, and that an
// integer is not larger than its release supports.
//
// Reading is zero-copy, never allocates (but for the text of an error) and
// never recurses: each byte is looked at once, whatever it claims. The views it
// gives out are valid as long as the bytes and the atom table.

#ifndef RINGDIST_PROTO_TERM_READER_H_
#define RINGDIST_PROTO_TERM_READER_H_

#include <cstddef>
#include <cstdint>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/atom_view.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term_scan.h"
#include "ringdist/proto/term_tags.h"
#include "ringdist/proto/term_view.h"

namespace ringdist {

// Bounds on one term, for a ReadTerm. None by default: a term needs no more
// memory than its bytes, and those are bounded by the size of a packet. Set
// them where handlers would do work, or recurse, beyond that.
struct TermLimits {
  static constexpr uint64_t kNone = std::numeric_limits<uint64_t>::max();

  // How deep containers nest: [[1]] has the depth 2. At most kMaxDepth, or
  // kNone. Erlang itself sets no limit, and lists that are built by putting one
  // into the next ("iolists") do get thousands deep. Costs a second pass.
  static constexpr uint64_t kMaxDepth = internal_term::kMaxDepthLimit;
  uint64_t max_depth = kNone;
  // Terms, the parts of containers and the tails of lists included.
  uint64_t max_terms = kNone;
  uint64_t max_bytes = kNone;

  // InvalidArgument names the field and its limit.
  absl::Status Validate() const;
};

class TermReader {
 public:
  // `atoms` are what ATOM_CACHE_REFs stand for; without them such a reference
  // is an error. `limits` must be valid.
  explicit TermReader(absl::string_view bytes, AtomTable atoms = {},
                      TermLimits limits = {})
      : cursor_(bytes, atoms),
        limits_(limits),
        bytes_(bytes),
        term_(bytes.data()) {}

  bool ok() const { return cursor_.ok(); }
  // InvalidArgument: what was expected, and where.
  absl::Status status() const;

  bool AtEnd() const { return cursor_.bytes().AtEnd(); }
  // The bytes not read yet; empty once failed.
  absl::string_view Rest() const { return cursor_.bytes().Rest(); }
  AtomTable atoms() const { return cursor_.atoms(); }
  // The type of the next term, kNone at the end or if no term begins there.
  TermType PeekType() const { return TypeOfTag(cursor_.bytes().PeekU8()); }

  // Bytes between terms that are none, such as a header.
  absl::string_view ReadBytes(size_t size) {
    return cursor_.bytes().ReadBytes(size);
  }
  // The byte before a term that stands by itself.
  void ReadVersion();
  // Any term, to its end.
  TermView ReadTerm();
  // The arity; the elements are to be read next.
  size_t ReadTupleHeader() {
    const uint8_t tag = Begin("a tuple");
    return Is(tag, TermTag::kSmallTuple) ? cursor_.bytes().ReadU8()
                                         : ReadLargeTupleHeader(tag);
  }
  // As TermWriter writes it: the elements of a list are to be read next and
  // then its tail, ReadNil() for a proper one; 0 for [], and nothing follows.
  // Nodes send lists of small integers as strings, which this does not take
  // apart: a list that may be one is read with ReadTerm, or if NextIsString()
  // with ReadString.
  size_t ReadListHeader() {
    const uint8_t tag = Begin("a list");
    if (Is(tag, TermTag::kNil)) return 0;
    const size_t elements = Is(tag, TermTag::kList) ? ReadCount(1) : 0;
    return elements > 0 ? elements : ReadOtherListHeader(tag);
  }
  void ReadNil() {
    if (!Is(Begin("[]"), TermTag::kNil)) FailUnexpected();
  }
  bool NextIsString() const {
    return Is(cursor_.bytes().PeekU8(), TermTag::kString);
  }
  // The bytes that are the elements.
  absl::string_view ReadString();
  // How many pairs a map has, keys and values by turns.
  size_t ReadMapHeader();
  int64_t ReadInt64() {
    const uint8_t tag = Begin("an integer of 64 bits");
    if (Is(tag, TermTag::kSmallInteger)) return cursor_.bytes().ReadU8();
    if (!Is(tag, TermTag::kInteger)) return ReadLargeInt64(tag);
    return static_cast<int32_t>(cursor_.bytes().ReadU32());
  }
  uint64_t ReadUint64() {
    const uint8_t tag = Begin("an unsigned integer of 64 bits");
    return Is(tag, TermTag::kSmallInteger) ? cursor_.bytes().ReadU8()
                                           : ReadLargeUint64(tag);
  }
  double ReadFloat();
  // Whole bytes, whether sent as a binary or as a bitstring.
  absl::string_view ReadBinary() {
    const uint8_t tag = Begin("a binary");
    return Is(tag, TermTag::kBinary)
               ? cursor_.bytes().ReadBytes(cursor_.bytes().ReadU32())
               : ReadOtherBinary(tag);
  }
  AtomView ReadAtom();
  PidView ReadPid();
  ReferenceView ReadReference();
  PortView ReadPort();

  // For what a decoder finds wrong by itself with what it read last: fails as
  // if it had asked for `expected`, a static text. No effect once failed.
  void Fail(const char* expected);

 private:
  // Begins a read: remembers where and of what, and takes the tag.
  uint8_t Begin(const char* expected) {
    if (ok()) {
      term_ = cursor_.bytes().cursor();
      expected_ = expected;
    }
    return cursor_.bytes().ReadU8();
  }
  static bool Is(uint8_t found, TermTag tag) {
    return found == static_cast<uint8_t>(tag);
  }
  void FailUnexpected();
  // A count of terms that are to come, each of `parts` parts.
  size_t ReadCount(uint64_t parts) {
    const uint64_t count = cursor_.bytes().ReadU32();
    if (count * parts <= cursor_.bytes().remaining()) return count;
    cursor_.Fail("more elements than there are bytes");
    return 0;
  }
  // What follows a tag other than the usual one.
  size_t ReadLargeTupleHeader(uint8_t tag);
  size_t ReadOtherListHeader(uint8_t tag);
  int64_t ReadLargeInt64(uint8_t tag);
  uint64_t ReadLargeUint64(uint8_t tag);
  absl::string_view ReadOtherBinary(uint8_t tag);

  internal_term::TermCursor cursor_;
  TermLimits limits_;
  absl::string_view bytes_;    // All that is to be read.
  const char* term_;           // Where the last read began.
  const char* expected_ = "";  // And what it was to be.
  bool unexpected_ = false;    // Whether it failed for being something else.
};

}  // namespace ringdist

#endif  // RINGDIST_PROTO_TERM_READER_H_
