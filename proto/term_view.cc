#include "ringdist/proto/term_view.h"

#include <array>
#include <bit>
#include <limits>

#include "ringdist/proto/big_endian.h"

namespace ringdist {

using internal_term::ReadAtom;
using internal_term::ReadBig;
using internal_term::ReadFloat;
using internal_term::ReadPid;
using internal_term::ReadPort;
using internal_term::ReadReference;
using internal_term::TermCursor;

namespace {

// All terms that a byte of a STRING_EXT can stand for, one behind the other.
constexpr std::array<char, 512> MakeByteTerms() {
  std::array<char, 512> terms = {};
  for (size_t i = 0; i < 256; ++i) {
    terms[2 * i] = static_cast<char>(TermTag::kSmallInteger);
    terms[2 * i + 1] = static_cast<char>(i);
  }
  return terms;
}

constexpr std::array<char, 512> kByteTerms = MakeByteTerms();
constexpr absl::string_view kNilTerm("j", 1);
constexpr size_t kEmptyListSize = 5;  // l, u32 0; the tail follows.

}  // namespace

absl::string_view TermView::WithoutEmptyLists(absl::string_view bytes) {
  while (IsList(bytes) && LoadBigEndian<uint32_t>(bytes.data() + 1) == 0) {
    bytes.remove_prefix(kEmptyListSize);
  }
  return bytes;
}

TermType TermView::type() const {
  switch (tag()) {
    case TermTag::kString:
      return size() == 0 ? TermType::kNil : TermType::kList;
    case TermTag::kBitBinary:
      return AsBinary().has_value() ? TermType::kBinary : TermType::kBitstring;
    default:
      return TypeOfTag(static_cast<uint8_t>(tag()));
  }
}

bool TermView::IsOtherAtom(absl::string_view utf8) const {
  const std::optional<AtomView> atom = AsAtom();
  return atom.has_value() && *atom == utf8;
}

bool TermView::ToInt64(int64_t& value) const {
  switch (tag()) {
    case TermTag::kSmallInteger:
      value = static_cast<uint8_t>(bytes_[1]);
      return true;
    case TermTag::kInteger:
      value = static_cast<int32_t>(LoadBigEndian<uint32_t>(bytes_.data() + 1));
      return true;
    case TermTag::kSmallBig:
    case TermTag::kLargeBig: {
      TermCursor body = Body();
      return internal_term::ToInt64(ReadBig(body, static_cast<uint8_t>(tag())),
                                    value);
    }
    default:
      return false;
  }
}

bool TermView::ToUint64(uint64_t& value) const {
  if (tag() == TermTag::kSmallBig || tag() == TermTag::kLargeBig) {
    TermCursor body = Body();
    return internal_term::ToUint64(ReadBig(body, static_cast<uint8_t>(tag())),
                                   value);
  }
  int64_t number;
  if (!ToInt64(number) || number < 0) return false;
  value = static_cast<uint64_t>(number);
  return true;
}

std::optional<BigInteger> TermView::AsBigInteger() const {
  if (tag() != TermTag::kSmallBig && tag() != TermTag::kLargeBig) {
    return std::nullopt;
  }
  TermCursor body = Body();
  return ReadBig(body, static_cast<uint8_t>(tag()));
}

std::optional<double> TermView::AsFloat() const {
  if (tag() == TermTag::kNewFloat) {
    return std::bit_cast<double>(LoadBigEndian<uint64_t>(bytes_.data() + 1));
  }
  if (type() != TermType::kFloat) return std::nullopt;
  TermCursor body = Body();
  return ReadFloat(body, static_cast<uint8_t>(tag()));
}

std::optional<AtomView> TermView::AsAtom() const {
  if (tag() == TermTag::kSmallAtomUtf8) {
    return AtomView::Utf8(bytes_.substr(2));
  }
  if (type() != TermType::kAtom) return std::nullopt;
  TermCursor body = Body();
  return ReadAtom(body, static_cast<uint8_t>(tag()));
}

std::optional<PidView> TermView::AsPid() const {
  if (type() != TermType::kPid) return std::nullopt;
  TermCursor body = Body();
  return ReadPid(body, static_cast<uint8_t>(tag()));
}

std::optional<ReferenceView> TermView::AsReference() const {
  if (type() != TermType::kReference) return std::nullopt;
  TermCursor body = Body();
  return ReadReference(body, static_cast<uint8_t>(tag()));
}

std::optional<PortView> TermView::AsPort() const {
  if (type() != TermType::kPort) return std::nullopt;
  TermCursor body = Body();
  return ReadPort(body, static_cast<uint8_t>(tag()));
}

std::optional<absl::string_view> TermView::AsBinary() const {
  switch (tag()) {
    case TermTag::kBinary:
      return bytes_.substr(5);
    case TermTag::kBitBinary:
      // No bits in use of the last byte means that there is none.
      if (bytes_[5] != 8 && bytes_[5] != 0) return std::nullopt;
      return bytes_.substr(6);
    default:
      return std::nullopt;
  }
}

size_t TermView::size() const {
  switch (tag()) {
    case TermTag::kSmallTuple:
      return static_cast<uint8_t>(bytes_[1]);
    case TermTag::kString:
      return LoadBigEndian<uint16_t>(bytes_.data() + 1);
    case TermTag::kLargeTuple:
    case TermTag::kList:
    case TermTag::kMap:
      return LoadBigEndian<uint32_t>(bytes_.data() + 1);
    default:
      return 0;
  }
}

TermElements TermView::elements() const {
  using Kind = TermElements::Kind;
  switch (tag()) {
    case TermTag::kSmallTuple:
      return {Kind::kTerms, size(), {bytes_.substr(2), atoms_}};
    case TermTag::kLargeTuple:
      return {Kind::kTerms, size(), {bytes_.substr(5), atoms_}};
    case TermTag::kMap:
      return {Kind::kTerms, 2 * size(), {bytes_.substr(5), atoms_}};
    case TermTag::kList:
      return {Kind::kList, size(), {bytes_.substr(5), atoms_}};
    case TermTag::kString:
      return {Kind::kBytes, size(), {bytes_.substr(3), atoms_}};
    case TermTag::kNil:
      return {Kind::kList, 0, {bytes_, atoms_}};
    default:
      return {Kind::kTerms, 0, {absl::string_view(), atoms_}};
  }
}

bool TermElements::Next(TermView& element) {
  if (remaining_ == 0) {
    element = TermView();
    return false;
  }
  --remaining_;
  if (kind_ == Kind::kBytes) {
    const size_t byte = parts_.bytes().ReadU8();
    element = TermView::Trusted({kByteTerms.data() + 2 * byte, 2}, AtomTable());
    return true;
  }
  const char* begin = parts_.bytes().cursor();
  if (const uint64_t parts = internal_term::ScanOne(parts_); parts > 0) {
    internal_term::SkipTerms(parts_, parts,
                             std::numeric_limits<uint64_t>::max());
  }
  const auto size = static_cast<size_t>(parts_.bytes().cursor() - begin);
  element = TermView::Trusted({begin, size}, parts_.atoms());
  return true;
}

TermView TermElements::Tail() {
  switch (kind_) {
    case Kind::kTerms:
      return TermView();
    case Kind::kBytes:
      remaining_ = 0;
      return TermView::Trusted(kNilTerm, AtomTable());
    case Kind::kList:
      for (TermView skipped; Next(skipped);) {
      }
      // What is left is the tail.
      return TermView::Trusted(parts_.bytes().Rest(), parts_.atoms());
  }
  return TermView();
}

}  // namespace ringdist
