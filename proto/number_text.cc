#include "ringdist/proto/number_text.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "ringdist/proto/check.h"

namespace ringdist {
namespace internal_text {
namespace {

void AppendDecimal(absl::string_view magnitude, std::string& text) {
  std::vector<uint32_t> words((magnitude.size() + 3) / 4);  // Lowest first.
  for (size_t i = 0; i < magnitude.size(); ++i) {
    const uint32_t byte = static_cast<uint8_t>(magnitude[i]);
    words[i / 4] |= byte << (i % 4 * 8);
  }
  constexpr uint32_t kChunk = 1000000000;  // Nine digits.
  std::vector<uint32_t> chunks;            // Lowest first.
  while (!words.empty()) {
    uint64_t rest = 0;
    for (size_t i = words.size(); i > 0; --i) {
      rest = rest << 32 | words[i - 1];
      words[i - 1] = static_cast<uint32_t>(rest / kChunk);
      rest %= kChunk;
    }
    chunks.push_back(static_cast<uint32_t>(rest));
    while (!words.empty() && words.back() == 0) words.pop_back();
  }
  absl::StrAppend(&text, chunks.empty() ? 0 : chunks.back());
  for (size_t i = chunks.size(); i > 1; --i) {
    absl::StrAppend(&text, absl::Dec(chunks[i - 2], absl::kZeroPad9));
  }
}

void AppendHex(absl::string_view magnitude, size_t max_bytes,
               std::string& text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  text += "16#";
  for (size_t i = magnitude.size(); i > 0 && text.size() <= max_bytes; --i) {
    const auto byte = static_cast<uint8_t>(magnitude[i - 1]);
    if (i < magnitude.size() || byte > 0xF) text += kDigits[byte >> 4];
    text += kDigits[byte & 0xF];
  }
}

// Digits that are whole numbers of bits.
std::string PackBits(absl::string_view digits, int bits_per_digit) {
  std::string magnitude;
  uint32_t bits = 0;
  int count = 0;
  for (size_t i = digits.size(); i > 0; --i) {
    bits |= DigitValue(digits[i - 1]) << count;
    count += bits_per_digit;
    if (count < 8) continue;
    magnitude.push_back(static_cast<char>(bits));
    bits >>= 8;
    count -= 8;
  }
  magnitude.push_back(static_cast<char>(bits));
  return magnitude;
}

// Multiplies by the base and adds, for as many digits at a time as a word of 64
// bits takes.
std::string MultiplyAndAdd(absl::string_view digits, uint32_t base) {
  std::vector<uint64_t> words;  // Lowest first.
  for (size_t i = 0; i < digits.size();) {
    uint64_t factor = 1;
    uint64_t carry = 0;
    for (; i < digits.size() && factor <= UINT64_MAX / base; ++i) {
      factor *= base;
      carry = carry * base + DigitValue(digits[i]);
    }
    for (uint64_t& word : words) {
      const absl::uint128 product = absl::uint128(word) * factor + carry;
      word = absl::Uint128Low64(product);
      carry = absl::Uint128High64(product);
    }
    if (carry > 0) words.push_back(carry);
  }
  std::string magnitude;
  for (const uint64_t word : words) {
    for (int shift = 0; shift < 64; shift += 8) {
      magnitude.push_back(static_cast<char>(word >> shift));
    }
  }
  return magnitude;
}

struct Decimal {
  std::string digits;
  int exponent;  // Of ten, for the first digit.
};

// The fewest digits that tell a float from every other one.
Decimal ShortestDecimal(double value) {
  char buffer[32];
  const char* end = std::to_chars(std::begin(buffer), std::end(buffer), value,
                                  std::chars_format::scientific)
                        .ptr;
  // d.ddde+dd, or de+dd.
  const absl::string_view text(buffer, static_cast<size_t>(end - buffer));
  const size_t e = text.find('e');
  Decimal decimal = {std::string(text.substr(0, e)), 0};
  if (e > 1) decimal.digits.erase(1, 1);
  RINGDIST_CHECK(absl::SimpleAtoi(text.substr(e + 1), &decimal.exponent));
  return decimal;
}

// 1.0e22
std::string ScientificText(const Decimal& decimal) {
  const absl::string_view digits = decimal.digits;
  return absl::StrCat(digits.substr(0, 1), ".",
                      digits.size() > 1 ? digits.substr(1) : "0", "e",
                      decimal.exponent);
}

// 0.01, 1.5 or 100.0
std::string PlainText(const Decimal& decimal) {
  std::string text = decimal.digits;
  if (decimal.exponent < 0) {
    const auto zeros = static_cast<size_t>(-decimal.exponent);
    text.insert(0, zeros, '0');
  }
  const auto whole = static_cast<size_t>(std::max(decimal.exponent, 0)) + 1;
  if (text.size() <= whole) text.resize(whole + 1, '0');
  return text.insert(whole, ".");
}

}  // namespace

void AppendInteger(const internal_term::BigInteger& value, size_t max_bytes,
                   std::string& text) {
  if (value.negative && !value.magnitude.empty()) text.push_back('-');
  if (value.magnitude.size() <= kMaxDecimalBytes) {
    AppendDecimal(value.magnitude, text);
  } else {
    AppendHex(value.magnitude, max_bytes, text);
  }
}

std::string MagnitudeOf(absl::string_view digits, uint32_t base) {
  std::string magnitude = std::has_single_bit(base)
                              ? PackBits(digits, std::countr_zero(base))
                              : MultiplyAndAdd(digits, base);
  while (!magnitude.empty() && magnitude.back() == '\0') magnitude.pop_back();
  return magnitude;
}

uint32_t DigitValue(char c) {
  if (c >= '0' && c <= '9') return static_cast<uint32_t>(c - '0');
  if (c >= 'a' && c <= 'z') return static_cast<uint32_t>(c - 'a') + 10;
  if (c >= 'A' && c <= 'Z') return static_cast<uint32_t>(c - 'A') + 10;
  return 36;
}

void AppendFloat(double value, std::string& text) {
  // From here on not every integer is a float, and zeros would mislead.
  constexpr double kMaxPlain = 9007199254740992;  // 2^53
  if (std::signbit(value)) text.push_back('-');
  value = std::abs(value);
  const Decimal decimal = ShortestDecimal(value);
  const std::string plain = PlainText(decimal);
  const std::string scientific = ScientificText(decimal);
  text += value < kMaxPlain && plain.size() <= scientific.size() ? plain
                                                                 : scientific;
}

}  // namespace internal_text
}  // namespace ringdist
