// Visible nodes over the simulated network, which connect in a random order, at
// random times, to few others: in the end all are connected to all, and have
// the same names; and when one goes, the others stay together. A failure prints
// how to replay its seed.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/node_name.h"
#include "ringdist/proto/term.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/runtime/node.h"
#include "ringdist/tests/simulation/faults.h"
#include "ringdist/tests/simulation/seeds.h"
#include "ringdist/tests/simulation/simulated_network.h"
#include "ringdist/tests/simulation/simulated_node.h"
#include "ringdist/tests/simulation/simulation.h"

namespace ringdist {
namespace {

constexpr int kSeeds = 200;
constexpr size_t kMaxNodes = 6;
// Longer than it takes, were it not stuck.
constexpr absl::Duration kLimit = absl::Minutes(2);

// All that may go wrong without a connection's end: to lose one takes others
// with it.
Faults FaultsOf(uint64_t seed) {
  Faults faults = Faults::All(seed);
  for (const Fault fault :
       {Fault::kReset, Fault::kConnectRefused, Fault::kPeerRefused}) {
    faults.probability(fault) = 0;
  }
  return faults;
}

class Cluster {
 public:
  explicit Cluster(uint64_t seed)
      : simulation_(seed, FaultsOf(seed)), network_(simulation_) {
    const size_t count = 2 + simulation_.Below(kMaxNodes - 1);
    for (size_t i = 0; i < count; ++i) AddNode();
  }

  // Each to some of those before it: all are connected, if only by others.
  void Connect() {
    for (size_t i = 1; i < nodes_.size(); ++i) {
      for (uint64_t left = 1 + simulation_.Below(2); left > 0; --left) {
        const Node& other = *nodes_[simulation_.Below(i)]->node;
        ASSERT_TRUE(nodes_[i]->node->Connect(other.name()).ok());
      }
      if (simulation_.Below(2) == 0) continue;
      const absl::Duration pause =
          absl::Milliseconds(simulation_.Below(1 << simulation_.Below(12)));
      ASSERT_TRUE(simulation_.RunFor(Reactors(), pause).ok());
    }
  }

  // Until everybody is connected to all, and knows the names of all.
  absl::Status RunUntilTheyAgree() {
    return simulation_.RunUntil(
        Reactors(), [&] { return DoAgree(); }, kLimit);
  }

  // One of them ends.
  void Kill() {
    nodes_.erase(nodes_.begin() +
                 static_cast<ptrdiff_t>(simulation_.Below(nodes_.size())));
  }

  // Two of them end their connection.
  void Part() {
    Node& one = *nodes_[simulation_.Below(nodes_.size())]->node;
    const std::vector<NodeName> others = one.Nodes();
    ASSERT_FALSE(others.empty());
    ASSERT_TRUE(one.Disconnect(others[simulation_.Below(others.size())]).ok());
  }

  // Until all that was said is heard, and done.
  void Settle() {
    ASSERT_TRUE(simulation_.RunFor(Reactors(), absl::Seconds(10)).ok());
  }

  // How many nodes are connected to how many others: if partitions do not
  // overlap, all of one have the same.
  bool HasOverlappingPartitions() const {
    for (const auto& each : nodes_) {
      for (const NodeName& other : each->node->Nodes()) {
        if (PartitionOf(other) != PartitionOf(each->node->name())) return true;
      }
    }
    return false;
  }
  size_t LargestPartition() const {
    size_t largest = 0;
    for (const auto& each : nodes_) {
      largest = std::max(largest, each->node->Nodes().size() + 1);
    }
    return largest;
  }
  size_t size() const { return nodes_.size(); }

  // Registers a name at all nodes, as a real node does: asks for the lock until
  // it has it. False if it does not get it.
  absl::Status Register(const Term& name) {
    const Term lock = MakeTerm(std::tuple(Atom("global"), Atom("test")));
    Node& node = *nodes_[0]->node;
    size_t granted = 0, refused = 0;
    Process self;
    self = node.Find(node.Spawn([&](Process&, const TermView& message) {
      bool is_granted = false;
      if (!Matches(message, std::tuple(1, &is_granted))) return;
      ++(is_granted ? granted : refused);
    }));
    const auto ask = [&](int tag, const auto& request) {
      for (const auto& each : nodes_) {
        (void)self.Send(NameAt{"global_name_server", each->node->name().full()},
                        std::tuple(Atom("$gen_call"),
                                   std::tuple(self.pid(), tag), request));
      }
    };
    do {
      ask(2, std::tuple(Atom("del_lock"), lock));
      granted = refused = 0;
      ask(1, std::tuple(Atom("set_lock"), lock));
      absl::Status asked = simulation_.RunUntil(
          Reactors(), [&] { return granted + refused == nodes_.size(); },
          kLimit);
      if (!asked.ok()) return asked;
    } while (refused > 0);
    ask(2, std::tuple(Atom("register"), name, self.pid(), Atom("method")));
    ask(2, std::tuple(Atom("del_lock"), lock));
    return simulation_.RunUntil(
        Reactors(),
        [&] {
          for (const auto& each : nodes_) {
            if (!(each->node->WhereIsGlobal(name) == self.pid())) return false;
          }
          return true;
        },
        kLimit);
  }

  std::string Describe() const {
    std::string text = simulation_.Describe();
    for (const auto& each : nodes_) {
      absl::StrAppend(&text, each->node->name().full(), ": ",
                      each->node->Nodes().size(), " nodes, shared ",
                      each->node->WhereIsGlobal(shared_).ToString(), "\n");
    }
    return text;
  }

 private:
  // Before it is connected it registers a name of its own, and one that all
  // have: of whom the one with the least name is to keep it.
  void AddNode() {
    NodeOptions options;
    options.distribution.name = absl::StrCat(
        std::string(1, static_cast<char>('a' + simulation_.Below(26))),
        nodes_.size(), "@localhost");
    options.visible = true;
    nodes_.push_back(
        std::make_unique<SimulatedNode>(network_, std::move(options)));
    Node& node = *nodes_.back()->node;
    const absl::Status exported =
        node.Export("global", "resolve_it",
                    [](const Term&, const Term&, const Pid& a, const Pid& b) {
                      return a.node < b.node ? a : b;
                    });
    ASSERT_TRUE(exported.ok());
    for (const Term& name : {shared_, NameOf(node)}) {
      Process owner = node.Find(node.Spawn([](Process&, const TermView&) {}));
      const auto request =
          std::tuple(Atom("register"), name, owner.pid(), Atom("method"));
      ASSERT_TRUE(owner
                      .Send(NameAt{"global_name_server", node.name().full()},
                            std::tuple(Atom("$gen_call"),
                                       std::tuple(owner.pid(), 1), request))
                      .ok());
    }
  }

  static Term NameOf(const Node& node) {
    return MakeTerm(Atom(node.name().full()));
  }

  // A node and all that it is connected to, in order.
  std::vector<std::string> PartitionOf(const NodeName& name) const {
    std::vector<std::string> partition = {name.full()};
    for (const auto& each : nodes_) {
      if (!(each->node->name() == name)) continue;
      for (const NodeName& other : each->node->Nodes()) {
        partition.push_back(other.full());
      }
    }
    std::sort(partition.begin(), partition.end());
    return partition;
  }

  bool DoAgree() const {
    const Pid shared = nodes_[0]->node->WhereIsGlobal(shared_);
    for (const auto& each : nodes_) {
      const Node& node = *each->node;
      if (node.Nodes().size() + 1 != nodes_.size()) return false;
      if (!(node.WhereIsGlobal(shared_) == shared)) return false;
      for (const auto& other : nodes_) {
        const Pid owner = node.WhereIsGlobal(NameOf(*other->node));
        if (owner.node != other->node->name().full()) return false;
      }
    }
    return true;
  }

  std::vector<Reactor*> Reactors() const {
    std::vector<Reactor*> reactors;
    for (const auto& each : nodes_) reactors.push_back(each->reactor.get());
    return reactors;
  }

  const Term shared_ = MakeTerm(Atom("shared"));
  Simulation simulation_;
  SimulatedNetwork network_;
  std::vector<std::unique_ptr<SimulatedNode>> nodes_;
};

TEST(VisibleNodesSimulationTest, AllComeToKnowAll) {
  ForEachSeed(kSeeds, [](uint64_t seed) {
    Cluster cluster(seed);
    cluster.Connect();
    const absl::Status agree = cluster.RunUntilTheyAgree();
    ASSERT_TRUE(agree.ok()) << agree << "\n" << cluster.Describe();
    const absl::Status registered = cluster.Register(MakeTerm(1));
    ASSERT_TRUE(registered.ok()) << registered << "\n" << cluster.Describe();
  });
}

TEST(VisibleNodesSimulationTest, TheEndOfOneLeavesTheOthersTogether) {
  ForEachSeed(kSeeds, [](uint64_t seed) {
    Cluster cluster(seed);
    cluster.Connect();
    ASSERT_TRUE(cluster.RunUntilTheyAgree().ok()) << cluster.Describe();
    cluster.Kill();
    cluster.Settle();
    const absl::Status agree = cluster.RunUntilTheyAgree();
    ASSERT_TRUE(agree.ok()) << agree << "\n" << cluster.Describe();
    const absl::Status registered = cluster.Register(MakeTerm(1));
    ASSERT_TRUE(registered.ok()) << registered << "\n" << cluster.Describe();
  });
}

// As in OTP, the two that have lost each other are left by the others.
TEST(VisibleNodesSimulationTest, PartitionsDoNotOverlap) {
  ForEachSeed(kSeeds, [](uint64_t seed) {
    Cluster cluster(seed);
    cluster.Connect();
    ASSERT_TRUE(cluster.RunUntilTheyAgree().ok()) << cluster.Describe();
    cluster.Part();
    cluster.Settle();
    EXPECT_FALSE(cluster.HasOverlappingPartitions()) << cluster.Describe();
    EXPECT_LT(cluster.LargestPartition(), cluster.size());
    EXPECT_GE(cluster.LargestPartition() + 2, cluster.size())
        << cluster.Describe();
  });
}

}  // namespace
}  // namespace ringdist
