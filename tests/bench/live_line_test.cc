#include "ringdist/bench/load/live_line.h"

#include <string>
#include <utility>

#include "gtest/gtest.h"

namespace ringdist {
namespace {

constexpr char kToBegin[] = "\r\x1b[K";

Interval IntervalAt(int milliseconds, uint64_t messages) {
  Interval interval;
  interval.start = absl::Milliseconds(milliseconds);
  interval.messages = messages;
  return interval;
}

class LiveLineTest : public testing::Test {
 protected:
  // What was written since the last time.
  std::string Written() { return std::exchange(written_, ""); }

  std::string written_;
  LiveLine line_{60, [this](absl::string_view text) {
                   written_.append(text.data(), text.size());
                 }};
};

TEST_F(LiveLineTest, TellsRateLatencyAndErrors) {
  line_.Begin("echo, 2 of 5", absl::Milliseconds(100));
  EXPECT_EQ(Written(), std::string(kToBegin) + "echo, 2 of 5: warming up");
  line_.Show(IntervalAt(0, 4'000));
  EXPECT_EQ(Written(),
            std::string(kToBegin) + "echo, 2 of 5: 0.1 s, 40.0 k/s, 0 errors");
  Interval interval = IntervalAt(100, 5'000);
  interval.p50_ns = 20'100;
  interval.p99_ns = 35'000;
  interval.max_ns = 90'000;
  interval.errors = 2;
  line_.Show(interval);
  // 60 columns, less one.
  EXPECT_EQ(Written(), std::string(kToBegin) +
                           "echo, 2 of 5: 0.2 s, 50.0 k/s, p50 20.1 us, p99 "
                           "35.0 us, 2 ");
}

TEST_F(LiveLineTest, ErrorsAddUp) {
  line_.Begin("x", absl::Milliseconds(100));
  for (int i = 0; i < 3; ++i) {
    Interval interval = IntervalAt(100 * i, 100);
    interval.errors = 1;
    line_.Show(interval);
  }
  EXPECT_NE(Written().find("x: 0.3 s, 1.00 k/s, 3 errors"), std::string::npos);
  line_.Begin("y", absl::Milliseconds(500));
  line_.Show(IntervalAt(0, 1));
  EXPECT_NE(Written().find("y: 0.5 s, 2/s, 0 errors"), std::string::npos);
}

TEST_F(LiveLineTest, IsClearedOnce) {
  line_.Clear();
  EXPECT_EQ(Written(), "");
  line_.Begin("x", absl::Seconds(1));
  Written();
  line_.Clear();
  EXPECT_EQ(Written(), kToBegin);
  line_.Clear();
  EXPECT_EQ(Written(), "");
}

}  // namespace
}  // namespace ringdist
