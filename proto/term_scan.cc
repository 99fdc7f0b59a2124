#include "ringdist/proto/term_scan.h"

#include <bit>
#include <cmath>

#include "absl/strings/numbers.h"
#include "ringdist/proto/big_endian.h"
#include "ringdist/proto/check.h"

namespace ringdist {
namespace internal_term {
namespace {

// The first word of a reference of the old generations has 18 bits.
constexpr uint32_t kMaxOldReference = (1 << 18) - 1;

AtomView ReadUtf8(TermCursor& cursor, size_t size) {
  const absl::string_view text = cursor.bytes().ReadBytes(size);
  if (!IsAtomText(text)) {
    cursor.Fail(kNotAtomText);
    return AtomView();
  }
  return AtomView::Utf8(text);
}

AtomView ReadLatin1(TermCursor& cursor, size_t size) {
  const absl::string_view text = cursor.bytes().ReadBytes(size);
  if (text.size() > 255) {
    cursor.Fail("an atom of more than 255 characters");
    return AtomView();
  }
  return AtomView::Latin1(text);
}

AtomView ReadCached(TermCursor& cursor) {
  const size_t index = cursor.bytes().ReadU8();
  if (index >= cursor.atoms().size()) {
    cursor.Fail("a reference to an atom that no distribution header gave");
    return AtomView();
  }
  return AtomView::Utf8(cursor.atoms()[index]);
}

// The name of a node inside a pid, a port or a reference.
AtomView ReadNode(TermCursor& cursor) {
  return ReadAtom(cursor, cursor.bytes().ReadU8());
}

// The creation in the old generations of pids, ports and references.
uint32_t ReadOldCreation(TermCursor& cursor) {
  const uint8_t creation = cursor.bytes().ReadU8();
  if (creation > 3) cursor.Fail("a creation above 3 in eight bits");
  return creation;
}

void ReadWords(TermCursor& cursor, ReferenceView& reference) {
  if (reference.word_count < 1 || reference.word_count > kMaxReferenceWords) {
    cursor.Fail("a reference that has not 1 to 5 words");
    reference.word_count = 0;
  }
  for (size_t i = 0; i < reference.word_count; ++i) {
    reference.words[i] = cursor.bytes().ReadU32();
  }
}

uint32_t LoadLittleEndian(const char* at) {
  return __builtin_bswap32(LoadBigEndian<uint32_t>(at));
}

// At most 8 bytes.
uint64_t LittleEndian(absl::string_view bytes) {
  if (bytes.size() >= 4) {
    // What the two have in common comes to lie upon itself.
    const size_t second = bytes.size() - 4;
    return LoadLittleEndian(bytes.data()) |
           uint64_t{LoadLittleEndian(bytes.data() + second)} << (8 * second);
  }
  uint64_t value = 0;
  for (size_t i = bytes.size(); i > 0; --i) {
    value = value << 8 | static_cast<uint8_t>(bytes[i - 1]);
  }
  return value;
}

void ScanBitBinary(TermCursor& cursor) {
  const uint32_t size = cursor.bytes().ReadU32();
  const uint8_t bits = cursor.bytes().ReadU8();
  if (bits > 8 || (bits == 0) != (size == 0)) {
    cursor.Fail("a bitstring whose last byte has not 1 to 8 bits");
  }
  cursor.bytes().ReadBytes(size);
}

// An integer that belongs to a fun.
void ScanSmallInteger(TermCursor& cursor) {
  const uint8_t tag = cursor.bytes().ReadU8();
  switch (static_cast<TermTag>(tag)) {
    case TermTag::kSmallInteger:
      cursor.bytes().ReadBytes(1);
      return;
    case TermTag::kInteger:
      cursor.bytes().ReadBytes(4);
      return;
    case TermTag::kSmallBig: {
      int64_t ignored;
      if (ToInt64(ReadBig(cursor, tag), ignored)) return;
      break;
    }
    default:
      break;
  }
  cursor.Fail("a fun with something else where a small integer belongs");
}

// q, module, function, arity.
void ScanExport(TermCursor& cursor) {
  ReadNode(cursor);
  ReadNode(cursor);
  ScanSmallInteger(cursor);
}

// p, u32 size from here on, u8 arity, 16 bytes uniq, u32 index, u32 free
// variables, module, old index, old uniq, creator's pid, the free variables.
// The last two are returned as parts. As a real node does we ignore the size:
// the parts tell where a fun ends.
uint64_t ScanNewFun(TermCursor& cursor) {
  ByteReader& bytes = cursor.bytes();
  bytes.ReadBytes(4 + 1 + 16 + 4);
  const uint64_t free_variables = bytes.ReadU32();
  ReadNode(cursor);
  ScanSmallInteger(cursor);
  ScanSmallInteger(cursor);
  return free_variables + 1;
}

absl::string_view WhyRefused(uint8_t tag) {
  switch (static_cast<TermTag>(tag)) {
    case TermTag::kLocal:
      return "only the node that made it can read it";
    case TermTag::kCompressed:
      return "compressed terms are not part of the distribution protocol";
    default:
      return "no term begins with this byte";
  }
}

}  // namespace

AtomView ReadOtherAtom(TermCursor& cursor, uint8_t tag) {
  ByteReader& bytes = cursor.bytes();
  switch (static_cast<TermTag>(tag)) {
    case TermTag::kAtomUtf8:
      return ReadUtf8(cursor, bytes.ReadU16());
    case TermTag::kAtomCacheRef:
      return ReadCached(cursor);
    case TermTag::kSmallAtom:
      return ReadLatin1(cursor, bytes.ReadU8());
    case TermTag::kAtom:
      return ReadLatin1(cursor, bytes.ReadU16());
    default:
      cursor.Fail("something else where an atom belongs");
      return AtomView();
  }
}

PidView ReadPid(TermCursor& cursor, uint8_t tag) {
  ByteReader& bytes = cursor.bytes();
  PidView pid;
  pid.node = ReadNode(cursor);
  pid.id = bytes.ReadU32();
  pid.serial = bytes.ReadU32();
  if (tag == static_cast<uint8_t>(TermTag::kNewPid)) {
    pid.creation = bytes.ReadU32();
  } else if (tag == static_cast<uint8_t>(TermTag::kPid)) {
    pid.creation = ReadOldCreation(cursor);
  } else {
    cursor.Fail("something else where a pid belongs");
  }
  return pid;
}

ReferenceView ReadReference(TermCursor& cursor, uint8_t tag) {
  ByteReader& bytes = cursor.bytes();
  ReferenceView reference;
  reference.word_count = 1;
  switch (static_cast<TermTag>(tag)) {
    case TermTag::kNewerReference:
      reference.word_count = bytes.ReadU16();
      reference.node = ReadNode(cursor);
      reference.creation = bytes.ReadU32();
      ReadWords(cursor, reference);
      return reference;
    case TermTag::kNewReference:
      reference.word_count = bytes.ReadU16();
      reference.node = ReadNode(cursor);
      reference.creation = ReadOldCreation(cursor);
      ReadWords(cursor, reference);
      break;
    case TermTag::kReference:
      reference.node = ReadNode(cursor);
      ReadWords(cursor, reference);
      reference.creation = ReadOldCreation(cursor);
      break;
    default:
      cursor.Fail("something else where a reference belongs");
  }
  if (reference.words[0] > kMaxOldReference) {
    cursor.Fail("an old reference of more than 18 bits");
  }
  return reference;
}

PortView ReadPort(TermCursor& cursor, uint8_t tag) {
  ByteReader& bytes = cursor.bytes();
  PortView port;
  port.node = ReadNode(cursor);
  switch (static_cast<TermTag>(tag)) {
    case TermTag::kV4Port:
      port.id = bytes.ReadU64();
      port.creation = bytes.ReadU32();
      break;
    case TermTag::kNewPort:
      port.id = bytes.ReadU32();
      port.creation = bytes.ReadU32();
      break;
    case TermTag::kPort:
      port.id = bytes.ReadU32();
      port.creation = ReadOldCreation(cursor);
      break;
    default:
      cursor.Fail("something else where a port belongs");
  }
  return port;
}

double ReadFloat(TermCursor& cursor, uint8_t tag) {
  double value = 0;
  if (tag == static_cast<uint8_t>(TermTag::kNewFloat)) {
    value = std::bit_cast<double>(cursor.bytes().ReadU64());
  } else if (tag == static_cast<uint8_t>(TermTag::kFloat)) {
    // What C's printf writes for "%.20e", filled up with zero bytes.
    absl::string_view text = cursor.bytes().ReadBytes(31);
    text = text.substr(0, text.find('\0'));
    if (!absl::SimpleAtod(text, &value)) cursor.Fail("not the text of a float");
  } else {
    cursor.Fail("something else where a float belongs");
  }
  if (!std::isfinite(value)) cursor.Fail("a float that is not finite");
  return value;
}

BigInteger ReadBig(TermCursor& cursor, uint8_t tag) {
  ByteReader& bytes = cursor.bytes();
  BigInteger big;
  size_t size = 0;
  if (tag == static_cast<uint8_t>(TermTag::kSmallBig)) {
    size = bytes.ReadU8();
  } else if (tag == static_cast<uint8_t>(TermTag::kLargeBig)) {
    size = bytes.ReadU32();
  } else {
    cursor.Fail("something else where an integer belongs");
  }
  big.negative = bytes.ReadU8() != 0;
  big.magnitude = bytes.ReadBytes(size);
  while (!big.magnitude.empty() && big.magnitude.back() == '\0') {
    big.magnitude.remove_suffix(1);
  }
  return big;
}

bool ToUint64(const BigInteger& big, uint64_t& value) {
  if (big.magnitude.size() > sizeof(value)) return false;
  value = LittleEndian(big.magnitude);
  return !big.negative || value == 0;
}

bool ToInt64(const BigInteger& big, int64_t& value) {
  if (big.magnitude.size() > sizeof(value)) return false;
  const uint64_t magnitude = LittleEndian(big.magnitude);
  constexpr uint64_t kLimit = uint64_t{1} << 63;
  if (magnitude > kLimit || (magnitude == kLimit && !big.negative)) {
    return false;
  }
  value = static_cast<int64_t>(big.negative ? ~magnitude + 1 : magnitude);
  return true;
}

uint64_t ScanOther(TermCursor& cursor, uint8_t tag) {
  if (!cursor.ok()) return 0;
  switch (static_cast<TermTag>(tag)) {
    case TermTag::kLargeTuple:
      return cursor.bytes().ReadU32();
    case TermTag::kMap:
      return uint64_t{cursor.bytes().ReadU32()} * 2;
    case TermTag::kNewFun:
      return ScanNewFun(cursor);
    case TermTag::kExport:
      ScanExport(cursor);
      return 0;
    case TermTag::kBitBinary:
      ScanBitBinary(cursor);
      return 0;
    default:
      break;
  }
  switch (TypeOfTag(tag)) {
    case TermType::kAtom:
      ReadAtom(cursor, tag);
      return 0;
    case TermType::kPid:
      ReadPid(cursor, tag);
      return 0;
    case TermType::kReference:
      ReadReference(cursor, tag);
      return 0;
    case TermType::kPort:
      ReadPort(cursor, tag);
      return 0;
    case TermType::kFloat:
      ReadFloat(cursor, tag);
      return 0;
    case TermType::kInteger:
      ReadBig(cursor, tag);
      return 0;
    default:
      cursor.Fail(WhyRefused(tag));
      return 0;
  }
}

bool SkipTerms(TermCursor& cursor, uint64_t terms, uint64_t max_terms) {
  uint64_t pending = terms;  // Those still to come; `terms` counts all.
  while (pending > 0) {
    const uint64_t parts = ScanOne(cursor);
    if (!cursor.ok()) return false;
    pending += parts - 1;
    if (parts == 0) continue;
    terms += parts;
    if (pending > cursor.bytes().remaining()) {
      cursor.Fail("more elements than there are bytes");
    }
    if (terms > max_terms) cursor.Fail("more terms than the limit allows");
  }
  return cursor.ok();
}

bool DepthIsWithin(absl::string_view term, AtomTable atoms, size_t max_depth) {
  RINGDIST_CHECK_LE(max_depth, kMaxDepthLimit);
  uint64_t pending[kMaxDepthLimit];  // Parts still to come of each container.
  size_t depth = 0;
  TermCursor cursor(term, atoms);
  do {
    const uint64_t parts = ScanOne(cursor);
    if (parts > 0) {
      if (depth == max_depth) return false;
      pending[depth++] = parts;
      continue;
    }
    while (depth > 0 && --pending[depth - 1] == 0) --depth;
  } while (depth > 0);
  return true;
}

}  // namespace internal_term
}  // namespace ringdist
