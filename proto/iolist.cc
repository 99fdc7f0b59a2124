#include "ringdist/proto/iolist.h"

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ringdist/proto/term_leaf.h"
#include "ringdist/proto/term_scan.h"
#include "ringdist/proto/term_tags.h"

namespace ringdist {
namespace {

using internal_term::TermCursor;

class IolistReader {
 public:
  IolistReader(const TermView& term, std::string& bytes)
      : cursor_(term.bytes(), term.atoms()), bytes_(bytes) {}

  bool Run();

 private:
  bool ReadTerm(uint8_t tag);
  bool ReadByte(uint8_t tag);
  bool ReadBinary(uint8_t tag);
  // Goes to where the next term belongs, out of all lists that are complete.
  void EndTerm();

  TermCursor cursor_;
  std::string& bytes_;
  // Elements to come of each list that is open; when it is 0 comes the tail.
  std::vector<uint32_t> left_;
};

bool IolistReader::Run() {
  for (;;) {
    const uint8_t tag = cursor_.bytes().ReadU8();
    if (static_cast<TermTag>(tag) == TermTag::kList) {
      const uint32_t size = cursor_.bytes().ReadU32();
      if (size > 0) left_.push_back(size);  // Else it is its tail.
      continue;
    }
    if (!ReadTerm(tag)) return false;
    EndTerm();
    if (left_.empty()) return true;
  }
}

// A term that is no list with a header and a tail.
bool IolistReader::ReadTerm(uint8_t tag) {
  switch (TypeOfTag(tag)) {
    case TermType::kInteger:
      return ReadByte(tag);
    case TermType::kBinary:
    case TermType::kBitstring:
      return ReadBinary(tag);
    case TermType::kList:
      absl::StrAppend(&bytes_,
                      cursor_.bytes().ReadBytes(cursor_.bytes().ReadU16()));
      return true;
    default:
      return TypeOfTag(tag) == TermType::kNil;
  }
}

bool IolistReader::ReadByte(uint8_t tag) {
  const internal_term::Number number = internal_term::ReadNumber(cursor_, tag);
  const bool element = !left_.empty() && left_.back() > 0;
  if (!element || number.kind != internal_term::Number::Kind::kSmall ||
      number.small < 0 || number.small > 255) {
    return false;
  }
  bytes_.push_back(static_cast<char>(number.small));
  return true;
}

bool IolistReader::ReadBinary(uint8_t tag) {
  const internal_term::Bits bits = internal_term::ReadBits(cursor_, tag);
  absl::StrAppend(&bytes_, bits.whole_bytes);
  return bits.last_bits == 0;
}

void IolistReader::EndTerm() {
  while (!left_.empty() && left_.back() == 0) left_.pop_back();
  if (!left_.empty()) --left_.back();
}

}  // namespace

bool AppendIolist(const TermView& term, std::string& bytes) {
  const size_t size = bytes.size();
  if (IolistReader(term, bytes).Run()) return true;
  bytes.resize(size);
  return false;
}

}  // namespace ringdist
