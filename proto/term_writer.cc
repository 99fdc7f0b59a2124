#include "ringdist/proto/term_writer.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "ringdist/proto/big_endian.h"
#include "ringdist/proto/check.h"
#include "ringdist/proto/term_scan.h"

namespace ringdist {

using internal_term::ScanOne;
using internal_term::TermCursor;

namespace {

// Up to this id a port is written as OTP writes it, for nodes without V4_NC.
constexpr uint64_t kMaxNewPortId = (uint64_t{1} << 28) - 1;

// A closure up to its module: p, u32 size, u8 arity, 16 bytes uniq, u32 index,
// u32 free variables.
constexpr size_t kNewFunHeaderSize = 1 + 4 + 1 + 16 + 4 + 4;

// A magnitude of up to 64 bits. Writes all 8 bytes and takes back those that
// are zeros at the end: faster than byte by byte.
void WriteMagnitude(bool negative, uint64_t magnitude, ByteWriter& out) {
  const auto size = static_cast<size_t>(std::bit_width(magnitude) + 7) / 8;
  char* at = out.Extend(3 + sizeof(magnitude));
  at[0] = static_cast<char>(TermTag::kSmallBig);
  at[1] = static_cast<char>(size);
  at[2] = static_cast<char>(negative);
  StoreBigEndian(at + 3, __builtin_bswap64(magnitude));
  out.Truncate(out.size() - (sizeof(magnitude) - size));
}

// Copies what one tag takes off the cursor; returns how many parts follow.
uint64_t CopyOne(TermCursor& cursor, ByteWriter& out) {
  const char* begin = cursor.bytes().cursor();
  const uint64_t parts = ScanOne(cursor);
  const auto size = static_cast<size_t>(cursor.bytes().cursor() - begin);
  out.WriteBytes({begin, size});
  return parts;
}

}  // namespace

void TermWriter::WriteSizeHeader(TermTag tag, size_t size) {
  RINGDIST_CHECK_LE(size, std::numeric_limits<uint32_t>::max());
  char* at = out_.Extend(5);
  *at = static_cast<char>(tag);
  StoreBigEndian(at + 1, static_cast<uint32_t>(size));
}

void TermWriter::WriteLargeInteger(int64_t value) {
  if (value >= std::numeric_limits<int32_t>::min() &&
      value <= std::numeric_limits<int32_t>::max()) {
    char* at = out_.Extend(5);
    *at = static_cast<char>(TermTag::kInteger);
    return StoreBigEndian(at + 1, static_cast<uint32_t>(value));
  }
  const auto bits = static_cast<uint64_t>(value);
  WriteMagnitude(value < 0, value < 0 ? ~bits + 1 : bits, out_);
}

void TermWriter::WriteUnsigned(uint64_t value) {
  if (value <= uint64_t{std::numeric_limits<int64_t>::max()}) {
    return WriteInteger(static_cast<int64_t>(value));
  }
  WriteMagnitude(false, value, out_);
}

void TermWriter::WriteBigInteger(const BigInteger& value) {
  if (value.magnitude.size() <= 255) {
    WriteTag(TermTag::kSmallBig);
    out_.WriteU8(static_cast<uint8_t>(value.magnitude.size()));
  } else {
    WriteSizeHeader(TermTag::kLargeBig, value.magnitude.size());
  }
  out_.WriteU8(value.negative ? 1 : 0);
  out_.WriteBytes(value.magnitude);
}

void TermWriter::WriteFloat(double value) {
  RINGDIST_CHECK(std::isfinite(value));
  WriteTag(TermTag::kNewFloat);
  out_.WriteU64(std::bit_cast<uint64_t>(value));
}

void TermWriter::WriteAtom(absl::string_view text) {
  if (atoms_ != nullptr) {
    const int place = atoms_->PlaceOf(text);
    if (place != AtomCacheOut::kInFull) {
      WriteTag(TermTag::kAtomCacheRef);
      return out_.WriteU8(static_cast<uint8_t>(place));
    }
  }
  RINGDIST_CHECK(IsAtomText(text));
  if (text.size() <= 255) {
    WriteTag(TermTag::kSmallAtomUtf8);
    out_.WriteU8(static_cast<uint8_t>(text.size()));
  } else {
    WriteTag(TermTag::kAtomUtf8);
    out_.WriteU16(static_cast<uint16_t>(text.size()));
  }
  out_.WriteBytes(text);
}

void TermWriter::WriteAtom(const AtomView& atom) {
  if (atom.latin1()) return WriteAtom(atom.ToString());
  WriteAtom(atom.bytes());
}

void TermWriter::WriteString(absl::string_view bytes) {
  if (bytes.empty()) return WriteNil();
  if (bytes.size() <= std::numeric_limits<uint16_t>::max()) {
    WriteTag(TermTag::kString);
    out_.WriteU16(static_cast<uint16_t>(bytes.size()));
    out_.WriteBytes(bytes);
    return;
  }
  WriteListHeader(bytes.size());
  for (const char byte : bytes) WriteInteger(static_cast<uint8_t>(byte));
  WriteNil();
}

void TermWriter::WritePid(const PidView& pid) {
  WriteTag(TermTag::kNewPid);
  WriteAtom(pid.node);
  out_.WriteU32(pid.id);
  out_.WriteU32(pid.serial);
  out_.WriteU32(pid.creation);
}

void TermWriter::WriteReference(const ReferenceView& reference) {
  RINGDIST_CHECK_GE(reference.word_count, 1u);
  RINGDIST_CHECK_LE(reference.word_count, kMaxReferenceWords);
  WriteTag(TermTag::kNewerReference);
  out_.WriteU16(static_cast<uint16_t>(reference.word_count));
  WriteAtom(reference.node);
  out_.WriteU32(reference.creation);
  for (const uint32_t word : reference.ids()) out_.WriteU32(word);
}

void TermWriter::WritePort(const PortView& port) {
  const bool v4 = port.id > kMaxNewPortId;
  WriteTag(v4 ? TermTag::kV4Port : TermTag::kNewPort);
  WriteAtom(port.node);
  if (v4) {
    out_.WriteU64(port.id);
  } else {
    out_.WriteU32(static_cast<uint32_t>(port.id));
  }
  out_.WriteU32(port.creation);
}

void TermWriter::WriteTerm(const TermView& term) {
  RINGDIST_CHECK(!term.empty());
  if (term.atoms().empty()) {
    out_.WriteBytes(term.bytes());
  } else {
    WriteResolved(term);
  }
}

void TermWriter::WriteResolved(const TermView& term) {
  // A closure says how many bytes it has, which may change.
  struct OpenFun {
    size_t size_at;    // Where the size stands.
    uint64_t pending;  // How many terms are still to come when it ends.
  };
  std::vector<OpenFun> funs;  // Rare; no memory unless there are any.
  TermCursor cursor(term.bytes(), term.atoms());
  ByteReader& bytes = cursor.bytes();
  for (uint64_t pending = 1; pending > 0;) {
    --pending;
    const uint8_t tag = bytes.PeekU8();
    switch (TypeOfTag(tag)) {
      case TermType::kAtom:
        bytes.ReadU8();
        WriteAtom(ReadAtom(cursor, tag));
        break;
      case TermType::kPid:
        bytes.ReadU8();
        WritePid(ReadPid(cursor, tag));
        break;
      case TermType::kReference:
        bytes.ReadU8();
        WriteReference(ReadReference(cursor, tag));
        break;
      case TermType::kPort:
        bytes.ReadU8();
        WritePort(ReadPort(cursor, tag));
        break;
      case TermType::kFun:
        if (tag == static_cast<uint8_t>(TermTag::kNewFun)) {
          funs.push_back({out_.size() + 1, pending});
        }
        pending += WriteResolvedFun(cursor);
        break;
      default:
        pending += CopyOne(cursor, out_);
    }
    while (!funs.empty() && funs.back().pending == pending) {
      const size_t size_at = funs.back().size_at;
      out_.PatchU32(size_at, static_cast<uint32_t>(out_.size() - size_at));
      funs.pop_back();
    }
  }
}

uint64_t TermWriter::WriteResolvedFun(TermCursor& cursor) {
  ByteReader& bytes = cursor.bytes();
  if (bytes.PeekU8() == static_cast<uint8_t>(TermTag::kExport)) {
    WriteTag(static_cast<TermTag>(bytes.ReadU8()));
    WriteAtom(ReadAtom(cursor, bytes.ReadU8()));
    WriteAtom(ReadAtom(cursor, bytes.ReadU8()));
    return CopyOne(cursor, out_);
  }
  const absl::string_view header = bytes.ReadBytes(kNewFunHeaderSize);
  out_.WriteBytes(header);
  WriteAtom(ReadAtom(cursor, bytes.ReadU8()));
  CopyOne(cursor, out_);
  CopyOne(cursor, out_);
  return uint64_t{LoadBigEndian<uint32_t>(header.data() + header.size() - 4)} +
         1;
}

}  // namespace ringdist
