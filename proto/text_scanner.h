// TextScanner: a cursor over text in Erlang's syntax, for its words, numbers
// and quoted text (OTP, lib/stdlib: erl_scan.erl).
//
// Internal to the text form of terms; include term_text.h.
//
//   TextScanner scanner("[1, 'An atom'");
//   scanner.Expect("[");
//   Number number = scanner.ReadNumber();
//   scanner.Expect(",");
//   std::string atom = scanner.ReadAtom();
//   scanner.Expect("]");
//   if (!scanner.ok()) return scanner.status();
//   // line 1, column 14: expected ], found the end of the text
//
// As a ByteReader it stays failed: what is read after the first error is empty,
// '' or 0.

#ifndef RINGDIST_PROTO_TEXT_SCANNER_H_
#define RINGDIST_PROTO_TEXT_SCANNER_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace ringdist {
namespace internal_text {

// A float, or an integer of any size as its sign and little-endian magnitude.
struct Number {
  bool is_float = false;
  bool negative = false;
  double real = 0;        // Finite.
  std::string magnitude;  // Without zeros at its end.
};

class TextScanner {
 public:
  // `text` must outlive the scanner.
  explicit TextScanner(absl::string_view text) : text_(text), rest_(text) {}

  bool ok() const { return status_.ok(); }
  // InvalidArgument: where, what was expected, and what was found.
  const absl::Status& status() const { return status_; }

  // Where the next byte is in the text.
  size_t offset() const { return text_.size() - rest_.size(); }
  bool AtEnd() const { return rest_.empty(); }
  // The next byte; 0 at the end.
  char Peek(size_t ahead = 0) const {
    return ahead < rest_.size() ? rest_[ahead] : '\0';
  }

  // Skips white space and comments.
  void SkipBlank();
  // Takes `token` if it comes next.
  bool Take(absl::string_view token);
  // Skips blanks, and takes `token` or fails.
  void Expect(absl::string_view token);
  // Takes as many bytes, none or more, as are all accepted.
  absl::string_view TakeWhile(bool (*accept)(char));

  // Whether the word comes next, and not a longer one.
  bool NextIsWord(absl::string_view word) const;
  // Whether an atom, in quotes or not, or a reserved word comes next.
  bool NextIsAtom() const;
  // UTF-8, at most 255 characters. Reserved words are taken for atoms.
  std::string ReadAtom();

  // Whether a number comes next, or its sign, or a character as $a.
  bool NextIsNumber() const;
  Number ReadNumber();
  // Digits that are at most `max`.
  uint64_t ReadUnsigned(uint64_t max);

  // One or more strings, which are one.
  std::u32string ReadStrings();

  // Fails here, or at `offset`, with what stands there for what was found.
  void Fail(absl::string_view expected) { FailAt(offset(), expected); }
  void FailAt(size_t offset, absl::string_view expected);

 private:
  void FailAt(size_t offset, absl::string_view expected,
              absl::string_view found);
  // What stands there, for an error.
  std::string Describe(size_t offset) const;

  std::u32string ReadQuoted(char quote);
  // The next character within quotes; one as it stands, or an escape sequence.
  char32_t ReadCharacter();
  char32_t ReadEscape();
  char32_t ReadHexEscape();

  // Digits, without the _ that may stand between two of them.
  std::string TakeDigits(uint32_t base);
  // The rest of a number that began at `begin` and of which `digits` were read.
  void ReadInteger(size_t begin, std::string digits, Number& number);
  void ReadFloat(size_t begin, std::string digits, Number& number);

  absl::string_view text_;
  absl::string_view rest_;
  absl::Status status_;
};

}  // namespace internal_text
}  // namespace ringdist

#endif  // RINGDIST_PROTO_TEXT_SCANNER_H_
