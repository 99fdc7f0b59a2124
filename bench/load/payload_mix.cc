#include "ringdist/bench/load/payload_mix.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "ringdist/proto/check.h"

namespace ringdist {
namespace {

constexpr size_t kCards = 4096;

constexpr NamedMix kNamed[] = {
    {"small", "16x0.5+64x0.3+256x0.15+1024x0.05",
     "calls and casts between servers"},
    {"web", "64x0.3+256x0.3+1Kx0.2+4Kx0.12+16Kx0.05+64Kx0.025+256Kx0.005",
     "many small requests, few large answers"},
    {"bimodal", "64x0.99+64Kx0.01", "small ones that meet a large one"},
};

// How many cards each share gets: its part rounded down, at least one; what is
// left over goes to those that lost most by the rounding.
std::vector<size_t> CardsOf(const std::vector<PayloadShare>& shares) {
  double total = 0;
  for (const PayloadShare& share : shares) total += share.weight;
  std::vector<size_t> cards;
  std::vector<std::pair<double, size_t>> missing;
  for (const PayloadShare& share : shares) {
    const double exact = kCards * share.weight / total;
    cards.push_back(std::max<size_t>(1, static_cast<size_t>(exact)));
    missing.emplace_back(exact - static_cast<double>(cards.back()),
                         cards.size() - 1);
  }
  std::sort(missing.rbegin(), missing.rend());
  size_t dealt = std::accumulate(cards.begin(), cards.end(), size_t{0});
  for (size_t i = 0; dealt < kCards; ++i, ++dealt) {
    ++cards[missing[i % missing.size()].second];
  }
  // Tiny shares took more than there are: from the largest.
  for (; dealt > kCards; --dealt) {
    --*std::max_element(cards.begin(), cards.end());
  }
  return cards;
}

absl::Status ParseShare(absl::string_view text, PayloadShare& share) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(text, absl::MaxSplits('x', 1));
  const absl::Status status = PayloadMix::ParseBytes(parts.first, share.bytes);
  if (!status.ok()) return status;
  if (parts.second.empty() && !absl::StrContains(text, 'x')) {
    return absl::OkStatus();
  }
  if (absl::SimpleAtod(parts.second, &share.weight) &&
      std::isfinite(share.weight) && share.weight > 0) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", parts.second, "\" is no weight; write 64x0.9+65536x0.1"));
}

}  // namespace

PayloadMix::PayloadMix(const std::vector<PayloadShare>& shares, uint64_t seed) {
  RINGDIST_CHECK(!shares.empty() && shares.size() <= kCards);
  if (shares.size() == 1) {
    deck_ = {shares.front().bytes};
    return;
  }
  const std::vector<size_t> cards = CardsOf(shares);
  for (size_t i = 0; i < shares.size(); ++i) {
    deck_.insert(deck_.end(), cards[i], shares[i].bytes);
  }
  // Not std::shuffle, which each library may do its own way.
  std::mt19937_64 random(seed);
  for (size_t i = deck_.size() - 1; i > 0; --i) {
    std::swap(deck_[i], deck_[random() % (i + 1)]);
  }
}

size_t PayloadMix::LargestBytes() const {
  return *std::max_element(deck_.begin(), deck_.end());
}

double PayloadMix::MeanBytes() const {
  return std::accumulate(deck_.begin(), deck_.end(), 0.0) /
         static_cast<double>(deck_.size());
}

absl::Status PayloadMix::Parse(absl::string_view text,
                               std::vector<PayloadShare>& shares) {
  for (const NamedMix& named : kNamed) {
    if (named.name == text) return Parse(named.shares, shares);
  }
  std::vector<PayloadShare> parsed;
  for (const absl::string_view part : absl::StrSplit(text, '+')) {
    const absl::Status status = ParseShare(part, parsed.emplace_back());
    if (!status.ok()) return status;
  }
  shares = std::move(parsed);
  return absl::OkStatus();
}

absl::Status PayloadMix::ParseBytes(absl::string_view text, size_t& bytes) {
  absl::string_view digits = text;
  int shift = 0;
  if (absl::ConsumeSuffix(&digits, "K")) shift = 10;
  if (shift == 0 && absl::ConsumeSuffix(&digits, "M")) shift = 20;
  uint64_t number = 0;
  const bool is_digits =
      !digits.empty() &&
      digits.find_first_not_of("0123456789") == absl::string_view::npos;
  if (is_digits && absl::SimpleAtoi(digits, &number) &&
      number <= (uint64_t{1} << 40)) {
    bytes = number << shift;
    return absl::OkStatus();
  }
  const auto append = [](std::string* out, const NamedMix& named) {
    absl::StrAppend(out, named.name);
  };
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", text,
      "\" is no size; write bytes, such as 64, 4K or 1M, shares of "
      "sizes, such as 64x0.9+64Kx0.1, or a mix by name: ",
      absl::StrJoin(kNamed, ", ", append)));
}

absl::Span<const NamedMix> PayloadMix::Named() { return kNamed; }

}  // namespace ringdist
