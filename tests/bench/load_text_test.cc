#include "ringdist/bench/load/load_text.h"

#include "gtest/gtest.h"

namespace ringdist {
namespace {

TEST(LoadTextTest, NumbersHaveThreeDigitsAndAUnit) {
  EXPECT_EQ(NumberText(0), "0");
  EXPECT_EQ(NumberText(1), "1");
  EXPECT_EQ(NumberText(12.34), "12.3");
  EXPECT_EQ(NumberText(999), "999");
  EXPECT_EQ(NumberText(999.5), "1.00 k");
  EXPECT_EQ(NumberText(1000), "1.00 k");
  EXPECT_EQ(NumberText(3'141'593), "3.14 M");
  EXPECT_EQ(NumberText(2.5e12), "2500 G");
  EXPECT_EQ(RateText(48'312), "48.3 k/s");
  EXPECT_EQ(BandwidthText(9.5e9), "9.50 GB/s");
  EXPECT_EQ(BandwidthText(0), "0 B/s");
}

TEST(LoadTextTest, SizesAreInPowersOf1024) {
  EXPECT_EQ(SizeText(0), "0 B");
  EXPECT_EQ(SizeText(16), "16 B");
  EXPECT_EQ(SizeText(1023), "1023 B");
  EXPECT_EQ(SizeText(1024), "1 KiB");
  EXPECT_EQ(SizeText(1536), "1.50 KiB");
  EXPECT_EQ(SizeText(64 << 20), "64 MiB");
  EXPECT_EQ(SizeText(100 << 20), "100 MiB");
}

TEST(LoadTextTest, Times) {
  EXPECT_EQ(NanosecondsText(0), "0 ns");
  EXPECT_EQ(NanosecondsText(5.25), "5.25 ns");
  EXPECT_EQ(NanosecondsText(640), "640 ns");
  EXPECT_EQ(NanosecondsText(12'345), "12.3 us");
  EXPECT_EQ(NanosecondsText(1.5e6), "1.50 ms");
  EXPECT_EQ(NanosecondsText(2e9), "2.00 s");
  EXPECT_EQ(NanosecondsText(3.6e12), "3600 s");
}

TEST(LoadTextTest, PartsAndCounts) {
  EXPECT_EQ(PercentText(0.0194), "1.9 %");
  EXPECT_EQ(PercentText(-0.5), "-50.0 %");
  EXPECT_EQ(CountText(0), "0");
  EXPECT_EQ(CountText(999), "999");
  EXPECT_EQ(CountText(1000), "1,000");
  EXPECT_EQ(CountText(12'345'678), "12,345,678");
}

TEST(LoadTextTest, NumbersAreRead) {
  double number = 0;
  for (const auto& [text, value] :
       {std::pair{"500", 500.0}, std::pair{"20k", 20e3},
        std::pair{"1.5M", 1.5e6}, std::pair{"2G", 2e9},
        std::pair{"1e5", 1e5}}) {
    EXPECT_TRUE(ParseNumber(text, number).ok()) << text;
    EXPECT_DOUBLE_EQ(number, value);
  }
  for (const char* text :
       {"", "k", "0", "-1", "nan", "inf", "1kk", "1 k", "ten"}) {
    EXPECT_FALSE(ParseNumber(text, number).ok()) << text;
  }
  EXPECT_EQ(number, 1e5);
  EXPECT_EQ(ParseNumber("ten", number).message(),
            "\"ten\" is no number above 0; write one such as 500, 20k or 1.5M");
}

TEST(LoadTextTest, TimesAreRead) {
  absl::Duration time;
  EXPECT_TRUE(ParseTime("0", time).ok());
  EXPECT_EQ(time, absl::ZeroDuration());
  EXPECT_TRUE(ParseTime("1.5ms", time).ok());
  EXPECT_EQ(time, absl::Microseconds(1500));
  for (const char* text : {"", "5", "-1s", "inf", "1 s", "soon"}) {
    EXPECT_FALSE(ParseTime(text, time).ok()) << text;
  }
  EXPECT_EQ(ParseTime("5", time).message(),
            "\"5\" is no time; write a number and its unit, such as 200us, "
            "1.5ms or 3s");
}

}  // namespace
}  // namespace ringdist
