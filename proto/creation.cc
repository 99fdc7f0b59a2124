#include "ringdist/proto/creation.h"

#include <cstdint>
#include <optional>

namespace ringdist {

SmallCreation NextSmallCreation(std::optional<char> stored) {
  const bool has_next = stored.has_value() && *stored > '0' && *stored < '3';
  const char next = has_next ? static_cast<char>(*stored + 1) : '1';
  return {static_cast<uint32_t>(next - '0'), next};
}

uint32_t RandomSmallCreation(uint64_t entropy) {
  return static_cast<uint32_t>(1 + entropy % kMaxSmallCreation);
}

uint32_t BigCreation(uint64_t entropy) {
  constexpr uint64_t kCount = (uint64_t{1} << 32) - kMinBigCreation;
  return static_cast<uint32_t>(kMinBigCreation + entropy % kCount);
}

}  // namespace ringdist
