#include "ringdist/proto/erlang_syntax.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "absl/strings/ascii.h"

namespace ringdist {
namespace internal_text {
namespace {

struct Control {
  char letter;
  char32_t character;
};

constexpr Control kControls[] = {
    {'b', '\b'}, {'t', '\t'}, {'n', '\n'}, {'v', '\v'},
    {'f', '\f'}, {'r', '\r'}, {'e', 27},   {'d', 127},
};

// Sorted.
constexpr absl::string_view kReservedWords[] = {
    "after",  "and",     "andalso", "band", "begin", "bnot", "bor",
    "bsl",    "bsr",     "bxor",    "case", "catch", "cond", "div",
    "end",    "fun",     "if",      "let",  "not",   "of",   "or",
    "orelse", "receive", "rem",     "try",  "when",  "xor",
};

bool IsLatin1Letter(char32_t c) {
  return c >= 0xC0 && c <= 0xFF && c != 0xD7 && c != 0xF7;
}

// How many bytes a character has that begins with `lead`; 0 if none does.
size_t EncodedSize(uint8_t lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xC2) return 0;
  if (lead < 0xE0) return 2;
  if (lead < 0xF0) return 3;
  return lead < 0xF5 ? 4 : 0;
}

}  // namespace

bool TakeCharacter(absl::string_view& text, char32_t& character) {
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const auto lead = static_cast<uint8_t>(text[0]);
  const size_t size = EncodedSize(lead);
  if (size == 0 || text.size() < size) return false;
  char32_t value = size == 1 ? lead : lead & (0x7F >> size);
  for (size_t i = 1; i < size; ++i) {
    const auto byte = static_cast<uint8_t>(text[i]);
    if ((byte & 0xC0) != 0x80) return false;
    value = value << 6 | (byte & 0x3F);
  }
  if (value < kSmallest[size] || !IsCodePoint(value)) return false;
  text.remove_prefix(size);
  character = value;
  return true;
}

bool IsCodePoint(char32_t character) {
  return character < 0xD800 || (character > 0xDFFF && character <= 0x10FFFF);
}

void AppendUtf8(char32_t character, std::string& text) {
  const auto append = [&](char32_t byte) {
    text.push_back(static_cast<char>(byte));
  };
  if (character < 0x80) return append(character);
  if (character < 0x800) {
    append(0xC0 | character >> 6);
  } else {
    if (character < 0x10000) {
      append(0xE0 | character >> 12);
    } else {
      append(0xF0 | character >> 18);
      append(0x80 | (character >> 12 & 0x3F));
    }
    append(0x80 | (character >> 6 & 0x3F));
  }
  append(0x80 | (character & 0x3F));
}

bool IsPrintable(char32_t character) {
  if (character < ' ') return LetterOfControl(character) != 0;
  if (character < 0x7F) return true;
  return character >= 0xA0 && character != 0xFFFE && character != 0xFFFF &&
         IsCodePoint(character);
}

char32_t ControlOfLetter(char letter) {
  for (const Control& control : kControls) {
    if (control.letter == letter) return control.character;
  }
  return 0;
}

char LetterOfControl(char32_t character) {
  for (const Control& control : kControls) {
    if (control.character == character) return control.letter;
  }
  return 0;
}

bool IsAtomStart(char32_t character) {
  return character < 0x80
             ? absl::ascii_islower(static_cast<unsigned char>(character))
             : IsLatin1Letter(character) && character >= 0xDF;
}

bool IsAtomCharacter(char32_t character) {
  return character < 0x80
             ? absl::ascii_isalnum(static_cast<unsigned char>(character)) ||
                   character == '_' || character == '@'
             : IsLatin1Letter(character);
}

bool IsReservedWord(absl::string_view word) {
  return std::binary_search(std::begin(kReservedWords),
                            std::end(kReservedWords), word);
}

bool NeedsQuotes(absl::string_view atom) {
  // Reserved since OTP 27, or 25 for those who ask for it.
  if (IsReservedWord(atom) || atom == "maybe" || atom == "else") return true;
  char32_t character;
  if (atom.empty() || !TakeCharacter(atom, character)) return true;
  if (!IsAtomStart(character)) return true;
  while (!atom.empty()) {
    if (!TakeCharacter(atom, character)) return true;
    if (!IsAtomCharacter(character)) return true;
  }
  return false;
}

bool IsNodeCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' ||
         c == '@' || c == '-' || c == '.';
}

}  // namespace internal_text
}  // namespace ringdist
