// AtomView: an atom's text where it lies in received bytes.
//
//   AtomView name = reader.ReadAtom();
//   if (name == "net_kernel") ...
//   std::string kept = name.ToString();      // UTF-8, and the caller's own
//
// On connections atoms are UTF-8. The tags ATOM_EXT and SMALL_ATOM_EXT hold
// Latin-1: term_to_binary/1 wrote them before OTP 26. Which of the two it is
// makes no difference to == and ToString. An atom has at most 255 characters
// (OTP, erts/doc: "External Term Format").
//
// A view is valid as long as the bytes, and cheap to copy.

#ifndef RINGDIST_PROTO_ATOM_VIEW_H_
#define RINGDIST_PROTO_ATOM_VIEW_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "absl/strings/string_view.h"
#include "ringdist/proto/node_name.h"

namespace ringdist {

class AtomView {
 public:
  // The atom ''.
  AtomView() = default;
  // Text that is known to be UTF-8 of at most 255 characters.
  static AtomView Utf8(absl::string_view text) { return {text, false}; }
  // Any bytes, at most 255.
  static AtomView Latin1(absl::string_view text);

  bool operator==(const AtomView& other) const {
    return latin1_ == other.latin1_ ? bytes_ == other.bytes_
                                    : EqualAcrossEncodings(other);
  }
  bool operator==(absl::string_view utf8) const { return *this == Utf8(utf8); }

  std::string ToString() const;

  // The bytes as they were sent, and whether they are Latin-1 that differs
  // from UTF-8.
  absl::string_view bytes() const { return bytes_; }
  bool latin1() const { return latin1_; }

 private:
  AtomView(absl::string_view bytes, bool latin1)
      : bytes_(bytes), latin1_(latin1) {}

  bool EqualAcrossEncodings(const AtomView& other) const;

  absl::string_view bytes_;
  bool latin1_ = false;
};

namespace internal_atom_view {

template <typename Word>
Word Load(const char* at) {
  Word word;
  std::memcpy(&word, at, sizeof(word));
  return word;
}

// IsAtomText for text of any characters.
bool IsWideAtomText(absl::string_view text);

}  // namespace internal_atom_view

// A hash of a short text, which need not be the same on every machine. Not
// against who chooses texts to collide.
inline uint64_t HashOfText(absl::string_view text) {
  using internal_atom_view::Load;
  const auto up_to_8 = [](const char* at, size_t size) -> uint64_t {
    if (size >= 4) {
      return uint64_t{Load<uint32_t>(at)} << 32 | Load<uint32_t>(at + size - 4);
    }
    if (size == 0) return 0;
    const auto byte = [at](size_t i) { return static_cast<uint8_t>(at[i]); };
    return byte(0) | byte(size / 2) << 8 | byte(size - 1) << 16;
  };
  uint64_t hash = text.size();
  for (size_t at = 0; at <= text.size(); at += 8) {
    hash ^= up_to_8(text.data() + at, std::min<size_t>(text.size() - at, 8));
    hash *= 0x9E3779B97F4A7C15;  // 2^64 over the golden ratio.
    hash ^= hash >> 32;
  }
  return hash;
}

// Whether `text` has no byte above 0x7F.
inline bool IsAscii(absl::string_view text) {
  using internal_atom_view::Load;
  const char* at = text.data();
  size_t size = text.size();
  uint64_t bits = 0;
  if (size >= 8) {  // Whole words; the last may overlap the one before it.
    for (; size > 8; size -= 8, at += 8) bits |= Load<uint64_t>(at);
    bits |= Load<uint64_t>(at + size - 8);
  } else if (size >= 4) {
    bits = Load<uint32_t>(at) | Load<uint32_t>(at + size - 4);
  } else {
    for (const char c : text) bits |= static_cast<uint8_t>(c);
  }
  return (bits & 0x8080808080808080) == 0;
}

// Whether `text` can be an atom: well-formed UTF-8 of at most 255 characters.
inline bool IsAtomText(absl::string_view text) {
  return (text.size() <= kMaxAtomCharacters && IsAscii(text)) ||
         internal_atom_view::IsWideAtomText(text);
}

}  // namespace ringdist

#endif  // RINGDIST_PROTO_ATOM_VIEW_H_
