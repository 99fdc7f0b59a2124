// PayloadMix: how large each message is.
//
//   std::vector<PayloadShare> shares;
//   absl::Status parsed = PayloadMix::Parse("64x0.9+64Kx0.1", shares);
//   PayloadMix mix(shares, /*seed=*/1);
//   size_t bytes = mix.BytesOf(number);
//
// The sizes are dealt from a deck of 4096 cards, shuffled by the seed, over and
// over: whoever knows the spec knows the size of each message, and each 4096
// messages have the same bytes in all. So a share is kept to 1/4096; it has at
// least one card.

#ifndef RINGDIST_BENCH_LOAD_PAYLOAD_MIX_H_
#define RINGDIST_BENCH_LOAD_PAYLOAD_MIX_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ringdist/bench/load/load_spec.h"

namespace ringdist {

// A mix that has a name.
struct NamedMix {
  absl::string_view name;
  absl::string_view shares;  // As Parse takes them.
  absl::string_view what;    // What it stands for, for people.
};

class PayloadMix {
 public:
  // `shares` are those of a valid spec.
  PayloadMix(const std::vector<PayloadShare>& shares, uint64_t seed);

  size_t BytesOf(uint64_t number) const {
    return deck_[number & (deck_.size() - 1)];
  }
  size_t LargestBytes() const;
  double MeanBytes() const;

  // "64", "4K", "1M", "64x0.9+64Kx0.1" (K: 1024, M: 1024 * 1024), or a name of
  // Named(). InvalidArgument says what to write instead.
  static absl::Status Parse(absl::string_view text,
                            std::vector<PayloadShare>& shares);
  // One size, as Parse has it.
  static absl::Status ParseBytes(absl::string_view text, size_t& bytes);
  static absl::Span<const NamedMix> Named();

 private:
  std::vector<size_t> deck_;  // Of a power of two; one card if all are equal.
};

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_PAYLOAD_MIX_H_
