#include "ringdist/proto/term_reader.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace ringdist {

absl::Status TermLimits::Validate() const {
  if (max_depth == kNone || max_depth <= kMaxDepth) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("max_depth: ", max_depth, " is more than ", kMaxDepth,
                   "; use that or less, or TermLimits::kNone for no limit"));
}

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

void TermReader::Fail(const char* expected) {
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

size_t TermReader::ReadLargeTupleHeader(uint8_t tag) {
  if (!Is(tag, TermTag::kLargeTuple)) FailUnexpected();
  return ReadCount(1);
}

size_t TermReader::ReadOtherListHeader(uint8_t tag) {
  // A list without elements stands for its tail, which is next.
  while (Is(tag, TermTag::kList) && ok()) {
    tag = Begin("a list");
    if (Is(tag, TermTag::kNil)) return 0;
    const size_t elements = Is(tag, TermTag::kList) ? ReadCount(1) : 0;
    if (elements > 0) return elements;
  }
  FailUnexpected();
  return 0;
}

absl::string_view TermReader::ReadString() {
  if (!Is(Begin("a string"), TermTag::kString)) FailUnexpected();
  return cursor_.bytes().ReadBytes(cursor_.bytes().ReadU16());
}

size_t TermReader::ReadMapHeader() {
  if (!Is(Begin("a map"), TermTag::kMap)) FailUnexpected();
  return ReadCount(2);
}

int64_t TermReader::ReadLargeInt64(uint8_t tag) {
  int64_t value = 0;
  if ((!Is(tag, TermTag::kSmallBig) && !Is(tag, TermTag::kLargeBig)) ||
      !internal_term::ToInt64(internal_term::ReadBig(cursor_, tag), value)) {
    FailUnexpected();
  }
  return ok() ? value : 0;
}

uint64_t TermReader::ReadLargeUint64(uint8_t tag) {
  uint64_t value = 0;
  if (Is(tag, TermTag::kInteger)) {
    value = cursor_.bytes().ReadU32();
    if (value > std::numeric_limits<int32_t>::max()) FailUnexpected();
  } else if (TypeOfTag(tag) != TermType::kInteger ||
             !internal_term::ToUint64(internal_term::ReadBig(cursor_, tag),
                                      value)) {
    FailUnexpected();
  }
  return ok() ? value : 0;
}

absl::string_view TermReader::ReadOtherBinary(uint8_t tag) {
  if (!Is(tag, TermTag::kBitBinary)) FailUnexpected();
  const uint32_t size = cursor_.bytes().ReadU32();
  const uint8_t last_bits = cursor_.bytes().ReadU8();
  if (last_bits != (size == 0 ? 0 : 8)) FailUnexpected();
  return cursor_.bytes().ReadBytes(size);
}

double TermReader::ReadFloat() {
  const uint8_t tag = Begin("a float");
  if (TypeOfTag(tag) != TermType::kFloat) FailUnexpected();
  const double value = internal_term::ReadFloat(cursor_, tag);
  return ok() ? value : 0;
}

AtomView TermReader::ReadAtom() {
  const uint8_t tag = Begin("an atom");
  if (!Is(tag, TermTag::kSmallAtomUtf8) && TypeOfTag(tag) != TermType::kAtom) {
    FailUnexpected();
  }
  return internal_term::ReadAtom(cursor_, tag);
}

PidView TermReader::ReadPid() {
  const uint8_t tag = Begin("a pid");
  if (!Is(tag, TermTag::kNewPid) && TypeOfTag(tag) != TermType::kPid) {
    FailUnexpected();
  }
  PidView pid = internal_term::ReadPid(cursor_, tag);
  if (!ok()) pid = PidView();
  return pid;
}

ReferenceView TermReader::ReadReference() {
  const uint8_t tag = Begin("a reference");
  if (TypeOfTag(tag) != TermType::kReference) FailUnexpected();
  ReferenceView reference = internal_term::ReadReference(cursor_, tag);
  if (!ok()) reference = ReferenceView();
  return reference;
}

PortView TermReader::ReadPort() {
  const uint8_t tag = Begin("a port");
  if (TypeOfTag(tag) != TermType::kPort) FailUnexpected();
  PortView port = internal_term::ReadPort(cursor_, tag);
  if (!ok()) port = PortView();
  return port;
}

}  // namespace ringdist
