#include "ringdist/proto/term_converter.h"

#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "ringdist/proto/iolist.h"

namespace ringdist {
namespace internal_term {

bool TermConverter<bool>::Read(const TermView& term, bool& value,
                               TermMismatch* mismatch) {
  const bool yes = term.IsAtom("true");
  if (!yes && !term.IsAtom("false")) {
    return TermMismatch::Expect(mismatch, "true or false", term);
  }
  value = yes;
  return true;
}

bool ReadSigned(const TermView& term, size_t bits, int64_t& value,
                TermMismatch* mismatch) {
  const std::optional<int64_t> number = term.AsInt64();
  // What lies beyond the bits is all sign.
  const bool fits =
      number.has_value() && *number >> (bits - 1) == (*number < 0 ? -1 : 0);
  if (fits) value = *number;
  return fits || TermMismatch::ExpectBits(mismatch, "an integer", bits, term);
}

bool ReadUnsigned(const TermView& term, size_t bits, uint64_t& value,
                  TermMismatch* mismatch) {
  const std::optional<uint64_t> number = term.AsUint64();
  const bool fits = number.has_value() && *number >> (bits - 1) <= 1;
  if (fits) value = *number;
  return fits ||
         TermMismatch::ExpectBits(mismatch, "an unsigned integer", bits, term);
}

bool TermConverter<double>::Read(const TermView& term, double& value,
                                 TermMismatch* mismatch) {
  if (const auto real = term.AsFloat(); real.has_value()) {
    value = *real;
  } else if (const auto integer = term.AsInt64(); integer.has_value()) {
    value = static_cast<double>(*integer);
  } else if (const auto large = term.AsUint64(); large.has_value()) {
    value = static_cast<double>(*large);
  } else {
    return TermMismatch::Expect(mismatch, "a float", term);
  }
  return true;
}

bool TermConverter<float>::Read(const TermView& term, float& value,
                                TermMismatch* mismatch) {
  double wide = 0;
  if (!TermConverter<double>::Read(term, wide, mismatch)) return false;
  if (std::abs(wide) > std::numeric_limits<float>::max()) {
    return TermMismatch::Expect(mismatch, "a float of 32 bits", term);
  }
  value = static_cast<float>(wide);
  return true;
}

bool ReadText(const TermView& term, absl::string_view& value,
              TermMismatch* mismatch) {
  const std::optional<absl::string_view> binary = term.AsBinary();
  if (!binary.has_value()) {
    return TermMismatch::Expect(mismatch, "a binary", term);
  }
  value = *binary;
  return true;
}

bool ReadText(const TermView& term, std::string& value,
              TermMismatch* mismatch) {
  if (const auto binary = term.AsBinary(); binary.has_value()) {
    value.assign(binary->data(), binary->size());
    return true;
  }
  std::string text;
  const bool list =
      term.type() == TermType::kNil || term.type() == TermType::kList;
  if (!list || !AppendIolist(term, text)) {
    return TermMismatch::Expect(mismatch, "a binary or a list of bytes", term);
  }
  value = std::move(text);
  return true;
}

}  // namespace internal_term
}  // namespace ringdist
