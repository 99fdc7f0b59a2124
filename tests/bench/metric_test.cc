#include "ringdist/bench/load/metric.h"

#include <string>

#include "absl/types/span.h"
#include "gtest/gtest.h"

namespace ringdist {
namespace {

Metric MetricOf(absl::string_view name) {
  Metric metric;
  const absl::Status status = Metric::Parse(name, metric);
  EXPECT_TRUE(status.ok()) << status;
  return metric;
}

Condition ConditionOf(absl::string_view text) {
  Condition condition;
  const absl::Status status = Condition::Parse(text, condition);
  EXPECT_TRUE(status.ok()) << status;
  return condition;
}

std::string ErrorOf(absl::string_view text) {
  Condition condition;
  return std::string(Condition::Parse(text, condition).message());
}

// A thousand latencies: 1 us, 2 us, and so on to 1 ms.
Measurement Sample() {
  Measurement measurement;
  measurement.duration = absl::Seconds(2);
  measurement.messages = 1000;
  measurement.bytes = 64'000;
  measurement.errors = 3;
  measurement.faults = {1, 2, 3, 4};
  for (int i = 1; i <= 1000; ++i) measurement.latency.Record(i * 1000);
  measurement.blocked.Record(500);
  return measurement;
}

bool Holds(absl::string_view text, const Measurement& measurement) {
  return ConditionOf(text).HoldsFor(absl::MakeConstSpan(&measurement, 1));
}

TEST(MetricTest, NamesAreReadAsWritten) {
  for (const char* name :
       {"rate", "bandwidth", "min", "mean", "max", "errors", "faults", "p50",
        "p99", "p99.9", "p99.99", "p0", "p100", "blocked_p99", "memory"}) {
    EXPECT_EQ(MetricOf(name).name(), name);
  }
  for (const char* name :
       {"", "p", "p101", "p-1", "p5x", "pinf", "P99", "rates", "blocked_max"}) {
    Metric metric;
    EXPECT_FALSE(Metric::Parse(name, metric).ok()) << name;
  }
}

TEST(MetricTest, TakesItsFigureFromAMeasurement) {
  const Measurement sample = Sample();
  EXPECT_EQ(MetricOf("rate").Of(sample), 500);
  EXPECT_EQ(MetricOf("bandwidth").Of(sample), 32'000);
  EXPECT_EQ(MetricOf("errors").Of(sample), 3);
  EXPECT_EQ(MetricOf("faults").Of(sample), 10);
  EXPECT_EQ(MetricOf("min").Of(sample), 1'000);
  EXPECT_EQ(MetricOf("max").Of(sample), 1'000'000);
  EXPECT_NEAR(*MetricOf("p50").Of(sample), 500'000, 500);
  EXPECT_NEAR(*MetricOf("p99").Of(sample), 990'000, 990);
  EXPECT_NEAR(*MetricOf("mean").Of(sample), 500'500, 500);
  EXPECT_EQ(MetricOf("blocked_p99").Of(sample), 500);
}

TEST(MetricTest, NoLatenciesNoFigure) {
  Measurement stream = Sample();
  stream.latency.Clear();
  for (const char* name : {"p99", "min", "mean", "max"}) {
    EXPECT_EQ(MetricOf(name).Of(stream), std::nullopt) << name;
  }
  EXPECT_TRUE(MetricOf("p99").OfAll({stream, Sample()}).size() == 1);
}

TEST(MetricTest, ValuesHaveTheirUnits) {
  EXPECT_EQ(MetricOf("rate").Text(48'300), "48.3 k/s");
  EXPECT_EQ(MetricOf("bandwidth").Text(2e6), "2.00 MB/s");
  EXPECT_EQ(MetricOf("p99").Text(12'300), "12.3 us");
  EXPECT_EQ(MetricOf("errors").Text(1234), "1,234");
}

TEST(ConditionTest, Compares) {
  const Measurement sample = Sample();
  EXPECT_TRUE(Holds("p99<1ms", sample));
  EXPECT_FALSE(Holds("p99<900us", sample));
  EXPECT_TRUE(Holds("max<=1ms", sample));
  EXPECT_FALSE(Holds("max<1ms", sample));
  EXPECT_TRUE(Holds("rate>=500", sample));
  EXPECT_FALSE(Holds("rate>500", sample));
  EXPECT_TRUE(Holds("rate>0.4k", sample));
  EXPECT_TRUE(Holds("errors>0", sample));
  EXPECT_TRUE(Holds(" faults > 9 ", sample));
  EXPECT_TRUE(Holds("blocked_p99<1us", sample));
}

TEST(ConditionTest, MemoryIsInBytes) {
  Measurement idle;
  EXPECT_FALSE(Holds("memory<8K", idle));
  idle.counters[kMemoryCounter] = 8000;
  EXPECT_TRUE(Holds("memory<8K", idle));
  EXPECT_FALSE(Holds("memory<8000", idle));
  EXPECT_EQ(MetricOf("memory").Text(8192), "8 KiB");
}

TEST(ConditionTest, OfSeveralTheMedianDecides) {
  std::vector<Measurement> measurements(3, Sample());
  measurements[0].messages = 10;
  EXPECT_TRUE(ConditionOf("rate>=500").HoldsFor(measurements));
  measurements[1].messages = 10;
  EXPECT_FALSE(ConditionOf("rate>=500").HoldsFor(measurements));
}

TEST(ConditionTest, WithoutTheFigureItDoesNotHold) {
  EXPECT_FALSE(ConditionOf("p99<1h").HoldsFor({}));
  EXPECT_FALSE(Holds("p99<1h", Measurement()));
  EXPECT_FALSE(Holds("p99>=0", Measurement()));
}

TEST(ConditionTest, ItsTextReadsTheSame) {
  for (const char* text :
       {"p99<200us", "p99.9<=1.234567ms", "rate>=1234567", "errors>0"}) {
    EXPECT_EQ(ConditionOf(text).ToString(), text);
  }
  EXPECT_EQ(ConditionOf("rate > 1.5M").ToString(), "rate>1500000");
}

TEST(ConditionTest, ErrorsSayWhatToWrite) {
  EXPECT_EQ(ErrorOf("p99"),
            "\"p99\" compares nothing; write a figure, <, <=, > or >=, and a "
            "value, such as p99<200us, in quotes");
  EXPECT_EQ(ErrorOf("q99<1ms"),
            "\"q99\" is no figure; write rate, bandwidth, min, mean, max, p50, "
            "p99, p99.9 and so on, blocked_p99, errors, faults or memory");
  EXPECT_EQ(ErrorOf("p99<200"),
            "\"200\" is no time; write a number and its unit, such as 200us, "
            "1.5ms or 3s");
  EXPECT_EQ(ErrorOf("rate<"),
            "\"\" is no number above 0; write one such as 500, 20k or 1.5M");
}

}  // namespace
}  // namespace ringdist
