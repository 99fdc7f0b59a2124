#include "ringdist/proto/term_reader.h"

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"

namespace ringdist {

absl::Status TermLimits::Validate() const {
  if (max_depth == kNone || max_depth <= kMaxDepth) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("max_depth: ", max_depth, " is more than ", kMaxDepth,
                   "; use that or less, or TermLimits::kNone for no limit"));
}

TermReader::TermReader(absl::string_view bytes, AtomTable atoms,
                       TermLimits limits)
    : cursor_(bytes, atoms),
      limits_(limits),
      bytes_(bytes),
      term_(bytes.data()) {}

absl::Status TermReader::status() const {
  if (ok()) return absl::OkStatus();
  const size_t offset = static_cast<size_t>(term_ - bytes_.data());
  if (offset >= bytes_.size()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the bytes end at ", offset, ", where ", expected_, " was expected"));
  }
  const auto tag = static_cast<uint8_t>(bytes_[offset]);
  const std::string found = absl::StrCat(TermTagName(tag), " (", tag, ")");
  return absl::InvalidArgumentError(
      unexpected_ ? absl::StrCat("at byte ", offset, ": expected ", expected_,
                                 ", found ", found)
                  : absl::StrCat("at byte ", offset, ": ", found, ": ",
                                 cursor_.problem()));
}

void TermReader::FailUnexpected() {
  if (ok()) unexpected_ = true;
  cursor_.Fail("unexpected");
}

void TermReader::Fail(absl::string_view expected) {
  if (ok()) expected_ = expected;
  FailUnexpected();
}

void TermReader::ReadVersion() {
  if (Begin("the version byte 131") != kTermVersion) FailUnexpected();
}

TermView TermReader::ReadTerm() {
  Begin("a term");
  if (!ok()) return TermView();
  const absl::string_view rest =
      bytes_.substr(static_cast<size_t>(term_ - bytes_.data()));
  // A cursor of its own: faster, and it can end at the limit.
  internal_term::TermCursor cursor(rest.substr(0, limits_.max_bytes),
                                   cursor_.atoms());
  if (!internal_term::SkipTerm(cursor, limits_.max_terms)) {
    cursor_.Fail(rest.size() > limits_.max_bytes && cursor.ended_early()
                     ? "longer than the limit allows"
                     : cursor.problem());
    return TermView();
  }
  const absl::string_view term = rest.substr(
      0, static_cast<size_t>(cursor.bytes().cursor() - rest.data()));
  if (limits_.max_depth != TermLimits::kNone &&
      !internal_term::DepthIsWithin(term, cursor_.atoms(), limits_.max_depth)) {
    cursor_.Fail("nested deeper than the limit allows");
    return TermView();
  }
  cursor_.bytes().ReadBytes(term.size() - 1);  // The tag was taken.
  return TermView::Trusted(term, cursor_.atoms());
}

size_t TermReader::ReadLargeTupleHeader() {
  if (Begin("a tuple") != static_cast<uint8_t>(TermTag::kLargeTuple)) {
    FailUnexpected();
  }
  return ReadCount(1);
}

size_t TermReader::ReadCount(uint64_t parts) {
  const uint64_t count = cursor_.bytes().ReadU32();
  if (count * parts <= cursor_.bytes().remaining()) return count;
  cursor_.Fail("more elements than there are bytes");
  return 0;
}

size_t TermReader::ReadListHeader() {
  for (;;) {
    const uint8_t tag = Begin("a list");
    if (tag == static_cast<uint8_t>(TermTag::kNil)) return 0;
    if (tag != static_cast<uint8_t>(TermTag::kList)) {
      FailUnexpected();
      return 0;
    }
    // Without elements it stands for its tail, which is next.
    const size_t elements = ReadCount(1);
    if (elements > 0 || !ok()) return elements;
  }
}

void TermReader::ReadNil() {
  if (Begin("[]") != static_cast<uint8_t>(TermTag::kNil)) FailUnexpected();
}

absl::string_view TermReader::ReadString() {
  if (Begin("a string") != static_cast<uint8_t>(TermTag::kString)) {
    FailUnexpected();
  }
  return cursor_.bytes().ReadBytes(cursor_.bytes().ReadU16());
}

size_t TermReader::ReadMapHeader() {
  if (Begin("a map") != static_cast<uint8_t>(TermTag::kMap)) FailUnexpected();
  return ReadCount(2);
}

int64_t TermReader::ReadLargeInt64() {
  const uint8_t tag = Begin("an integer of 64 bits");
  if (tag == static_cast<uint8_t>(TermTag::kInteger)) {
    return static_cast<int32_t>(cursor_.bytes().ReadU32());
  }
  int64_t value = 0;
  if (TypeOfTag(tag) != TermType::kInteger ||
      !internal_term::ToInt64(internal_term::ReadBig(cursor_, tag), value)) {
    FailUnexpected();
  }
  return ok() ? value : 0;
}

uint64_t TermReader::ReadUint64() {
  if (NextIs(TermTag::kSmallBig) || NextIs(TermTag::kLargeBig)) {
    const uint8_t tag = Begin("an unsigned integer of 64 bits");
    uint64_t value = 0;
    if (!internal_term::ToUint64(internal_term::ReadBig(cursor_, tag), value)) {
      FailUnexpected();
    }
    return ok() ? value : 0;
  }
  const int64_t value = ReadInt64();
  if (value < 0) Fail("an unsigned integer of 64 bits");
  return ok() ? static_cast<uint64_t>(value) : 0;
}

double TermReader::ReadFloat() {
  const uint8_t tag = Begin("a float");
  if (TypeOfTag(tag) != TermType::kFloat) FailUnexpected();
  const double value = internal_term::ReadFloat(cursor_, tag);
  return ok() ? value : 0;
}

absl::string_view TermReader::ReadBinary() {
  if (NextIs(TermTag::kBitBinary)) {
    const std::optional<absl::string_view> bytes = ReadTerm().AsBinary();
    if (!bytes.has_value()) Fail("a binary");
    return bytes.value_or("");
  }
  if (Begin("a binary") != static_cast<uint8_t>(TermTag::kBinary)) {
    FailUnexpected();
  }
  return cursor_.bytes().ReadBytes(cursor_.bytes().ReadU32());
}

AtomView TermReader::ReadAtom() {
  const uint8_t tag = Begin("an atom");
  if (TypeOfTag(tag) != TermType::kAtom) FailUnexpected();
  const AtomView atom = internal_term::ReadAtom(cursor_, tag);
  return ok() ? atom : AtomView();
}

PidView TermReader::ReadPid() {
  const uint8_t tag = Begin("a pid");
  if (TypeOfTag(tag) != TermType::kPid) FailUnexpected();
  const PidView pid = internal_term::ReadPid(cursor_, tag);
  return ok() ? pid : PidView();
}

ReferenceView TermReader::ReadReference() {
  const uint8_t tag = Begin("a reference");
  if (TypeOfTag(tag) != TermType::kReference) FailUnexpected();
  const ReferenceView reference = internal_term::ReadReference(cursor_, tag);
  return ok() ? reference : ReferenceView();
}

PortView TermReader::ReadPort() {
  const uint8_t tag = Begin("a port");
  if (TypeOfTag(tag) != TermType::kPort) FailUnexpected();
  const PortView port = internal_term::ReadPort(cursor_, tag);
  return ok() ? port : PortView();
}

}  // namespace ringdist
