// How nodes and connections end: Close, the destructor, Disconnect, and what is
// kept of a connection that is gone.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/runtime/distribution.h"
#include "ringdist/tests/testing/raw_peer.h"
#include "ringdist/tests/testing/run_until.h"
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
using ::testing::UnorderedElementsAre;

class DistributionCloseTest : public ::testing::Test {
 protected:
  DistributionOptions OptionsOf(absl::string_view name) {
    return NodeOptionsAt(directory_, name);
  }
  bool Wait(absl::FunctionRef<bool()> done) {
    return RunUntil(*reactor_, done);
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Reactor> reactor_ = *Reactor::Create();
};

// A node with connections in every state, and something in flight on each.
class BusyNode {
 public:
  BusyNode(Reactor& reactor, const TemporaryDirectory& directory)
      : node(reactor, NodeOptionsAt(directory, "a@localhost")),
        reactor_(reactor),
        peer_(reactor, NodeOptionsAt(directory, "up@localhost")),
        mute_(ListenAt(directory.Join("mute"), 5)),
        full_(ListenAt(directory.Join("full"), 1)),
        backlog_(FillBacklog(directory.Join("full"))) {
    node.on_packet = [this](Channel& channel, absl::string_view) {
      if (held_.size() < 10) held_.push_back(channel.TakeDelivery());
    };
    EXPECT_TRUE(Connect(reactor, peer_, node));
    silent_.emplace(reactor, directory.Join("a"), "silent@localhost");
    EXPECT_TRUE(node->Setup(NameOf("mute@localhost")).ok());
    EXPECT_TRUE(node->Setup(NameOf("full@localhost")).ok());
    EXPECT_TRUE(RunUntil(reactor, [&] { return node.connections() == 4; }));
    StartTraffic();
  }

  // Packets of 64 KiB both ways; the node holds what it gets.
  void StartTraffic() {
    const std::string packet(65536, 'x');
    while (peer_.To(node).Send(packet).ok()) continue;
    EXPECT_TRUE(RunUntil(reactor_, [&] { return held_.size() == 10; }));
    absl::Status sent;
    while (sent.ok()) {
      PacketWriter writer = node.To(peer_).BeginPacket();
      sent = writer.CommitReferenced(payload_, [this] { ++released; });
      ++referenced;
    }
    EXPECT_TRUE(node->Setup(NameOf("nobody@localhost")).ok());
  }

  TestNode node;
  int referenced = 0;
  int released = 0;

 private:
  Reactor& reactor_;
  const std::string payload_ = std::string(100'000, 'y');
  TestNode peer_;
  FileDescriptor mute_;
  FileDescriptor full_;
  std::vector<FileDescriptor> backlog_;
  std::optional<RawPeer> silent_;
  std::vector<Delivery> held_;
};

auto AllEnds() {
  return UnorderedElementsAre(
      "up up@localhost", "down up@localhost: disconnect: this node closes",
      "setup failed mute@localhost: disconnect: this node closes",
      "setup failed full@localhost: disconnect: this node closes",
      "setup failed nobody@localhost: disconnect: this node closes");
}

TEST_F(DistributionCloseTest, CloseEndsEverythingThatIsInFlight) {
  const int descriptors = CountDescriptors();
  {
    BusyNode busy(*reactor_, directory_);
    int closed = 0;
    busy.node->Close([&] { ++closed; });
    EXPECT_EQ(busy.node.events().size(), 1u) << "nothing inside the call";
    EXPECT_EQ(busy.node->Setup(NameOf("b@localhost")).code(),
              absl::StatusCode::kFailedPrecondition);
    busy.node->Close([&] { ++closed; });
    ASSERT_TRUE(Wait([&] { return closed > 0; }));
    EXPECT_EQ(closed, 2);
    EXPECT_THAT(busy.node.events(), AllEnds());
    EXPECT_EQ(busy.released, busy.referenced);
    EXPECT_GT(busy.referenced, 5);
    EXPECT_EQ(busy.node->statistics().connections, 0u);
    EXPECT_EQ(busy.node->statistics().engine.buffers_out, 0u);
    busy.node->Close([&] { ++closed; });
    EXPECT_TRUE(Wait([&] { return closed == 3; }));
  }
  EXPECT_EQ(CountDescriptors(), descriptors);
}

TEST_F(DistributionCloseTest, TheDestructorEndsEverythingThatIsInFlight) {
  const int descriptors = CountDescriptors();
  {
    BusyNode busy(*reactor_, directory_);
    busy.node.Destroy();
    EXPECT_THAT(busy.node.events(), AllEnds());
    EXPECT_EQ(busy.released, busy.referenced);
  }
  EXPECT_EQ(CountDescriptors(), descriptors);
}

TEST_F(DistributionCloseTest, TheDestructorEndsWhatCloseBegan) {
  BusyNode busy(*reactor_, directory_);
  bool closed = false;
  busy.node->Close([&] { closed = true; });
  busy.node.Destroy();
  EXPECT_TRUE(closed);
}

TEST_F(DistributionCloseTest, ANodeThatNeverDidAnythingEnds) {
  TestNode(*reactor_, OptionsOf("a@localhost"));
  TestNode listens(*reactor_, OptionsOf("b@localhost"));
  ASSERT_TRUE(listens->Listen().ok());
  // Its outcome is not there yet.
  TestNode dials(*reactor_, OptionsOf("c@localhost"));
  ASSERT_TRUE(dials->Setup(listens.name()).ok());
}

// What is done to node a, in the callback that is the test's parameter.
using Action = std::function<void(TestNode& a, Channel& channel)>;

class InCallbackTest : public DistributionCloseTest,
                       public ::testing::WithParamInterface<const char*> {
 protected:
  // b listens, a connects; a gets a packet, sends more than there is room for,
  // and, if it is still up then, loses the connection.
  std::vector<std::string> Run(const Action& action);

 private:
  void Install(TestNode& a, const Action& action);
};

void InCallbackTest::Install(TestNode& a, const Action& action) {
  const std::string callback = GetParam();
  const auto on = [&a, callback, action](absl::string_view name,
                                         Channel& channel) {
    if (callback == name) action(a, channel);
  };
  a.on_up = [=](Channel& channel) {
    on("OnUp", channel);
    while (channel.Send(std::string(65536, 'x')).ok()) continue;
  };
  a.on_packet = [=](Channel& channel, absl::string_view) {
    on("OnPacket", channel);
  };
  a.on_writable = [=](Channel& channel) { on("OnWritable", channel); };
  a.on_down = [=](Channel& channel, const absl::Status&) {
    on("OnDown", channel);
  };
}

std::vector<std::string> InCallbackTest::Run(const Action& action) {
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  TestNode b(*reactor_, OptionsOf("b@localhost"));
  Install(a, action);
  b.on_up = [](Channel& channel) { channel.Send("hello").IgnoreError(); };
  bool done = false;
  b.on_packet = [&](Channel& channel, absl::string_view) {
    if (std::exchange(done, true)) return;
    channel.Send("hello again").IgnoreError();
  };
  EXPECT_TRUE(b->Listen().ok());
  EXPECT_TRUE(a->Setup(b.name()).ok());
  EXPECT_TRUE(Wait(
      [&] { return a.CountEvents("writable") + a.CountEvents("down") > 0; }));
  // Let what was asked for happen; else it is b that goes.
  if (a.CountEvents("down") == 0 && GetParam() == std::string("OnDown")) {
    b->Close(nullptr);
  }
  EXPECT_TRUE(Wait([&] { return a.CountEvents("down") == 1; }));
  EXPECT_TRUE(Wait([&] { return a.connections() == 0; }));
  return a.events();
}

TEST_P(InCallbackTest, DisconnectIsHarmlessAndItsReasonIsTold) {
  const std::vector<std::string> events = Run([](TestNode&, Channel& channel) {
    channel.Disconnect(absl::CancelledError("because"));
    channel.Disconnect(absl::CancelledError("a later reason"));
  });
  EXPECT_EQ(events.back(), GetParam() == std::string("OnDown")
                               ? "down b@localhost: connection_closed"
                               : "down b@localhost: because");
}

TEST_P(InCallbackTest, CloseIsHarmless) {
  bool closed = false;
  const std::vector<std::string> events =
      Run([&](TestNode& a, Channel&) { a->Close([&] { closed = true; }); });
  EXPECT_TRUE(closed);
  EXPECT_THAT(events.back(), StartsWith("down b@localhost: "));
}

INSTANTIATE_TEST_SUITE_P(Callbacks, InCallbackTest,
                         ::testing::Values("OnUp", "OnPacket", "OnWritable",
                                           "OnDown"),
                         [](const auto& callback) {
                           return std::string(callback.param);
                         });

TEST_F(DistributionCloseTest, CloseInTheCallbackOfAFailedSetupIsHarmless) {
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  bool closed = false;
  a.on_setup_failed = [&](const NodeName& peer, const absl::Status&) {
    a->Close([&] { closed = true; });
    EXPECT_FALSE(a->Setup(peer).ok());
  };
  ASSERT_TRUE(a->Setup(NameOf("nobody@localhost")).ok());
  EXPECT_TRUE(Wait([&] { return closed; }));
  EXPECT_EQ(a.events().size(), 1u);
}

TEST_F(DistributionCloseTest, NoPacketFollowsADisconnect) {
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  TestNode b(*reactor_, OptionsOf("b@localhost"));
  ASSERT_TRUE(Connect(*reactor_, b, a));
  int packets = 0;
  a.on_packet = [&](Channel& channel, absl::string_view) {
    ++packets;
    channel.Disconnect(absl::CancelledError("one is enough"));
  };
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(b.To(a).Send("packet").ok());
  ASSERT_TRUE(Wait([&] { return a.CountEvents("down") == 1; }));
  EXPECT_EQ(packets, 1);
  ASSERT_TRUE(Wait([&] { return b.CountEvents("down") == 1; }));
  EXPECT_EQ(b.events().back(), "down a@localhost: connection_closed");
}

TEST_F(DistributionCloseTest, TheFirstReasonStands) {
  // The peer closes in the very turn in which it is disconnected.
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  ASSERT_TRUE(a->Listen().ok());
  a.on_packet = [](Channel& channel, absl::string_view) {
    channel.Disconnect(absl::CancelledError("because"));
  };
  for (int round = 0; round < 20; ++round) {
    a.ForgetEvents();
    RawPeer peer(*reactor_, directory_.Join("a"), "peer@localhost");
    peer.Send(peer.Dial());
    ASSERT_TRUE(peer.ReceiveHandshake().has_value());
    peer.Send(DataPacket("packet"));
    peer.Close();
    ASSERT_TRUE(Wait([&] { return a.CountEvents("down") == 1; }));
    EXPECT_EQ(a.events().back(), "down peer@localhost: because");
    ASSERT_TRUE(Wait([&] { return a.connections() == 0; }));
  }
}

TEST_F(DistributionCloseTest, APeerThatClosesWithoutReadingHasClosed) {
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  ASSERT_TRUE(a->Listen().ok());
  RawPeer peer(*reactor_, directory_.Join("a"), "peer@localhost");
  peer.Send(peer.Dial());
  ASSERT_TRUE(peer.ReceiveHandshake().has_value());
  ASSERT_TRUE(a->Find(NameOf("peer@localhost")).Send("unread").ok());
  ASSERT_TRUE(Wait([&] { return a->statistics().traffic.pending_bytes == 0; }));
  peer.Close();
  ASSERT_TRUE(Wait([&] { return a.CountEvents("down") == 1; }));
  EXPECT_THAT(a.events().back(),
              StartsWith("down peer@localhost: connection_closed"));
}

TEST_F(DistributionCloseTest, InOnDownTheChannelStillTellsWhoItWas) {
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  TestNode b(*reactor_, OptionsOf("b@localhost"));
  ASSERT_TRUE(Connect(*reactor_, a, b));
  bool down = false;
  a.on_down = [&](Channel& channel, const absl::Status& reason) {
    down = true;
    EXPECT_EQ(reason.code(), absl::StatusCode::kUnavailable);
    EXPECT_FALSE(channel.IsUp());
    EXPECT_EQ(channel.peer().name, b.name());
    EXPECT_GT(channel.statistics().bytes_in, 0u);
    EXPECT_EQ(channel.Send("too late").code(), absl::StatusCode::kUnavailable);
    EXPECT_FALSE(a.To(b).IsUp());
    EXPECT_THAT(a->Channels(), IsEmpty());
  };
  const NodeName name = b.name();
  b->Close(nullptr);
  ASSERT_TRUE(Wait([&] { return down; }));
  EXPECT_EQ(a.events().back(), "down b@localhost: connection_closed");
}

// A connection that is gone.

void ExpectNothingWorksOn(Channel channel) {
  EXPECT_FALSE(channel.IsUp());
  EXPECT_TRUE(channel.peer().name.empty());
  EXPECT_EQ(channel.statistics().bytes_in, 0u);
  EXPECT_EQ(channel.Send("x").code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(channel.TakeDelivery().packet(), "");
  channel.Disconnect(absl::CancelledError("again"));

  PacketWriter writer = channel.BeginPacket();
  EXPECT_EQ(writer.status().code(), absl::StatusCode::kUnavailable);
  writer.WriteBytes(std::string(100'000, 'x'));
  writer.WriteU32(1);
  EXPECT_EQ(writer.Commit().code(), absl::StatusCode::kUnavailable);
  int released = 0;
  PacketWriter referencing = channel.BeginPacket();
  EXPECT_EQ(referencing.CommitReferenced("y", [&] { ++released; }).code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(released, 1);
}

TEST_F(DistributionCloseTest, AChannelMayBeKeptAfterItsConnection) {
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  TestNode b(*reactor_, OptionsOf("b@localhost"));
  ASSERT_TRUE(Connect(*reactor_, a, b));
  Channel kept = a.To(b);
  const uint64_t id = kept.id();
  EXPECT_NE(id, 0u);
  kept.Disconnect(absl::CancelledError("enough"));
  EXPECT_EQ(a.CountEvents("down"), 0) << "inside the call";
  ASSERT_TRUE(Wait([&] { return a.CountEvents("down") == 1; }));
  ExpectNothingWorksOn(kept);

  // Nor does it mean the next connection to that peer.
  ASSERT_TRUE(Wait([&] { return b.CountEvents("down") == 1; }));
  ASSERT_TRUE(a->Setup(b.name()).ok());
  ASSERT_TRUE(Wait([&] { return AreConnected(a, b); }));
  ExpectNothingWorksOn(kept);
  EXPECT_FALSE(kept == a.To(b));
  EXPECT_NE(a.To(b).id(), id);

  const Channel last = a.To(b);
  a.Destroy();
  ExpectNothingWorksOn(kept);
  ExpectNothingWorksOn(last);
  ExpectNothingWorksOn(Channel());
}

}  // namespace
}  // namespace ringdist
