#include "ringdist/bench/load/rate_search.h"

#include <algorithm>
#include <functional>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace ringdist {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

Condition Slo(absl::string_view text) {
  Condition condition;
  EXPECT_TRUE(Condition::Parse(text, condition).ok());
  return condition;
}

// A queue with one server of a capacity: the nearer the rate is to it, the
// longer the latency, 10 us at rest; what is above it is not achieved.
Measurement Queue(double rate, double capacity) {
  Measurement measurement;
  measurement.duration = absl::Seconds(1);
  measurement.asked_rate = rate;
  measurement.messages = std::min(rate, capacity);
  const double load = std::min(rate / capacity, 0.9999);
  measurement.latency.Record(10'000 / (1 - load), measurement.messages);
  return measurement;
}

RateSearchOptions OptionsOf(absl::string_view slo, double first_rate) {
  RateSearchOptions options;
  options.slo = Slo(slo);
  options.first_rate = first_rate;
  return options;
}

// p99 is 200 us at 95 % of the capacity: that is what is to be found, wherever
// the search begins.
TEST(RateSearchTest, FindsTheHighestRateThatHolds) {
  for (const double first_rate : {1.0, 1'000.0, 94'900.0, 95'500.0, 5e6}) {
    const absl::StatusOr<RateSearch> found =
        SearchRate(OptionsOf("p99<200us", first_rate),
                   [](double rate) { return Queue(rate, 100'000); });
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_LT(found->rate, 95'000);
    EXPECT_GT(found->rate, 95'000 / 1.02 - 500) << first_rate;
    EXPECT_EQ(found->best.asked_rate, found->rate);
    EXPECT_FALSE(found->interrupted);
  }
}

TEST(RateSearchTest, TellsTheStepsAsTheyAreMade) {
  RateSearchOptions options = OptionsOf("p99<200us", 60'000);
  std::vector<double> told;
  options.on_step = [&](const RateStep& step) { told.push_back(step.rate); };
  const absl::StatusOr<RateSearch> found =
      SearchRate(options, [](double rate) { return Queue(rate, 100'000); });
  ASSERT_TRUE(found.ok());
  EXPECT_THAT(told,
              ElementsAre(60'000, 120'000, 120'000, 84'900, 101'000, 101'000,
                          92'600, 96'700, 96'700, 94'600, 95'600, 95'600));
  EXPECT_EQ(found->steps[0].failure, "");
  EXPECT_NEAR(found->steps[0].value, 25'000, 25);
  EXPECT_EQ(found->steps[1].failure, "only 100 k/s were reached");
  EXPECT_THAT(found->steps[7].failure, StartsWith("p99 is 303 us"));
}

TEST(RateSearchTest, OneHiccupDoesNotDecide) {
  int calls = 0;
  const absl::StatusOr<RateSearch> found =
      SearchRate(OptionsOf("p99<200us", 50'000), [&](double rate) {
        // Every second measurement at a rate is fine.
        return ++calls % 2 == 1 ? Queue(rate, rate / 2) : Queue(rate, 100'000);
      });
  ASSERT_TRUE(found.ok());
  EXPECT_GT(found->rate, 92'000);
  EXPECT_LT(found->rate, 95'000);
}

TEST(RateSearchTest, NoRateHolds) {
  const absl::StatusOr<RateSearch> found =
      SearchRate(OptionsOf("p99<1us", 1'000),
                 [](double rate) { return Queue(rate, 100'000); });
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->rate, 0);
  EXPECT_EQ(found->steps.back().rate, 1);
}

TEST(RateSearchTest, EndsAtTheHighestRate) {
  RateSearchOptions options = OptionsOf("p99<1h", 1e6);
  options.highest_rate = 5e6;
  const absl::StatusOr<RateSearch> found =
      SearchRate(options, [](double rate) { return Queue(rate, 1e12); });
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->rate, 5e6);
  EXPECT_EQ(found->steps.size(), 4u);
}

TEST(RateSearchTest, AnErrorEndsIt) {
  const absl::StatusOr<RateSearch> found = SearchRate(
      OptionsOf("p99<1ms", 1e3), [](double) -> absl::StatusOr<Measurement> {
        return absl::UnavailableError("no server");
      });
  EXPECT_EQ(found.status().message(), "no server");
}

TEST(RateSearchTest, AnInterruptionKeepsWhatIsKnown) {
  int calls = 0;
  const absl::StatusOr<RateSearch> found =
      SearchRate(OptionsOf("p99<200us", 1'000), [&](double rate) {
        Measurement measurement = Queue(rate, 100'000);
        measurement.interrupted = ++calls == 3;
        return measurement;
      });
  ASSERT_TRUE(found.ok());
  EXPECT_TRUE(found->interrupted);
  EXPECT_EQ(found->rate, 2'000);
  EXPECT_EQ(calls, 3);
}

TEST(RateSearchTest, FailuresAndFaultsDoNotHold) {
  Measurement measurement = Queue(1'000, 1e6);
  const Condition slo = Slo("p99<1ms");
  EXPECT_THAT(WhyRateFails(measurement, slo), IsEmpty());
  measurement.messages = 989;
  EXPECT_EQ(WhyRateFails(measurement, slo), "only 989/s were reached");
  measurement.faults.lost = 2;
  EXPECT_THAT(WhyRateFails(measurement, slo), StartsWith("2 lost,"));
  measurement.errors = 1;
  measurement.first_error = "refused";
  EXPECT_EQ(WhyRateFails(measurement, slo), "1 failed: refused");
  EXPECT_EQ(WhyRateFails(Measurement{.duration = absl::Seconds(1)}, slo),
            "no p99");
}

}  // namespace
}  // namespace ringdist
