// The contract of io_engine.h, kept by the simulated engine: calm, with every
// fault, and by several processes at once.

#include "ringdist/tests/simulation/simulated_engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "ringdist/tests/simulation/faults.h"
#include "ringdist/tests/simulation/seeds.h"
#include "ringdist/tests/simulation/simulated_network.h"
#include "ringdist/tests/simulation/simulation.h"
#include "ringdist/tests/testing/engine_clients.h"
#include "ringdist/tests/testing/engine_contract.h"

namespace ringdist {
namespace {

EngineHarness::Address AddressOf(absl::string_view name) {
  EngineHarness::Address address;
  const sockaddr_un made = SimulatedAddress(name);
  std::memcpy(&address.bytes, &made, sizeof(made));
  address.size = sizeof(made);
  return address;
}

// The tests that all engines share.

class SimulatedEngineHarness final : public EngineHarness {
 public:
  SimulatedEngineHarness(uint64_t seed, const Faults& faults)
      : simulation_(seed, faults), network_(simulation_), engine_(network_) {}

  IoEngine& engine() override { return engine_; }
  std::pair<int, int> ConnectedPair() override {
    return network_.Connect(engine_.process(), engine_.process());
  }
  int OpenSocket() override { return network_.OpenSocket(engine_.process()); }
  int Listen(int backlog, Address& address) override {
    address = AddressOf("listener");
    return *network_.Listen(engine_.process(), "listener",
                            static_cast<size_t>(backlog));
  }
  Address AddressOfNobody() override { return AddressOf("nobody"); }
  int open_sockets() const override { return network_.open_descriptors(); }
  absl::Status RunUntil(absl::FunctionRef<bool()> done) override {
    return simulation_.RunUntil(std::vector<SimulatedEngine*>{&engine_}, done);
  }

 private:
  Simulation simulation_;
  SimulatedNetwork network_;
  SimulatedEngine engine_;
};

// Every fault that a client of an engine can hide.
Faults FaultsWithoutFailures(uint64_t seed) {
  Faults faults = Faults::All(seed);
  faults.probability(Fault::kReset) = 0;
  faults.probability(Fault::kConnectRefused) = 0;
  return faults;
}

std::vector<EngineContractParam> ContractParams() {
  std::vector<EngineContractParam> params = {
      {"Calm",
       [] { return std::make_unique<SimulatedEngineHarness>(1, Faults()); }}};
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    params.push_back({absl::StrCat("Seed", seed), [seed] {
                        return std::make_unique<SimulatedEngineHarness>(
                            seed, FaultsWithoutFailures(seed));
                      }});
  }
  return params;
}

INSTANTIATE_TEST_SUITE_P(Simulated, EngineContractTest,
                         testing::ValuesIn(ContractParams()),
                         EngineContractName);

// Several processes, connected at random, with every fault.

// One end of a connection: sends bytes of its own, the first of which is its
// number, and receives those of the other end.
class End {
 public:
  End(SimulatedEngine& engine, int fd, uint8_t number, std::mt19937_64& random)
      : engine_(engine),
        fd_(fd),
        bytes_(MakeBytes(number, random)),
        writer_(engine, fd, bytes_, [&] { return 1 + random() % 2000; }),
        reader_(engine, fd, static_cast<StreamReader::Into>(random() % 3),
                [&] { return 1 + random() % 8000; }) {}

  const std::string& bytes() const { return bytes_; }
  const std::string& received() const { return reader_.bytes(); }

  // Starts what is not running and not over, or stops what is running.
  void Start() {
    if (writer_.idle() && !Over(writer_.end())) writer_.Start();
    if (reader_.idle() && !Over(reader_.end())) reader_.Start();
  }
  void Stop() {
    writer_.Stop();
    reader_.Stop();
  }
  void Shutdown() { engine_.Shutdown(fd_); }
  void Close() { engine_.Close(fd_); }

  bool idle() const { return writer_.idle() && reader_.idle(); }
  bool has_sent() const { return Over(writer_.end()); }
  bool has_received(size_t size) const {
    return Over(reader_.end()) || received().size() >= size;
  }

 private:
  static bool Over(std::optional<int> end) {
    return end.has_value() && *end != -ECANCELED;
  }
  static std::string MakeBytes(uint8_t number, std::mt19937_64& random) {
    std::string bytes(1 + random() % (uint64_t{1} << (random() % 15)), '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    bytes[0] = static_cast<char>(number);
    return bytes;
  }

  SimulatedEngine& engine_;
  const int fd_;
  const std::string bytes_;
  StreamWriter writer_;
  StreamReader reader_;
};

class World {
 public:
  World(uint64_t seed, const Faults& faults)
      : random_(seed), simulation_(seed, faults), network_(simulation_) {
    for (int i = 0; i < 3; ++i) {
      engines_.push_back(std::make_unique<SimulatedEngine>(network_));
    }
  }

  // Connects, exchanges bytes with interruptions, checks them and closes.
  void Run() {
    Connect();
    for (int i = 0; i < 10 && !testing::Test::HasFatalFailure(); ++i) {
      Interrupt();
    }
    RunUntil([this] {
      // Again and again: what was stopped may end only now.
      for (const auto& end : ends_) end->Start();
      return AllArrived();
    });
    Check();
    Close();
    EXPECT_EQ(network_.open_descriptors(), 0) << simulation_.Describe();
  }

  Simulation& simulation() { return simulation_; }

 private:
  void RunUntil(absl::FunctionRef<bool()> done) {
    const absl::Status status = simulation_.RunUntil(engines_, done);
    ASSERT_TRUE(status.ok()) << status;
  }
  SimulatedEngine& AnyEngine() {
    return *engines_[random_() % engines_.size()];
  }
  void AddEnd(SimulatedEngine& engine, int fd) {
    ends_.push_back(std::make_unique<End>(
        engine, fd, static_cast<uint8_t>(ends_.size()), random_));
  }

  void Connect();
  // A Connector until it is over; gives up when it is refused.
  void Dial(SimulatedEngine& engine);
  void Interrupt();
  bool AllArrived() const;
  // The other end, once the first byte tells it.
  const End* OtherEnd(const End& end) const;
  void Check();
  void Close();

  std::mt19937_64 random_;
  Simulation simulation_;
  SimulatedNetwork network_;
  std::vector<std::unique_ptr<SimulatedEngine>> engines_;
  std::vector<std::unique_ptr<End>> ends_;
};

void World::Connect() {
  SimulatedEngine& server = AnyEngine();
  const int listening =
      *network_.Listen(server.process(), "server", 1 + random_() % 4);
  Acceptor acceptor(server, listening);
  acceptor.Start();
  const size_t connections = 1 + random_() % 10;
  for (size_t i = 0; i < connections; ++i) Dial(AnyEngine());
  const size_t dialled = ends_.size();
  RunUntil([&] { return acceptor.descriptors().size() == dialled; });
  acceptor.Stop();
  RunUntil([&] { return acceptor.idle(); });
  for (const int fd : acceptor.descriptors()) AddEnd(server, fd);
  server.Close(listening);
}

void World::Dial(SimulatedEngine& engine) {
  const EngineHarness::Address address = AddressOf("server");
  const int fd = network_.OpenSocket(engine.process());
  Connector connector(engine, fd, address.bytes, address.size);
  do {
    connector.Start();
    if (random_() % 8 == 0) connector.Stop();
    RunUntil([&] { return connector.idle(); });
  } while (connector.result() == -EAGAIN || connector.result() == -ECANCELED);
  if (connector.result() == 0) {
    AddEnd(engine, fd);
  } else {
    EXPECT_EQ(connector.result(), -ECONNREFUSED);
    engine.Close(fd);
  }
}

void World::Interrupt() {
  for (const auto& end : ends_) {
    if (random_() % 2 == 0) {
      end->Start();
    } else {
      end->Stop();
    }
  }
  const absl::Status status = simulation_.RunFor(
      engines_, absl::Microseconds(static_cast<int64_t>(random_() % 3000)));
  ASSERT_TRUE(status.ok()) << status;
}

const End* World::OtherEnd(const End& end) const {
  if (end.received().empty()) return nullptr;
  const size_t number = static_cast<uint8_t>(end.received()[0]);
  return number < ends_.size() ? ends_[number].get() : nullptr;
}

bool World::AllArrived() const {
  return std::all_of(ends_.begin(), ends_.end(), [this](const auto& end) {
    const End* const other = OtherEnd(*end);
    return end->has_sent() &&
           end->has_received(other == nullptr ? SIZE_MAX
                                              : other->bytes().size());
  });
}

void World::Check() {
  for (const auto& end : ends_) {
    if (simulation_.count(Fault::kReset) > 0 && end->received().empty()) {
      continue;
    }
    const End* const other = OtherEnd(*end);
    ASSERT_NE(other, nullptr) << simulation_.Describe();
    EXPECT_TRUE(absl::StartsWith(other->bytes(), end->received()))
        << simulation_.Describe();
    if (simulation_.count(Fault::kReset) == 0) {
      EXPECT_EQ(end->received().size(), other->bytes().size());
    }
  }
}

void World::Close() {
  for (const auto& end : ends_) {
    end->Shutdown();
    end->Stop();
  }
  RunUntil([this] {
    return std::all_of(ends_.begin(), ends_.end(),
                       [](const auto& end) { return end->idle(); });
  });
  for (const auto& end : ends_) end->Close();
}

Faults FaultsOf(uint64_t seed) {
  Faults faults = Faults::All(seed);
  // In every other world connections live to the end.
  if (seed % 2 == 0) faults.probability(Fault::kReset) = 0;
  return faults;
}

TEST(SimulatedEngineTest, NothingIsLostDuplicatedOrReordered) {
  std::array<uint64_t, kFaultCount> counts = {};
  int seeds = 0;
  ForEachSeed(1000, [&](uint64_t seed) {
    ++seeds;
    World world(seed, FaultsOf(seed));
    world.Run();
    for (size_t i = 0; i < kFaultCount; ++i) {
      counts[i] += world.simulation().count(static_cast<Fault>(i));
    }
  });
  if (seeds < 1000) return;  // One was asked for, or one failed.
  for (size_t i = 0; i < kFaultCount; ++i) {
    const Fault fault = static_cast<Fault>(i);
    if (fault == Fault::kPeerRefused) continue;  // The carrier's.
    EXPECT_GT(counts[i], 100U) << FaultName(fault) << " was hardly tried";
  }
}

uint64_t TraceDigest(uint64_t seed) {
  World world(seed, FaultsOf(seed));
  world.Run();
  return world.simulation().trace_digest();
}

TEST(SimulatedEngineTest, ASeedGivesTheSameRunEachTime) {
  ForEachSeed(20, [](uint64_t seed) {
    const uint64_t digest = TraceDigest(seed);
    EXPECT_EQ(TraceDigest(seed), digest);
    EXPECT_NE(TraceDigest(seed + 1), digest);
  });
}

TEST(SimulatedEngineTest, AResetIsSeenAtBothEnds) {
  ForEachSeed(50, [](uint64_t seed) {
    Simulation simulation(seed, Faults());
    SimulatedNetwork network(simulation);
    SimulatedEngine engine(network);
    const auto [a, b] = network.Connect(engine.process(), engine.process());
    StreamReader at_a(engine, a, StreamReader::Into::kEngineMemory,
                      [] { return 100; });
    StreamReader at_b(engine, b, StreamReader::Into::kOwnMemory,
                      [] { return 100; });
    at_a.Start();
    at_b.Start();
    network.Reset(a);
    const absl::Status status =
        simulation.RunUntil(std::vector<SimulatedEngine*>{&engine},
                            [&] { return at_a.idle() && at_b.idle(); });
    ASSERT_TRUE(status.ok()) << status;
    for (const StreamReader* const reader : {&at_a, &at_b}) {
      EXPECT_TRUE(reader->end() == 0 || reader->end() == -ECONNRESET);
    }
    engine.Close(a);
    engine.Close(b);
  });
}

TEST(SimulatedEngineTest, ACancelMayComeTooLate) {
  Faults faults;
  faults.probability(Fault::kCancelTooLate) = 1;
  Simulation simulation(1, faults);
  SimulatedNetwork network(simulation);
  SimulatedEngine engine(network);
  const auto [a, b] = network.Connect(engine.process(), engine.process());
  StreamWriter writer(engine, a, "in time", [] { return 100; });
  writer.Start();
  writer.Stop();
  const absl::Status status = simulation.RunUntil(
      std::vector<SimulatedEngine*>{&engine}, [&] { return writer.idle(); });
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(writer.end(), 0);
  engine.Close(a);
  engine.Close(b);
}

TEST(SimulatedEngineTest, ANameIsTakenByOneListenerAtATime) {
  Simulation simulation(1, Faults());
  SimulatedNetwork network(simulation);
  SimulatedEngine engine(network);
  const int fd = *network.Listen(engine.process(), "name", 5);
  EXPECT_EQ(network.Listen(engine.process(), "name", 5).status().code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(network.open_descriptors(engine.process()), 1);
  engine.Close(fd);
  EXPECT_EQ(network.open_descriptors(), 0);
  EXPECT_TRUE(network.Listen(engine.process(), "name", 5).ok());
}

}  // namespace
}  // namespace ringdist
