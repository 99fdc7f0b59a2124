// Two nodes at message level over the simulated network, with every fault on by
// a seed: while a connection lives no message is lost, none is ever doubled or
// reordered, and every monitor and every link tells its end exactly once. A
// failure prints how to replay its seed.

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/runtime/node.h"
#include "ringdist/runtime/reactor.h"
#include "ringdist/tests/simulation/faults.h"
#include "ringdist/tests/simulation/seeds.h"
#include "ringdist/tests/simulation/simulated_network.h"
#include "ringdist/tests/simulation/simulated_node.h"
#include "ringdist/tests/simulation/simulation.h"

namespace ringdist {
namespace {

constexpr int kSeeds = 50;
constexpr int64_t kMessages = 25;  // Of each pair, per round.
constexpr int kPairs = 3;
constexpr int kWatchers = 5;  // Per round.

// With small limits, and whose broken connections are counted.
NodeOptions SmallNode(const std::string& name, int& breaks) {
  NodeOptions options;
  options.distribution.name = name;
  options.distribution.send_queue_bytes = 64 * 1024;
  options.distribution.connection.straight_receive_bytes = 4 * 1024;
  options.distribution.connection.receive_budget_bytes = 16 * 1024;
  options.on_node_down = [&breaks](const PeerInfo&, const absl::Status&) {
    ++breaks;
  };
  options.on_setup_failed = [&breaks](const NodeName&, const absl::Status&) {
    ++breaks;
  };
  return options;
}

// Sends numbered messages, some of them large, from one node to another.
class Stream {
 public:
  Stream(Simulation& simulation, Node& from, Node& to, const int& breaks)
      : simulation_(simulation), breaks_(breaks) {
    to_ = to.Spawn(
        [this](Process&, const TermView& message) { Receive(message); });
    from_ = from.Find(from.Spawn([](Process&, const TermView&) {}));
  }

  void Send() {
    if (sent_ == target_) return;
    const size_t size = simulation_.Below(uint64_t{1} << simulation_.Below(18));
    const absl::Status sent =
        from_.Send(to_, std::tuple(sent_, std::string(size, 'x')));
    if (sent.ok()) ++sent_;
  }
  void BeginRound() { target_ = sent_ + kMessages; }
  bool all_sent() const { return sent_ == target_; }
  // Nothing is on its way any more; or so much was lost that none will come.
  bool all_received() const { return expected_ == sent_; }
  int64_t received() const { return received_; }

 private:
  void Receive(const TermView& message) {
    int64_t number = -1;
    ASSERT_TRUE(Matches(message, std::tuple(&number, Any())));
    EXPECT_GE(number, expected_) << "doubled\n" << simulation_.Describe();
    if (breaks_ == last_breaks_) {
      EXPECT_EQ(number, expected_) << "lost\n" << simulation_.Describe();
    }
    last_breaks_ = breaks_;
    expected_ = number + 1;
    ++received_;
  }

  Simulation& simulation_;
  const int& breaks_;  // Connections that ended so far, at either side.
  int last_breaks_ = 0;
  Pid to_;
  Process from_;
  int64_t sent_ = 0;
  int64_t target_ = 0;
  int64_t expected_ = 0;
  int64_t received_ = 0;
};

// One process that is linked to another and monitors it, until that ends.
class Watch {
 public:
  Watch(Node& near, Node& far) : far_(far) {
    watched_ = far.Spawn([](Process&, const TermView&) {});
    ProcessOptions options;
    options.trap_exits = true;
    watcher_ = near.Find(near.Spawn(
        [this](Process&, const TermView& message) {
          (message.IsTuple(5) ? downs_ : exits_)++;
        },
        std::move(options)));
    watcher_.Monitor(PidView(watched_));
    watcher_.Link(watched_);
    // And one that is to be silent.
    watcher_.Demonitor(watcher_.Monitor(PidView(watched_)));
  }
  ~Watch() { watcher_.Exit(MakeTerm(Atom("normal"))); }

  void EndFar() { far_.Find(watched_).Exit(MakeTerm(Atom("crash"))); }
  bool done() const { return downs_ > 0 && exits_ > 0; }
  bool once() const { return downs_ == 1 && exits_ == 1; }

 private:
  Node& far_;
  Pid watched_;
  Process watcher_;
  int downs_ = 0;
  int exits_ = 0;
};

class TwoNodes {
 public:
  TwoNodes(uint64_t seed, const Faults& faults)
      : simulation_(seed, faults),
        network_(simulation_),
        a_(network_, SmallNode("a@localhost", breaks_)),
        b_(network_, SmallNode("b@localhost", breaks_)),
        reactors_({a_.reactor.get(), b_.reactor.get()}) {
    for (int i = 0; i < kPairs; ++i) {
      streams_.push_back(
          std::make_unique<Stream>(simulation_, *a_.node, *b_.node, breaks_));
      streams_.push_back(
          std::make_unique<Stream>(simulation_, *b_.node, *a_.node, breaks_));
    }
  }

  // Everybody sends; processes are watched, and end at some time.
  void Round() {
    std::vector<std::unique_ptr<Watch>> watches;
    for (int i = 0; i < kWatchers; ++i) {
      watches.push_back(std::make_unique<Watch>(*a_.node, *b_.node));
      watches.push_back(std::make_unique<Watch>(*b_.node, *a_.node));
    }
    for (const auto& stream : streams_) stream->BeginRound();
    const int before = breaks_;
    Run([&] {
      bool done = true;
      for (const auto& stream : streams_) {
        stream->Send();
        done = done && stream->all_sent() &&
               (breaks_ > before || stream->all_received());
      }
      if (simulation_.Below(10) == 0) {
        watches[simulation_.Below(watches.size())]->EndFar();
      }
      return done;
    });
    for (const auto& watch : watches) watch->EndFar();
    Run([&] {
      for (const auto& watch : watches) {
        if (!watch->done()) return false;
      }
      return true;
    });
    for (const auto& watch : watches) {
      EXPECT_TRUE(watch->once()) << simulation_.Describe();
    }
  }

  void Close() {
    for (SimulatedNode* each : {&a_, &b_}) {
      bool closed = false;
      each->node->Close([&] { closed = true; });
      Run([&] { return closed; });
    }
    EXPECT_EQ(network_.open_descriptors(), 0) << simulation_.Describe();
  }

  int breaks() const { return breaks_; }
  int64_t received() const {
    int64_t sum = 0;
    for (const auto& stream : streams_) sum += stream->received();
    return sum;
  }

 private:
  template <typename Predicate>
  void Run(Predicate done) {
    const absl::Status status = simulation_.RunUntil(reactors_, done);
    EXPECT_TRUE(status.ok()) << status;
  }

  Simulation simulation_;
  SimulatedNetwork network_;
  int breaks_ = 0;
  std::vector<std::unique_ptr<Stream>> streams_;
  SimulatedNode a_;
  SimulatedNode b_;
  std::vector<Reactor*> reactors_;
};

TEST(NodeSimulationTest, NothingIsLostWhileAConnectionLives) {
  ForEachSeed(kSeeds, [](uint64_t seed) {
    Faults faults = Faults::All(seed);
    faults.probability(Fault::kReset) = 0;
    TwoNodes nodes(seed, faults);
    nodes.Round();
    nodes.Round();
    if (nodes.breaks() == 0) {
      EXPECT_EQ(nodes.received(), 2 * 2 * kPairs * kMessages);
    }
    nodes.Close();
  });
}

TEST(NodeSimulationTest, EveryMonitorFiresOnceWithEveryFaultOn) {
  int64_t received = 0;
  int breaks = 0;
  ForEachSeed(kSeeds, [&](uint64_t seed) {
    TwoNodes nodes(seed, Faults::All(seed));
    for (int round = 0; round < 3; ++round) nodes.Round();
    received += nodes.received();
    breaks += nodes.breaks();
    nodes.Close();
  });
  // The faults leave something to be checked, and do something.
  EXPECT_GT(received, 0);
  EXPECT_GT(breaks, 0);
}

}  // namespace
}  // namespace ringdist
