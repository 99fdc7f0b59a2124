#include "ringdist/runtime/entropy.h"

#include <cstdint>

#include "gtest/gtest.h"

namespace ringdist {
namespace {

TEST(EntropyTest, EveryBitIsDrawnBothWays) {
  const EntropySource entropy = SystemEntropy;
  uint64_t ever_set = 0;
  uint64_t ever_clear = 0;
  // Chance of a failure: 128 / 2^200.
  for (int i = 0; i < 200; ++i) {
    const uint64_t bits = entropy();
    ever_set |= bits;
    ever_clear |= ~bits;
  }
  EXPECT_EQ(ever_set, UINT64_MAX);
  EXPECT_EQ(ever_clear, UINT64_MAX);
}

}  // namespace
}  // namespace ringdist
