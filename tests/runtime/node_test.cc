// A node at message level, with another of ours or with a peer by hand at the
// other end. What real Erlang nodes make of it is in tests/interop.

#include "ringdist/runtime/node.h"

#include <sys/socket.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/control_message.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term_writer.h"
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

// A node, and what its callbacks told.
struct ToldNode {
  ToldNode(Reactor& reactor, NodeOptions options) {
    options.on_node_up = [this](const PeerInfo& peer) {
      events.push_back(absl::StrCat("up ", peer.name.full(),
                                    peer.hidden ? "" : ", visible"));
    };
    options.on_node_down = [this](const PeerInfo& peer,
                                  const absl::Status& reason) {
      events.push_back(
          absl::StrCat("down ", peer.name.full(), ": ", reason.message()));
    };
    options.on_setup_failed = [this](const NodeName& peer,
                                     const absl::Status& reason) {
      events.push_back(
          absl::StrCat("failed ", peer.full(), ": ", reason.message()));
    };
    options.on_named = [this](const NodeName&, uint32_t) {
      events.push_back("named");
    };
    node = *Node::Create(reactor, std::move(options));
  }
  Node* operator->() { return node.get(); }

  std::vector<std::string> events;
  std::unique_ptr<Node> node;
};

class NodeTest : public ::testing::Test {
 protected:
  NodeOptions OptionsOf(absl::string_view name) {
    NodeOptions options;
    options.distribution = NodeOptionsAt(directory_, name);
    return options;
  }
  bool Wait(absl::FunctionRef<bool()> done) {
    return RunUntil(*reactor_, done);
  }
  absl::StatusOr<absl::Duration> Ping(
      ToldNode& node, absl::string_view peer,
      absl::Duration timeout = absl::Seconds(20)) {
    std::optional<absl::StatusOr<absl::Duration>> outcome;
    node->Ping(NameOf(peer), timeout,
               [&](absl::StatusOr<absl::Duration> told) { outcome = told; });
    EXPECT_FALSE(outcome.has_value()) << "inside the call";
    if (!Wait([&] { return outcome.has_value(); })) {
      return absl::UnknownError("no outcome");
    }
    return *outcome;
  }
  // A peer that is connected to the node at "a".
  RawPeer ConnectedPeer() {
    RawPeer peer(*reactor_, directory_.Join("a"), "peer@localhost");
    peer.Send(peer.Dial());
    EXPECT_TRUE(peer.ReceiveHandshake().has_value());
    return peer;
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Reactor> reactor_ = *Reactor::Create();
};

TEST_F(NodeTest, TellsWhenNodesComeAndGo) {
  NodeOptions visible = OptionsOf("b@localhost");
  visible.visible = true;
  ToldNode a(*reactor_, OptionsOf("a@localhost"));
  ToldNode b(*reactor_, visible);
  ASSERT_TRUE(b->Listen().ok());
  ASSERT_TRUE(a->Connect(b->name()).ok());
  EXPECT_THAT(a->Nodes(), IsEmpty());
  ASSERT_TRUE(Wait([&] { return b.events.size() + a.events.size() == 2; }));
  EXPECT_TRUE(a->Connect(b->name()).ok()) << "connected already";
  EXPECT_THAT(a->Nodes(), ElementsAre(b->name()));
  EXPECT_THAT(b->Nodes(), ElementsAre(a->name()));

  ASSERT_TRUE(a->Disconnect(b->name()).ok());
  ASSERT_TRUE(Wait([&] { return b.events.size() + a.events.size() == 4; }));
  EXPECT_EQ(a->Disconnect(b->name()).code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(a->Connect(NameOf("nobody@localhost")).ok());
  ASSERT_TRUE(Wait([&] { return a.events.size() == 3; }));
  EXPECT_THAT(a.events, ElementsAre("up b@localhost, visible",
                                    "down b@localhost: disconnect: by this "
                                    "node",
                                    StartsWith("failed nobody@localhost: ")));
  EXPECT_THAT(b.events, ElementsAre("up a@localhost",
                                    "down a@localhost: connection_closed"));
}

TEST_F(NodeTest, PingsAnotherNode) {
  ToldNode a(*reactor_, OptionsOf("a@localhost"));
  ToldNode b(*reactor_, OptionsOf("b@localhost"));
  ASSERT_TRUE(b->Listen().ok());
  // Connects first; then there is a connection, and in the other direction.
  for (ToldNode* node : {&a, &a, &b}) {
    const absl::StatusOr<absl::Duration> pong =
        Ping(*node, node == &a ? "b@localhost" : "a@localhost");
    ASSERT_TRUE(pong.ok()) << pong.status();
    EXPECT_GT(*pong, absl::ZeroDuration());
  }
  EXPECT_THAT(a.events, ElementsAre("up b@localhost"));
}

TEST_F(NodeTest, ANodeWithoutANameIsNamedByItsPing) {
  ToldNode a(*reactor_, OptionsOf("a@localhost"));
  ToldNode b(*reactor_, OptionsOf("undefined@localhost"));
  ASSERT_TRUE(a->Listen().ok());
  const absl::StatusOr<absl::Duration> pong = Ping(b, "a@localhost");
  EXPECT_TRUE(pong.ok()) << pong.status();
  EXPECT_THAT(b.events, ElementsAre("named", "up a@localhost"));
}

TEST_F(NodeTest, ManyPingsAtOnceAllHaveTheirOutcome) {
  ToldNode a(*reactor_, OptionsOf("a@localhost"));
  ToldNode b(*reactor_, OptionsOf("b@localhost"));
  ASSERT_TRUE(b->Listen().ok());
  int pongs = 0;
  int pangs = 0;
  for (int i = 0; i < 100; ++i) {
    a->Ping(b->name(), absl::Seconds(20),
            [&](absl::StatusOr<absl::Duration> outcome) {
              pongs += outcome.ok() ? 1 : 0;
            });
    a->Ping(NameOf("nobody@localhost"), absl::Seconds(20),
            [&](absl::StatusOr<absl::Duration> outcome) {
              pangs += outcome.ok() ? 0 : 1;
            });
  }
  EXPECT_TRUE(Wait([&] { return pongs == 100 && pangs == 100; }))
      << pongs << ", " << pangs;
}

TEST_F(NodeTest, APangTellsWhy) {
  ToldNode a(*reactor_, OptionsOf("a@localhost"));
  ASSERT_TRUE(a->Listen().ok());
  EXPECT_EQ(Ping(a, "nobody@localhost").status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(Ping(a, "a@localhost").status().code(),
            absl::StatusCode::kInvalidArgument);
  // One that connects and does not answer, and then goes.
  RawPeer peer = ConnectedPeer();
  const absl::Status late =
      Ping(a, "peer@localhost", absl::Milliseconds(50)).status();
  EXPECT_EQ(late.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(late.message(), AllOf(HasSubstr("peer@localhost"),
                                    HasSubstr("did not answer within 50ms")));
  absl::Status gone;
  a->Ping(NameOf("peer@localhost"), absl::Seconds(20),
          [&](absl::StatusOr<absl::Duration> told) { gone = told.status(); });
  peer.Close();
  ASSERT_TRUE(Wait([&] { return !gone.ok(); }));
  EXPECT_THAT(gone.message(), HasSubstr("connection_closed"));
  // One that does not even shake hands.
  const FileDescriptor mute = ListenAt(directory_.Join("mute"), 5);
  EXPECT_THAT(
      Ping(a, "mute@localhost", absl::Milliseconds(50)).status().message(),
      HasSubstr("could not be connected within 50ms"));
}

TEST_F(NodeTest, APingThatIsOpenIsNoObstacleToTheEnd) {
  ToldNode a(*reactor_, OptionsOf("a@localhost"));
  ASSERT_TRUE(a->Listen().ok());
  const RawPeer peer = ConnectedPeer();
  a->Ping(NameOf("peer@localhost"), absl::InfiniteDuration(),
          [](const absl::StatusOr<absl::Duration>&) {});
  a->Ping(NameOf("nobody@localhost"), absl::InfiniteDuration(),
          [](const absl::StatusOr<absl::Duration>&) {});
}

// What a peer may send.

const Pid kPeerPid("peer@localhost", 1, 0, 0x12345678);

std::string PacketOf(const ControlMessage& message) {
  StringWriter body;
  EncodePassThrough(message, body);
  return DataPacket(body.view());
}

// A monitor of a process that is not there: it is answered with noproc.
std::string MonitorRequest(uint32_t number) {
  ReferenceView reference;
  reference.node = AtomView::Utf8("peer@localhost");
  reference.creation = kPeerPid.creation;
  reference.word_count = 3;
  reference.words[0] = number;
  return PacketOf(control::MonitorP{.from = kPeerPid,
                                    .to = AtomView::Utf8("nobody"),
                                    .reference = reference});
}

TEST_F(NodeTest, ABadMessageEndsItsConnectionAlone) {
  ToldNode a(*reactor_, OptionsOf("a@localhost"));
  ToldNode b(*reactor_, OptionsOf("b@localhost"));
  ASSERT_TRUE(a->Listen().ok());
  ASSERT_TRUE(Ping(b, "a@localhost").ok());
  RawPeer peer = ConnectedPeer();
  peer.Send(DataPacket("no term at all"));
  EXPECT_TRUE(peer.SeesClose());
  EXPECT_THAT(a.events.back(),
              StartsWith("down peer@localhost: bad message from "
                         "peer@localhost: "));
  EXPECT_TRUE(Ping(b, "a@localhost").ok());
  EXPECT_THAT(b.events, ElementsAre("up a@localhost"));
}

// A signal without the payload that it should have.
std::string WithoutPayload(const ControlMessage& message) {
  StringWriter body;
  TermWriter term(body);
  body.WriteU8(112);
  term.WriteVersion();
  EncodeControl(message, term);
  return DataPacket(body.view());
}

TEST_F(NodeTest, ABrokenPayloadMattersOnlyToWhoReceivesIt) {
  ToldNode a(*reactor_, OptionsOf("a@localhost"));
  ASSERT_TRUE(a->Listen().ok());
  RawPeer peer = ConnectedPeer();
  const Pid nobody("a@localhost", 99, 0, a->creation());
  peer.Send(WithoutPayload(control::Send{.from = {}, .to = nobody}));
  peer.Send(WithoutPayload(
      control::RegSend{.from = kPeerPid, .to = AtomView::Utf8("nobody")}));
  peer.Send(MonitorRequest(1));
  EXPECT_TRUE(peer.ReceiveData().has_value());
  peer.Send(WithoutPayload(
      control::RegSend{.from = kPeerPid, .to = AtomView::Utf8("net_kernel")}));
  EXPECT_TRUE(peer.SeesClose());
  EXPECT_THAT(a.events.back(), HasSubstr("REG_SEND: payload: "));
}

TEST_F(NodeTest, ABrokenAnswerToAPingEndsTheConnection) {
  ToldNode a(*reactor_, OptionsOf("a@localhost"));
  ASSERT_TRUE(a->Listen().ok());
  RawPeer peer = ConnectedPeer();
  absl::Status pang;
  a->Ping(NameOf("peer@localhost"), absl::Seconds(20),
          [&](absl::StatusOr<absl::Duration> told) { pang = told.status(); });
  const std::optional<std::string> question = peer.ReceiveData();
  ASSERT_TRUE(question.has_value());
  ControlMessage message;
  ASSERT_TRUE(DecodePassThrough(*question, message).ok());
  const PidView asking = std::get<control::RegSend>(message).from;
  peer.Send(WithoutPayload(control::Send{.from = {}, .to = asking}));
  ASSERT_TRUE(Wait([&] { return !pang.ok(); }));
  EXPECT_THAT(pang.message(), HasSubstr("SEND: payload: "));
}

TEST_F(NodeTest, APeerThatAsksAndDoesNotReadIsNotReadEither) {
  NodeOptions options = OptionsOf("a@localhost");
  options.peer_owed_bytes = 256 * 1024;
  ToldNode a(*reactor_, options);
  ASSERT_TRUE(a->Listen().ok());
  RawPeer peer = ConnectedPeer();
  // Until the socket takes no more, and the node has nothing left to do.
  uint32_t asked = 0;
  std::string unsent;
  for (int idle = 0; idle < 50; ++idle) {
    if (unsent.empty()) unsent = MonitorRequest(asked++);
    const ssize_t sent =
        send(peer.fd(), unsent.data(), unsent.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      unsent.erase(0, static_cast<size_t>(sent));
      idle = 0;
    } else {
      ASSERT_TRUE(reactor_->RunOnce(absl::Milliseconds(1)).ok());
    }
    ASSERT_LT(asked, 1'000'000u) << "it reads without end";
  }
  EXPECT_THAT(a.events, ElementsAre("up peer@localhost"));
  // The peer reads: all its questions are answered, in order.
  ASSERT_TRUE(RunUntilOther(*reactor_, [&] {
    peer.Read();
    const ssize_t sent =
        send(peer.fd(), unsent.data(), unsent.size(), MSG_NOSIGNAL);
    if (sent > 0) unsent.erase(0, static_cast<size_t>(sent));
    return unsent.empty();
  }));
  for (uint32_t i = 0; i < asked; ++i) {
    const std::optional<std::string> body = peer.ReceiveData();
    ASSERT_TRUE(body.has_value());
    ControlMessage message;
    ASSERT_TRUE(DecodePassThrough(*body, message).ok());
    const auto* exit = std::get_if<control::MonitorPExit>(&message);
    ASSERT_NE(exit, nullptr);
    ASSERT_EQ(exit->reference.words[0], i);
    ASSERT_TRUE(exit->reason.IsAtom("noproc"));
  }
}

TEST_F(NodeTest, SurvivesATagThatIsNestedDeeply) {
  ToldNode a(*reactor_, OptionsOf("a@localhost"));
  ASSERT_TRUE(a->Listen().ok());
  RawPeer peer = ConnectedPeer();
  // is_auth, called with the tag [[[[...]]]].
  constexpr size_t kDepth = 300'000;
  StringWriter request;
  TermWriter term(request);
  term.WriteTupleHeader(3);
  term.WriteAtom("$gen_call");
  term.WriteTupleHeader(2);
  term.WritePid(kPeerPid);
  for (size_t i = 0; i < kDepth; ++i) term.WriteListHeader(1);
  for (size_t i = 0; i <= kDepth; ++i) term.WriteNil();
  term.WriteTupleHeader(2);
  term.WriteAtom("is_auth");
  term.WriteAtom("peer@localhost");
  peer.Send(PacketOf(
      control::RegSend{.from = kPeerPid,
                       .to = AtomView::Utf8("net_kernel"),
                       .token = {},
                       .message = TermView::Trusted(request.view(), {})}));
  // It gets its tag back.
  const std::optional<std::string> answer = peer.ReceiveData();
  ASSERT_TRUE(answer.has_value());
  EXPECT_GT(answer->size(), kDepth * 6);
}

}  // namespace
}  // namespace ringdist
