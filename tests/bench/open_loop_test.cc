// What the open loop of a LoadClient must show, by arithmetic: a target that
// stops for a while delays all messages that are due meanwhile, not only the
// one it holds. Target and clock are numbers, so that no machine decides.

#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "ringdist/bench/load/histogram.h"
#include "ringdist/bench/load/load_client.h"
#include "ringdist/bench/load/load_spec.h"
#include "ringdist/bench/load/measurement.h"
#include "ringdist/bench/load/run_hooks.h"
#include "ringdist/tests/bench/virtual_transport.h"

namespace ringdist {
namespace {

constexpr int64_t kMillisecond = 1'000'000;

Measurement MeasurementOf(const LoadSpec& spec) {
  EXPECT_TRUE(spec.Validate().ok()) << spec.Validate();
  const RunHooks hooks;
  LoadClient<VirtualTransport> client(spec, Peer::kRingdist, hooks);
  absl::StatusOr<Measurement> measurement = client.Run();
  if (measurement.ok()) return *std::move(measurement);
  ADD_FAILURE() << measurement.status();
  return {.duration = absl::Seconds(1)};
}

// 100,000 round trips, to a target that does nothing else.
LoadSpec SpecOf(Workload workload, Arrival arrival) {
  LoadSpec spec;
  spec.workload = workload;
  spec.arrival = arrival;
  spec.rate = 20'000;
  spec.burst = 20;
  spec.duration = absl::Seconds(5);
  spec.slow_consumer = absl::Nanoseconds(100);
  return spec;
}

// The latency that so many percent of all messages do not exceed, when a stall
// S at the rate R holds R * S of them, evenly over (0, S].
double Computed(const LoadSpec& spec, double percentile) {
  const double stall_ns = absl::ToDoubleNanoseconds(spec.stall);
  const double held = absl::FDivDuration(spec.stall, spec.duration);
  return stall_ns * (1 - (1 - percentile / 100) / held);
}

class StallTest : public testing::TestWithParam<std::tuple<Workload, Arrival>> {
};

TEST_P(StallTest, ShowsInTheTailAsComputed) {
  LoadSpec spec = SpecOf(std::get<0>(GetParam()), std::get<1>(GetParam()));
  spec.stall = absl::Milliseconds(100);
  const Measurement measurement = MeasurementOf(spec);
  // 2 % of all messages are held.
  EXPECT_LT(measurement.latency.ValueAt(97.5), kMillisecond);
  for (const double percentile : {98.5, 99.0, 99.5, 99.9, 99.99}) {
    const double computed = Computed(spec, percentile);
    EXPECT_NEAR(measurement.latency.ValueAt(percentile), computed,
                0.05 * computed)
        << percentile;
  }
  EXPECT_NEAR(measurement.latency.max(), 100 * kMillisecond, 5 * kMillisecond);
  // It held back no message that was due: only the target stopped.
  EXPECT_LT(measurement.blocked.max(), kMillisecond);
  EXPECT_NEAR(measurement.asked_rate, 20'000, 200);
  EXPECT_NEAR(measurement.Rate(), measurement.asked_rate, 20);
  EXPECT_EQ(measurement.faults.Total(), 0u);
}

INSTANTIATE_TEST_SUITE_P(
    OpenLoops, StallTest,
    testing::Combine(testing::Values(Workload::kEcho, Workload::kStream,
                                     Workload::kCall),
                     testing::Values(Arrival::kConstant, Arrival::kPoisson,
                                     Arrival::kBurst)),
    [](const auto& load) {
      return absl::StrCat(ToString(std::get<0>(load.param)), "_",
                          ToString(std::get<1>(load.param)));
    });

// What is wrong with a closed loop: it waits with the target, so that of the
// same stall it tells one late message.
TEST(OpenLoopTest, AClosedLoopHidesTheStall) {
  LoadSpec spec = SpecOf(Workload::kEcho, Arrival::kClosed);
  spec.rate = 0;
  spec.slow_consumer = absl::Microseconds(50);
  spec.stall = absl::Milliseconds(100);
  const Measurement measurement = MeasurementOf(spec);
  EXPECT_NEAR(measurement.latency.ValueAt(99.99), 50'000, 50);
  EXPECT_EQ(
      measurement.latency.count() - measurement.latency.CountAtOrBelow(60'000),
      1u);
}

TEST(OpenLoopTest, WithoutAStallThereIsNoTail) {
  const Measurement measurement =
      MeasurementOf(SpecOf(Workload::kEcho, Arrival::kConstant));
  EXPECT_EQ(measurement.latency.count(), 100'000u);
  EXPECT_EQ(measurement.latency.min(), 100);
  EXPECT_EQ(measurement.latency.max(), 100);
}

TEST(OpenLoopTest, ManyConnectionsShareTheRate) {
  LoadSpec spec = SpecOf(Workload::kEcho, Arrival::kConstant);
  spec.connections = 16;
  const Measurement measurement = MeasurementOf(spec);
  EXPECT_EQ(measurement.latency.count(), 100'000u);
  EXPECT_EQ(measurement.latency.max(), 100);
}

// A target that is a little too slow: the queue grows to the end.
TEST(OpenLoopTest, AnOverloadShowsAsAGrowingQueue) {
  LoadSpec spec = SpecOf(Workload::kEcho, Arrival::kConstant);
  spec.warmup = absl::ZeroDuration();
  spec.slow_consumer = absl::Microseconds(55);
  const Measurement measurement = MeasurementOf(spec);
  // 50 us apart and 55 us each: 10 % of the time is missing at the end.
  EXPECT_NEAR(measurement.latency.max(), 0.5e9, 0.01e9);
  EXPECT_NEAR(measurement.latency.ValueAt(50), 0.25e9, 0.01e9);
  EXPECT_NEAR(measurement.asked_rate, 20'000, 1);
  EXPECT_NEAR(measurement.Rate(), 20'000 / 1.1, 20);
}

}  // namespace
}  // namespace ringdist
