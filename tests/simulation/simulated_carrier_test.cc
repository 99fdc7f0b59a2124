// Reactors, timers and SocketDial over simulated sockets.

#include "ringdist/tests/simulation/simulated_carrier.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "ringdist/proto/node_name.h"
#include "ringdist/runtime/reactor.h"
#include "ringdist/tests/simulation/faults.h"
#include "ringdist/tests/simulation/seeds.h"
#include "ringdist/tests/simulation/simulated_engine.h"
#include "ringdist/tests/simulation/simulated_network.h"
#include "ringdist/tests/simulation/simulation.h"
#include "ringdist/tests/testing/engine_clients.h"

namespace ringdist {
namespace {

NodeName Name(const char* name) { return *NodeName::Parse(name); }

// Two processes, each with a reactor and a carrier.
struct World {
  explicit World(uint64_t seed = 1, const Faults& faults = Faults(),
                 size_t backlog = 2)
      : simulation(seed, faults), network(simulation) {
    for (int i = 0; i < 2; ++i) {
      auto engine = std::make_unique<SimulatedEngine>(network);
      engines.push_back(engine.get());
      reactors.push_back(
          std::make_unique<Reactor>(std::move(engine), ReactorOptions()));
      carriers.push_back(std::make_unique<SimulatedCarrier>(
          *reactors.back(), *engines.back(), backlog));
    }
  }

  void RunUntil(absl::FunctionRef<bool()> done) {
    const absl::Status status = simulation.RunUntil(reactors, done);
    ASSERT_TRUE(status.ok()) << status;
  }

  Simulation simulation;
  SimulatedNetwork network;
  std::vector<std::unique_ptr<Reactor>> reactors;
  std::vector<SimulatedEngine*> engines;
  std::vector<std::unique_ptr<SimulatedCarrier>> carriers;
};

// An attempt from the second process to the first, and its outcome.
struct Attempt {
  Attempt(World& of, const char* peer, absl::Duration limit)
      : world(of),
        dial(world.carriers[1]->Dial(
            Name(peer), world.reactors[1]->Now() + limit,
            [this](const absl::StatusOr<int>& result) { outcome = result; })) {}
  ~Attempt() {
    if (outcome.has_value() && outcome->ok()) {
      world.engines[1]->Close(**outcome);
    }
  }
  void Wait() {
    world.RunUntil([this] { return outcome.has_value(); });
  }

  World& world;
  std::optional<absl::StatusOr<int>> outcome;
  std::unique_ptr<DialAttempt> dial;
};

TEST(SimulatedCarrierTest, ATimerRunsAtItsTimeAndNobodyWaitsForIt) {
  World world;
  struct Alarm {
    void OnTime() { rang = true; }
    bool rang = false;
  } alarm;
  Reactor& reactor = *world.reactors[0];
  Timer timer(reactor, ReactorCallback::To<&Alarm::OnTime>(&alarm));
  const absl::Time when = world.simulation.Now() + absl::Minutes(30);
  timer.Start(when);
  world.RunUntil([&] { return alarm.rang; });
  EXPECT_GE(world.simulation.Now(), when);
  EXPECT_LT(world.simulation.Now(), when + absl::Milliseconds(1));
}

TEST(SimulatedCarrierTest, PostedWorkRuns) {
  World world;
  bool first = false;
  bool second = false;
  // From one process to the other, when both have nothing else to do.
  world.reactors[0]->Post([&] {
    first = true;
    world.reactors[1]->Post([&] { second = true; });
  });
  world.RunUntil([&] { return second; });
  EXPECT_TRUE(first);
}

TEST(SimulatedCarrierTest, ANodeThatListensIsReached) {
  World world;
  const auto socket = *world.carriers[0]->Listen(Name("server@localhost"));
  EXPECT_EQ(socket->address().address, "server");
  EXPECT_GE(socket->creation(), 4U);
  Acceptor acceptor(*world.engines[0], socket->fd());
  acceptor.Start();
  Attempt attempt(world, "server@localhost", absl::Seconds(7));
  attempt.Wait();
  EXPECT_TRUE(attempt.outcome->ok()) << attempt.outcome->status();
  world.RunUntil([&] { return acceptor.descriptors().size() == 1; });
  acceptor.Stop();
  world.RunUntil([&] { return acceptor.idle(); });
  world.engines[0]->Close(acceptor.descriptors()[0]);
}

TEST(SimulatedCarrierTest, ANameIsGivenBack) {
  World world;
  auto socket = world.carriers[0]->Listen(Name("server@localhost"));
  ASSERT_TRUE(socket.ok());
  EXPECT_EQ(world.carriers[1]->Listen(Name("server@localhost")).status().code(),
            absl::StatusCode::kAlreadyExists);
  socket->reset();
  EXPECT_TRUE(world.carriers[1]->Listen(Name("server@localhost")).ok());
  EXPECT_EQ(world.network.open_descriptors(), 0);
}

TEST(SimulatedCarrierTest, NobodyThereIsUnavailable) {
  World world;
  Attempt attempt(world, "server@localhost", absl::Seconds(7));
  attempt.Wait();
  EXPECT_EQ(attempt.outcome->status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(world.network.open_descriptors(), 0);
}

TEST(SimulatedCarrierTest, AFullBacklogIsTriedUntilTheDeadline) {
  World world(1, Faults(), /*backlog=*/1);
  const auto socket = *world.carriers[0]->Listen(Name("server@localhost"));
  const absl::Time start = world.simulation.Now();
  Attempt first(world, "server@localhost", absl::Seconds(7));
  Attempt second(world, "server@localhost", absl::Seconds(7));
  first.Wait();
  second.Wait();
  EXPECT_TRUE(first.outcome->ok()) << first.outcome->status();
  EXPECT_EQ(second.outcome->status().code(),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_GE(world.simulation.Now() - start, absl::Seconds(7));
  EXPECT_LT(world.simulation.Now() - start, absl::Seconds(8));
}

TEST(SimulatedCarrierTest, ANameTooLongForAnAddressIsAnError) {
  World world;
  Attempt attempt(world, (std::string(108, 'a') + "@localhost").c_str(),
                  absl::Seconds(7));
  attempt.Wait();
  EXPECT_EQ(attempt.outcome->status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(SimulatedCarrierTest, APeerIsRefusedByAFaultOnly) {
  Faults faults;
  World world(1, faults);
  EXPECT_TRUE(world.carriers[0]->CheckPeer(-1).ok());
  world.simulation.faults().probability(Fault::kPeerRefused) = 1;
  EXPECT_EQ(world.carriers[0]->CheckPeer(-1).code(),
            absl::StatusCode::kPermissionDenied);
}

TEST(SimulatedCarrierTest, OptionsAreRemembered) {
  World world;
  SimulatedCarrier& carrier = *world.carriers[0];
  ASSERT_TRUE(carrier.Configure(5, {{"sndbuf", 4096}}).ok());
  const auto options =
      carrier.Configuration(5, std::vector<std::string>{"sndbuf", "recbuf"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(*options,
            (std::vector<SocketOption>{{"sndbuf", 4096}, {"recbuf", 0}}));
  EXPECT_FALSE(carrier.Configure(5, {{"active", 1}}).ok());
  EXPECT_FALSE(
      carrier.Configuration(5, std::vector<std::string>{"active"}).ok());
}

TEST(SimulatedCarrierTest, DiallingSurvivesEveryFault) {
  ForEachSeed(200, [](uint64_t seed) {
    World world(seed, Faults::All(seed));
    auto socket = *world.carriers[0]->Listen(Name("server@localhost"));
    Acceptor acceptor(*world.engines[0], socket->fd());
    acceptor.Start();
    size_t reached = 0;
    for (int i = 0; i < 5; ++i) {
      Attempt attempt(world, "server@localhost", absl::Seconds(7));
      if (world.simulation.Below(4) == 0) attempt.dial->Cancel();
      attempt.Wait();
      ASSERT_TRUE(attempt.outcome.has_value());
      if (attempt.outcome->ok()) ++reached;
    }
    // Whoever connected is accepted, also if it has gone since.
    world.RunUntil([&] { return acceptor.descriptors().size() == reached; });
    acceptor.Stop();
    world.RunUntil([&] { return acceptor.idle(); });
    for (const int fd : acceptor.descriptors()) world.engines[0]->Close(fd);
    socket.reset();
    EXPECT_EQ(world.network.open_descriptors(), 0);
  });
}

}  // namespace
}  // namespace ringdist
