#include "ringdist/tests/simulation/simulation.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "ringdist/tests/simulation/faults.h"

namespace ringdist {
namespace {

// An engine that waits until a time, and works without end from then on.
class Sleeper {
 public:
  Sleeper(Simulation& simulation, absl::Time until)
      : simulation_(simulation), until_(until) {}

  int turns() const { return turns_; }
  absl::StatusOr<int> Turn(absl::Duration) {
    ++turns_;
    simulation_.TakeTime();
    simulation_.RunDueEvents();
    simulation_.NoteWait(until_);
    return 0;
  }

 private:
  Simulation& simulation_;
  const absl::Time until_;
  int turns_ = 0;
};

absl::Status RunOne(Simulation& simulation, Sleeper& sleeper,
                    absl::FunctionRef<bool()> done) {
  return simulation.RunUntil(std::vector<Sleeper*>{&sleeper}, done);
}

TEST(SimulationTest, TimeJumpsToWhatSomebodyWaitsFor) {
  Simulation simulation(1, Faults());
  const absl::Time when = simulation.Now() + absl::Minutes(10);
  Sleeper sleeper(simulation, when);
  ASSERT_TRUE(RunOne(simulation, sleeper, [&] {
                return simulation.Now() >= when;
              }).ok());
  EXPECT_LT(simulation.Now(), when + absl::Seconds(1));
  EXPECT_LT(sleeper.turns(), 10);
}

TEST(SimulationTest, TimeJumpsToTheNextEvent) {
  Faults faults;
  faults.max_delay = absl::Hours(1);
  Simulation simulation(1, faults);
  Sleeper sleeper(simulation, absl::InfiniteFuture());
  int events = 0;
  simulation.Soon([&] { ++events; });
  simulation.Soon([&] { ++events; });
  ASSERT_TRUE(RunOne(simulation, sleeper, [&] { return events == 2; }).ok());
  EXPECT_LT(sleeper.turns(), 10);
}

TEST(SimulationTest, EventsOfOneTimeRunInTheirOrder) {
  Simulation simulation(1, Faults());
  std::vector<int> order;
  for (int i = 0; i < 100; ++i) {
    simulation.Soon([&order, i] { order.push_back(i); });
  }
  simulation.RunDueEvents();
  ASSERT_EQ(order.size(), 100U);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<size_t>(i)], i);
}

TEST(SimulationTest, NothingLeftToHappenIsFoundAtOnce) {
  Simulation simulation(17, Faults());
  Sleeper sleeper(simulation, absl::InfiniteFuture());
  simulation.AddDescriber([] { return std::string("  the world\n"); });
  simulation.Record("spoke", 5, 42);
  const absl::Status status = RunOne(simulation, sleeper, [] { return false; });
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(sleeper.turns(), 1);
  for (const char* const part : {"nothing is left to happen", "seed 17",
                                 "the world", "spoke on 5: 42"}) {
    EXPECT_NE(status.message().find(part), absl::string_view::npos) << status;
  }
}

TEST(SimulationTest, BusyWithoutEndIsFound) {
  Simulation simulation(1, Faults());
  Sleeper sleeper(simulation, absl::InfinitePast());
  EXPECT_EQ(RunOne(simulation, sleeper, [] { return false; }).code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(SimulationTest, WorkNotedByAnotherThreadMakesAnotherRound) {
  Simulation simulation(1, Faults());
  Sleeper sleeper(simulation, absl::InfiniteFuture());
  bool woken = false;
  const absl::Status status = RunOne(simulation, sleeper, [&] {
    if (sleeper.turns() == 1 && !woken) {
      woken = true;
      simulation.NoteWork();
    }
    return sleeper.turns() == 2;
  });
  EXPECT_TRUE(status.ok()) << status;
}

TEST(SimulationTest, RunUntilEndsAtItsLimit) {
  Faults faults;
  Simulation simulation(1, faults);
  // Waits for ever longer times.
  struct Ticker {
    Simulation& simulation;
    absl::StatusOr<int> Turn(absl::Duration) {
      simulation.NoteWait(simulation.Now() + absl::Seconds(1));
      return 0;
    }
  } ticker{simulation};
  const absl::Time start = simulation.Now();
  const absl::Status status = simulation.RunUntil(
      std::vector<Ticker*>{&ticker}, [] { return false; }, absl::Seconds(10));
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_LT(simulation.Now() - start, absl::Seconds(12));
}

TEST(SimulationTest, RunForLastsAsLongAsItSays) {
  Simulation simulation(1, Faults());
  Sleeper sleeper(simulation, absl::InfiniteFuture());
  const absl::Time start = simulation.Now();
  ASSERT_TRUE(
      simulation.RunFor(std::vector<Sleeper*>{&sleeper}, absl::Minutes(1))
          .ok());
  EXPECT_GE(simulation.Now() - start, absl::Minutes(1));
  EXPECT_LT(simulation.Now() - start, absl::Minutes(1) + absl::Seconds(1));
}

TEST(SimulationTest, ErrorsOfATurnEndTheRun) {
  Simulation simulation(1, Faults());
  struct Broken {
    absl::StatusOr<int> Turn(absl::Duration) {
      return absl::DataLossError("broken");
    }
  } broken;
  const absl::Status status =
      simulation.RunUntil(std::vector<Broken*>{&broken}, [] { return false; });
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
}

TEST(SimulationTest, AFaultHappensAsOftenAsItsProbabilitySays) {
  Faults faults;
  faults.probability(Fault::kReset) = 0.25;
  Simulation simulation(1, faults);
  int resets = 0;
  for (int i = 0; i < 10'000; ++i) {
    EXPECT_FALSE(simulation.Happens(Fault::kNoBuffers));
    if (simulation.Happens(Fault::kReset)) ++resets;
  }
  EXPECT_GT(resets, 2300);
  EXPECT_LT(resets, 2700);
  EXPECT_EQ(simulation.count(Fault::kReset), static_cast<uint64_t>(resets));
}

TEST(SimulationTest, AllFaultsAreOnInEverySeed) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const Faults faults = Faults::All(seed);
    for (size_t i = 0; i < kFaultCount; ++i) {
      const Fault fault = static_cast<Fault>(i);
      EXPECT_GT(faults.probability(fault), 0) << FaultName(fault);
      EXPECT_LE(faults.probability(fault), 0.5) << FaultName(fault);
      EXPECT_NE(FaultName(fault), "unknown");
    }
  }
}

}  // namespace
}  // namespace ringdist
