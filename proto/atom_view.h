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

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

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

// Whether `text` has no byte above 0x7F.
bool IsAscii(absl::string_view text);

// Whether `text` can be an atom: well-formed UTF-8 of at most 255 characters.
bool IsAtomText(absl::string_view text);

}  // namespace ringdist

#endif  // RINGDIST_PROTO_ATOM_VIEW_H_
