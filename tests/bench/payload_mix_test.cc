#include "ringdist/bench/load/payload_mix.h"

#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace ringdist {
namespace {

std::vector<PayloadShare> Parsed(absl::string_view text) {
  std::vector<PayloadShare> shares;
  const absl::Status status = PayloadMix::Parse(text, shares);
  EXPECT_TRUE(status.ok()) << status;
  return shares;
}

std::string ErrorOf(absl::string_view text) {
  std::vector<PayloadShare> shares;
  return std::string(PayloadMix::Parse(text, shares).message());
}

// How often each size is dealt.
std::map<size_t, int> Dealt(const PayloadMix& mix, int messages) {
  std::map<size_t, int> counts;
  for (int number = 1; number <= messages; ++number) {
    ++counts[mix.BytesOf(number)];
  }
  return counts;
}

TEST(PayloadMixTest, ParsesSizesAndShares) {
  EXPECT_EQ(ToString(Parsed("0")), "0");
  EXPECT_EQ(ToString(Parsed("16")), "16");
  EXPECT_EQ(ToString(Parsed("64K")), "65536");
  EXPECT_EQ(ToString(Parsed("1M")), "1048576");
  EXPECT_EQ(ToString(Parsed("64x0.9+64Kx0.1")), "64x0.9+65536x0.1");
  EXPECT_EQ(ToString(Parsed("16+1K")), "16x1+1024x1");
}

TEST(PayloadMixTest, RefusesWhatIsNone) {
  for (const char* text :
       {"", "K", "-1", "16 ", "1.5", "0x", "16x", "16x0", "16x-1", "16xinf",
        "16+", "+16", "16x1x2", "huge", "99999999999999999999"}) {
    EXPECT_NE(ErrorOf(text), "") << text;
  }
  EXPECT_EQ(ErrorOf("tiny"),
            "\"tiny\" is no size; write bytes, such as 64, 4K or 1M, shares of "
            "sizes, such as 64x0.9+64Kx0.1, or a mix by name: small, web, "
            "bimodal");
  EXPECT_EQ(ErrorOf("64xmuch"),
            "\"much\" is no weight; write 64x0.9+65536x0.1");
}

TEST(PayloadMixTest, OneSizeIsAlwaysThatSize) {
  const PayloadMix mix(Parsed("4096"), 1);
  EXPECT_EQ(Dealt(mix, 10'000), (std::map<size_t, int>{{4096, 10'000}}));
  EXPECT_EQ(mix.LargestBytes(), 4096u);
  EXPECT_EQ(mix.MeanBytes(), 4096);
}

TEST(PayloadMixTest, SharesAreKeptExactlyOverADeck) {
  const PayloadMix mix(Parsed("0x1+64x2+1Kx1"), 1);
  EXPECT_EQ(Dealt(mix, 4096),
            (std::map<size_t, int>{{0, 1024}, {64, 2048}, {1024, 1024}}));
  EXPECT_EQ(mix.MeanBytes(), (2 * 64 + 1024) / 4.0);
  EXPECT_EQ(mix.LargestBytes(), 1024u);
}

TEST(PayloadMixTest, ATinyShareComesOnceInADeck) {
  const PayloadMix mix(Parsed("64x1+1Mx0.000001"), 1);
  EXPECT_EQ(Dealt(mix, 4096),
            (std::map<size_t, int>{{64, 4095}, {1 << 20, 1}}));
}

TEST(PayloadMixTest, ManyTinySharesLeaveTheDeckWhole) {
  std::string text = "64x1";
  for (int i = 1; i < 1024; ++i) absl::StrAppend(&text, "+", i + 64, "x1e-9");
  const std::map<size_t, int> dealt = Dealt(PayloadMix(Parsed(text), 1), 4096);
  EXPECT_EQ(dealt.size(), 1024u);
  EXPECT_EQ(dealt.at(64), 4096 - 1023);
}

TEST(PayloadMixTest, TheSeedDecidesTheOrder) {
  const std::vector<PayloadShare> shares = Parsed("web");
  const PayloadMix one(shares, 1), same(shares, 1), other(shares, 2);
  int different = 0;
  for (int number = 0; number < 4096; ++number) {
    ASSERT_EQ(one.BytesOf(number), same.BytesOf(number));
    if (one.BytesOf(number) != other.BytesOf(number)) ++different;
  }
  EXPECT_GT(different, 1000);
  EXPECT_EQ(one.MeanBytes(), other.MeanBytes());
}

TEST(PayloadMixTest, LargeOnesAreSpread) {
  const PayloadMix mix(Parsed("bimodal"), 1);
  // 41 in 4096. Shuffled, no quarter has far more than its ten.
  for (int quarter = 0; quarter < 4; ++quarter) {
    int large = 0;
    for (int i = 0; i < 1024; ++i) {
      if (mix.BytesOf(quarter * 1024 + i) == 65536) ++large;
    }
    EXPECT_GT(large, 2);
    EXPECT_LT(large, 20);
  }
}

TEST(PayloadMixTest, EachNamedMixIsOne) {
  for (const NamedMix& named : PayloadMix::Named()) {
    const std::vector<PayloadShare> shares = Parsed(named.name);
    EXPECT_GT(shares.size(), 1u);
    double total = 0;
    for (const PayloadShare& share : shares) total += share.weight;
    EXPECT_NEAR(total, 1, 1e-9) << named.name;
  }
}

}  // namespace
}  // namespace ringdist
