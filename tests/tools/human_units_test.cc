#include "ringdist/tools/human_units.h"

#include <gtest/gtest.h>

#include "absl/time/time.h"

namespace ringdist {
namespace {

TEST(HumanUnitsTest, BytesAreInPowersOf1000) {
  EXPECT_EQ(BytesText(0), "0 B");
  EXPECT_EQ(BytesText(1), "1 B");
  EXPECT_EQ(BytesText(999), "999 B");
  EXPECT_EQ(BytesText(1000), "1.0 kB");
  EXPECT_EQ(BytesText(1024), "1.0 kB");
  EXPECT_EQ(BytesText(25'312'000), "25.3 MB");
  EXPECT_EQ(BytesText(4e9), "4.0 GB");
  EXPECT_EQ(BytesText(1.2e12), "1.2 TB");
}

TEST(HumanUnitsTest, WhatIsRoundedTo1000IsOneOfTheNextUnit) {
  EXPECT_EQ(BytesText(999.4), "999 B");
  EXPECT_EQ(BytesText(999.5), "1.0 kB");
  EXPECT_EQ(BytesText(999'900), "999.9 kB");
  EXPECT_EQ(BytesText(999'950), "1.0 MB");
  EXPECT_EQ(BytesText(999'949'999), "999.9 MB");
  EXPECT_EQ(BytesText(999'950'000'000), "1.0 TB");
}

TEST(HumanUnitsTest, BytesTakeAtMost8Characters) {
  double bytes = 1;
  while (bytes < 999e12) {
    EXPECT_LE(BytesText(bytes).size(), 8u) << bytes;
    bytes *= 1.1;
  }
}

TEST(HumanUnitsTest, DurationsHaveTheirTwoLargestUnits) {
  EXPECT_EQ(DurationText(absl::ZeroDuration()), "0s");
  EXPECT_EQ(DurationText(absl::Milliseconds(999)), "0s");
  EXPECT_EQ(DurationText(absl::Seconds(59)), "59s");
  EXPECT_EQ(DurationText(absl::Seconds(60)), "1m 00s");
  EXPECT_EQ(DurationText(absl::Seconds(192)), "3m 12s");
  EXPECT_EQ(DurationText(absl::Minutes(60) - absl::Seconds(1)), "59m 59s");
  EXPECT_EQ(DurationText(absl::Minutes(303)), "5h 03m");
  EXPECT_EQ(DurationText(absl::Hours(24)), "1d 00h");
  EXPECT_EQ(DurationText(absl::Hours(12 * 24 + 4)), "12d 04h");
}

TEST(HumanUnitsTest, RoundTripsAreInMilliseconds) {
  EXPECT_EQ(MillisecondsText(absl::Microseconds(87)), "0.087 ms");
  EXPECT_EQ(MillisecondsText(absl::Nanoseconds(499)), "0.000 ms");
  EXPECT_EQ(MillisecondsText(absl::Seconds(7)), "7000.000 ms");
}

}  // namespace
}  // namespace ringdist
