#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string>

#include "absl/strings/string_view.h"
#include "ringdist/bench/load/payloads.h"

namespace ringdist {
namespace {

constexpr size_t kPeriod = 64 * 1024;

TEST(PayloadsTest, IsThePatternThatOtherLanguagesMakeToo) {
  const Payloads payloads(Verify::kEnds, 32);
  // Words 1 and 2 of the pattern, in little-endian: 2 and 3 times the constant.
  EXPECT_EQ(payloads.Of(65, 16),
            absl::string_view("\x2a\xf8\x94\xfe\x72\xf3\x6e\x3c"
                              "\x3f\x74\xdf\x7d\x2c\x6d\xa6\xda",
                              16));
}

TEST(PayloadsTest, TellsNeighboursApart) {
  const Payloads payloads(Verify::kEnds, 8);
  for (uint64_t number = 1; number < 64; ++number) {
    EXPECT_FALSE(payloads.Match(number, payloads.Of(number + 1, 8))) << number;
    EXPECT_TRUE(payloads.Match(number, payloads.Of(number + 64, 8))) << number;
  }
}

TEST(PayloadsTest, MatchesEverySize) {
  const Payloads payloads(Verify::kEnds, 3 * kPeriod);
  const Payloads receiver(Verify::kEnds);
  const Payloads thorough(Verify::kFull);
  for (size_t bytes :
       {size_t{0}, size_t{1}, size_t{7}, size_t{8}, size_t{9}, size_t{16},
        size_t{1000}, kPeriod - 1, kPeriod, kPeriod + 1, 3 * kPeriod}) {
    for (uint64_t number : {1, 63, 64, 1000}) {
      const absl::string_view payload = payloads.Of(number, bytes);
      ASSERT_EQ(payload.size(), bytes);
      EXPECT_TRUE(receiver.Match(number, payload)) << number << ", " << bytes;
      EXPECT_TRUE(thorough.Match(number, payload)) << number << ", " << bytes;
      EXPECT_EQ(receiver.QuickMatch(number, payload), bytes >= 8) << bytes;
    }
  }
}

// Which flipped bytes of a payload are found.
size_t CountFound(Verify verify, size_t bytes) {
  const Payloads payloads(verify, bytes);
  size_t found = 0;
  for (size_t i = 0; i < bytes; ++i) {
    std::string payload(payloads.Of(7, bytes));
    payload[i] = static_cast<char>(payload[i] ^ 1);
    if (!payloads.Match(7, payload)) ++found;
  }
  return found;
}

TEST(PayloadsTest, LooksAsCloselyAsItIsToldTo) {
  EXPECT_EQ(CountFound(Verify::kNumbers, 100), 0U);
  EXPECT_EQ(CountFound(Verify::kEnds, 100), 16U);
  EXPECT_EQ(CountFound(Verify::kEnds, 5), 5U);
  EXPECT_EQ(CountFound(Verify::kEnds, 12), 12U);
  EXPECT_EQ(CountFound(Verify::kFull, 100), 100U);
}

TEST(PayloadsTest, FindsWhatIsCutOff) {
  const Payloads payloads(Verify::kEnds, 100);
  EXPECT_FALSE(payloads.Match(3, payloads.Of(3, 100).substr(1)));
}

// Whether all pieces of a payload with a flipped byte match.
bool MatchesInParts(Verify verify, size_t flipped, size_t part_bytes) {
  constexpr size_t kBytes = 100'000;
  const Payloads payloads(verify, kBytes);
  std::string payload(payloads.Of(9, kBytes));
  if (flipped < kBytes) payload[flipped] ^= 1;
  for (size_t i = 0; i < kBytes; i += part_bytes) {
    if (!payloads.MatchPart(9, kBytes, i,
                            absl::string_view(payload).substr(i, part_bytes))) {
      return false;
    }
  }
  return true;
}

TEST(PayloadsTest, MatchesPieces) {
  constexpr size_t kNone = 100'000;
  for (const size_t part_bytes : {1, 7, 4096, 65536, 100'000}) {
    EXPECT_TRUE(MatchesInParts(Verify::kEnds, kNone, part_bytes));
    EXPECT_TRUE(MatchesInParts(Verify::kFull, kNone, part_bytes));
    EXPECT_FALSE(MatchesInParts(Verify::kEnds, 0, part_bytes));
    EXPECT_FALSE(MatchesInParts(Verify::kEnds, 99'999, part_bytes));
    EXPECT_TRUE(MatchesInParts(Verify::kEnds, 50'000, part_bytes));
    EXPECT_FALSE(MatchesInParts(Verify::kFull, 50'000, part_bytes));
    EXPECT_TRUE(MatchesInParts(Verify::kNumbers, 0, part_bytes));
  }
}

}  // namespace
}  // namespace ringdist
