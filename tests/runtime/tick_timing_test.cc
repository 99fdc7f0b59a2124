// What time does to connections: ticks, setup_time, death row. The clock of the
// reactor is set forward, so that the defaults are tested as they are: a
// net_ticktime of 60 s in 4 intervals, a setup_time of 7 s.

#include <sys/socket.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/distribution_flags.h"
#include "ringdist/proto/framing.h"
#include "ringdist/proto/handshake_messages.h"
#include "ringdist/runtime/distribution.h"
#include "ringdist/runtime/uring_engine.h"
#include "ringdist/tests/testing/packets.h"
#include "ringdist/tests/testing/raw_peer.h"
#include "ringdist/tests/testing/run_until.h"
#include "ringdist/tests/testing/shifted_clock_engine.h"
#include "ringdist/tests/testing/temporary_directory.h"
#include "ringdist/tests/testing/test_node.h"
#include "ringdist/tests/testing/unix_sockets.h"

namespace ringdist {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr absl::Duration kInterval = absl::Seconds(15);
constexpr absl::Duration kSetupTime = absl::Seconds(7);
// Tests themselves take time: so much before a deadline nothing must happen.
constexpr absl::Duration kMargin = absl::Milliseconds(500);

class TickTimingTest : public ::testing::Test {
 protected:
  TickTimingTest()
      : TickTimingTest(
            std::make_unique<ShiftedClockEngine>(*UringEngine::Create())) {}

  DistributionOptions OptionsOf(absl::string_view name) {
    return NodeOptionsAt(directory_, name);
  }
  bool Wait(absl::FunctionRef<bool()> done) {
    return RunUntil(*reactor_, done);
  }
  // Sets the clock forward and lets everything happen that is due.
  void Advance(absl::Duration time) {
    clock_.Advance(time);
    for (int i = 0; i < 10; ++i) {
      ASSERT_TRUE(reactor_->RunOnce(absl::ZeroDuration()).ok());
    }
  }
  // A peer that is connected to the node at "a".
  RawPeer ConnectedPeer(uint64_t flags = kHiddenNodeFlags) {
    RawPeer peer(*reactor_, directory_.Join("a"), "peer@localhost");
    peer.flags = flags;
    peer.Send(peer.Dial());
    EXPECT_TRUE(peer.ReceiveHandshake().has_value());
    return peer;
  }
  // What has come to a peer, and takes it.
  static std::string Take(RawPeer& peer) {
    peer.Read();
    std::string bytes = peer.unread();
    peer.ForgetUnread();
    return bytes;
  }

  TemporaryDirectory directory_;

 private:
  explicit TickTimingTest(std::unique_ptr<ShiftedClockEngine> engine)
      : clock_(*engine),
        reactor_(
            std::make_unique<Reactor>(std::move(engine), ReactorOptions())) {}

  ShiftedClockEngine& clock_;

 protected:
  const std::unique_ptr<Reactor> reactor_;
};

// Ticks.

TEST_F(TickTimingTest, ASilentPeerIsTakenDown) {
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  ASSERT_TRUE(a->Listen().ok());
  RawPeer peer = ConnectedPeer();
  absl::StatusCode code = absl::StatusCode::kOk;
  a.on_down = [&](Channel&, const absl::Status& reason) {
    code = reason.code();
  };
  for (int i = 0; i < 3; ++i) {
    Advance(kInterval);
    EXPECT_EQ(Take(peer), kTickPacket) << "a hidden peer may answer";
  }
  Advance(kInterval - kMargin);
  EXPECT_EQ(a.CountEvents("down"), 0);
  Advance(kMargin);
  EXPECT_EQ(code, absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(a.events().back(),
              AllOf(StartsWith("down peer@localhost: net_tick_timeout"),
                    HasSubstr("1m"), HasSubstr("net_ticktime")));
  EXPECT_TRUE(peer.SeesClose());
}

TEST_F(TickTimingTest, ItIsTheLastPacketThatCounts) {
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  ASSERT_TRUE(a->Listen().ok());
  RawPeer peer = ConnectedPeer();
  for (int i = 0; i < 7; ++i) Advance(i % 2 == 0 ? kInterval / 2 : kInterval);
  const uint64_t before = a->statistics().traffic.packets_in;
  peer.Send(kTickPacket);
  ASSERT_TRUE(
      Wait([&] { return a->statistics().traffic.packets_in > before; }));
  // More than T - T/I of silence is borne, T + T/I is not.
  Advance(3 * kInterval);
  for (int i = 0; i < 3; ++i) Advance(kInterval / 3 - kMargin);
  EXPECT_EQ(a.CountEvents("down"), 0);
  for (int i = 0; i < 4; ++i) Advance(kInterval);
  EXPECT_EQ(a.CountEvents("down"), 1);
}

TEST_F(TickTimingTest, APeerThatTicksStaysUp) {
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  ASSERT_TRUE(a->Listen().ok());
  RawPeer peer = ConnectedPeer();
  for (int i = 0; i < 40; ++i) {
    peer.Send(kTickPacket);
    Advance(kInterval);
  }
  EXPECT_EQ(a.CountEvents("down"), 0);
  EXPECT_THAT(a.packets(), IsEmpty()) << "ticks are no packets";
}

TEST_F(TickTimingTest, IdleNodesKeepEachOtherUp) {
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  TestNode b(*reactor_, OptionsOf("b@localhost"));
  ASSERT_TRUE(Connect(*reactor_, a, b));
  for (int i = 0; i < 40; ++i) Advance(kInterval);
  EXPECT_TRUE(AreConnected(a, b));
  EXPECT_GE(a.To(b).statistics().packets_out, 30u);
  EXPECT_GE(b.To(a).statistics().packets_in, 30u);
  EXPECT_GE(b.To(a).statistics().packets_out, 30u);
}

TEST_F(TickTimingTest, WhoSendsDoesNotTickToAVisiblePeer) {
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  ASSERT_TRUE(a->Listen().ok());
  RawPeer peer = ConnectedPeer(kVisibleNodeFlags);
  Channel channel = a->Find(NameOf("peer@localhost"));
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(channel.Send("x").ok());
    Advance(kInterval);
    EXPECT_EQ(Take(peer), DataPacket("x"));
  }
  Advance(kInterval);
  EXPECT_FALSE(channel.IsUp());
}

TEST_F(TickTimingTest, TicksGoOutHoweverFullTheQueueIs) {
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  ASSERT_TRUE(a->Listen().ok());
  RawPeer peer = ConnectedPeer();
  Channel channel = a->Find(NameOf("peer@localhost"));
  const std::string packet(65536, 'x');
  while (channel.Send(packet).ok()) continue;
  Advance(kInterval);
  const ChannelStatistics before = channel.statistics();
  EXPECT_GT(before.pending_bytes, 1024u * 1024);
  Advance(kInterval);
  EXPECT_EQ(channel.statistics().pending_bytes, before.pending_bytes + 4);
  EXPECT_EQ(channel.statistics().packets_out, before.packets_out + 1);
}

TEST_F(TickTimingTest, AConsumerThatHoldsDoesNotLoseItsPeer) {
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  TestNode b(*reactor_, OptionsOf("b@localhost"));
  ASSERT_TRUE(Connect(*reactor_, a, b));
  std::vector<Delivery> held;
  b.on_packet = [&](Channel& channel, absl::string_view) {
    held.push_back(channel.TakeDelivery());
  };
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(a.To(b).Send("hold this").ok());
  ASSERT_TRUE(Wait([&] { return held.size() == 10; }));
  for (int i = 0; i < 40; ++i) Advance(kInterval);
  ASSERT_TRUE(AreConnected(a, b)) << "b did not hear, a was not heard";
  held.clear();
  ASSERT_TRUE(Wait([&] { return held.size() == 10; }));
  for (int i = 0; i < 40; ++i) Advance(kInterval);
  EXPECT_TRUE(AreConnected(a, b));
  b.ForgetCallbacks();
}

TEST_F(TickTimingTest, ASilentPeerIsTakenDownWhenItIsReadAgain) {
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  ASSERT_TRUE(a->Listen().ok());
  std::vector<Delivery> held;
  a.on_packet = [&](Channel& channel, absl::string_view) {
    held.push_back(channel.TakeDelivery());
  };
  RawPeer peer = ConnectedPeer();
  for (int i = 0; i < 10; ++i) peer.Send(DataPacket("hold this"));
  ASSERT_TRUE(Wait([&] { return held.size() == 10; }));
  for (int i = 0; i < 10; ++i) Advance(kInterval);
  EXPECT_EQ(a.CountEvents("down"), 0);
  held.clear();
  for (int i = 0; i < 5; ++i) Advance(kInterval);
  EXPECT_EQ(a.CountEvents("down"), 1);
}

TEST_F(TickTimingTest, InRealTimeASilentPeerIsDownWithinTheWindow) {
  DistributionOptions options = OptionsOf("a@localhost");
  options.net_ticktime = absl::Milliseconds(400);
  TestNode a(*reactor_, options);
  ASSERT_TRUE(a->Listen().ok());
  const absl::Time before = reactor_->Now();
  RawPeer peer = ConnectedPeer();
  ASSERT_TRUE(Wait([&] { return a.CountEvents("down") == 1; }));
  const absl::Duration taken = reactor_->Now() - before;
  EXPECT_GT(taken, absl::Milliseconds(300));
  EXPECT_LT(taken, absl::Seconds(3)) << "500 ms, on an idle machine";
}

// setup_time.

TEST_F(TickTimingTest, ASilentPeerMayTakeTheSetupTimeToSayItsName) {
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  ASSERT_TRUE(a->Listen().ok());
  RawPeer peer(*reactor_, directory_.Join("a"), "peer@localhost");
  ASSERT_TRUE(Wait([&] { return a.connections() == 1; }));
  // Single bytes are no step.
  const std::string name =
      HandshakePacket(Encode(SendNameV6{1, 2, NameOf("peer@localhost")}));
  for (int i = 0; i < 6; ++i) {
    peer.Send(name.substr(static_cast<size_t>(i), 1));
    Advance(absl::Seconds(1));
  }
  Advance(absl::Seconds(1) - kMargin);
  EXPECT_EQ(a.connections(), 1u);
  Advance(kMargin);
  EXPECT_EQ(a.connections(), 0u);
  EXPECT_TRUE(peer.SeesClose());
  EXPECT_THAT(peer.unread(), IsEmpty());
  EXPECT_THAT(a.log(),
              AllOf(HasSubstr("not said its name"), HasSubstr("send_name"),
                    HasSubstr("7s"), HasSubstr("setup_time")));
  EXPECT_THAT(a.events(), IsEmpty());
}

TEST_F(TickTimingTest, APeerThatDoesNotAnswerFailsTheSetup) {
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  const FileDescriptor mute = ListenAt(directory_.Join("mute"), 5);
  ASSERT_TRUE(a->Setup(NameOf("mute@localhost")).ok());
  RawPeer peer = AcceptPeer(*reactor_, mute, "mute@localhost");
  ASSERT_TRUE(peer.ReceiveHandshake().has_value());
  Advance(kSetupTime - kMargin);
  EXPECT_THAT(a.events(), IsEmpty());
  Advance(kMargin);
  EXPECT_THAT(a.events(),
              ElementsAre(AllOf(StartsWith("setup failed mute@localhost"),
                                HasSubstr("no its status within 7s"))));
  EXPECT_TRUE(peer.SeesClose());
}

TEST_F(TickTimingTest, AFullBacklogFailsTheSetup) {
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  const FileDescriptor full = ListenAt(directory_.Join("full"), 1);
  const std::vector<FileDescriptor> backlog =
      FillBacklog(directory_.Join("full"));
  ASSERT_TRUE(a->Setup(NameOf("full@localhost")).ok());
  // Until it has tried once.
  ASSERT_TRUE(Wait([&] { return a->statistics().engine.completions > 0; }));
  Advance(kSetupTime - kMargin);
  EXPECT_THAT(a.events(), IsEmpty());
  Advance(kMargin);
  ASSERT_TRUE(Wait([&] { return !a.events().empty(); }));
  EXPECT_THAT(a.events(),
              ElementsAre(AllOf(StartsWith("setup failed full@localhost"),
                                HasSubstr("backlog"))));
}

TEST_F(TickTimingTest, ASlowPeerHasTheSetupTimeForEachStep) {
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  ASSERT_TRUE(a->Listen().ok());
  const RawPeer old = ConnectedPeer();
  RawPeer peer(*reactor_, directory_.Join("a"), "peer@localhost");
  ASSERT_TRUE(Wait([&] { return a.connections() == 2; }));
  // The longest handshake there is; the old connection hears us tick.
  Advance(kSetupTime - kMargin);
  peer.SendHandshake(Encode(SendNameV5{static_cast<uint32_t>(kHiddenNodeFlags),
                                       NameOf("peer@localhost")}));
  ASSERT_EQ(peer.ReceiveHandshake(), "salive");
  Advance(kSetupTime - kMargin);
  peer.SendHandshake("strue");
  const std::string challenge = *peer.ReceiveHandshake();
  Advance(kSetupTime - kMargin);
  peer.SendHandshake(Encode(Complement{kHiddenNodeFlags >> 32, 4711}));
  ASSERT_TRUE(reactor_->RunOnce(absl::ZeroDuration()).ok());
  Advance(kSetupTime - kMargin);
  EXPECT_EQ(a.CountEvents("up"), 1);
  peer.Send(peer.ReplyTo(challenge));
  EXPECT_TRUE(peer.ReceiveHandshake().has_value());
  EXPECT_EQ(a.CountEvents("up"), 2);
}

TEST_F(TickTimingTest, TheWholeHandshakeTakesAtMostFourSetupTimes) {
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  ASSERT_TRUE(a->Listen().ok());
  const RawPeer old = ConnectedPeer();
  RawPeer peer(*reactor_, directory_.Join("a"), "peer@localhost");
  ASSERT_TRUE(Wait([&] { return a.connections() == 2; }));
  const absl::Time limit = reactor_->Now() + 4 * kSetupTime;
  Advance(kSetupTime - kMargin);
  peer.SendHandshake(Encode(SendNameV5{static_cast<uint32_t>(kHiddenNodeFlags),
                                       NameOf("peer@localhost")}));
  ASSERT_EQ(peer.ReceiveHandshake(), "salive");
  Advance(kSetupTime - kMargin);
  peer.SendHandshake("strue");
  ASSERT_TRUE(peer.ReceiveHandshake().has_value());
  Advance(kSetupTime - kMargin);
  peer.SendHandshake(Encode(Complement{kHiddenNodeFlags >> 32, 4711}));
  ASSERT_TRUE(reactor_->RunOnce(absl::ZeroDuration()).ok());
  Advance(kSetupTime);
  EXPECT_LT(reactor_->Now(), limit);
  EXPECT_TRUE(peer.SeesClose());
  EXPECT_THAT(a.log(), HasSubstr("no its challenge_reply within"));
  EXPECT_THAT(a.events(), ElementsAre("up peer@localhost"))
      << "the old connection stays";
}

// Death row: sending fails before anybody has said why.

class DeathRowTest : public TickTimingTest {
 protected:
  // A peer that can no longer be sent to, and still sends.
  RawPeer DeafPeer(TestNode& a) {
    EXPECT_TRUE(a->Listen().ok());
    RawPeer peer = ConnectedPeer();
    shutdown(peer.fd(), SHUT_RD);
    channel_ = a->Find(NameOf("peer@localhost"));
    EXPECT_TRUE(channel_.Send("into the void").ok());
    EXPECT_TRUE(Wait([&] { return !channel_.Send("and more").ok(); }));
    return peer;
  }

  Channel channel_;
};

TEST_F(DeathRowTest, ThePeersOwnReasonComesFirst) {
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  RawPeer peer = DeafPeer(a);
  EXPECT_EQ(channel_.Send("x").code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(channel_.IsUp());
  // What it still has to say is heard.
  peer.Send(DataPacket("last words"));
  ASSERT_TRUE(Wait([&] { return !a.packets().empty(); }));
  Advance(absl::Seconds(4));
  EXPECT_EQ(a.CountEvents("down"), 0);
  peer.Close();
  ASSERT_TRUE(Wait([&] { return a.CountEvents("down") == 1; }));
  EXPECT_EQ(a.events().back(), "down peer@localhost: connection_closed");
}

TEST_F(DeathRowTest, AfterFiveSecondsTheErrorAtHandIsTheReason) {
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  const RawPeer peer = DeafPeer(a);
  Advance(absl::Seconds(5) - kMargin);
  EXPECT_TRUE(channel_.IsUp());
  Advance(kMargin);
  EXPECT_FALSE(channel_.IsUp());
  EXPECT_THAT(a.events().back(), AllOf(StartsWith("down peer@localhost: "),
                                       HasSubstr("send"), HasSubstr("pipe")));
}

TEST_F(DeathRowTest, ItCanBeDisconnected) {
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  const RawPeer peer = DeafPeer(a);
  channel_.Disconnect(absl::CancelledError("because"));
  ASSERT_TRUE(Wait([&] { return a.CountEvents("down") == 1; }));
  EXPECT_EQ(a.events().back(), "down peer@localhost: because");
}

TEST_F(DeathRowTest, ANodeMayCloseMeanwhile) {
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  const RawPeer peer = DeafPeer(a);
  a.Destroy();
  EXPECT_EQ(a.events().back(),
            "down peer@localhost: disconnect: this node closes");
}

}  // namespace
}  // namespace ringdist
