#include "ringdist/bench/load/load_text.h"

#include <cmath>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/types/span.h"

namespace ringdist {
namespace {

// Three digits: "1.23", "12.3", "123".
std::string ThreeDigits(double value) {
  const double size = std::fabs(value);
  if (size < 9.995) return absl::StrFormat("%.2f", value);
  if (size < 99.95) return absl::StrFormat("%.1f", value);
  return absl::StrFormat("%.0f", value);
}

// Steps up the units until there are at most three digits before the point.
std::string InUnits(double value, double step,
                    absl::Span<const absl::string_view> units) {
  size_t unit = 0;
  for (; unit + 1 < units.size(); ++unit) {
    // What would be printed as 1000 is one of the next unit.
    if (std::fabs(value) < step - 0.5) break;
    value /= step;
  }
  const bool whole = value == std::floor(value) && unit == 0;
  return absl::StrCat(
      whole ? absl::StrFormat("%.0f", value) : ThreeDigits(value), units[unit]);
}

}  // namespace

std::string NumberText(double number) {
  return InUnits(number, 1000, {"", " k", " M", " G"});
}

std::string RateText(double per_second) {
  return InUnits(per_second, 1000, {"/s", " k/s", " M/s", " G/s"});
}

std::string BandwidthText(double bytes_per_second) {
  return InUnits(bytes_per_second, 1000,
                 {" B/s", " kB/s", " MB/s", " GB/s", " TB/s"});
}

std::string SizeText(double bytes) {
  std::string text = InUnits(bytes, 1024, {" B", " KiB", " MiB", " GiB"});
  // Sizes are often round.
  for (const absl::string_view zeros : {".00 ", ".0 "}) {
    const size_t at = text.find(zeros.data(), 0, zeros.size());
    if (at != std::string::npos) text.erase(at, zeros.size() - 1);
  }
  return text;
}

std::string NanosecondsText(double nanoseconds) {
  return InUnits(nanoseconds, 1000, {" ns", " us", " ms", " s"});
}

std::string PercentText(double part) {
  return absl::StrFormat("%.1f %%", part * 100);
}

std::string CountText(uint64_t count) {
  const std::string digits = absl::StrCat(count);
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text.push_back(',');
    text.push_back(digits[i]);
  }
  return text;
}

absl::Status ParseNumber(absl::string_view text, double& number) {
  absl::string_view digits = text;
  double factor = 1;
  for (const auto& [suffix, value] :
       {std::pair{'k', 1e3}, std::pair{'M', 1e6}, std::pair{'G', 1e9}}) {
    if (digits.empty() || digits.back() != suffix) continue;
    digits.remove_suffix(1);
    factor = value;
    break;
  }
  double value = 0;
  // SimpleAtod would take blanks, too.
  if (digits.find_first_not_of("0123456789.e+-") == absl::string_view::npos &&
      absl::SimpleAtod(digits, &value) && std::isfinite(value) && value > 0) {
    number = value * factor;
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text,
                   "\" is no number above 0; write one such as 500, 20k or "
                   "1.5M"));
}

absl::Status ParseTime(absl::string_view text, absl::Duration& value) {
  absl::Duration parsed;
  if (absl::ParseDuration(text, &parsed) && parsed >= absl::ZeroDuration() &&
      parsed < absl::InfiniteDuration()) {
    value = parsed;
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text,
                   "\" is no time; write a number and its unit, such as "
                   "200us, 1.5ms or 3s"));
}

}  // namespace ringdist
