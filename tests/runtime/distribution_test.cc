// The node at packet level: listening, connecting, what can be asked and set.
// How nodes agree on a connection is in distribution_handshake_test.cc, how
// they end in distribution_close_test.cc.

#include "ringdist/runtime/distribution.h"

#include <sys/socket.h>

#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/distribution_flags.h"
#include "ringdist/runtime/carrier.h"
#include "ringdist/runtime/entropy.h"
#include "ringdist/runtime/erl_uds_carrier.h"
#include "ringdist/tests/testing/raw_peer.h"
#include "ringdist/tests/testing/run_until.h"
#include "ringdist/tests/testing/temporary_directory.h"
#include "ringdist/tests/testing/test_node.h"
#include "ringdist/tests/testing/unix_sockets.h"

namespace ringdist {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class DistributionTest : public ::testing::Test {
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

TEST_F(DistributionTest, HasAnAddressWhileItListens) {
  TestNode node(*reactor_, OptionsOf("a@localhost"));
  const NetAddress nowhere = {"", "localhost", "local", "stream"};
  EXPECT_EQ(node->Address(), nowhere);

  ASSERT_TRUE(node->Listen().ok());
  const NetAddress here = {directory_.Join("a"), "localhost", "local",
                           "stream"};
  EXPECT_EQ(node->Address(), here);
  EXPECT_TRUE(std::filesystem::is_socket(directory_.Join("a")));

  bool closed = false;
  node->Close([&] { closed = true; });
  EXPECT_FALSE(closed);
  ASSERT_TRUE(Wait([&] { return closed; }));
  EXPECT_EQ(node->Address(), nowhere);
  EXPECT_FALSE(std::filesystem::exists(directory_.Join("a")));
}

TEST_F(DistributionTest, EachInstanceHasItsCreation) {
  std::vector<uint32_t> creations;
  for (int i = 0; i < 3; ++i) {
    TestNode node(*reactor_, OptionsOf("a@localhost"));
    ASSERT_TRUE(node->Listen().ok());
    EXPECT_GE(node->creation(), 4u);
    creations.push_back(node->creation());
  }
  EXPECT_NE(creations[0], creations[1]);
  EXPECT_NE(creations[1], creations[2]);
}

TEST_F(DistributionTest, ListensOnce) {
  TestNode node(*reactor_, OptionsOf("a@localhost"));
  ASSERT_TRUE(node->Listen().ok());
  const absl::Status twice = node->Listen();
  EXPECT_EQ(twice.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(twice.message(), "listen: a@localhost listens already");
  node->Close(nullptr);
  EXPECT_EQ(node->Listen().message(), "listen: a@localhost is closing");
}

TEST_F(DistributionTest, RefusesTheNameOfALiveNode) {
  TestNode first(*reactor_, OptionsOf("a@localhost"));
  TestNode second(*reactor_, OptionsOf("a@elsewhere"));
  TestNode third(*reactor_, OptionsOf("b@localhost"));
  ASSERT_TRUE(first->Listen().ok());
  const absl::Status refused = second->Listen();
  EXPECT_EQ(refused.code(), absl::StatusCode::kAlreadyExists) << refused;
  EXPECT_THAT(refused.message(),
              AllOf(HasSubstr(directory_.Join("a")), HasSubstr("live node")));
  // The probe has not hurt the one that lives.
  ASSERT_TRUE(third->Setup(first.name()).ok());
  EXPECT_TRUE(Wait([&] { return AreConnected(first, third); }));
}

TEST_F(DistributionTest, SelectsEveryName) {
  EXPECT_TRUE(Distribution::Select(NameOf("a@localhost")));
  EXPECT_TRUE(Distribution::Select(NameOf("a@some.where.else")));
}

TEST_F(DistributionTest, TellsBothSidesWhoThePeerIs) {
  DistributionOptions visible = OptionsOf("b@localhost");
  visible.flags = kVisibleNodeFlags | kDflagSpawn;
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  TestNode b(*reactor_, visible);
  ASSERT_TRUE(Connect(*reactor_, a, b));
  EXPECT_THAT(a.events(), ElementsAre("up b@localhost"));
  EXPECT_THAT(b.events(), ElementsAre("up a@localhost"));

  EXPECT_EQ(a.last_peer().name, b.name());
  EXPECT_EQ(a.last_peer().creation, b->creation());
  EXPECT_EQ(a.last_peer().flags, kHiddenNodeFlags);
  EXPECT_EQ(a.last_peer().peer_flags, kVisibleNodeFlags | kDflagSpawn);
  EXPECT_EQ(a.last_peer().protocol_version, 6);
  EXPECT_FALSE(a.last_peer().hidden);
  EXPECT_TRUE(a.last_peer().dialled_by_us);
  EXPECT_FALSE(a.last_peer().named_by_us);
  EXPECT_EQ(a.last_peer().address.address, directory_.Join("b"));

  EXPECT_EQ(b.last_peer().name, a.name());
  EXPECT_EQ(b.last_peer().creation, a->creation());
  EXPECT_TRUE(b.last_peer().hidden);
  EXPECT_FALSE(b.last_peer().dialled_by_us);
  EXPECT_EQ(b.last_peer().address.address, "");
  EXPECT_EQ(b.last_peer().address.family, "local");

  EXPECT_EQ(a->Channels().size(), 1u);
  EXPECT_TRUE(a->Channels().front() == a.To(b));
  EXPECT_EQ(a.To(b).peer().name, b.name());
  EXPECT_FALSE(a->Find(NameOf("c@localhost")).IsUp());
}

TEST_F(DistributionTest, SetupOfOneselfIsAMistake) {
  TestNode node(*reactor_, OptionsOf("a@localhost"));
  for (const NodeName& name : {node.name(), NodeName()}) {
    EXPECT_EQ(node->Setup(name).code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(node->statistics().connections, 0u);
}

TEST_F(DistributionTest, SetupHasOneOutcomeHoweverOftenItIsAsked) {
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  TestNode b(*reactor_, OptionsOf("b@localhost"));
  ASSERT_TRUE(b->Listen().ok());
  EXPECT_TRUE(a->Setup(b.name()).ok());
  EXPECT_TRUE(a->Setup(b.name()).ok());
  EXPECT_EQ(a->statistics().connections, 1u);
  ASSERT_TRUE(Wait([&] { return AreConnected(a, b); }));
  EXPECT_EQ(a->Setup(b.name()).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(b->Setup(a.name()).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(a.events(), ElementsAre("up b@localhost"));
}

TEST_F(DistributionTest, SetupFailsWithAReason) {
  // Nobody; a socket that nobody listens on; a path that is too long.
  BindAt(directory_.Join("stale")).Close();
  const std::string long_name(108, 'x');
  struct {
    std::string peer;
    absl::StatusCode code;
    std::string text;
  } const cases[] = {
      {"nobody@localhost", absl::StatusCode::kNotFound, "no node listens"},
      {"stale@localhost", absl::StatusCode::kUnavailable, "no live node"},
      {long_name + "@localhost", absl::StatusCode::kInvalidArgument, "107"},
  };
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  absl::Status reason;
  a.on_setup_failed = [&](const NodeName&, const absl::Status& status) {
    reason = status;
  };
  for (const auto& test : cases) {
    reason = absl::OkStatus();
    ASSERT_TRUE(a->Setup(NameOf(test.peer)).ok());
    EXPECT_TRUE(reason.ok()) << "inside the call";
    ASSERT_TRUE(Wait([&] { return !reason.ok(); }));
    EXPECT_EQ(reason.code(), test.code) << reason;
    EXPECT_THAT(reason.message(), HasSubstr(test.text));
    EXPECT_THAT(reason.message(),
                HasSubstr(directory_.Join(NameOf(test.peer).alive())));
  }
  EXPECT_EQ(a.CountEvents("setup failed"), 3);
  EXPECT_EQ(a->statistics().handshakes_failed, 3u);
  ASSERT_TRUE(Wait([&] { return a.connections() == 0; }));
}

TEST_F(DistributionTest, ANewSetupMayFollowAtOnceOnAFailedOne) {
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  TestNode b(*reactor_, OptionsOf("b@localhost"));
  int failures = 0;
  a.on_setup_failed = [&](const NodeName& peer, const absl::Status&) {
    if (++failures == 3) {
      ASSERT_TRUE(b->Listen().ok());
    }
    EXPECT_TRUE(a->Setup(peer).ok());
  };
  ASSERT_TRUE(a->Setup(b.name()).ok());
  ASSERT_TRUE(Wait([&] { return AreConnected(a, b); }));
  EXPECT_EQ(failures, 3);
}

TEST_F(DistributionTest, NodesOnTwoReactorsOfTwoThreadsTalk) {
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  std::unique_ptr<Reactor> other_reactor;
  std::vector<std::string> other_events;
  std::thread thread([&] {
    other_reactor = *Reactor::Create();
    TestNode b(*other_reactor, OptionsOf("b@localhost"));
    b.on_packet = [&](Channel& channel, absl::string_view packet) {
      EXPECT_TRUE(channel.Send(absl::StrCat("re: ", packet)).ok());
    };
    b.on_down = [&](Channel&, const absl::Status&) { other_reactor->Stop(); };
    ASSERT_TRUE(b->Listen().ok());
    EXPECT_TRUE(other_reactor->Run().ok());
    other_events = b.events();
  });
  // It may not listen yet.
  a.on_setup_failed = [&](const NodeName& peer, const absl::Status&) {
    EXPECT_TRUE(a->Setup(peer).ok());
  };
  a.on_up = [](Channel& channel) { EXPECT_TRUE(channel.Send("hello").ok()); };
  ASSERT_TRUE(a->Setup(NameOf("b@localhost")).ok());
  EXPECT_TRUE(Wait([&] { return !a.packets().empty(); }));
  a.Destroy();
  thread.join();
  EXPECT_THAT(a.packets(), ElementsAre("re: hello"));
  EXPECT_THAT(other_events, ElementsAre("up a@localhost",
                                        "down a@localhost: connection_closed"));
}

// Socket options.

// The send buffer sizes of this process's Unix sockets.
std::vector<int> SendBuffers() {
  std::vector<int> sizes;
  for (int fd = 0; fd < 256; ++fd) {
    int size = 0;
    socklen_t length = sizeof(size);
    if (getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, &length) == 0) {
      sizes.push_back(size);
    }
  }
  return sizes;
}

TEST_F(DistributionTest, RefusesSocketOptionsByName) {
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  const absl::Status refused = a->SetOptions(
      {{"active", 1}, {"sndbuf", 65536}, {"deliver", 1}, {"packet", 4}});
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(refused.message(), HasSubstr("active, deliver, packet"));
  EXPECT_THAT(refused.message(), Not(HasSubstr("sndbuf")));
  EXPECT_THAT(a->SetOptions({{"nodelay", 1}}).message(), HasSubstr("nodelay"));
}

TEST_F(DistributionTest, SocketOptionsAreThoseOfFutureConnections) {
  constexpr int kSize = 54321;  // The system doubles it.
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  TestNode b(*reactor_, OptionsOf("b@localhost"));
  TestNode c(*reactor_, OptionsOf("c@localhost"));
  ASSERT_TRUE(Connect(*reactor_, a, b));

  ASSERT_TRUE(a->SetOptions({{"sndbuf", 12345}}).ok());
  ASSERT_TRUE(a->SetOptions({{"sndbuf", kSize}, {"priority", 3}}).ok());
  EXPECT_THAT(SendBuffers(), Not(Contains(2 * kSize)));
  const auto unknown = a->GetOptions({"sndbuf"});
  EXPECT_EQ(unknown.status().code(), absl::StatusCode::kFailedPrecondition);

  // Connections from both sides, and the socket that listens.
  ASSERT_TRUE(Connect(*reactor_, a, c));
  EXPECT_THAT(SendBuffers(), Contains(2 * kSize).Times(1));
  TestNode d(*reactor_, OptionsOf("d@localhost"));
  ASSERT_TRUE(Connect(*reactor_, d, a));
  EXPECT_THAT(SendBuffers(), Contains(2 * kSize).Times(3));
  const auto options = a->GetOptions({"priority", "sndbuf"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_THAT(*options, ElementsAre(SocketOption{"priority", 3},
                                    SocketOption{"sndbuf", 2 * kSize}));
  EXPECT_EQ(a->GetOptions({"packet"}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(DistributionTest, SocketOptionsOfAListeningNodeCanBeChanged) {
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  ASSERT_TRUE(a->Listen().ok());
  ASSERT_TRUE(a->SetOptions({{"recbuf", 40000}}).ok());
  EXPECT_EQ(a->GetOptions({"recbuf"})->front().value, 80000);
}

// The usual carrier on a system that refuses the option "priority".
class RefusingCarrier final : public Carrier {
 public:
  explicit RefusingCarrier(std::unique_ptr<Carrier> carrier)
      : carrier_(std::move(carrier)) {}

  absl::Status Configure(int fd,
                         absl::Span<const SocketOption> options) override {
    for (const SocketOption& option : options) {
      if (option.name == "priority") return absl::PermissionDeniedError("no");
    }
    return carrier_->Configure(fd, options);
  }
  absl::StatusOr<std::unique_ptr<ListeningSocket>> Listen(
      const NodeName& name) override {
    return carrier_->Listen(name);
  }
  std::unique_ptr<DialAttempt> Dial(const NodeName& peer, absl::Time deadline,
                                    DialCallback done) override {
    return carrier_->Dial(peer, deadline, std::move(done));
  }
  absl::Status CheckPeer(int fd) override { return carrier_->CheckPeer(fd); }
  absl::StatusOr<std::vector<SocketOption>> Configuration(
      int fd, absl::Span<const std::string> names) override {
    return carrier_->Configuration(fd, names);
  }
  NetAddress AddressOf(const NodeName& peer) const override {
    return carrier_->AddressOf(peer);
  }
  NetAddress AddressWithoutListening() const override {
    return carrier_->AddressWithoutListening();
  }

 private:
  const std::unique_ptr<Carrier> carrier_;
};

TEST_F(DistributionTest, OptionsThatTheSystemRefusesAreNotKept) {
  ErlUdsOptions uds;
  uds.directory = directory_.path();
  DistributionOptions options = OptionsOf("a@localhost");
  options.carrier = std::make_shared<RefusingCarrier>(
      *ErlUdsCarrier::Create(*reactor_, uds, SystemEntropy));
  TestNode a(*reactor_, options);
  TestNode b(*reactor_, OptionsOf("b@localhost"));
  ASSERT_TRUE(a->Listen().ok());
  EXPECT_EQ(a->SetOptions({{"sndbuf", 65536}, {"priority", 1}}).code(),
            absl::StatusCode::kPermissionDenied);
  ASSERT_TRUE(b->Setup(a.name()).ok());
  EXPECT_TRUE(Wait([&] { return AreConnected(a, b); }));
}

// Statistics.

TEST_F(DistributionTest, CountsPacketsAndBytesOnBothSides) {
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  TestNode b(*reactor_, OptionsOf("b@localhost"));
  ASSERT_TRUE(Connect(*reactor_, a, b));
  const ChannelStatistics before = b.To(a).statistics();
  EXPECT_GT(before.bytes_in, 0u) << "the handshake";
  EXPECT_GT(before.bytes_out, 0u);

  ASSERT_TRUE(a.To(b).Send("12345").ok());
  ASSERT_TRUE(a.To(b).Send("1234567890").ok());
  EXPECT_EQ(a.To(b).statistics().pending_bytes, 4u + 5 + 4 + 10);
  EXPECT_EQ(a->statistics().traffic.pending_bytes, 4u + 5 + 4 + 10);
  ASSERT_TRUE(Wait([&] { return b.packets().size() == 2; }));
  EXPECT_EQ(a.To(b).statistics().pending_bytes, 0u);
  EXPECT_EQ(a.To(b).statistics().packets_out, 2u);
  EXPECT_EQ(b.To(a).statistics().packets_in, before.packets_in + 2);
  EXPECT_EQ(b.To(a).statistics().bytes_in, before.bytes_in + 23);
  EXPECT_EQ(b.To(a).statistics().bytes_in, a.To(b).statistics().bytes_out);
  EXPECT_EQ(b.To(a).statistics().bytes_out, a.To(b).statistics().bytes_in);

  const DistributionStatistics all = a->statistics();
  EXPECT_EQ(all.connections_up, 1u);
  EXPECT_EQ(all.connections, 1u);
  EXPECT_EQ(all.handshakes_done, 1u);
  EXPECT_EQ(all.handshakes_failed, 0u);
  EXPECT_EQ(all.traffic.packets_out, 2u);
  EXPECT_GT(all.engine.enters, 0u);
  EXPECT_GT(all.engine.completions, 0u);
  EXPECT_EQ(all.engine.buffers_out, 0u);
}

TEST_F(DistributionTest, KeepsTheTrafficOfPastConnections) {
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  TestNode b(*reactor_, OptionsOf("b@localhost"));
  ASSERT_TRUE(Connect(*reactor_, a, b));
  ASSERT_TRUE(a.To(b).Send("hello").ok());
  ASSERT_TRUE(Wait([&] { return b.packets().size() == 1; }));
  const ChannelStatistics last = a.To(b).statistics();
  // What is dropped is neither sent nor pending.
  ASSERT_TRUE(a.To(b).Send("dropped").ok());
  a.To(b).Disconnect(absl::CancelledError("enough"));
  ASSERT_TRUE(Wait([&] { return a.connections() == 0; }));
  const DistributionStatistics after = a->statistics();
  EXPECT_EQ(after.traffic.bytes_out, last.bytes_out);
  EXPECT_EQ(after.traffic.bytes_in, last.bytes_in);
  EXPECT_EQ(after.traffic.packets_in, last.packets_in);
  EXPECT_EQ(after.traffic.pending_bytes, 0u);
  EXPECT_EQ(after.connections_up, 0u);
  EXPECT_EQ(after.handshakes_done, 1u);
}

// max_connections.

TEST_F(DistributionTest, SetupBeyondMaxConnectionsIsRefused) {
  DistributionOptions options = OptionsOf("a@localhost");
  options.max_connections = 2;
  TestNode a(*reactor_, options);
  TestNode b(*reactor_, OptionsOf("b@localhost"));
  TestNode c(*reactor_, OptionsOf("c@localhost"));
  TestNode d(*reactor_, OptionsOf("d@localhost"));
  ASSERT_TRUE(Connect(*reactor_, a, b));
  ASSERT_TRUE(Connect(*reactor_, a, c));  // At the limit.
  ASSERT_TRUE(d->Listen().ok());
  const absl::Status refused = a->Setup(d.name());  // And one past it.
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(refused.message(),
              AllOf(HasSubstr("d@localhost"), HasSubstr("2 connections"),
                    HasSubstr("max_connections")));
  b.Destroy();
  ASSERT_TRUE(Wait([&] { return a.connections() == 1; }));
  ASSERT_TRUE(a->Setup(d.name()).ok());
  EXPECT_TRUE(Wait([&] { return AreConnected(a, d); }));
}

TEST_F(DistributionTest, ConnectionsBeyondMaxConnectionsAreRefused) {
  DistributionOptions options = OptionsOf("a@localhost");
  options.max_connections = 2;
  TestNode a(*reactor_, options);
  TestNode b(*reactor_, OptionsOf("b@localhost"));
  TestNode c(*reactor_, OptionsOf("c@localhost"));
  ASSERT_TRUE(Connect(*reactor_, b, a));
  RawPeer silent(*reactor_, directory_.Join("a"), "silent@localhost");
  ASSERT_TRUE(Wait([&] { return a.connections() == 2; }));
  EXPECT_THAT(a.log(), IsEmpty());

  ASSERT_TRUE(c->Setup(a.name()).ok());
  ASSERT_TRUE(Wait([&] { return c.CountEvents("setup failed") == 1; }));
  EXPECT_THAT(a.log(), HasSubstr("max_connections"));
  silent.Close();
  ASSERT_TRUE(Wait([&] { return a.connections() == 1; }));
  ASSERT_TRUE(c->Setup(a.name()).ok());
  EXPECT_TRUE(Wait([&] { return AreConnected(a, c); }));
}

}  // namespace
}  // namespace ringdist
