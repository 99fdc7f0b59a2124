#include "ringdist/proto/text_scanner.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "ringdist/proto/atom_view.h"
#include "ringdist/proto/erlang_syntax.h"
#include "ringdist/proto/number_text.h"

namespace ringdist {
namespace internal_text {
namespace {

// How much of a word an error shows.
constexpr size_t kMaxShown = 30;

bool IsSpace(char c) {
  return absl::ascii_isspace(static_cast<unsigned char>(c));
}

// How long the word is that `text` begins with; 0 if it begins with none. As
// erl_scan does it takes digits, letters, _ and @.
size_t WordSize(absl::string_view text) {
  absl::string_view rest = text;
  char32_t character = 0;
  while (!rest.empty()) {
    absl::string_view after = rest;
    if (!TakeCharacter(after, character) || !IsAtomCharacter(character)) break;
    rest = after;
  }
  return text.size() - rest.size();
}

}  // namespace

void TextScanner::SkipBlank() {
  while (!AtEnd()) {
    if (IsSpace(rest_[0])) {
      rest_.remove_prefix(1);
    } else if (rest_[0] == '%') {
      rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
    } else {
      return;
    }
  }
}

bool TextScanner::Take(absl::string_view token) {
  if (!absl::StartsWith(rest_, token)) return false;
  rest_.remove_prefix(token.size());
  return true;
}

void TextScanner::Expect(absl::string_view token) {
  SkipBlank();
  if (!Take(token)) Fail(token);
}

absl::string_view TextScanner::TakeWhile(bool (*accept)(char)) {
  const auto end = std::find_if_not(rest_.begin(), rest_.end(), accept);
  const absl::string_view taken =
      rest_.substr(0, static_cast<size_t>(end - rest_.begin()));
  rest_.remove_prefix(taken.size());
  return taken;
}

bool TextScanner::NextIsWord(absl::string_view word) const {
  return absl::StartsWith(rest_, word) && WordSize(rest_) == word.size();
}

bool TextScanner::NextIsAtom() const {
  absl::string_view rest = rest_;
  char32_t character;
  return Peek() == '\'' ||
         (!AtEnd() && TakeCharacter(rest, character) && IsAtomStart(character));
}

std::string TextScanner::ReadAtom() {
  SkipBlank();
  const size_t begin = offset();
  std::string atom;
  if (Peek() == '\'') {
    for (const char32_t c : ReadQuoted('\'')) AppendUtf8(c, atom);
  } else if (NextIsAtom()) {
    atom = std::string(rest_.substr(0, WordSize(rest_)));
    rest_.remove_prefix(atom.size());
  } else {
    Fail("an atom");
  }
  if (!IsAtomText(atom)) FailAt(begin, "an atom of at most 255 characters");
  return ok() ? atom : "";
}

bool TextScanner::NextIsNumber() const {
  return IsDigit(Peek(), 10) || absl::StrContains("+-$", Peek());
}

Number TextScanner::ReadNumber() {
  Number number;
  number.negative = Take("-");
  if (!number.negative) Take("+");
  SkipBlank();
  const size_t begin = offset();
  if (Take("$")) {
    for (char32_t c = ReadCharacter(); c > 0; c >>= 8) {
      number.magnitude.push_back(static_cast<char>(c));
    }
    return number;
  }
  std::string digits = TakeDigits(10);
  if (digits.empty()) {
    Fail("a number");
  } else if (Peek() == '.' && IsDigit(Peek(1), 10)) {
    ReadFloat(begin, std::move(digits), number);
  } else {
    ReadInteger(begin, std::move(digits), number);
  }
  return number;
}

void TextScanner::ReadInteger(size_t begin, std::string digits,
                              Number& number) {
  uint32_t base = 10;
  if (Take("#")) {
    if (digits.size() > 2 || !absl::SimpleAtoi(digits, &base) || base < 2 ||
        base > 36) {
      return FailAt(begin, "a base from 2 to 36");
    }
    digits = TakeDigits(base);
    if (digits.empty()) return Fail(absl::StrCat("a digit of base ", base));
  }
  if (digits.size() > kMaxDigits && !std::has_single_bit(base)) {
    return FailAt(begin, absl::StrCat("an integer of at most ", kMaxDigits,
                                      " digits, or one of base 16"));
  }
  number.magnitude = MagnitudeOf(digits, base);
}

void TextScanner::ReadFloat(size_t begin, std::string digits, Number& number) {
  Take(".");
  absl::StrAppend(&digits, ".", TakeDigits(10));
  const bool sign = Peek(1) == '-' || Peek(1) == '+';
  if (absl::ascii_tolower(static_cast<unsigned char>(Peek())) == 'e' &&
      IsDigit(Peek(sign ? 2 : 1), 10)) {
    absl::StrAppend(&digits, rest_.substr(0, sign ? 2 : 1));
    rest_.remove_prefix(sign ? 2 : 1);
    digits += TakeDigits(10);
  }
  number.is_float = true;
  if (!absl::SimpleAtod(digits, &number.real) || !std::isfinite(number.real)) {
    number.real = 0;
    return FailAt(begin, "a float of 64 bits");
  }
  if (number.negative) number.real = -number.real;
}

uint64_t TextScanner::ReadUnsigned(uint64_t max) {
  SkipBlank();
  const size_t begin = offset();
  uint64_t value = 0;
  if (!absl::SimpleAtoi(TakeDigits(10), &value) || value > max) {
    FailAt(begin, absl::StrCat("a number from 0 to ", max));
    return 0;
  }
  return value;
}

std::string TextScanner::TakeDigits(uint32_t base) {
  std::string digits;
  while (IsDigit(Peek(), base) ||
         (Peek() == '_' && !digits.empty() && IsDigit(Peek(1), base))) {
    if (Peek() != '_') digits.push_back(Peek());
    rest_.remove_prefix(1);
  }
  return digits;
}

std::u32string TextScanner::ReadStrings() {
  std::u32string text = ReadQuoted('"');
  for (SkipBlank(); Peek() == '"'; SkipBlank()) text += ReadQuoted('"');
  return text;
}

std::u32string TextScanner::ReadQuoted(char quote) {
  const absl::string_view end(&quote, 1);
  const size_t begin = offset();
  Expect(end);
  std::u32string text;
  while (ok() && !Take(end)) {
    if (AtEnd()) {
      FailAt(begin, absl::StrCat("a closing ", end, " to this one"),
             "the end of the text");
    } else {
      text.push_back(ReadCharacter());
    }
  }
  return text;
}

char32_t TextScanner::ReadCharacter() {
  if (Take("\\")) return ReadEscape();
  char32_t character = 0;
  if (AtEnd() || !TakeCharacter(rest_, character)) Fail("a character");
  return character;
}

char32_t TextScanner::ReadEscape() {
  char32_t value = 0;
  if (IsDigit(Peek(), 8)) {
    for (int digits = 0; digits < 3 && IsDigit(Peek(), 8); ++digits) {
      value = value << 3 | static_cast<char32_t>(Peek() - '0');
      rest_.remove_prefix(1);
    }
    return value;
  }
  if (Take("x")) return ReadHexEscape();
  if (Take("s")) return ' ';
  if (Take("^")) {
    const char letter = Peek();
    if (letter < '@' || letter == 0x7F) Fail("a letter");
    if (!AtEnd()) rest_.remove_prefix(1);
    return static_cast<char32_t>(letter & 0x1F);
  }
  value = ControlOfLetter(Peek());
  if (value != 0) {
    rest_.remove_prefix(1);
    return value;
  }
  // Any other character stands for itself.
  if (AtEnd() || !TakeCharacter(rest_, value)) Fail("a character");
  return value;
}

char32_t TextScanner::ReadHexEscape() {
  const size_t begin = offset();
  const bool braces = Take("{");
  char32_t value = 0;
  size_t digits = 0;
  for (; IsDigit(Peek(), 16) && (braces || digits < 2); ++digits) {
    if (value <= 0x10FFFF) value = value << 4 | DigitValue(Peek());
    rest_.remove_prefix(1);
  }
  if (digits < (braces ? 1 : 2)) {
    Fail("a digit of base 16");
  } else if (braces && !Take("}")) {
    Fail("a digit of base 16 or }");
  } else if (!IsCodePoint(value)) {
    FailAt(begin, "the number of a Unicode character");
  }
  return value;
}

void TextScanner::FailAt(size_t offset, absl::string_view expected) {
  if (ok()) FailAt(offset, expected, Describe(offset));
}

void TextScanner::FailAt(size_t offset, absl::string_view expected,
                         absl::string_view found) {
  const absl::string_view before = text_.substr(0, offset);
  const size_t line_begin = before.rfind('\n') + 1;  // 0 if there is none.
  // Characters of UTF-8, whose bytes but the first are 10xxxxxx.
  const auto column = std::count_if(before.begin() + line_begin, before.end(),
                                    [](char c) { return (c & 0xC0) != 0x80; });
  status_ = absl::InvalidArgumentError(absl::StrCat(
      "line ", std::count(before.begin(), before.end(), '\n') + 1, ", column ",
      column + 1, ": expected ", expected, ", found ", found));
  rest_ = absl::string_view();
}

std::string TextScanner::Describe(size_t offset) const {
  const absl::string_view rest = text_.substr(offset);
  if (rest.empty()) return "the end of the text";
  const size_t sign = rest[0] == '#' ? 1 : 0;  // As in #Fun<...>.
  const size_t size = sign + WordSize(rest.substr(sign, kMaxShown));
  if (size > 0) return std::string(rest.substr(0, size));
  absl::string_view after = rest;
  char32_t character;
  if (!TakeCharacter(after, character)) return "a byte that is not UTF-8";
  if (character == ' ') return "a blank";
  if (character < ' ' || (character >= 0x7F && character < 0xA0)) {
    return "a control character";
  }
  return std::string(rest.substr(0, rest.size() - after.size()));
}

}  // namespace internal_text
}  // namespace ringdist
