#include "ringdist/proto/atom_view.h"

#include <cstdint>

namespace ringdist {
namespace {

// Takes one character off the front of `text`. False if it is not well-formed:
// cut short, longer than needed, a surrogate, or above U+10FFFF.
bool TakeCharacter(absl::string_view& text) {
  const auto lead = static_cast<uint8_t>(text[0]);
  if (lead < 0x80) {
    text.remove_prefix(1);
    return true;
  }
  const size_t size = lead < 0xC2   ? 0
                      : lead < 0xE0 ? 2
                      : lead < 0xF0 ? 3
                      : lead < 0xF5 ? 4
                                    : 0;
  if (size == 0 || text.size() < size) return false;
  for (size_t i = 1; i < size; ++i) {
    if ((static_cast<uint8_t>(text[i]) & 0xC0) != 0x80) return false;
  }
  const auto second = static_cast<uint8_t>(text[1]);
  if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second >= 0xA0) ||
      (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second >= 0x90)) {
    return false;
  }
  text.remove_prefix(size);
  return true;
}

}  // namespace

AtomView AtomView::Latin1(absl::string_view text) {
  return {text, !IsAscii(text)};
}

std::string AtomView::ToString() const {
  return latin1_ ? Latin1ToUtf8(bytes_) : std::string(bytes_);
}

bool AtomView::EqualAcrossEncodings(const AtomView& other) const {
  const AtomView& latin1 = latin1_ ? *this : other;
  absl::string_view utf8 = latin1_ ? other.bytes_ : bytes_;
  for (const char c : latin1.bytes_) {
    const auto byte = static_cast<uint8_t>(c);
    const char encoded[2] = {static_cast<char>(0xC0 | (byte >> 6)),
                             static_cast<char>(0x80 | (byte & 0x3F))};
    const absl::string_view character =
        byte < 0x80 ? absl::string_view(&c, 1) : absl::string_view(encoded, 2);
    if (utf8.substr(0, character.size()) != character) return false;
    utf8.remove_prefix(character.size());
  }
  return utf8.empty();
}

bool internal_atom_view::IsWideAtomText(absl::string_view text) {
  for (size_t characters = 0; !text.empty(); ++characters) {
    if (characters == kMaxAtomCharacters || !TakeCharacter(text)) return false;
  }
  return true;
}

}  // namespace ringdist
