#include "ringdist/proto/distribution_flags.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace ringdist {
namespace {

// What erl -sname announces on OTP 25.2.3, seen in its challenge.
constexpr uint64_t kOtp25Visible = 0xD07DF7FBD;

TEST(DistributionFlagsTest, ARealNodeHasWhatIsMandatory) {
  EXPECT_EQ(MissingMandatory(kMandatoryOtp25, kOtp25Visible), 0u);
  EXPECT_EQ(MissingMandatory(kMandatoryOtp26, kOtp25Visible), 0u);
}

TEST(DistributionFlagsTest, OurDefaultsHaveWhatIsMandatory) {
  EXPECT_EQ(MissingMandatory(kMandatoryOtp25, kHiddenNodeFlags), 0u);
  EXPECT_EQ(MissingMandatory(kMandatoryOtp26, kHiddenNodeFlags), 0u);
  EXPECT_EQ(kVisibleNodeFlags, kHiddenNodeFlags | kDflagPublished);
}

TEST(DistributionFlagsTest, MissingFlagsAreFoundOneByOne) {
  for (int bit = 0; bit < 64; ++bit) {
    const uint64_t flag = uint64_t{1} << bit;
    if ((kMandatoryOtp26 & flag) == 0) continue;
    EXPECT_EQ(MissingMandatory(kMandatoryOtp26, kMandatoryOtp26 & ~flag), flag);
  }
}

TEST(DistributionFlagsTest, DigestStandsForTheMandatoryFlagsOfOtp25) {
  EXPECT_EQ(NormalizeFlags(kDflagMandatory25Digest),
            kDflagMandatory25Digest | kMandatoryOtp25);
  EXPECT_EQ(MissingMandatory(kMandatoryOtp25, kDflagMandatory25Digest), 0u);
  EXPECT_EQ(MissingMandatory(kMandatoryOtp26, kDflagMandatory25Digest),
            kDflagV4Nc | kDflagUnlinkId);
}

TEST(DistributionFlagsTest, BitThirtySixIsNotTheDigest) {
  EXPECT_EQ(NormalizeFlags(uint64_t{1} << 36), 0u);
}

TEST(DistributionFlagsTest, InternalAndUnknownBitsAreMaskedAway) {
  EXPECT_EQ(NormalizeFlags(0x8000), 0u);
  EXPECT_EQ(NormalizeFlags(0x200000), 0u);
  EXPECT_EQ(NormalizeFlags(0xFFFFFFFFFFFFFFFF), kKnownFlags);
  EXPECT_EQ(NormalizeFlags(kOtp25Visible), kOtp25Visible);
}

TEST(DistributionFlagsTest, EveryKnownFlagHasAName) {
  int count = 0;
  for (int bit = 0; bit < 64; ++bit) {
    const uint64_t flag = uint64_t{1} << bit;
    if ((kKnownFlags & flag) == 0) continue;
    ++count;
    EXPECT_EQ(FlagNames(flag).find("0x"), std::string::npos) << bit;
  }
  EXPECT_EQ(count, 30);
}

TEST(DistributionFlagsTest, NamesAreOtpsWithTheHighestBitFirst) {
  EXPECT_EQ(FlagNames(0), "");
  EXPECT_EQ(FlagNames(kDflagV4Nc | kDflagUnlinkId), "V4_NC, UNLINK_ID");
  EXPECT_EQ(FlagNames(kDflagDistHdrAtomCache | 0x8000),
            "0x8000, DIST_HDR_ATOM_CACHE");
}

TEST(DistributionFlagsTest, NegotiatedIsWhatBothHave) {
  EXPECT_EQ(Negotiate(kHiddenNodeFlags, kOtp25Visible), kHiddenNodeFlags);
  EXPECT_EQ(Negotiate(kHiddenNodeFlags | kDflagFragments,
                      kHiddenNodeFlags | kDflagSpawn),
            kHiddenNodeFlags);
  EXPECT_EQ(Negotiate(kHiddenNodeFlags, kDflagMandatory25Digest),
            kDflagMandatory25Digest | kMandatoryOtp25);
}

TEST(DistributionFlagsTest, VersionFiveHasNoRoomForUpperBitsAndVersionSix) {
  EXPECT_EQ(VersionFiveFlags(kHiddenNodeFlags),
            kHiddenNodeFlags & 0xFFFFFFFF & ~uint64_t{0x5000000});
  EXPECT_EQ(
      NormalizeFlags(VersionFiveFlags(kHiddenNodeFlags)) & kDflagHandshake23,
      0u);
}

TEST(DistributionFlagsTest, TextTellsWhichReleaseRequiresWhatIsMissing) {
  EXPECT_EQ(DescribeMissing(kDflagV4Nc | kDflagUnlinkId),
            "lacks V4_NC, UNLINK_ID: mandatory since OTP 26");
  EXPECT_EQ(DescribeMissing(kDflagMapTag),
            "lacks MAP_TAG: mandatory since OTP 25");
  EXPECT_EQ(DescribeMissing(kDflagV4Nc | kDflagMapTag | kDflagSpawn),
            "lacks V4_NC: mandatory since OTP 26; MAP_TAG: mandatory since OTP "
            "25; SPAWN: required by this node");
}

}  // namespace
}  // namespace ringdist
