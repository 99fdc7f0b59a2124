#include "ringdist/bench/load/payloads.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "ringdist/bench/load/transport.h"

namespace ringdist {
namespace {

constexpr uint64_t kOddConstant = 0x9E3779B97F4A7C15;

size_t MinQuickBytes(Verify verify) {
  return verify == Verify::kEnds ? sizeof(uint64_t)
                                 : std::numeric_limits<size_t>::max();
}

}  // namespace

Payloads::Payloads(Verify verify, size_t max_bytes)
    : verify_(verify), min_quick_bytes_(MinQuickBytes(verify)) {
  const size_t words =
      kNeighbours +
      (std::max(max_bytes, kPeriod) + kPayloadSlack + kWord - 1) / kWord;
  pattern_.reset(new char[words * kWord]);
  for (size_t i = 0; i < words; ++i) {
    uint64_t word = (i % (kPeriod / kWord) + 1) * kOddConstant;
    if constexpr (std::endian::native == std::endian::big) {
      word = __builtin_bswap64(word);
    }
    std::memcpy(pattern_.get() + i * kWord, &word, kWord);
  }
}

bool Payloads::Match(uint64_t number, absl::string_view payload) const {
  if (verify_ == Verify::kNumbers) return true;
  return verify_ == Verify::kEnds && payload.size() >= kWord
             ? QuickMatch(number, payload)
             : MatchBytes(BeginOf(number), payload);
}

bool Payloads::MatchPart(uint64_t number, size_t size, size_t offset,
                         absl::string_view part) const {
  if (verify_ == Verify::kNumbers) return true;
  const size_t begin = BeginOf(number) + offset;
  if (verify_ == Verify::kFull) return MatchBytes(begin, part);
  const size_t length = std::min(part.size(), kWord);
  if (offset == 0 && !MatchBytes(begin, part.substr(0, length))) return false;
  const size_t tail = part.size() - length;
  return offset + part.size() < size ||
         MatchBytes(begin + tail, part.substr(tail));
}

bool Payloads::MatchBytes(size_t begin, absl::string_view bytes) const {
  while (!bytes.empty()) {
    begin %= kPeriod;
    const size_t size = std::min(bytes.size(), kPeriod - begin);
    if (bytes.substr(0, size) != absl::string_view(&pattern_[begin], size)) {
      return false;
    }
    bytes.remove_prefix(size);
    begin += size;
  }
  return true;
}

}  // namespace ringdist
