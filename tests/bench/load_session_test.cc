#include "ringdist/bench/load/load_session.h"

#include <algorithm>
#include <atomic>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/tests/bench/fake_load.h"

namespace ringdist {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class LoadSessionTest : public testing::Test {
 protected:
  LoadSessionTest() {
    run_.name = "echo";
    run_.spec.workload = Workload::kEcho;
    run_.spec.duration = absl::Milliseconds(200);
  }

  // As FakeLoad, but what was asked for is kept.
  LoadRunner Runner() {
    return [this](const LoadSpec& spec, const RunHooks& hooks) {
      asked_.push_back(spec);
      return FakeLoad(spec, hooks);
    };
  }

  absl::Status Measure(LoadRunner runner,
                       const std::optional<Condition>& slo = std::nullopt) {
    LoadSession session(std::move(runner), line_, interrupted_);
    return session.Measure(run_, slo);
  }

  std::atomic<bool> interrupted_ = false;
  std::string shown_;
  LiveLine line_{200, [this](absl::string_view text) {
                   shown_.append(text.data(), text.size());
                 }};
  std::vector<LoadSpec> asked_;
  LoadRun run_;
};

TEST_F(LoadSessionTest, MeasuresAsOftenAsItShould) {
  run_.spec.repeat = 3;
  ASSERT_TRUE(Measure(Runner()).ok());
  EXPECT_THAT(run_.measurements, SizeIs(3));
  EXPECT_THAT(asked_, SizeIs(3));
  // 10 us and 4 us more on average.
  EXPECT_NEAR(run_.measurements[2].Rate(), 1e6 / 14, 1000);
}

TEST_F(LoadSessionTest, TheLineTellsWhichOneItIs) {
  run_.spec.repeat = 2;
  ASSERT_TRUE(Measure(Runner()).ok());
  EXPECT_TRUE(absl::StrContains(shown_, "echo, 1 of 2: warming up"));
  EXPECT_TRUE(absl::StrContains(shown_, "echo, 2 of 2: 0.2 s, 71."));
  EXPECT_TRUE(absl::EndsWith(shown_, "0 errors\r\x1b[K"));
}

TEST_F(LoadSessionTest, AnErrorKeepsWhatWasMeasuredBefore) {
  run_.spec.repeat = 3;
  int calls = 0;
  const absl::Status status =
      Measure([&](const LoadSpec& spec,
                  const RunHooks& hooks) -> absl::StatusOr<Measurement> {
        if (++calls == 2) return absl::UnavailableError("gone");
        return FakeLoad(spec, hooks);
      });
  EXPECT_EQ(status.message(), "gone");
  EXPECT_THAT(run_.measurements, SizeIs(1));
}

TEST_F(LoadSessionTest, InterruptedItKeepsWhatItHas) {
  run_.spec.repeat = 5;
  int calls = 0;
  const LoadRunner runner = [this, &calls](const LoadSpec& spec,
                                           const RunHooks& hooks) {
    EXPECT_EQ(hooks.interrupted, &interrupted_);
    const absl::StatusOr<Measurement> measured = FakeLoad(spec, hooks);
    if (++calls == 2) interrupted_ = true;
    return measured;
  };
  ASSERT_TRUE(Measure(runner).ok());
  EXPECT_THAT(run_.measurements, SizeIs(2));
}

TEST_F(LoadSessionTest, InterruptedInTheWarmupThereIsNothing) {
  const LoadRunner runner =
      [this](const LoadSpec&, const RunHooks&) -> absl::StatusOr<Measurement> {
    interrupted_ = true;
    return absl::CancelledError("interrupted");
  };
  ASSERT_TRUE(Measure(runner).ok());
  EXPECT_THAT(run_.measurements, IsEmpty());
}

class LoadSearchTest : public LoadSessionTest {
 protected:
  LoadSearchTest() {
    run_.spec.arrival = Arrival::kConstant;
    EXPECT_TRUE(Condition::Parse("p99<200us", slo_).ok());
  }

  Condition slo_;
};

TEST_F(LoadSearchTest, BeginsAtHalfOfAClosedLoop) {
  ASSERT_TRUE(Measure(Runner(), slo_).ok());
  ASSERT_GT(asked_.size(), 2u);
  EXPECT_EQ(asked_[0].arrival, Arrival::kClosed);
  EXPECT_EQ(asked_[0].rate, 0);
  EXPECT_EQ(asked_[1].arrival, Arrival::kConstant);
  EXPECT_NEAR(asked_[1].rate, 1e6 / 14 / 2, 1000);
  ASSERT_TRUE(run_.search.has_value());
  EXPECT_GT(run_.search->rate, 60'000);
  EXPECT_LT(run_.search->rate, 1e6 / 14);
  EXPECT_EQ(run_.spec.rate, run_.search->rate);
  ASSERT_THAT(run_.measurements, SizeIs(1));
  EXPECT_LT(run_.measurements[0].latency.ValueAt(99), 200'000);
}

TEST_F(LoadSearchTest, TheRateThatWasFoundIsRepeated) {
  run_.spec.repeat = 3;
  ASSERT_TRUE(Measure(Runner(), slo_).ok());
  EXPECT_THAT(run_.measurements, SizeIs(3));
  EXPECT_EQ(asked_.back().rate, run_.search->rate);
}

TEST_F(LoadSearchTest, BeginsWhereItIsTold) {
  run_.spec.rate = 50'000;
  ASSERT_TRUE(Measure(Runner(), slo_).ok());
  EXPECT_EQ(asked_[0].rate, 50'000);
}

TEST_F(LoadSearchTest, NoRateHolds) {
  ASSERT_TRUE(Condition::Parse("p99<5us", slo_).ok());
  run_.spec.repeat = 3;
  ASSERT_TRUE(Measure(Runner(), slo_).ok());
  EXPECT_EQ(run_.search->rate, 0);
  EXPECT_THAT(run_.measurements, IsEmpty());
}

class GeneratorCostTest : public LoadSessionTest {
 protected:
  void MeasureBoth(const LoadRunner& runner) {
    LoadSession session(runner, line_, interrupted_);
    ASSERT_TRUE(session.Measure(run_, std::nullopt).ok());
    session.MeasureGenerator(run_);
  }
};

TEST_F(GeneratorCostTest, IsThatOfAClosedLoopToANullTarget) {
  run_.spec.arrival = Arrival::kPoisson;
  run_.spec.rate = 1000;
  run_.spec.stall = absl::Milliseconds(100);
  run_.spec.target = "srv@localhost";
  MeasureBoth(Runner());
  ASSERT_THAT(asked_, SizeIs(2));
  EXPECT_EQ(asked_[1].server, Peer::kNull);
  EXPECT_EQ(asked_[1].target, "");
  EXPECT_EQ(asked_[1].arrival, Arrival::kClosed);
  EXPECT_EQ(asked_[1].workload, Workload::kEcho);
  EXPECT_TRUE(asked_[1].Validate().ok()) << asked_[1].Validate();
  EXPECT_NEAR(run_.generator.nanoseconds, 14'000, 200);
}

TEST_F(GeneratorCostTest, OfAPeerIsNotKnown) {
  run_.spec.client = Peer::kBeam;
  MeasureBoth(Runner());
  EXPECT_THAT(asked_, SizeIs(1));
  EXPECT_EQ(run_.generator.nanoseconds, 0);
  EXPECT_EQ(run_.generator.unknown, "beam generates the load");
}

TEST_F(GeneratorCostTest, ThatCannotBeMeasuredTellsWhy) {
  MeasureBoth([](const LoadSpec& spec,
                 const RunHooks& hooks) -> absl::StatusOr<Measurement> {
    if (spec.server == Peer::kNull) return absl::UnimplementedError("no null");
    return FakeLoad(spec, hooks);
  });
  EXPECT_EQ(run_.generator.unknown, "no null");
}

}  // namespace
}  // namespace ringdist
