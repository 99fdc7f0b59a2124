#include "ringdist/proto/term.h"

#include <cstdint>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/check.h"
#include "ringdist/proto/compression.h"
#include "ringdist/proto/term_tags.h"
#include "ringdist/proto/term_writer.h"

namespace ringdist {
namespace {

// What a compressed term may expand to unless limits say otherwise.
constexpr uint64_t kDefaultExpansion = uint64_t{64} << 20;

// 131, 80, u32 size when expanded; a zlib stream follows.
constexpr size_t kCompressedHeaderSize = 6;

bool IsCompressed(absl::string_view bytes) {
  return bytes.size() >= 2 && static_cast<uint8_t>(bytes[0]) == kTermVersion &&
         static_cast<TermTag>(bytes[1]) == TermTag::kCompressed;
}

// The term that is all of `size` bytes, of which the reader may have read some.
absl::StatusOr<Term> ReadLast(TermReader& reader, size_t size) {
  const TermView term = reader.ReadTerm();
  if (!reader.ok()) return reader.status();
  if (reader.AtEnd()) return Term(term);
  return absl::InvalidArgumentError(
      absl::StrCat("at byte ", size - reader.Rest().size(),
                   ": the term ends here, and the bytes do not"));
}

absl::StatusOr<Term> ReadCompressed(absl::string_view bytes,
                                    TermLimits limits) {
  if (limits.max_bytes == TermLimits::kNone) {
    limits.max_bytes = kDefaultExpansion;
  }
  ByteReader header(bytes);
  header.ReadU16();
  const uint32_t size = header.ReadU32();
  if (!header.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the bytes end at ", bytes.size(),
                     ", where the size of a compressed term was expected"));
  }
  if (size > limits.max_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("at byte 1: a compressed term of ", size,
                     " bytes, more than the limit of ", limits.max_bytes,
                     "; TermLimits::max_bytes can be set higher"));
  }
  absl::StatusOr<std::string> expanded = Inflate(header.Rest(), size);
  if (!expanded.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("at byte ", kCompressedHeaderSize,
                     ", a compressed term: ", expanded.status().message()));
  }
  TermReader reader(*expanded, AtomTable(), limits);
  absl::StatusOr<Term> term = ReadLast(reader, expanded->size());
  if (term.ok()) return term;
  return absl::InvalidArgumentError(
      absl::StrCat("at byte 1, in what a compressed term expands to: ",
                   term.status().message()));
}

}  // namespace

Term::Term(const TermView& view) {
  if (view.atoms().empty()) {
    bytes_ = std::string(view.bytes());
  } else if (!view.empty()) {
    StringWriter bytes;
    TermWriter(bytes).WriteTerm(view);
    bytes_ = std::string(bytes.view());
  }
}

Term Term::Trusted(std::string bytes) {
  Term term;
  term.bytes_ = std::move(bytes);
  return term;
}

absl::StatusOr<Term> Term::FromExternal(absl::string_view bytes,
                                        TermLimits limits) {
  if (IsCompressed(bytes)) return ReadCompressed(bytes, limits);
  TermReader reader(bytes, AtomTable(), limits);
  reader.ReadVersion();
  return ReadLast(reader, bytes.size());
}

std::string Term::ToExternal(bool compress) const {
  RINGDIST_CHECK(!empty());
  StringWriter header;
  header.WriteU8(kTermVersion);
  if (compress && bytes_.size() <= std::numeric_limits<uint32_t>::max()) {
    const std::string stream = Deflate(bytes_);
    if (kCompressedHeaderSize + stream.size() < 1 + bytes_.size()) {
      header.WriteU8(static_cast<uint8_t>(TermTag::kCompressed));
      header.WriteU32(static_cast<uint32_t>(bytes_.size()));
      return absl::StrCat(header.view(), stream);
    }
  }
  return absl::StrCat(header.view(), bytes_);
}

}  // namespace ringdist
