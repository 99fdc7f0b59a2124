// Ticks, between a node of ours and a real one that both have a net_ticktime of
// 4 s: who is silent for more than 3 s is down before 5 s are over.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/runtime/distribution_options.h"
#include "ringdist/runtime/node.h"
#include "ringdist/tests/interop/interop_test.h"
#include "ringdist/tests/testing/erlang_node.h"
#include "ringdist/tests/testing/raw_peer.h"
#include "ringdist/tests/testing/test_node.h"

namespace ringdist {
namespace {

using ::testing::ElementsAre;
using ::testing::Gt;
using ::testing::StartsWith;

constexpr absl::Duration kTickTime = absl::Seconds(4);
// For a machine that is busy with something else.
constexpr absl::Duration kSlack = absl::Seconds(1);
constexpr absl::string_view kMonitorNodes =
    "net_kernel:monitor_nodes(true, [{node_type, all}, nodedown_reason]).";

class TickTest : public InteropTest {
 protected:
  std::unique_ptr<ErlangNode> StartTicking() {
    return StartErlang({.arguments = "-kernel net_ticktime 4"});
  }
  NodeOptions TickingOptions(absl::string_view name) {
    NodeOptions options;
    options.distribution.name = std::string(name);
    options.distribution.net_ticktime = kTickTime;
    return options;
  }
};

// By the rule: more than T - T/I, less than T + T/I.
MATCHER(IsInTheWindow, "") {
  *result_listener << absl::FormatDuration(arg);
  return arg > kTickTime - kTickTime / 4 &&
         arg < kTickTime + kTickTime / 4 + kSlack;
}

TEST_F(TickTest, IdleConnectionsStayUp) {
  const std::unique_ptr<ErlangNode> erlang = StartTicking();
  RecordedNode dialling(*this, TickingOptions("dialling@localhost"));
  NodeOptions visible = TickingOptions("dialled@localhost");
  visible.visible = true;
  RecordedNode dialled(*this, visible);
  ASSERT_TRUE(dialled->Listen().ok());
  ASSERT_EQ(EvalRunning(*erlang, kMonitorNodes), "ok");
  ASSERT_TRUE(dialling.Ping("erl@localhost").ok());
  ASSERT_EQ(EvalRunning(*erlang, "net_adm:ping(dialled@localhost)."), "pong");

  RunFor(absl::Seconds(30));
  for (RecordedNode* node : {&dialling, &dialled}) {
    EXPECT_THAT(node->events(), ElementsAre("up erl@localhost"));
    const Channel channel =
        (*node)->distribution().Find(NameOf("erl@localhost"));
    // About one tick a second each way.
    EXPECT_THAT(channel.statistics().packets_in, Gt(10u));
    EXPECT_THAT(channel.statistics().packets_out, Gt(10u));
    EXPECT_TRUE(node->Ping("erl@localhost").ok());
  }
  EXPECT_EQ(EvalRunning(*erlang,
                        "{messages, News} = process_info(self(), messages),"
                        "lists:usort([element(1, Event) || Event <- News])."),
            "[nodeup]");
}

TEST_F(TickTest, ASuspendedRealNodeIsTakenDown) {
  const std::unique_ptr<ErlangNode> erlang = StartTicking();
  RecordedNode node(*this, TickingOptions("cpp@localhost"));
  ASSERT_TRUE(node.Ping("erl@localhost").ok());
  ASSERT_TRUE(erlang->Suspend().ok());
  const absl::Time suspended = absl::Now();
  ASSERT_TRUE(RunUntil([&] { return node.Told("down"); }));
  EXPECT_THAT(absl::Now() - suspended, IsInTheWindow());
  EXPECT_THAT(node.events(),
              ElementsAre("up erl@localhost",
                          StartsWith("down erl@localhost: net_tick_timeout")));
  ASSERT_TRUE(erlang->Resume().ok());
  EXPECT_TRUE(node.Ping("erl@localhost").ok());
}

TEST_F(TickTest, WeAreTakenDownWhenWeAreSilent) {
  const std::unique_ptr<ErlangNode> erlang = StartTicking();
  RecordedNode node(*this, TickingOptions("cpp@localhost"));
  ASSERT_EQ(EvalRunning(*erlang, kMonitorNodes), "ok");
  ASSERT_TRUE(node.Ping("erl@localhost").ok());
  const absl::Time silent = absl::Now();
  // The reactor stands still meanwhile.
  EXPECT_THAT(
      *erlang->Eval("receive {nodedown, Node, Info} -> {Node,"
                    " proplists:get_value(nodedown_reason, Info)} end."),
      "{cpp@localhost,net_tick_timeout}");
  EXPECT_THAT(absl::Now() - silent, IsInTheWindow());
  ASSERT_TRUE(RunUntil([&] { return node.Told("down"); }));
  EXPECT_THAT(node.events()[1],
              StartsWith("down erl@localhost: connection_closed"));
}

// Not one packet ever, after the handshake.
TEST_F(TickTest, APeerThatNeverSaysAnythingIsTakenDownByBoth) {
  const std::unique_ptr<ErlangNode> erlang = StartTicking();
  RecordedNode node(*this, TickingOptions("cpp@localhost"));
  ASSERT_TRUE(node->Listen().ok());
  for (const absl::string_view alive : {"erl", "cpp"}) {
    SCOPED_TRACE(alive);
    RawPeer peer(reactor(), directory().Join(alive), "mute@localhost");
    peer.cookie = "ringdist";
    peer.Send(peer.Dial());
    ASSERT_TRUE(peer.ReceiveHandshake().has_value());
    const absl::Time up = absl::Now();
    EXPECT_TRUE(peer.SeesClose());
    EXPECT_THAT(absl::Now() - up, IsInTheWindow());
  }
  EXPECT_TRUE(node.Told("down mute@localhost: net_tick_timeout"));
}

// The peer is alive; it is we who do not read.
TEST_F(TickTest, AConsumerThatHoldsItsDeliveriesKeepsTheConnection) {
  const std::unique_ptr<ErlangNode> erlang = StartTicking();
  DistributionOptions options = OptionsFor("cpp@localhost");
  options.net_ticktime = kTickTime;
  TestNode node(reactor(), options);
  std::vector<Delivery> held;
  bool holding = true;
  int taken = 0;
  node.on_packet = [&](Channel& channel, absl::string_view) {
    ++taken;
    if (holding) held.push_back(channel.TakeDelivery());
  };
  ASSERT_TRUE(node->Setup(NameOf("erl@localhost")).ok());
  ASSERT_TRUE(RunUntil([&] { return !node.events().empty(); }));
  constexpr int kMessages = 1000;
  ASSERT_EQ(
      EvalRunning(*erlang, absl::StrCat("Packet = binary:copy(<<1>>, 65536),"
                                        "Sender = spawn(fun() -> [{sink,"
                                        " cpp@localhost} ! Packet || _ <-"
                                        " lists:seq(1, ",
                                        kMessages, ")] end), ok.")),
      "ok");
  RunFor(absl::Seconds(20));
  EXPECT_EQ(held.size(), 10u);
  EXPECT_EQ(
      EvalRunning(*erlang, "{nodes(hidden), process_info(Sender, status)}."),
      "{[cpp@localhost],{status,suspended}}");
  holding = false;
  held.clear();
  ASSERT_TRUE(RunUntil([&] { return taken == kMessages; }));
  RunFor(2 * kTickTime);
  EXPECT_THAT(node.events(), ElementsAre("up erl@localhost"));
  EXPECT_EQ(EvalRunning(*erlang, "{nodes(hidden), is_process_alive(Sender)}."),
            "{[cpp@localhost],false}");
}

}  // namespace
}  // namespace ringdist
