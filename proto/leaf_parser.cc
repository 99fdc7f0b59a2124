#include "ringdist/proto/leaf_parser.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "ringdist/proto/atom_view.h"
#include "ringdist/proto/erlang_syntax.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term_scan.h"
#include "ringdist/proto/term_tags.h"

namespace ringdist {
namespace internal_text {
namespace {

using internal_term::ToInt64;
using internal_term::ToUint64;

// As the external term format has it; a fun that exists has at most 255.
constexpr uint64_t kMaxArity = std::numeric_limits<int64_t>::max();
// So that a short text is not a large term.
constexpr uint64_t kMaxSegmentBits = 64;

constexpr uint64_t kMaxWord = std::numeric_limits<uint32_t>::max();

uint32_t Word(uint64_t number) { return static_cast<uint32_t>(number); }

// The bits of a binary or bitstring, first to last.
class Bits {
 public:
  // The lowest `size` bits of a number, the highest of them first.
  void Append(uint64_t value, uint64_t size);
  void AppendBytes(absl::string_view bytes);
  void Write(TermWriter& writer) const;

 private:
  std::string bytes_;
  uint8_t used_ = 8;  // Bits of the last byte.
};

void Bits::Append(uint64_t value, uint64_t size) {
  if (used_ == 8 && size == 8) {
    bytes_.push_back(static_cast<char>(value));
    return;
  }
  for (uint64_t bit = size; bit > 0; --bit) {
    if (used_ == 8) {
      bytes_.push_back('\0');
      used_ = 0;
    }
    ++used_;
    const uint64_t set = value >> (bit - 1) & 1;
    bytes_.back() = static_cast<char>(bytes_.back() | set << (8 - used_));
  }
}

void Bits::AppendBytes(absl::string_view bytes) {
  if (used_ == 8) {
    absl::StrAppend(&bytes_, bytes);
  } else {
    for (const char byte : bytes) Append(static_cast<uint8_t>(byte), 8);
  }
}

void Bits::Write(TermWriter& writer) const {
  if (used_ == 8) return writer.WriteBinary(bytes_);
  writer.out().WriteU8(static_cast<uint8_t>(TermTag::kBitBinary));
  writer.out().WriteU32(static_cast<uint32_t>(bytes_.size()));
  writer.out().WriteU8(used_);
  writer.out().WriteBytes(bytes_);
}

// The bytes of a string in a binary; false if there are characters above 255.
bool ToLatin1(const std::u32string& characters, std::string& bytes) {
  for (const char32_t character : characters) {
    if (character > 0xFF) return false;
    bytes.push_back(static_cast<char>(character));
  }
  return true;
}

std::string ToUtf8(const std::u32string& characters) {
  std::string utf8;
  for (const char32_t character : characters) AppendUtf8(character, utf8);
  return utf8;
}

// Whether an integer is one of `size` bits, with or without a sign; then `bits`
// are these.
bool FitsBits(const Number& number, uint64_t size, uint64_t& bits) {
  if (number.is_float || !ToUint64({false, number.magnitude}, bits)) {
    return false;
  }
  if (number.negative && bits > 0) {
    if (size == 0 || bits - 1 > (uint64_t{1} << (size - 1)) - 1) return false;
    bits = ~bits + 1;
    return true;
  }
  return size == 64 || bits >> size == 0;
}

void ParseNumber(TextScanner& scanner, TermWriter& writer) {
  const Number number = scanner.ReadNumber();
  const BigInteger integer{number.negative, number.magnitude};
  int64_t small;
  if (number.is_float) {
    writer.WriteFloat(number.real);
  } else if (ToInt64(integer, small)) {
    writer.WriteInteger(small);
  } else {
    writer.WriteBigInteger(integer);
  }
}

void ParseString(TextScanner& scanner, TermWriter& writer) {
  const std::u32string characters = scanner.ReadStrings();
  std::string latin1;
  if (ToLatin1(characters, latin1)) return writer.WriteString(latin1);
  writer.WriteListHeader(characters.size());
  for (const char32_t character : characters) writer.WriteInteger(character);
  writer.WriteNil();
}

void ParseAtom(TextScanner& scanner, TermWriter& writer) {
  const size_t begin = scanner.offset();
  const bool quoted = scanner.Peek() == '\'';
  const std::string atom = scanner.ReadAtom();
  if (!quoted && IsReservedWord(atom)) {
    scanner.FailAt(begin, absl::StrCat("an atom, or '", atom, "' in quotes"));
  }
  writer.WriteAtom(atom);
}

// fun Module:Function/Arity, as in fun erlang:div/2: Erlang prints names that
// are reserved words without quotes.
void ParseExport(TextScanner& scanner, TermWriter& writer) {
  scanner.Expect("fun");
  writer.out().WriteU8(static_cast<uint8_t>(TermTag::kExport));
  writer.WriteAtom(scanner.ReadAtom());
  scanner.Expect(":");
  writer.WriteAtom(scanner.ReadAtom());
  scanner.Expect("/");
  writer.WriteUnsigned(scanner.ReadUnsigned(kMaxArity));
}

// "text", "text"/utf8, Integer or Integer:Size
void ParseSegment(TextScanner& scanner, Bits& bits) {
  scanner.SkipBlank();
  const size_t begin = scanner.offset();
  if (scanner.Peek() == '"') {
    const std::u32string characters = scanner.ReadStrings();
    std::string latin1;
    if (scanner.Take("/utf8")) {
      bits.AppendBytes(ToUtf8(characters));
    } else if (ToLatin1(characters, latin1)) {
      bits.AppendBytes(latin1);
    } else {
      scanner.Fail("/utf8, as there is a character above 255");
    }
    return;
  }
  if (!scanner.NextIsNumber()) return scanner.Fail("an integer or a string");
  const Number number = scanner.ReadNumber();
  uint64_t size = 8;
  scanner.SkipBlank();
  if (scanner.Take(":")) size = scanner.ReadUnsigned(kMaxSegmentBits);
  uint64_t value = 0;
  if (!FitsBits(number, size, value)) {
    scanner.FailAt(begin, absl::StrCat("an integer of ", size, " bits"));
  }
  bits.Append(value, size);
}

void ParseBinary(TextScanner& scanner, TermWriter& writer) {
  scanner.Expect("<<");
  Bits bits;
  scanner.SkipBlank();
  if (!scanner.Take(">>")) {
    do {
      ParseSegment(scanner, bits);
      scanner.SkipBlank();
    } while (scanner.Take(","));
    if (!scanner.Take(">>")) scanner.Fail(", or >>");
  }
  bits.Write(writer);
}

// What stands in #Pid<srv@localhost.5.0.1> and the like.
struct Identifier {
  std::string node;
  std::vector<uint64_t> numbers;
};

struct IdentifierForm {
  absl::string_view name;
  size_t min_numbers;
  size_t max_numbers;
  size_t wide_numbers;  // The first ones, that may have 64 bits and not 32.
};

constexpr IdentifierForm kPidForm = {"node.id.serial.creation>", 3, 3, 0};
constexpr IdentifierForm kPortForm = {"node.id.creation>", 2, 2, 1};
constexpr IdentifierForm kReferenceForm = {
    "node.word.creation> with 1 to 5 words", 2, kMaxReferenceWords + 1, 0};

// It has as many numbers as its form wants even if the scanner fails.
Identifier ParseIdentifier(const IdentifierForm& form, TextScanner& scanner) {
  const size_t begin = scanner.offset();
  Identifier parsed;
  const bool quoted = scanner.Peek() == '\'';
  if (quoted) parsed.node = scanner.ReadAtom();
  // The last ones are the numbers: a host may have dots, too.
  absl::string_view rest = scanner.TakeWhile(IsNodeCharacter);
  while (parsed.numbers.size() < form.max_numbers) {
    const size_t dot = rest.rfind('.');
    uint64_t number;
    if (dot == rest.npos || !absl::SimpleAtoi(rest.substr(dot + 1), &number)) {
      break;
    }
    parsed.numbers.insert(parsed.numbers.begin(), number);
    rest = rest.substr(0, dot);
  }
  if (!quoted) parsed.node = std::string(rest);
  bool valid = parsed.numbers.size() >= form.min_numbers &&
               rest.empty() == quoted && IsAtomText(parsed.node);
  for (size_t i = form.wide_numbers; i < parsed.numbers.size(); ++i) {
    valid = valid && parsed.numbers[i] <= kMaxWord;
  }
  if (!valid || !scanner.Take(">")) {
    scanner.FailAt(begin, form.name);
    return {"", std::vector<uint64_t>(form.min_numbers)};
  }
  return parsed;
}

void ParsePid(TextScanner& scanner, TermWriter& writer) {
  const auto [node, numbers] = ParseIdentifier(kPidForm, scanner);
  writer.WritePid(PidView{AtomView::Utf8(node), Word(numbers[0]),
                          Word(numbers[1]), Word(numbers[2])});
}

void ParsePort(TextScanner& scanner, TermWriter& writer) {
  const auto [node, numbers] = ParseIdentifier(kPortForm, scanner);
  writer.WritePort(
      PortView{AtomView::Utf8(node), numbers[0], Word(numbers[1])});
}

void ParseReference(TextScanner& scanner, TermWriter& writer) {
  const auto [node, numbers] = ParseIdentifier(kReferenceForm, scanner);
  ReferenceView reference;
  reference.node = AtomView::Utf8(node);
  reference.creation = Word(numbers.back());
  reference.word_count = Word(numbers.size() - 1);
  std::transform(numbers.begin(), numbers.end() - 1, reference.words.begin(),
                 Word);
  writer.WriteReference(reference);
}

}  // namespace

void ParseLeaf(TextScanner& scanner, TermWriter& writer) {
  if (scanner.NextIsNumber()) return ParseNumber(scanner, writer);
  if (scanner.Peek() == '"') return ParseString(scanner, writer);
  if (scanner.Peek() == '<') return ParseBinary(scanner, writer);
  if (scanner.NextIsWord("fun")) return ParseExport(scanner, writer);
  if (scanner.NextIsAtom()) return ParseAtom(scanner, writer);
  const size_t begin = scanner.offset();
  if (scanner.Take("#Pid<")) return ParsePid(scanner, writer);
  if (scanner.Take("#Port<")) return ParsePort(scanner, writer);
  if (scanner.Take("#Ref<")) return ParseReference(scanner, writer);
  scanner.FailAt(
      begin, scanner.Take("#Fun<") ? "a term other than a closure" : "a term");
}

}  // namespace internal_text
}  // namespace ringdist
