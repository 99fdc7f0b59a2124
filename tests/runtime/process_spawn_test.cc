// Processes that nodes ask each other for. What is said on the wire, as real
// nodes say it, is in tests/interop/spawn_signals_test.cc.

#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/control_message.h"
#include "ringdist/proto/distribution_flags.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/runtime/node.h"
#include "ringdist/tests/testing/call_text.h"
#include "ringdist/tests/testing/message_nodes.h"
#include "ringdist/tests/testing/raw_peer.h"
#include "ringdist/tests/testing/recorder.h"

namespace ringdist {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::IsEmpty;
using ::testing::StartsWith;

SpawnRequestOptions Options(bool link, bool monitor) {
  SpawnRequestOptions options;
  options.link = link;
  options.monitor = monitor;
  return options;
}

class ProcessSpawnTest : public MessageNodesTest {
 protected:
  // b has m:exits/1 and m:keeps/0, which is not answered.
  void StartAndExport(NodeOptions b) {
    Start(OptionsOf("a@localhost"), std::move(b));
    const auto exits = [](IncomingCall call, const TermView& arguments) {
      TermView reason;
      ASSERT_TRUE(Matches(arguments, List(std::make_tuple(&reason))));
      call.Exit(reason);
    };
    const auto keeps = [this](IncomingCall call, const TermView&) {
      kept_.push_back(std::move(call));
    };
    ASSERT_TRUE(b_->Export("m", "exits", 1, exits).ok());
    ASSERT_TRUE(b_->Export("m", "keeps", 0, keeps).ok());
  }
  void StartAndExport() { StartAndExport(OptionsOf("b@localhost")); }

  // Asks for m:exits(x) at a node.
  static Reference Ask(Process& process, absl::string_view node,
                       const SpawnRequestOptions& options) {
    const absl::StatusOr<Reference> id = process.SpawnRequest(
        {node, "m", "exits", 1},
        [](TermWriter& writer) {
          WriteValue(writer, std::vector<Atom>{Atom("x")});
        },
        options);
    EXPECT_TRUE(id.ok()) << id.status();
    return id.value_or(Reference());
  }
  // What a process is told whose request fails.
  static std::string Error(const Reference& id, absl::string_view why) {
    return absl::StrCat("{spawn_reply,", id.ToString(), ",error,", why, "}");
  }

  std::unique_ptr<RawPeer> ConnectPeer(uint64_t flags) {
    auto peer = std::make_unique<RawPeer>(*reactor_, directory_.Join("a"),
                                          "peer@localhost");
    peer->flags = flags;
    peer->Send(peer->Dial());
    EXPECT_TRUE(peer->ReceiveHandshake().has_value());
    EXPECT_TRUE(Wait([&] { return a_->Nodes().size() == 1; }));
    return peer;
  }
  void Close(RawPeer& peer) {
    peer.Close();
    EXPECT_TRUE(Wait([&] { return a_->Nodes().empty(); }));
  }
  void Reply(RawPeer& peer, const Reference& id, const Pid& to,
             uint32_t flags) {
    StringWriter packet;
    EncodePassThrough(control::SpawnReply{.id = id,
                                          .to = to,
                                          .flags = flags,
                                          .result = PidView(child_),
                                          .token = {}},
                      packet);
    peer.Send(DataPacket(packet.view()));
  }
  // The next signal in words, without its payload.
  std::string Next(RawPeer& peer) {
    const std::optional<std::string> body = peer.ReceiveData();
    if (!body.has_value()) return "closed";
    ControlMessage signal;
    EXPECT_TRUE(DecodePassThrough(*body, signal).ok());
    return ToString(signal);
  }
  // That nothing comes before the answer to a link to nobody.
  void ExpectNothingElse(RawPeer& peer) {
    const Pid nobody("a@localhost", 0xFFFFFF, 0, a_->creation());
    StringWriter packet;
    EncodePassThrough(control::Link{.from = child_, .to = nobody}, packet);
    peer.Send(DataPacket(packet.view()));
    EXPECT_EQ(Next(peer), absl::StrCat("EXIT from ", nobody.ToString(), " to ",
                                       child_.ToString(), " reason noproc"));
  }

  static constexpr uint64_t kWithSpawn = kHiddenNodeFlags | kDflagSpawn;
  const Pid child_{"peer@localhost", 8, 0, 7};
  std::vector<IncomingCall> kept_;
};

TEST_F(ProcessSpawnTest, WhoAskedIsToldOfTheProcessAndOfItsEnd) {
  StartAndExport();
  Recorder near(*a_, TrapExits());
  const Reference id = Ask(near.process, "b@localhost", Options(true, true));
  EXPECT_THAT(near.messages, IsEmpty()) << "inside the call";
  ASSERT_TRUE(Wait([&] { return near.messages.size() == 3; }));
  EXPECT_THAT(near.messages[0],
              StartsWith(absl::StrCat("{spawn_reply,", id.ToString(),
                                      ",ok,#Pid<b@localhost.")));
  EXPECT_THAT(near.messages[1], EndsWith(",x}"));
  EXPECT_THAT(near.messages[2],
              StartsWith(absl::StrCat("{'DOWN',", id.ToString(), ",process,")));
}

TEST_F(ProcessSpawnTest, ANodeMayAskItself) {
  StartAndExport();
  Recorder near(*b_);
  Ask(near.process, "b@localhost", Options(false, true));
  ASSERT_TRUE(Wait([&] { return near.messages.size() == 2; }));
  EXPECT_THAT(near.messages[1], EndsWith(",x}"));
}

TEST_F(ProcessSpawnTest, TooManyProcessesAreASystemLimit) {
  NodeOptions b = OptionsOf("b@localhost");
  b.max_processes = 1;
  StartAndExport(b);
  Recorder near(*a_);
  const Reference id = Ask(near.process, "b@localhost", Options(true, true));
  ASSERT_TRUE(Wait([&] { return !near.messages.empty(); }));
  EXPECT_THAT(near.messages, ElementsAre(Error(id, "system_limit")));
  EXPECT_EQ(near.death, "");
}

// What one peer takes does not count for others.
TEST_F(ProcessSpawnTest, TooManyProcessesOfOnePeerAreASystemLimit) {
  NodeOptions b = OptionsOf("b@localhost");
  b.max_processes_per_peer = 2;
  StartAndExport(b);
  std::vector<std::string> ended;
  const auto call = [&](Node& node) {
    node.Call(
        "b@localhost", "m", "keeps", Nil(), absl::Seconds(20),
        [&](const CallResult& result) { ended.push_back(CallText(result)); });
  };
  for (int i = 0; i < 3; ++i) call(*a_);
  ASSERT_TRUE(Wait([&] { return ended.size() == 1; }));
  EXPECT_THAT(ended[0], StartsWith("RESOURCE_EXHAUSTED: system_limit"));
  // Through rex it is the same.
  Recorder asks(*a_);
  const auto keeps =
      std::tuple(Atom("call"), Atom("m"), Atom("keeps"), Nil(), Atom("user"));
  ASSERT_TRUE(
      asks->Send(NameAt{"rex", "b@localhost"}, std::tuple(asks.pid, keeps))
          .ok());
  ASSERT_TRUE(Wait([&] { return !asks.messages.empty(); }));
  EXPECT_THAT(asks.messages,
              ElementsAre("{rex,{badrpc,{'EXIT',system_limit}}}"));
  call(*b_);
  ASSERT_TRUE(Wait([&] { return kept_.size() == 3; }));
  // One that is done makes room for another.
  kept_[0].Return(1);
  ASSERT_TRUE(Wait([&] { return ended.size() == 2; }));
  call(*a_);
  ASSERT_TRUE(Wait([&] { return kept_.size() == 4; }));
  kept_.clear();
  ASSERT_TRUE(Wait([&] { return ended.size() == 5; }));
}

TEST_F(ProcessSpawnTest, WithoutAConnectionThereIsNoProcess) {
  Start();
  Recorder near(*a_);
  const Reference id =
      Ask(near.process, "nowhere@localhost", Options(true, true));
  ASSERT_TRUE(Wait([&] { return !near.messages.empty(); }));
  EXPECT_THAT(near.messages, ElementsAre(Error(id, "noconnection")));
  EXPECT_TRUE(absl::IsInvalidArgument(
      near->SpawnRequest({"no node", "m", "f", 0}, [](TermWriter&) {})
          .status()));
  near->Exit(MakeTerm(Atom("normal")));
  EXPECT_TRUE(absl::IsNotFound(
      near->SpawnRequest({"b@localhost", "m", "f", 0}, [](TermWriter&) {})
          .status()));
}

TEST_F(ProcessSpawnTest, APeerThatTakesNoRequestsIsNotAsked) {
  Start();
  const auto peer = ConnectPeer(kHiddenNodeFlags & ~kDflagSpawn);
  Recorder near(*a_);
  const Reference id = Ask(near.process, "peer@localhost", Options(true, true));
  EXPECT_THAT(near.messages, IsEmpty()) << "inside the call";
  ASSERT_TRUE(Wait([&] { return !near.messages.empty(); }));
  EXPECT_THAT(near.messages, ElementsAre(Error(id, "notsup")));
  ExpectNothingElse(*peer);
}

TEST_F(ProcessSpawnTest, WhenItsNodeGoesARequestHasFailed) {
  Start();
  const auto peer = ConnectPeer(kWithSpawn);
  Recorder near(*a_);
  const Reference id = Ask(near.process, "peer@localhost", Options(true, true));
  EXPECT_THAT(Next(*peer), StartsWith("SPAWN_REQUEST "));
  Close(*peer);
  EXPECT_THAT(near.messages, ElementsAre(Error(id, "noconnection")));
  EXPECT_EQ(near.death, "");
}

// The exit reason of who asked is kept for a link that is still to come, but
// not longer than the connection.
TEST_F(ProcessSpawnTest, AnOrphanIsForgottenWithItsNode) {
  Start();
  for (const bool reconnects : {false, true}) {
    Recorder asks(*a_);
    auto peer = ConnectPeer(kWithSpawn);
    const Reference id =
        Ask(asks.process, "peer@localhost", Options(true, false));
    EXPECT_THAT(Next(*peer), StartsWith("SPAWN_REQUEST "));
    asks->Exit(MakeTerm(Atom("gone")));
    if (reconnects) {
      Close(*peer);
      peer = ConnectPeer(kWithSpawn);
    }
    Reply(*peer, id, asks.pid, control::SpawnReply::kLinked);
    if (!reconnects) {
      EXPECT_EQ(Next(*peer),
                absl::StrCat("EXIT from ", asks.pid.ToString(), " to ",
                             child_.ToString(), " reason gone"));
    }
    // Once.
    Reply(*peer, id, asks.pid, control::SpawnReply::kLinked);
    ExpectNothingElse(*peer);
    Close(*peer);
  }
}

TEST_F(ProcessSpawnTest, AMonitorThatIsTakenBackBeforeTheReplyIsNone) {
  Start();
  const auto peer = ConnectPeer(kWithSpawn);
  Recorder near(*a_);
  const Reference id =
      Ask(near.process, "peer@localhost", Options(false, true));
  EXPECT_THAT(Next(*peer), StartsWith("SPAWN_REQUEST "));
  near->Demonitor(id);
  Reply(*peer, id, near.pid, control::SpawnReply::kMonitored);
  EXPECT_EQ(Next(*peer),
            absl::StrCat("DEMONITOR_P from ", near.pid.ToString(), " to ",
                         child_.ToString(), " ref ", id.ToString()));
  ExpectNothingElse(*peer);
  EXPECT_THAT(near.messages, IsEmpty());
}

TEST_F(ProcessSpawnTest, ALinkedProcessEndsWithTheNodeThatAsked) {
  StartAndExport();
  const auto keep = [](Process& process, bool link) {
    EXPECT_TRUE(process
                    .SpawnRequest(
                        {"b@localhost", "m", "keeps", 0},
                        [](TermWriter& writer) { WriteValue(writer, Nil()); },
                        Options(link, !link))
                    .ok());
  };
  Recorder near(*a_);
  keep(near.process, true);
  keep(near.process, false);
  ASSERT_TRUE(Wait([&] { return kept_.size() == 2; }));
  ASSERT_TRUE(Settle());
  ASSERT_TRUE(a_->Disconnect(b_->name()).ok());
  ASSERT_TRUE(Wait([&] { return !kept_[0].process().IsAlive(); }));
  EXPECT_TRUE(kept_[1].process().IsAlive());
  ASSERT_TRUE(Wait([&] { return !near.death.empty(); }));
  EXPECT_EQ(near.death, "noconnection");
}

}  // namespace
}  // namespace ringdist
