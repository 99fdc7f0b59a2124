#include "ringdist/proto/creation.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <optional>

namespace ringdist {
namespace {

constexpr uint64_t kMaxEntropy = std::numeric_limits<uint64_t>::max();

TEST(SmallCreationTest, CountsOneTwoThreeOne) {
  EXPECT_EQ(NextSmallCreation('1').value, 2u);
  EXPECT_EQ(NextSmallCreation('2').value, 3u);
  EXPECT_EQ(NextSmallCreation('3').value, 1u);
}

TEST(SmallCreationTest, StartsAtOneWithoutAUsableByte) {
  EXPECT_EQ(NextSmallCreation(std::nullopt).value, 1u);
  for (int byte = 0; byte < 256; ++byte) {
    if (byte == '1' || byte == '2') continue;
    EXPECT_EQ(NextSmallCreation(static_cast<char>(byte)).value, 1u) << byte;
  }
}

TEST(SmallCreationTest, StoresTheValueAsADigit) {
  for (int byte = 0; byte < 256; ++byte) {
    const SmallCreation next = NextSmallCreation(static_cast<char>(byte));
    EXPECT_EQ(next.stored, static_cast<char>('0' + next.value)) << byte;
  }
}

TEST(SmallCreationTest, AtRandomIsOneToThree) {
  EXPECT_EQ(RandomSmallCreation(0), 1u);
  EXPECT_EQ(RandomSmallCreation(1), 2u);
  EXPECT_EQ(RandomSmallCreation(2), 3u);
  EXPECT_EQ(RandomSmallCreation(3), 1u);
  EXPECT_LE(RandomSmallCreation(kMaxEntropy), 3u);
  EXPECT_GE(RandomSmallCreation(kMaxEntropy), 1u);
}

TEST(BigCreationTest, IsFourAtLeastAndTakesAllValuesAbove) {
  constexpr uint64_t kCount = 0xFFFFFFFC;
  EXPECT_EQ(BigCreation(0), 4u);
  EXPECT_EQ(BigCreation(1), 5u);
  EXPECT_EQ(BigCreation(kCount - 1), 0xFFFFFFFFu);
  EXPECT_EQ(BigCreation(kCount), 4u);
}

TEST(BigCreationTest, IsNeverSmall) {
  for (uint64_t entropy = 0; entropy < 64; ++entropy) {
    for (int shift = 0; shift < 64; shift += 8) {
      EXPECT_GE(BigCreation((entropy << shift)), 4u);
      EXPECT_GE(BigCreation(kMaxEntropy - (entropy << shift)), 4u);
    }
  }
}

}  // namespace
}  // namespace ringdist
