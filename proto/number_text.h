// Numbers as text in Erlang's syntax: integers of any size, and floats.
//
// Internal to the text form of terms; include term_text.h.

#ifndef RINGDIST_PROTO_NUMBER_TEXT_H_
#define RINGDIST_PROTO_NUMBER_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "ringdist/proto/term_scan.h"

namespace ringdist {
namespace internal_text {

// Between binary and other bases the time grows with the square of the length.
// A longer magnitude is therefore printed in base 16, and more digits are not
// read in a base that is no power of two. The first bounds what a message costs
// that is full of such integers; the second is enough for 64 KiB.
inline constexpr size_t kMaxDecimalBytes = 1024;
inline constexpr size_t kMaxDigits = 160000;

// Appends -123, or 16#FF.. if it is longer. As soon as `text` is longer than
// `max_bytes`, what is still to come of the latter is left out.
void AppendInteger(const internal_term::BigInteger& value, size_t max_bytes,
                   std::string& text);

// The little-endian magnitude, without zeros at its end, that `digits` of a
// base from 2 to 36 stand for: at most kMaxDigits of them, as told above.
std::string MagnitudeOf(absl::string_view digits, uint32_t base);

// 10 for 'a' and 'A'; 36 for what is no digit of any base.
uint32_t DigitValue(char c);
inline bool IsDigit(char c, uint32_t base) { return DigitValue(c) < base; }

// Appends the shortest text that reads as the same float, as Erlang has it
// since OTP 25 (erlang:float_to_list/2, `short`): 1.0, 0.001, 1.0e3, 1.0e22.
void AppendFloat(double value, std::string& text);

}  // namespace internal_text
}  // namespace ringdist

#endif  // RINGDIST_PROTO_NUMBER_TEXT_H_
