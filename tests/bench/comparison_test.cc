#include "ringdist/bench/load/comparison.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "ringdist/tests/bench/sample_results.h"

namespace ringdist {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A closed stream with these messages per second.
LoadResults StreamsOf(const std::vector<uint64_t>& rates) {
  LoadResults results = SampleResults();
  results.runs = {SampleStream()};
  results.runs[0].measurements.clear();
  for (const uint64_t rate : rates) {
    Measurement& measurement = results.runs[0].measurements.emplace_back();
    measurement.duration = absl::Seconds(1);
    measurement.messages = rate;
  }
  return results;
}

// An open loop with these medians, in nanoseconds.
LoadResults EchoesOf(const std::vector<int64_t>& medians) {
  LoadResults results = SampleResults();
  results.runs = {SampleEcho()};
  results.runs[0].measurements.clear();
  for (const int64_t median : medians) {
    Measurement& measurement = results.runs[0].measurements.emplace_back();
    measurement.duration = absl::Seconds(1);
    measurement.messages = 1000;
    measurement.latency.Record(median, 970);
    measurement.latency.Record(2'000'000, 30);
  }
  return results;
}

Verdict VerdictOf(const LoadResults& a, const LoadResults& b,
                  size_t index = 0) {
  const Comparison comparison = Compare(a, b, ComparisonOptions());
  EXPECT_GT(comparison.figures.size(), index);
  return comparison.figures[index].verdict;
}

int StatusOf(const LoadResults& a, const LoadResults& b) {
  return ExitStatusOf(Compare(a, b, ComparisonOptions()));
}

TEST(ComparisonTest, HigherRatesAreFaster) {
  const LoadResults a = StreamsOf({1000, 1010, 990, 1005, 995});
  const LoadResults b = StreamsOf({1100, 1120, 1090, 1110, 1105});
  EXPECT_EQ(VerdictOf(a, b), Verdict::kBetter);
  EXPECT_EQ(VerdictOf(b, a), Verdict::kWorse);
  EXPECT_EQ(StatusOf(a, b), 0);
  EXPECT_EQ(StatusOf(b, a), 1);
  const FigureComparison figure = Compare(a, b, ComparisonOptions()).figures[0];
  EXPECT_NEAR(figure.difference, 0.105, 1e-9);
  EXPECT_LT(figure.interval->low, 0.105);
  EXPECT_GT(figure.interval->low, 0.08);
  EXPECT_GT(figure.interval->high, 0.105);
}

TEST(ComparisonTest, LowerLatenciesAreFaster) {
  const LoadResults a = EchoesOf({20'000, 20'100, 19'900, 20'050, 19'950});
  const LoadResults b = EchoesOf({25'000, 25'100, 24'900, 25'050, 24'950});
  EXPECT_EQ(VerdictOf(a, b), Verdict::kWorse);
  EXPECT_EQ(VerdictOf(b, a), Verdict::kBetter);
  // The tails are the same, to the nanosecond.
  EXPECT_EQ(VerdictOf(a, b, 1), Verdict::kSame);
  EXPECT_EQ(StatusOf(a, b), 1);
  EXPECT_EQ(StatusOf(b, a), 0);
}

TEST(ComparisonTest, WhatScattersMoreThanItDiffersIsTheSame) {
  const LoadResults a = StreamsOf({1000, 1200, 900, 1100, 1050});
  const LoadResults b = StreamsOf({1100, 1250, 950, 1150, 1000});
  EXPECT_EQ(VerdictOf(a, b), Verdict::kSame);
  EXPECT_EQ(StatusOf(a, b), 0);
  EXPECT_EQ(VerdictOf(a, a), Verdict::kSame);
}

TEST(ComparisonTest, WithinTheToleranceItIsTheSame) {
  const LoadResults a = StreamsOf({1000, 1000, 1000, 1000});
  const LoadResults b = StreamsOf({985, 985, 985, 985});
  EXPECT_EQ(StatusOf(a, b), 0);
  EXPECT_EQ(ExitStatusOf(Compare(a, b, {.tolerance = 0.01})), 1);
}

TEST(ComparisonTest, FewRepeatsTellNothing) {
  const LoadResults a = StreamsOf({1000, 1000, 1000});
  const LoadResults b = StreamsOf({10, 10, 10});
  EXPECT_EQ(VerdictOf(a, b), Verdict::kUnknown);
  EXPECT_EQ(StatusOf(a, b), 2);
  EXPECT_THAT(ComparisonText(Compare(a, b, ComparisonOptions())),
              AllOf(HasSubstr("too few repeats"), HasSubstr("--repeat=5")));
}

TEST(ComparisonTest, NothingInCommonCannotBeCompared) {
  const LoadResults a = StreamsOf({1000, 1000, 1000, 1000});
  const LoadResults b = EchoesOf({10, 10, 10, 10});
  EXPECT_EQ(StatusOf(a, b), 2);
  const Comparison comparison = Compare(a, b, ComparisonOptions());
  EXPECT_THAT(comparison.figures, IsEmpty());
  EXPECT_THAT(comparison.notes,
              ElementsAre("only A has stream", "only B has echo"));
}

TEST(ComparisonTest, FailuresAreWorse) {
  const LoadResults a = StreamsOf({1000, 1000, 1000, 1000});
  LoadResults b = a;
  for (Measurement& measurement : b.runs[0].measurements) {
    measurement.faults.lost = 1;
  }
  EXPECT_EQ(StatusOf(a, b), 1);
  EXPECT_EQ(StatusOf(b, a), 0);
  EXPECT_THAT(ComparisonText(Compare(a, b, ComparisonOptions())),
              HasSubstr("Something has got worse."));
}

TEST(ComparisonTest, MemoryIsComparedForIdleConnections) {
  LoadResults a = StreamsOf({1, 1, 1, 1});
  a.runs[0].spec.workload = Workload::kIdle;
  for (Measurement& measurement : a.runs[0].measurements) {
    measurement.counters[kMemoryCounter] = 8192;
  }
  LoadResults b = a;
  for (Measurement& measurement : b.runs[0].measurements) {
    measurement.counters[kMemoryCounter] = 16384;
  }
  const Comparison comparison = Compare(a, b, ComparisonOptions());
  ASSERT_EQ(comparison.figures.size(), 1u);
  EXPECT_EQ(comparison.figures[0].metric.name(), "memory");
  EXPECT_EQ(VerdictText(comparison.figures[0]), "more");
}

TEST(ComparisonTest, TellsWhatElseDiffers) {
  const LoadResults a = SampleResults();
  LoadResults b = a;
  b.machine.commit = "ba9876543210";
  b.runs[1].spec.server = Peer::kRingdist;
  b.runs[1].spec.beam_schedulers = 0;
  EXPECT_THAT(Compare(a, b, ComparisonOptions()).notes,
              ElementsAre("commit: 0123456789ab | ba9876543210",
                          "stream: ringdist (cpu 0) to beam (cpu 1), 1 "
                          "scheduler of BEAM | ringdist (cpu 0) to ringdist "
                          "(cpu 1)"));
}

TEST(ComparisonTest, TheTable) {
  const LoadResults a = StreamsOf({1000, 1000, 1000, 1000});
  LoadResults b = StreamsOf({1100, 1100, 1100, 1100});
  b.machine.commit = "ba9876543210";
  EXPECT_EQ(
      ComparisonText(Compare(a, b, ComparisonOptions())),
      R"(                         A           B  difference           95 % interval  verdict
stream
  rate            1.00 k/s    1.10 k/s     +10.0 %      +10.0 % to +10.0 %  faster

  A | B differ: commit: 0123456789ab | ba9876543210
  Medians of the repeats; the interval is that of Mann and Whitney's test.
  Differences of at most 2 % are not told.
Nothing has got worse.
)");
}

TEST(ComparisonTest, AsJson) {
  const LoadResults a = StreamsOf({1000, 1000, 1000, 1000});
  const LoadResults b = StreamsOf({500, 500, 500, 500});
  const auto json =
      nlohmann::json::parse(ComparisonJson(Compare(a, b, ComparisonOptions())));
  EXPECT_EQ(json["schema"], "dist_load_compare");
  EXPECT_EQ(json["version"], 1);
  EXPECT_EQ(json["regression"], true);
  ASSERT_EQ(json["figures"].size(), 1u);
  EXPECT_EQ(json["figures"][0]["run"], "stream");
  EXPECT_EQ(json["figures"][0]["figure"], "rate");
  EXPECT_EQ(json["figures"][0]["a"], 1000);
  EXPECT_EQ(json["figures"][0]["b"], 500);
  EXPECT_EQ(json["figures"][0]["difference"], -0.5);
  EXPECT_EQ(json["figures"][0]["high"], -0.5);
  EXPECT_EQ(json["figures"][0]["verdict"], "worse");
}

}  // namespace
}  // namespace ringdist
