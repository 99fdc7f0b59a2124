#include "ringdist/proto/term_view.h"

#include <array>
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

void TermView::SkipEmptyLists() {
  while (tag() == TermTag::kList &&
         LoadBigEndian<uint32_t>(bytes_.data() + 1) == 0) {
    bytes_.remove_prefix(kEmptyListSize);
  }
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

std::optional<int64_t> TermView::AsInt64() const {
  switch (tag()) {
    case TermTag::kSmallInteger:
      return static_cast<uint8_t>(bytes_[1]);
    case TermTag::kInteger:
      return static_cast<int32_t>(LoadBigEndian<uint32_t>(bytes_.data() + 1));
    default:
      break;
  }
  const std::optional<BigInteger> big = AsBigInteger();
  int64_t value;
  if (!big.has_value() || !internal_term::ToInt64(*big, value)) {
    return std::nullopt;
  }
  return value;
}

std::optional<uint64_t> TermView::AsUint64() const {
  if (const std::optional<BigInteger> big = AsBigInteger(); big.has_value()) {
    uint64_t value;
    if (!internal_term::ToUint64(*big, value)) return std::nullopt;
    return value;
  }
  const std::optional<int64_t> value = AsInt64();
  if (!value.has_value() || *value < 0) return std::nullopt;
  return static_cast<uint64_t>(*value);
}

std::optional<BigInteger> TermView::AsBigInteger() const {
  if (tag() != TermTag::kSmallBig && tag() != TermTag::kLargeBig) {
    return std::nullopt;
  }
  TermCursor body = Body();
  return ReadBig(body, static_cast<uint8_t>(tag()));
}

std::optional<double> TermView::AsFloat() const {
  if (type() != TermType::kFloat) return std::nullopt;
  TermCursor body = Body();
  return ReadFloat(body, static_cast<uint8_t>(tag()));
}

std::optional<AtomView> TermView::AsAtom() const {
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
  } else {
    element = ReadPart();
  }
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

TermView TermElements::ReadPart() {
  const absl::string_view rest = parts_.bytes().Rest();
  internal_term::SkipTerm(parts_, std::numeric_limits<uint64_t>::max());
  const size_t size = rest.size() - parts_.bytes().remaining();
  return TermView::Trusted(rest.substr(0, size), parts_.atoms());
}

}  // namespace ringdist
