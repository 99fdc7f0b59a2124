#include "ringdist/proto/term_leaf.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <compare>

#include "absl/hash/hash.h"
#include "ringdist/proto/term_tags.h"

namespace ringdist {
namespace internal_term {
namespace {

constexpr double kTwoTo63 = 9223372036854775808.0;

std::weak_ordering Opposite(std::weak_ordering order) {
  if (std::is_eq(order)) return order;
  return std::is_lt(order) ? std::weak_ordering::greater
                           : std::weak_ordering::less;
}

std::weak_ordering CompareReals(double a, double b) {
  if (a < b) return std::weak_ordering::less;
  return a > b ? std::weak_ordering::greater : std::weak_ordering::equivalent;
}

std::weak_ordering CompareToReal(int64_t integer, double real) {
  if (real >= kTwoTo63) return std::weak_ordering::less;
  if (real < -kTwoTo63) return std::weak_ordering::greater;
  const double whole = std::trunc(real);
  const auto same = static_cast<int64_t>(whole);
  return integer != same ? integer <=> same : CompareReals(whole, real);
}

std::strong_ordering CompareMagnitudes(absl::string_view a,
                                       absl::string_view b) {
  if (a.size() != b.size()) return a.size() <=> b.size();
  for (size_t i = a.size(); i > 0; --i) {
    if (a[i - 1] == b[i - 1]) continue;
    return static_cast<uint8_t>(a[i - 1]) <=> static_cast<uint8_t>(b[i - 1]);
  }
  return std::strong_ordering::equal;
}

// `magnitude` is 2^63 or more, `real` is not negative.
std::weak_ordering CompareMagnitudeToReal(absl::string_view magnitude,
                                          double real) {
  if (real < kTwoTo63) return std::weak_ordering::greater;
  const size_t size = magnitude.size();
  const int top_bits = std::bit_width(static_cast<uint8_t>(magnitude.back()));
  int real_bits;
  std::frexp(real, &real_bits);
  const size_t bits = 8 * (size - 1) + static_cast<size_t>(top_bits);
  if (bits != static_cast<size_t>(real_bits)) {
    return bits <=> static_cast<size_t>(real_bits);
  }
  // The upper 8 bytes have at least 57 bits in use, a double has 53.
  uint64_t upper = 0;
  for (size_t i = size; i > size - 8; --i) {
    upper = upper << 8 | static_cast<uint8_t>(magnitude[i - 1]);
  }
  const auto same =
      static_cast<uint64_t>(std::ldexp(real, 56 + top_bits - real_bits));
  if (upper != same) return upper <=> same;
  const absl::string_view lower = magnitude.substr(0, size - 8);
  return lower.find_first_not_of('\0') == absl::string_view::npos
             ? std::weak_ordering::equivalent
             : std::weak_ordering::greater;
}

std::weak_ordering CompareToReal(const BigInteger& big, double real) {
  if (big.negative != (real < 0)) {
    return big.negative ? std::weak_ordering::less
                        : std::weak_ordering::greater;
  }
  return big.negative ? Opposite(CompareMagnitudeToReal(big.magnitude, -real))
                      : CompareMagnitudeToReal(big.magnitude, real);
}

std::strong_ordering CompareIntegers(const Number& a, const Number& b) {
  using Kind = Number::Kind;
  if (a.kind == Kind::kSmall && b.kind == Kind::kSmall) {
    return a.small <=> b.small;
  }
  const bool a_negative = a.kind == Kind::kBig && a.big.negative;
  const bool b_negative = b.kind == Kind::kBig && b.big.negative;
  if (a.kind != b.kind || a_negative != b_negative) {
    // A large one is on its own side of all others.
    const int a_side = a.kind == Kind::kSmall ? 0 : a_negative ? -1 : 1;
    const int b_side = b.kind == Kind::kSmall ? 0 : b_negative ? -1 : 1;
    return a_side <=> b_side;
  }
  return a_negative ? CompareMagnitudes(b.big.magnitude, a.big.magnitude)
                    : CompareMagnitudes(a.big.magnitude, b.big.magnitude);
}

struct NextByte {
  int byte;
  int bits;  // How many of it are in use.
};

// The byte behind the first `size`, which are all in use.
NextByte ByteAt(const Bits& bits, size_t size) {
  if (bits.whole_bytes.size() == size) return {bits.last, bits.last_bits};
  return {static_cast<uint8_t>(bits.whole_bytes[size]), 8};
}

int64_t ReadSmallInteger(TermCursor& cursor) {
  return ReadNumber(cursor, cursor.bytes().ReadU8()).small;
}

}  // namespace

Number NumberOf(const BigInteger& big) {
  Number number;
  if (!ToInt64(big, number.small)) {
    number.kind = Number::Kind::kBig;
    number.big = big;
  }
  return number;
}

Number ReadNumber(TermCursor& cursor, uint8_t tag) {
  Number number;
  switch (static_cast<TermTag>(tag)) {
    case TermTag::kSmallInteger:
      number.small = cursor.bytes().ReadU8();
      return number;
    case TermTag::kInteger:
      number.small = static_cast<int32_t>(cursor.bytes().ReadU32());
      return number;
    case TermTag::kSmallBig:
    case TermTag::kLargeBig:
      return NumberOf(ReadBig(cursor, tag));
    default:
      number.kind = Number::Kind::kFloat;
      number.real = ReadFloat(cursor, tag);
      return number;
  }
}

std::weak_ordering Compare(const Number& a, const Number& b) {
  using Kind = Number::Kind;
  if (a.kind != Kind::kFloat && b.kind != Kind::kFloat) {
    return CompareIntegers(a, b);
  }
  if (a.kind == b.kind) return CompareReals(a.real, b.real);
  if (a.kind == Kind::kFloat) return Opposite(Compare(b, a));
  return a.kind == Kind::kSmall ? CompareToReal(a.small, b.real)
                                : CompareToReal(a.big, b.real);
}

Bits ReadBits(TermCursor& cursor, uint8_t tag) {
  ByteReader& bytes = cursor.bytes();
  Bits bits;
  const size_t size = bytes.ReadU32();
  if (tag == static_cast<uint8_t>(TermTag::kBinary)) {
    bits.whole_bytes = bytes.ReadBytes(size);
    return bits;
  }
  const uint8_t last_bits = bytes.ReadU8();
  bits.whole_bytes = bytes.ReadBytes(size);
  if (size == 0 || last_bits == 8) return bits;
  const auto last = static_cast<uint8_t>(bits.whole_bytes.back());
  bits.whole_bytes.remove_suffix(1);
  bits.last_bits = last_bits;
  bits.last = static_cast<uint8_t>(last & (0xFF00 >> last_bits));
  return bits;
}

std::strong_ordering Compare(const Bits& a, const Bits& b) {
  const size_t common = std::min(a.whole_bytes.size(), b.whole_bytes.size());
  const int common_order =
      a.whole_bytes.substr(0, common).compare(b.whole_bytes.substr(0, common));
  if (common_order != 0) return common_order <=> 0;
  // Of the next byte what counts is the bits that both have.
  const NextByte a_next = ByteAt(a, common);
  const NextByte b_next = ByteAt(b, common);
  const int unshared = 8 - std::min(a_next.bits, b_next.bits);
  if (a_next.byte >> unshared != b_next.byte >> unshared) {
    return a_next.byte <=> b_next.byte;
  }
  if (a.whole_bytes.size() != b.whole_bytes.size()) {
    return a.whole_bytes.size() <=> b.whole_bytes.size();
  }
  return a.last_bits <=> b.last_bits;
}

Fun ReadFun(TermCursor& cursor, uint8_t tag) {
  ByteReader& bytes = cursor.bytes();
  Fun fun;
  if (tag == static_cast<uint8_t>(TermTag::kExport)) {
    fun.exported = true;
    fun.module = ReadAtom(cursor, bytes.ReadU8());
    fun.name = ReadAtom(cursor, bytes.ReadU8());
    fun.arity = ReadSmallInteger(cursor);
    return fun;
  }
  bytes.ReadU32();  // Its size, which says nothing.
  fun.version = bytes.ReadBytes(1 + 16 + 4);
  fun.parts = bytes.ReadU32();
  fun.module = ReadAtom(cursor, bytes.ReadU8());
  fun.index = ReadSmallInteger(cursor);
  fun.uniq = ReadSmallInteger(cursor);
  if (TypeOfTag(bytes.PeekU8()) == TermType::kPid) {
    ReadPid(cursor, bytes.ReadU8());
  } else {
    ++fun.parts;  // Not what a node sends; a part like any other.
  }
  return fun;
}

std::strong_ordering Compare(const Fun& a, const Fun& b) {
  if (a.exported != b.exported) return a.exported <=> b.exported;
  const auto order = Compare(a.module, b.module);
  if (std::is_neq(order)) return order;
  if (a.exported) {
    const auto names = Compare(a.name, b.name);
    return std::is_neq(names) ? names : a.arity <=> b.arity;
  }
  if (a.index != b.index) return a.index <=> b.index;
  if (a.uniq != b.uniq) return a.uniq <=> b.uniq;
  if (a.parts != b.parts) return a.parts <=> b.parts;
  return a.version.compare(b.version) <=> 0;
}

std::strong_ordering Compare(const AtomView& a, const AtomView& b) {
  // The order of UTF-8 is that of the characters.
  if (a.latin1() == b.latin1()) return a.bytes().compare(b.bytes()) <=> 0;
  return a.ToString().compare(b.ToString()) <=> 0;
}

std::strong_ordering Compare(const PidView& a, const PidView& b) {
  if (a.serial != b.serial) return a.serial <=> b.serial;
  if (a.id != b.id) return a.id <=> b.id;
  const auto order = Compare(a.node, b.node);
  if (std::is_neq(order)) return order;
  return a.creation <=> b.creation;
}

std::strong_ordering Compare(const PortView& a, const PortView& b) {
  const auto order = Compare(a.node, b.node);
  if (std::is_neq(order)) return order;
  if (a.creation != b.creation) return a.creation <=> b.creation;
  return a.id <=> b.id;
}

std::strong_ordering Compare(const ReferenceView& a, const ReferenceView& b) {
  const auto order = Compare(a.node, b.node);
  if (std::is_neq(order)) return order;
  if (a.creation != b.creation) return a.creation <=> b.creation;
  // The last word is the most significant; those beyond are zeros.
  for (size_t i = kMaxReferenceWords; i > 0; --i) {
    if (a.words[i - 1] != b.words[i - 1]) {
      return a.words[i - 1] <=> b.words[i - 1];
    }
  }
  return std::strong_ordering::equal;
}

size_t Hash(const Number& number) {
  switch (number.kind) {
    case Number::Kind::kSmall:
      return absl::HashOf(number.small);
    case Number::Kind::kBig:
      return absl::HashOf(number.big.negative, number.big.magnitude);
    case Number::Kind::kFloat:
      return absl::HashOf(number.real);  // The same for both zeros.
  }
  return 0;
}

size_t Hash(const Bits& bits) {
  return absl::HashOf(bits.whole_bytes, bits.last_bits, bits.last);
}

size_t Hash(const Fun& fun) {
  return absl::HashOf(fun.exported, Hash(fun.module), Hash(fun.name), fun.arity,
                      fun.index, fun.uniq, fun.version);
}

size_t Hash(const AtomView& atom) {
  return atom.latin1() ? absl::HashOf(absl::string_view(atom.ToString()))
                       : absl::HashOf(atom.bytes());
}

size_t Hash(const PidView& pid) {
  return absl::HashOf(Hash(pid.node), pid.id, pid.serial, pid.creation);
}

size_t Hash(const PortView& port) {
  return absl::HashOf(Hash(port.node), port.id, port.creation);
}

size_t Hash(const ReferenceView& reference) {
  return absl::HashOf(Hash(reference.node), reference.creation,
                      reference.words);
}

}  // namespace internal_term
}  // namespace ringdist
