#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "ringdist/bench/load/recorder.h"

namespace ringdist {
namespace {

constexpr int64_t kMillisecond = 1'000'000;
constexpr int64_t kStart = 5'000 * kMillisecond;

// A warm-up of 10 ms, and three intervals of 20 ms and one of 5.
LoadSpec Spec() {
  LoadSpec spec;
  spec.warmup = absl::Milliseconds(10);
  spec.duration = absl::Milliseconds(65);
  spec.interval = absl::Milliseconds(20);
  return spec;
}

// A message each millisecond, counted until the time of each cut.
class RecorderTest : public ::testing::Test {
 protected:
  RecorderTest() {
    hooks_.on_interval = [this](const Interval& interval) {
      told_.push_back(interval);
    };
  }

  void RunUntil(Recorder& recorder, int64_t milliseconds) {
    for (; clock_ms_ < milliseconds; ++clock_ms_) {
      const int64_t now = kStart + clock_ms_ * kMillisecond;
      if (recorder.TakeCut(now)) recorder.Cut(now, totals_);
      ++totals_.messages;
      totals_.bytes += 10;
    }
  }

  RunHooks hooks_;
  std::vector<Interval> told_;
  Totals totals_;
  int64_t clock_ms_ = 0;
};

TEST_F(RecorderTest, LeavesTheWarmUpOutAndCutsTheRest) {
  Recorder recorder(Spec(), hooks_, kStart);
  RunUntil(recorder, 75);
  EXPECT_FALSE(recorder.over());
  RunUntil(recorder, 100);
  EXPECT_TRUE(recorder.over());
  ASSERT_TRUE(recorder.has_measured());
  const Measurement& measurement = recorder.measurement();
  EXPECT_EQ(measurement.duration, absl::Milliseconds(65));
  EXPECT_EQ(measurement.messages, 65U);
  EXPECT_EQ(measurement.bytes, 650U);
  ASSERT_EQ(measurement.series.size(), 4U);
  EXPECT_EQ(measurement.series[0].start, absl::ZeroDuration());
  EXPECT_EQ(measurement.series[1].start, absl::Milliseconds(20));
  EXPECT_EQ(measurement.series[1].messages, 20U);
  EXPECT_EQ(measurement.series[3].messages, 5U);
  EXPECT_EQ(told_.size(), 4U);
}

TEST_F(RecorderTest, KeepsLatenciesOfWhatWasDueInTheMeasuredTime) {
  Recorder recorder(Spec(), hooks_, kStart);
  RunUntil(recorder, 30);
  const int64_t begin = recorder.begin_ns();
  const int64_t end = recorder.end_ns();
  EXPECT_EQ(end - begin, 65 * kMillisecond);
  recorder.Answered(begin - 1, begin + 1000);
  recorder.Answered(begin, begin + 100);
  recorder.Answered(begin + 30, begin + 230);
  RunUntil(recorder, 100);
  recorder.Answered(end - 1, end + 299);  // Late, and yet of it.
  recorder.Answered(end, end + 1);
  const Histogram& latency = recorder.measurement().latency;
  EXPECT_EQ(latency.count(), 3U);
  EXPECT_EQ(latency.min(), 100);
  EXPECT_EQ(latency.max(), 300);
  EXPECT_EQ(recorder.measurement().series[0].max_ns, 200);
  EXPECT_EQ(recorder.measurement().series[1].max_ns, 0);
}

TEST_F(RecorderTest, TellsTheRateThatWasAskedFor) {
  Recorder recorder(Spec(), hooks_, kStart);
  RunUntil(recorder, 20);
  for (int64_t i = 0; i < 90; ++i) {
    recorder.Sent(kStart + i * kMillisecond, kStart + (i + 3) * kMillisecond);
  }
  const Measurement& measurement = recorder.measurement();
  EXPECT_DOUBLE_EQ(measurement.asked_rate, 1000);
  EXPECT_EQ(measurement.blocked.count(), 65U);
  EXPECT_EQ(measurement.blocked.max(), 3 * kMillisecond);
}

TEST_F(RecorderTest, TakesItsWholeTimeWhenItBeginsLate) {
  Recorder recorder(Spec(), hooks_, kStart);
  clock_ms_ = 500;
  RunUntil(recorder, 600);
  EXPECT_EQ(recorder.measurement().duration, absl::Milliseconds(65));
  EXPECT_EQ(recorder.measurement().series.size(), 4U);
}

TEST_F(RecorderTest, LeavesOutIntervalsThatPassedUnnoticed) {
  Recorder recorder(Spec(), hooks_, kStart);
  RunUntil(recorder, 15);
  clock_ms_ = 52;  // 42 ms of the measured time are over.
  RunUntil(recorder, 100);
  const std::vector<Interval>& series = recorder.measurement().series;
  ASSERT_EQ(series.size(), 3U);
  EXPECT_EQ(series[1].start, absl::Milliseconds(42));
  EXPECT_EQ(series[2].start, absl::Milliseconds(60));
  EXPECT_EQ(recorder.measurement().duration, absl::Milliseconds(65));
}

TEST_F(RecorderTest, IsOverWhenItIsInterrupted) {
  Recorder recorder(Spec(), hooks_, kStart);
  RunUntil(recorder, 40);
  recorder.Interrupt(kStart + 40 * kMillisecond);
  RunUntil(recorder, 41);
  EXPECT_TRUE(recorder.over());
  EXPECT_TRUE(recorder.measurement().interrupted);
  EXPECT_EQ(recorder.measurement().duration, absl::Milliseconds(30));
  EXPECT_EQ(recorder.measurement().messages, 30U);
}

TEST_F(RecorderTest, HasNothingWhenTheWarmUpIsInterrupted) {
  Recorder recorder(Spec(), hooks_, kStart);
  RunUntil(recorder, 5);
  recorder.Interrupt(kStart + 5 * kMillisecond);
  RunUntil(recorder, 20);
  EXPECT_TRUE(recorder.over());
  EXPECT_FALSE(recorder.has_measured());
}

TEST_F(RecorderTest, CountsErrorsAndFaultsPerInterval) {
  Recorder recorder(Spec(), hooks_, kStart);
  RunUntil(recorder, 35);
  recorder.Failed(absl::UnavailableError("gone"));
  recorder.Failed(absl::UnavailableError("gone again"));
  totals_.faults.lost = 3;
  RunUntil(recorder, 100);
  const Measurement& measurement = recorder.measurement();
  EXPECT_EQ(measurement.errors, 2U);
  EXPECT_EQ(measurement.first_error, "gone");
  EXPECT_EQ(measurement.series[0].errors, 0U);
  EXPECT_EQ(measurement.series[1].errors, 5U);
  EXPECT_EQ(measurement.series[2].errors, 0U);
}

}  // namespace
}  // namespace ringdist
