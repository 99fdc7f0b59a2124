#include "ringdist/runtime/gathering.h"

#include <cstddef>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace ringdist {
namespace {

constexpr int kMany = 100;
constexpr absl::Duration kTime = absl::Microseconds(20);

void Rush(Gathering& gathering, int waits) {
  for (int i = 0; i < waits; ++i) {
    if (gathering.Begin()) gathering.End(kTime, 100);
  }
}

TEST(GatheringTest, IsDueOnceSmallPacketsRushIn) {
  Gathering gathering(kTime);
  Rush(gathering, 31);
  ASSERT_TRUE(gathering.Begin());
  EXPECT_EQ(gathering.Due(), absl::ZeroDuration());
  gathering.End(kTime, 1);
  ASSERT_TRUE(gathering.Begin());
  EXPECT_EQ(gathering.Due(), kTime);
}

TEST(GatheringTest, ASendEndsIt) {
  Gathering gathering(kTime);
  Rush(gathering, kMany);
  gathering.Sent();
  EXPECT_FALSE(gathering.Begin());
  EXPECT_EQ(gathering.Due(), absl::ZeroDuration());
  ASSERT_TRUE(gathering.Begin());
  EXPECT_EQ(gathering.Due(), absl::ZeroDuration());
}

TEST(GatheringTest, SlowLargeAndEmptyWaitsEndIt) {
  struct {
    absl::Duration took;
    size_t received;
  } const cases[] = {{6 * kTime, 100}, {kTime, 20'000}, {kTime, 0}};
  for (const auto& [took, received] : cases) {
    SCOPED_TRACE(received);
    Gathering gathering(kTime);
    Rush(gathering, kMany);
    // One of them does not.
    ASSERT_TRUE(gathering.Begin());
    gathering.End(took, received);
    EXPECT_EQ(gathering.Due(), kTime);
    for (int i = 0; i < kMany && gathering.Begin(); ++i) {
      gathering.End(took, received);
    }
    EXPECT_EQ(gathering.Due(), absl::ZeroDuration());
  }
}

TEST(GatheringTest, ZeroIsNever) {
  Gathering gathering(absl::ZeroDuration());
  Rush(gathering, kMany);
  EXPECT_FALSE(gathering.Begin());
  EXPECT_EQ(gathering.Due(), absl::ZeroDuration());
}

}  // namespace
}  // namespace ringdist
