// Two nodes over the simulated network, with every fault on by a seed: what
// arrives while a connection lives is what was sent, whole, once, in order, and
// at the end nothing is left over. A failure prints how to replay its seed.

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/runtime/distribution.h"
#include "ringdist/runtime/reactor.h"
#include "ringdist/tests/simulation/faults.h"
#include "ringdist/tests/simulation/seeds.h"
#include "ringdist/tests/simulation/simulated_carrier.h"
#include "ringdist/tests/simulation/simulated_engine.h"
#include "ringdist/tests/simulation/simulated_network.h"
#include "ringdist/tests/simulation/simulation.h"

namespace ringdist {
namespace {

// Every connection carries so many packets each way, if it lives.
constexpr uint32_t kPackets = 30;
constexpr uint64_t kSeeds = 1000;

// A packet that tells its number and whose bytes follow from it.
std::string MakePacket(uint32_t number, size_t size) {
  StringWriter writer;
  writer.WriteU32(number);
  for (size_t i = 0; i < size; ++i) {
    writer.WriteU8(static_cast<uint8_t>(number * 31 + i));
  }
  return std::string(writer.view());
}

// One node in a process of its own: sends numbered packets over each connection
// and checks those that come, some of which it holds for a while.
class SimulatedNode : public DistributionHandler {
 public:
  SimulatedNode(SimulatedNetwork& network, const std::string& name)
      : simulation_(network.simulation()) {
    auto engine = std::make_unique<SimulatedEngine>(network);
    SimulatedEngine& its_engine = *engine;
    reactor_ = std::make_unique<Reactor>(std::move(engine), ReactorOptions());
    DistributionOptions options;
    options.name = name;
    options.cookie = "secret";
    options.send_queue_bytes = 64 * 1024;
    options.connection.straight_receive_bytes = 4 * 1024;
    options.connection.receive_budget_bytes = 16 * 1024;
    options.carrier = std::make_shared<SimulatedCarrier>(*reactor_, its_engine);
    options.entropy = [this] { return simulation_.Random(); };
    auto distribution = Distribution::Create(*reactor_, options, *this);
    RINGDIST_CHECK(distribution.ok());
    distribution_ = *std::move(distribution);
    RINGDIST_CHECK(distribution_->Listen().ok());
  }

  Reactor* reactor() { return reactor_.get(); }
  Distribution& distribution() { return *distribution_; }
  // Outcomes of connections so far, and how many are up now.
  int outcomes() const { return ups_ + setup_failures_; }
  int now_up() const { return ups_ - downs_; }
  // Connections over which everything came.
  int complete() const { return complete_; }
  void LetGo() { held_.clear(); }

  void OnUp(Channel& channel, const PeerInfo&) override {
    ++ups_;
    Send(channel);
  }
  void OnWritable(Channel& channel) override { Send(channel); }

  void OnPacket(Channel& channel, absl::string_view packet) override {
    uint32_t& expected = received_[channel.id()];
    EXPECT_EQ(packet, MakePacket(expected, packet.size() - 4))
        << "packet " << expected << " of connection " << channel.id() << "\n"
        << simulation_.Describe();
    if (++expected == kPackets) ++complete_;
    if (simulation_.Below(4) == 0) held_.push_back(channel.TakeDelivery());
    if (simulation_.Below(4) == 0) held_.clear();
  }

  void OnDown(Channel&, const PeerInfo&, const absl::Status&) override {
    ++downs_;
  }
  void OnSetupFailed(const NodeName&, const absl::Status&) override {
    ++setup_failures_;
  }

 private:
  void Send(Channel& channel) {
    uint32_t& next = sent_[channel.id()];
    while (next < kPackets) {
      const size_t size =
          simulation_.Below(uint64_t{1} << simulation_.Below(15));
      if (!SendOne(channel, MakePacket(next, size)).ok()) return;
      ++next;
    }
  }

  // In each of the three ways there are.
  absl::Status SendOne(Channel& channel, std::string packet) {
    switch (simulation_.Below(3)) {
      case 0:
        return channel.Send(packet);
      case 1: {
        PacketWriter writer = channel.BeginPacket();
        writer.WriteBytes(packet);
        return writer.Commit();
      }
      default: {
        PacketWriter writer = channel.BeginPacket();
        writer.WriteBytes(packet.substr(0, 4));
        auto rest = std::make_shared<std::string>(packet.substr(4));
        return writer.CommitReferenced(*rest, [rest] { rest->assign("gone"); });
      }
    }
  }

  Simulation& simulation_;
  std::unique_ptr<Reactor> reactor_;
  std::map<uint64_t, uint32_t> sent_;
  std::map<uint64_t, uint32_t> received_;
  std::deque<Delivery> held_;
  int ups_ = 0;
  int downs_ = 0;
  int setup_failures_ = 0;
  int complete_ = 0;
  std::unique_ptr<Distribution> distribution_;
};

class TwoNodes {
 public:
  TwoNodes(uint64_t seed, const Faults& faults)
      : simulation_(seed, faults),
        network_(simulation_),
        a_(network_, "a@localhost"),
        b_(network_, "b@localhost"),
        reactors_({a_.reactor(), b_.reactor()}) {}

  // Connects, and lets the connection carry what it carries until it is down or
  // everything has come. `both`: b dials as well.
  void ConnectAndExchange(bool both) {
    const int before = a_.outcomes();
    if (!a_.distribution().Setup(b_.distribution().name()).ok()) return;
    if (both) {
      const absl::Status dialled =
          b_.distribution().Setup(a_.distribution().name());
      EXPECT_TRUE(dialled.ok() || absl::IsAlreadyExists(dialled)) << dialled;
    }
    Run([&] { return a_.outcomes() > before; });
    Run([&] {
      if (simulation_.Below(5) == 0) {
        a_.LetGo();
        b_.LetGo();
      }
      return (a_.now_up() == 0 && b_.now_up() == 0) ||
             (a_.complete() > 0 && b_.complete() > 0);
    });
  }

  void Close(SimulatedNode& node) {
    bool closed = false;
    node.distribution().Close([&] { closed = true; });
    Run([&] { return closed; });
  }

  void CloseAndLookForLeftovers() {
    Close(a_);
    Close(b_);
    EXPECT_EQ(a_.now_up(), 0);
    EXPECT_EQ(b_.now_up(), 0);
    EXPECT_EQ(network_.open_descriptors(), 0) << simulation_.Describe();
    a_.LetGo();
    b_.LetGo();
  }

  SimulatedNode& a() { return a_; }
  SimulatedNode& b() { return b_; }

 private:
  template <typename Predicate>
  void Run(Predicate done) {
    const absl::Status status = simulation_.RunUntil(reactors_, done);
    EXPECT_TRUE(status.ok()) << status;
  }

  Simulation simulation_;
  SimulatedNetwork network_;
  SimulatedNode a_;
  SimulatedNode b_;
  std::vector<Reactor*> reactors_;
};

TEST(DistributionSimulationTest, WithoutFaultsEverythingArrivesBothWays) {
  ForEachSeed(100, [](uint64_t seed) {
    TwoNodes nodes(seed, Faults());
    nodes.ConnectAndExchange(/*both=*/seed % 2 == 0);
    EXPECT_EQ(nodes.a().complete(), 1);
    EXPECT_EQ(nodes.b().complete(), 1);
    nodes.CloseAndLookForLeftovers();
  });
}

TEST(DistributionSimulationTest, NothingIsLostOrLeftOverWithEveryFaultOn) {
  int complete = 0;
  ForEachSeed(kSeeds, [&](uint64_t seed) {
    TwoNodes nodes(seed, Faults::All(seed));
    for (int round = 0; round < 3; ++round) {
      nodes.ConnectAndExchange(/*both=*/seed % 3 == 0);
    }
    complete += nodes.a().complete();
    nodes.CloseAndLookForLeftovers();
  });
  // The faults leave something to be checked.
  EXPECT_GT(complete, 0);
}

// Without resets a connection that came up carries everything.
TEST(DistributionSimulationTest, FaultsThatAreNoResetsLoseNoConnection) {
  ForEachSeed(kSeeds, [](uint64_t seed) {
    Faults faults = Faults::All(seed);
    faults.probability(Fault::kReset) = 0;
    TwoNodes nodes(seed, faults);
    nodes.ConnectAndExchange(/*both=*/seed % 3 == 0);
    EXPECT_EQ(nodes.a().complete(), nodes.b().complete());
    EXPECT_EQ(nodes.a().complete(), nodes.a().now_up());
    nodes.CloseAndLookForLeftovers();
  });
}

}  // namespace
}  // namespace ringdist
