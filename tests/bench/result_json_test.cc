#include "ringdist/bench/load/result_json.h"

#include <string>
#include <vector>

#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "ringdist/tests/bench/sample_results.h"

namespace ringdist {
namespace {

using ::testing::HasSubstr;

// Every field with a value that is not its default.
LoadResults FullResults() {
  LoadResults results = SampleResults();
  LoadRun& run = results.runs[0];
  run.spec.payload = {{0, 0.25}, {65536, 0.75}};
  run.spec.connections = 7;
  run.spec.window = 3;
  run.spec.slow_consumer = absl::Microseconds(5);
  run.spec.stall = absl::Milliseconds(100);
  run.spec.verify = Verify::kFull;
  run.spec.seed = ~uint64_t{0};
  run.spec.busy_poll = absl::Microseconds(50);
  run.spec.client_cpu = -1;
  run.spec.large_bytes = 1 << 20;
  run.measurements[1].faults = {1, 2, 3, 4};
  run.measurements[1].errors = 5;
  run.measurements[1].first_error = "connection_closed \xff";
  run.measurements[1].interrupted = true;
  RateSearch& search = run.search.emplace();
  EXPECT_TRUE(Condition::Parse("p99<200us", search.slo).ok());
  search.steps = {{1000, 999.5, 150'000, ""}, {2000, 1500, -1, "too few"}};
  search.rate = 1000;
  return results;
}

TEST(ResultJsonTest, ReadsWhatItWrote) {
  const std::string text = ResultsToJson(FullResults());
  const absl::StatusOr<LoadResults> read = ResultsFromJson(text);
  ASSERT_TRUE(read.ok()) << read.status();
  // Whatever is in the text has been read, to the last digit: it is written
  // the same again.
  EXPECT_EQ(ResultsToJson(*read), text);
}

TEST(ResultJsonTest, ValuesSurvive) {
  const absl::StatusOr<LoadResults> read =
      ResultsFromJson(ResultsToJson(FullResults()));
  ASSERT_TRUE(read.ok()) << read.status();
  const LoadResults expected = FullResults();
  EXPECT_EQ(read->started, expected.started);
  EXPECT_EQ(read->arguments, expected.arguments);
  EXPECT_EQ(read->machine.kernel, expected.machine.kernel);
  EXPECT_EQ(read->machine.memory_bytes, expected.machine.memory_bytes);
  ASSERT_EQ(read->runs.size(), 2u);
  const LoadSpec& spec = read->runs[0].spec;
  EXPECT_EQ(spec.workload, Workload::kEcho);
  EXPECT_EQ(ToString(spec.payload), "0x0.25+65536x0.75");
  EXPECT_EQ(spec.stall, absl::Milliseconds(100));
  EXPECT_EQ(spec.seed, ~uint64_t{0});
  EXPECT_EQ(read->runs[1].spec.server, Peer::kBeam);
  const Measurement& measurement = read->runs[0].measurements[1];
  EXPECT_EQ(measurement.messages, 990u);
  EXPECT_EQ(measurement.faults.reordered, 3u);
  EXPECT_EQ(measurement.first_error, "connection_closed \xEF\xBF\xBD");
  EXPECT_EQ(measurement.series[1].p50_ns, 800'500);
  EXPECT_EQ(read->runs[0].search->steps[1].failure, "too few");
  EXPECT_EQ(read->runs[1].measurements[0].counters.at("receiver_enters"), 500);
  EXPECT_FALSE(read->runs[1].search.has_value());
}

TEST(ResultJsonTest, HistogramsAreTheSame) {
  LoadResults results = SampleResults();
  Histogram& latency = results.runs[0].measurements[0].latency;
  latency.Clear();
  latency.Record(1'000'001);
  latency.Record(1'000'002, 5);
  latency.Record(77'777'777);
  const absl::StatusOr<LoadResults> read =
      ResultsFromJson(ResultsToJson(results));
  ASSERT_TRUE(read.ok()) << read.status();
  const Histogram& again = read->runs[0].measurements[0].latency;
  EXPECT_EQ(again.count(), 7u);
  EXPECT_EQ(again.min(), 1'000'001);
  EXPECT_EQ(again.max(), 77'777'777);
  EXPECT_EQ(again.ValueAt(50), latency.ValueAt(50));
  EXPECT_EQ(again.Mean(), latency.Mean());
}

// What other programs rely on.
TEST(ResultJsonTest, TheSchemaIsAsDocumented) {
  const auto json = nlohmann::json::parse(ResultsToJson(FullResults()));
  EXPECT_EQ(json["schema"], "dist_load");
  EXPECT_EQ(json["version"], 1);
  EXPECT_EQ(json["started"], "2026-01-31T12:00:00Z");
  const auto& run = json["runs"][0];
  EXPECT_EQ(run["name"], "echo");
  EXPECT_EQ(run["spec"]["workload"], "echo");
  EXPECT_EQ(run["spec"]["arrival"], "poisson");
  EXPECT_EQ(run["spec"]["duration_ns"], 1'000'000'000);
  EXPECT_FALSE(run["spec"].contains("cookie"));
  EXPECT_EQ(run["search"]["slo"], "p99<200us");
  EXPECT_EQ(run["generator"]["ns_per_message"], 12.34);
  EXPECT_EQ(run["summary"]["rate"]["median"], 1000);
  EXPECT_EQ(run["summary"]["rate"]["lowest"], 990);
  EXPECT_EQ(run["summary"]["p99"]["median"], 990'207);
  EXPECT_EQ(run["measurements"][1]["faults"]["corrupted"], 4);
  EXPECT_EQ(run["measurements"][0]["latency"]["count"], 1000);
  EXPECT_EQ(run["measurements"][0]["latency"]["buckets"][0],
            nlohmann::json::array({1000, 1}));
  EXPECT_FALSE(json["runs"][1].contains("search"));
  EXPECT_FALSE(json["runs"][1]["summary"].contains("p99"));
}

TEST(ResultJsonTest, UnknownFieldsArePassedOverAndMissingOnesAreDefaults) {
  const std::string text = absl::StrReplaceAll(
      ResultsToJson(SampleResults()), {{"\"window\":0", "\"windows\":9"},
                                       {"\"version\":1",
                                        "\"version\":1,"
                                        "\"new\":[{}]"}});
  const absl::StatusOr<LoadResults> read = ResultsFromJson(text);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->runs[0].spec.window, 0);
}

TEST(ResultJsonTest, ErrorsTellWhere) {
  const std::string good = ResultsToJson(SampleResults());
  const struct {
    const char* from;
    const char* to;
    const char* error;
  } kCases[] = {
      {"\"dist_load\"", "\"other\"", "\"schema\" is not \"dist_load\""},
      {"\"version\":1", "\"version\":2",
       "version 2 of the schema; this program knows version 1"},
      {"\"workload\":\"echo\"", "\"workload\":\"shout\"",
       "(/runs/0/spec/workload) \"shout\" is none of stream, echo"},
      {"\"messages\":1000,", "\"messages\":-1,",
       "(/runs/0/measurements/0/messages) is no whole number, or too large"},
      {"\"messages\":1000,", "\"messages\":1.5,", "is no whole number"},
      {"\"cpus\":2", "\"cpus\":99999999999", "(/machine/cpus)"},
      {"\"connections\":1,", "\"connections\":0,",
       "(/runs/0/spec) --connections: write 1 to"},
      {"\"duration_ns\":1000000000,\"messages\"", "\"messages\"",
       "(/runs/0) has a measurement without a duration_ns"},
      {"\"name\":\"echo\"", "\"name\":\"\"", "(/runs/0) has no name"},
      {"[[1000,1],", "[[1000],",
       "(/runs/0/measurements/0/latency) has a bucket"},
      {"\"min\":1000,", "\"min\":7,",
       "(/runs/0/measurements/0/latency) has a min"},
      {"2026-01-31T", "yesterday", "(/started)"},
      {"\"machine\":{", "\"machine\":[],\"was\":{", "(/machine) is no object"},
  };
  for (const auto& [from, to, error] : kCases) {
    ASSERT_THAT(good, HasSubstr(from));
    std::string bad = good;
    bad.replace(bad.find(from), absl::string_view(from).size(), to);
    const absl::StatusOr<LoadResults> read = ResultsFromJson(bad);
    EXPECT_TRUE(absl::IsInvalidArgument(read.status())) << from;
    EXPECT_THAT(std::string(read.status().message()), HasSubstr(error));
  }
}

TEST(ResultJsonTest, WhatIsNoJsonIsRefused) {
  const std::string good = ResultsToJson(SampleResults());
  for (const size_t size :
       {size_t{0}, size_t{1}, good.size() / 2, good.size() - 2}) {
    EXPECT_TRUE(
        absl::IsInvalidArgument(ResultsFromJson(good.substr(0, size)).status()))
        << size;
  }
  for (const char* text : {"[]", "null", "{}", "\"dist_load\"", "7"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ResultsFromJson(text).status()))
        << text;
  }
}

}  // namespace
}  // namespace ringdist
