// TermWriter: writes terms in Erlang's external term format (OTP, erts/doc:
// "External Term Format"), in the form in which OTP 25 to 28 writes them.
//
//   TermWriter writer(bytes);                     // any ByteWriter
//   writer.WriteVersion();
//   writer.WriteTupleHeader(2);                   // {Tag, yes}
//   writer.WriteTerm(tag);
//   writer.WriteAtom("yes");
//
// A header says how many terms the caller writes next: the elements of a tuple,
// keys and values by turns, or the elements of a list and then its tail,
// WriteNil() for a proper one. It is the caller's to write as many.
//
// On a connection with an atom cache, atoms go out as references to the header
// of the message: WriteAtom and all that names a node then ask the AtomCacheOut
// that was given. Without one every atom is written in full.
//
// What is written goes straight into the ByteWriter; nothing is kept here.
// Arguments that no term can hold are mistakes of ours, and checked.

#ifndef RINGDIST_PROTO_TERM_WRITER_H_
#define RINGDIST_PROTO_TERM_WRITER_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "ringdist/proto/atom_cache.h"
#include "ringdist/proto/atom_view.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term_scan.h"
#include "ringdist/proto/term_tags.h"
#include "ringdist/proto/term_view.h"

namespace ringdist {

class TermWriter {
 public:
  // `out`, and `atoms` if given, must outlive the writer.
  explicit TermWriter(ByteWriter& out, AtomCacheOut* atoms = nullptr)
      : out_(out), atoms_(atoms) {}

  ByteWriter& out() { return out_; }

  // 131: before a term that stands by itself.
  void WriteVersion() { out_.WriteU8(kTermVersion); }

  void WriteInteger(int64_t value) {
    if (value < 0 || value > 255) return WriteLargeInteger(value);
    WriteTag(TermTag::kSmallInteger);
    out_.WriteU8(static_cast<uint8_t>(value));
  }
  void WriteUnsigned(uint64_t value);
  // A number of any size: sign and little-endian magnitude.
  void WriteBigInteger(const BigInteger& value);
  // A finite number: there is no term for the others.
  void WriteFloat(double value);

  // UTF-8, at most 255 characters.
  void WriteAtom(absl::string_view text);
  void WriteAtom(const AtomView& atom);

  void WriteTupleHeader(size_t arity) {
    if (arity > 255) return WriteSizeHeader(TermTag::kLargeTuple, arity);
    WriteTag(TermTag::kSmallTuple);
    out_.WriteU8(static_cast<uint8_t>(arity));
  }
  // For no elements it writes nothing, and the tail is the whole list.
  void WriteListHeader(size_t elements) {
    if (elements > 0) WriteSizeHeader(TermTag::kList, elements);
  }
  void WriteNil() { WriteTag(TermTag::kNil); }
  void WriteMapHeader(size_t pairs) { WriteSizeHeader(TermTag::kMap, pairs); }

  void WriteBinary(absl::string_view bytes) {
    WriteSizeHeader(TermTag::kBinary, bytes.size());
    out_.WriteBytes(bytes);
  }
  // A list of integers from 0 to 255, as Erlang's strings of Latin-1 are.
  void WriteString(absl::string_view bytes);

  void WritePid(const PidView& pid);
  void WriteReference(const ReferenceView& reference);
  void WritePort(const PortView& port);

  // The same term again. Bytes are copied as they are, with their atoms; but
  // where there may be atom cache references, which mean nothing to another
  // connection, each atom is written with WriteAtom.
  void WriteTerm(const TermView& term);

 private:
  void WriteTag(TermTag tag) { out_.WriteU8(static_cast<uint8_t>(tag)); }
  void WriteSizeHeader(TermTag tag, size_t size);
  void WriteLargeInteger(int64_t value);
  void WriteResolved(const TermView& term);
  // A closure or export at the cursor, without the closure's last parts;
  // returns how many these are.
  uint64_t WriteResolvedFun(internal_term::TermCursor& cursor);

  ByteWriter& out_;
  AtomCacheOut* const atoms_;
};

}  // namespace ringdist

#endif  // RINGDIST_PROTO_TERM_WRITER_H_
