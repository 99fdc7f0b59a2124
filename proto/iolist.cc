#include "ringdist/proto/iolist.h"

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/erlang_syntax.h"
#include "ringdist/proto/term_leaf.h"
#include "ringdist/proto/term_scan.h"
#include "ringdist/proto/term_tags.h"

namespace ringdist {
namespace {

using internal_term::TermCursor;

bool IsUtf8(absl::string_view text) {
  char32_t character;
  while (!text.empty()) {
    if (!internal_text::TakeCharacter(text, character)) return false;
  }
  return true;
}

// What integers and binaries stand for.
enum class Meaning {
  kBytes,
  kCharacters,  // Code points, and UTF-8.
};

class IolistReader {
 public:
  IolistReader(const TermView& term, Meaning meaning, std::string& bytes)
      : cursor_(term.bytes(), term.atoms()), meaning_(meaning), bytes_(bytes) {}

  bool Run();

 private:
  bool ReadTerm(uint8_t tag);
  bool ReadInteger(uint8_t tag);
  bool Append(int64_t element);
  bool ReadBinary(uint8_t tag);
  // Goes to where the next term belongs, out of all lists that are complete.
  void EndTerm();

  TermCursor cursor_;
  const Meaning meaning_;
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
      return ReadInteger(tag);
    case TermType::kBinary:
    case TermType::kBitstring:
      return ReadBinary(tag);
    case TermType::kList:
      for (const char byte :
           cursor_.bytes().ReadBytes(cursor_.bytes().ReadU16())) {
        Append(static_cast<unsigned char>(byte));
      }
      return true;
    default:
      return TypeOfTag(tag) == TermType::kNil;
  }
}

bool IolistReader::ReadInteger(uint8_t tag) {
  const internal_term::Number number = internal_term::ReadNumber(cursor_, tag);
  const bool element = !left_.empty() && left_.back() > 0;
  return element && number.kind == internal_term::Number::Kind::kSmall &&
         Append(number.small);
}

bool IolistReader::Append(int64_t element) {
  if (element < 0 || element > 0x10FFFF) return false;
  const auto character = static_cast<char32_t>(element);
  switch (meaning_) {
    case Meaning::kBytes:
      if (character > 255) return false;
      bytes_.push_back(static_cast<char>(character));
      return true;
    case Meaning::kCharacters:
      if (!internal_text::IsCodePoint(character)) return false;
      internal_text::AppendUtf8(character, bytes_);
      return true;
  }
  return false;
}

bool IolistReader::ReadBinary(uint8_t tag) {
  const internal_term::Bits bits = internal_term::ReadBits(cursor_, tag);
  if (bits.last_bits != 0) return false;
  absl::StrAppend(&bytes_, bits.whole_bytes);
  return meaning_ == Meaning::kBytes || IsUtf8(bits.whole_bytes);
}

void IolistReader::EndTerm() {
  while (!left_.empty() && left_.back() == 0) left_.pop_back();
  if (!left_.empty()) --left_.back();
}

bool Append(const TermView& term, Meaning meaning, std::string& bytes) {
  const size_t size = bytes.size();
  if (IolistReader(term, meaning, bytes).Run()) return true;
  bytes.resize(size);
  return false;
}

}  // namespace

bool AppendIolist(const TermView& term, std::string& bytes) {
  return Append(term, Meaning::kBytes, bytes);
}

bool AppendChardata(const TermView& term, std::string& utf8) {
  return Append(term, Meaning::kCharacters, utf8);
}

}  // namespace ringdist
