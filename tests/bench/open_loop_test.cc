// What an open loop must show, by arithmetic: a target that stops for a while
// delays all messages that are due meanwhile, not only the one it holds. The
// clock is a number, so that no machine decides.

#include <algorithm>
#include <cstdint>

#include "gtest/gtest.h"
#include "ringdist/bench/load/histogram.h"
#include "ringdist/bench/load/pacer.h"

namespace ringdist {
namespace {

constexpr int64_t kMillisecond = 1'000'000;
constexpr int64_t kSecond = 1000 * kMillisecond;

// Takes messages in order, each in `service_ns`, but none from `stall_begin_ns`
// on for `stall_ns`.
class StallingTarget {
 public:
  StallingTarget(int64_t service_ns, int64_t stall_begin_ns, int64_t stall_ns)
      : service_ns_(service_ns),
        stall_begin_ns_(stall_begin_ns),
        stall_end_ns_(stall_begin_ns + stall_ns) {}

  // When the answer is there to a message sent at a time.
  int64_t Answer(int64_t sent_ns) {
    int64_t start = std::max(sent_ns, free_ns_);
    if (start >= stall_begin_ns_) start = std::max(start, stall_end_ns_);
    free_ns_ = start + service_ns_;
    return free_ns_;
  }

 private:
  const int64_t service_ns_;
  const int64_t stall_begin_ns_;
  const int64_t stall_end_ns_;
  int64_t free_ns_ = 0;
};

Histogram RunOpenLoop(const LoadSpec& spec, StallingTarget target) {
  Histogram latency;
  Pacer pacer(spec);
  const int64_t end = absl::ToInt64Nanoseconds(spec.duration);
  for (int64_t due = pacer.Next(); due < end; due = pacer.Next()) {
    latency.Record(target.Answer(due) - due);
  }
  return latency;
}

LoadSpec SpecOf(Arrival arrival) {
  LoadSpec spec;
  spec.arrival = arrival;
  spec.rate = 20'000;
  spec.burst = 20;
  spec.duration = absl::Seconds(5);
  return spec;
}

// The latency that a part of all messages does not exceed, when a stall S at
// the rate R holds R * S of them, evenly over (0, S].
double Computed(const LoadSpec& spec, double stall_ns, double percentile) {
  const double seconds = absl::ToDoubleSeconds(spec.duration);
  const double held = stall_ns / 1e9 / seconds;  // The part that is held.
  return stall_ns * (1 - (1 - percentile / 100) / held);
}

class OpenLoopTest : public testing::TestWithParam<Arrival> {};

TEST_P(OpenLoopTest, AStallShowsInTheTailAsComputed) {
  constexpr int64_t kStall = 100 * kMillisecond;
  const LoadSpec spec = SpecOf(GetParam());
  const Histogram latency =
      RunOpenLoop(spec, StallingTarget(100, 2 * kSecond, kStall));
  // 2 % of all messages are held.
  EXPECT_LT(latency.ValueAt(97.5), kMillisecond);
  for (const double percentile : {98.5, 99.0, 99.5, 99.9, 99.99}) {
    const double computed = Computed(spec, kStall, percentile);
    EXPECT_NEAR(latency.ValueAt(percentile), computed, 0.05 * computed)
        << percentile;
  }
  EXPECT_NEAR(latency.max(), kStall, 0.05 * kStall);
}

INSTANTIATE_TEST_SUITE_P(Arrivals, OpenLoopTest,
                         testing::Values(Arrival::kConstant, Arrival::kPoisson,
                                         Arrival::kBurst),
                         [](const auto& arrival) {
                           return std::string(ToString(arrival.param));
                         });

TEST(OpenLoopTest, WithoutAStallThereIsNoTail) {
  const Histogram latency = RunOpenLoop(SpecOf(Arrival::kConstant),
                                        StallingTarget(1'000, 10 * kSecond, 0));
  EXPECT_EQ(latency.count(), 100'000u);
  EXPECT_EQ(latency.min(), 1'000);
  EXPECT_EQ(latency.max(), 1'000);
}

// A target that is a little too slow: the queue grows to the end.
TEST(OpenLoopTest, AnOverloadShowsAsAGrowingQueue) {
  const LoadSpec spec = SpecOf(Arrival::kConstant);
  const Histogram latency =
      RunOpenLoop(spec, StallingTarget(55'000, 10 * kSecond, 0));
  // 50 us apart and 55 us each: 10 % of the time is missing at the end.
  EXPECT_NEAR(latency.max(), 0.5e9, 0.01e9);
  EXPECT_NEAR(latency.ValueAt(50), 0.25e9, 0.01e9);
}

}  // namespace
}  // namespace ringdist
