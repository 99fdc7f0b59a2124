// Calls between two nodes of ours: those that wait, those that end early, and
// what others may do to them. How calls end, as real nodes end them, is in
// tests/interop/calls_test.cc.

#include "ringdist/runtime/calls.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/control_message.h"
#include "ringdist/proto/distribution_flags.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/runtime/file_descriptor.h"
#include "ringdist/runtime/gen_server.h"
#include "ringdist/runtime/node.h"
#include "ringdist/tests/testing/call_text.h"
#include "ringdist/tests/testing/message_nodes.h"
#include "ringdist/tests/testing/raw_peer.h"
#include "ringdist/tests/testing/unix_sockets.h"

namespace ringdist {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr absl::Duration kLong = absl::Seconds(15);

class CallsTest : public MessageNodesTest {
 protected:
  // What still happens while they end refers to this.
  ~CallsTest() override {
    a_.reset();
    b_.reset();
  }

  // b has m:size/1, m:makes/1 and m:keeps/0, which is not answered; and a
  // server, "server", that keeps its callers.
  void StartAndExport(NodeOptions a, NodeOptions b) {
    Start(std::move(a), std::move(b));
    for (Node* const node : {a_.get(), b_.get()}) {
      ASSERT_TRUE(
          node->Export("m", "size",
                       [](absl::string_view bytes) { return bytes.size(); })
              .ok());
      ASSERT_TRUE(
          node->Export("m", "makes",
                       [](size_t size) { return std::string(size, 'x'); })
              .ok());
    }
    ASSERT_TRUE(
        b_->Export("m", "keeps", 0, [this](IncomingCall call, const TermView&) {
            kept_.push_back(std::move(call));
          }).ok());
    const Pid server = b_->Spawn(GenServer({
        .handle_call =
            [this](Process& self, const TermView& request, ReplyTo caller) {
              asked_.push_back(ToText(request));
              server_ = self;
              callers_.push_back(std::move(caller));
            },
        .handle_cast = nullptr,
        .handle_info = nullptr,
    }));
    ASSERT_TRUE(b_->Register("server", server).ok());
  }
  void StartAndExport(NodeOptions a) {
    StartAndExport(std::move(a), OptionsOf("b@localhost"));
  }
  void StartAndExport() { StartAndExport(OptionsOf("a@localhost")); }

  // Notes how a call ends.
  CallCallback Note() {
    return [this](const CallResult& result) {
      ended_.push_back(CallText(result));
    };
  }
  CallId Size(absl::string_view bytes, absl::string_view node = "b@localhost") {
    return a_->Call(node, "m", "size", std::tuple(bytes), kLong, Note());
  }
  CallId CallServer(int request, absl::string_view name = "server") {
    return a_->CallServer(NameAt{name, "b@localhost"}, request, kLong, Note());
  }
  bool WaitForEnds(size_t count) {
    return Wait([&] { return ended_.size() >= count; });
  }
  uint64_t open_calls() const { return a_->statistics().open_calls; }
  void ReplyToAll() {
    for (size_t i = 0; i < callers_.size(); ++i) {
      EXPECT_TRUE(callers_[i].Reply(server_, i).ok());
    }
    callers_.clear();
  }

  std::vector<std::string> ended_;
  std::vector<IncomingCall> kept_;
  std::vector<std::string> asked_;  // Of the server.
  std::vector<ReplyTo> callers_;
  Process server_;
};

// Waiting.

TEST_F(CallsTest, WhatWaitsForTheConnectionIsMoreThanItsQueueTakes) {
  NodeOptions a = OptionsOf("a@localhost");
  a.distribution.send_queue_bytes = 100'000;
  StartAndExport(a);
  const std::string bytes(10'000, 'x');
  for (int i = 0; i < 200; ++i) Size(bytes);
  for (int i = 0; i < 200; ++i) CallServer(i);
  EXPECT_THAT(ended_, IsEmpty()) << "inside the call";
  ASSERT_TRUE(Wait([&] { return asked_.size() == 200; }));
  for (int i = 0; i < 200; ++i) EXPECT_EQ(asked_[i], absl::StrCat(i));
  ASSERT_TRUE(WaitForEnds(200));
  EXPECT_EQ(ended_, std::vector<std::string>(200, "10000"));
  ReplyToAll();
  ASSERT_TRUE(WaitForEnds(400));
  for (int i = 0; i < 200; ++i) EXPECT_EQ(ended_[200 + i], absl::StrCat(i));
}

TEST_F(CallsTest, WhatTheConnectionHasNoRoomForWaitsToo) {
  NodeOptions a = OptionsOf("a@localhost");
  a.distribution.send_queue_bytes = 100'000;
  StartAndExport(a);
  ASSERT_TRUE(Settle());
  const std::string bytes(10'000, 'x');
  for (int i = 0; i < 200; ++i) {
    Size(bytes);
    CallServer(i);
  }
  ASSERT_TRUE(WaitForEnds(200));
  EXPECT_EQ(ended_, std::vector<std::string>(200, "10000"));
  ASSERT_TRUE(Wait([&] { return asked_.size() == 200; }));
  for (int i = 0; i < 200; ++i) EXPECT_EQ(asked_[i], absl::StrCat(i));
}

TEST_F(CallsTest, MoreThanMayWaitIsASystemLimit) {
  NodeOptions a = OptionsOf("a@localhost");
  a.peer_queue_bytes = 25'000;
  StartAndExport(a);
  const std::string bytes(10'000, 'x');
  const CallId first = Size(bytes);
  Size(bytes);
  Size(bytes);  // Goes beyond the limit.
  Size(bytes);
  ASSERT_TRUE(WaitForEnds(1));
  EXPECT_THAT(ended_[0], StartsWith("RESOURCE_EXHAUSTED: system_limit: calls"));
  // One less waits.
  EXPECT_TRUE(a_->CancelCall(first));
  Size(bytes);
  ASSERT_TRUE(WaitForEnds(5));
  EXPECT_THAT(ended_,
              ElementsAre(StartsWith("RESOURCE_EXHAUSTED"),
                          StartsWith("CANCELLED"), "10000", "10000", "10000"));
}

// A node that takes connections and never says a word.
TEST_F(CallsTest, WhatWaitsEndsLikeTheRest) {
  NodeOptions a = OptionsOf("a@localhost");
  a.distribution.setup_time = absl::Milliseconds(300);
  StartAndExport(a);
  const FileDescriptor silent =
      ListenAt(directory_.Join("silent"), /*backlog=*/5);
  constexpr absl::string_view kSilent = "silent@localhost";
  const CallId cancelled =
      a_->Call(kSilent, "m", "f", std::tuple(), kLong, Note());
  a_->Call(kSilent, "m", "f", std::tuple(), absl::Milliseconds(20), Note());
  a_->Call(kSilent, "m", "f", std::tuple(), absl::InfiniteDuration(), Note());
  a_->CallServer(NameAt{"server", kSilent}, 1, absl::InfiniteDuration(),
                 Note());
  EXPECT_TRUE(a_->CancelCall(cancelled));
  EXPECT_FALSE(a_->CancelCall(cancelled));
  ASSERT_TRUE(WaitForEnds(4));
  EXPECT_THAT(
      ended_,
      ElementsAre("CANCELLED: cancelled: by the caller",
                  "DEADLINE_EXCEEDED: timeout: no answer from silent@localhost "
                  "within 20ms",
                  StartsWith("UNAVAILABLE: noconnection: silent@localhost"),
                  StartsWith("UNAVAILABLE: noconnection: silent@localhost")));
  EXPECT_EQ(open_calls(), 0u);
}

// It is somebody else when it has a name, and calls as that.
TEST_F(CallsTest, ANodeWithoutANameCalls) {
  StartAndExport();
  a_ = *Node::Create(*reactor_, OptionsOf("undefined@localhost"));
  Size("12345");
  CallServer(1);
  ASSERT_TRUE(WaitForEnds(1));
  EXPECT_THAT(ended_, ElementsAre("5"));
  ASSERT_TRUE(Wait([&] { return callers_.size() == 1; }));
  EXPECT_EQ(callers_[0].pid().node, a_->name().full());
  EXPECT_NE(callers_[0].pid().node, "undefined@localhost");
}

// Names.

TEST_F(CallsTest, WhatIsNoNameIsABadarg) {
  StartAndExport();
  const std::string long_name(256, 'x');
  a_->Call("b@localhost", long_name, "f", Nil(), kLong, Note());
  a_->Call("b@localhost", "m", "\xFF", Nil(), kLong, Note());
  a_->Call("no node", "m", "f", Nil(), kLong, Note());
  CallServer(1, long_name);
  a_->CallServer(NameAt{"server", "no node"}, 1, kLong, Note());
  EXPECT_THAT(ended_, IsEmpty()) << "inside the call";
  ASSERT_TRUE(WaitForEnds(5));
  for (const std::string& ended : ended_) {
    EXPECT_THAT(ended, StartsWith("INVALID_ARGUMENT: badarg: "));
  }
}

TEST_F(CallsTest, ANodeMayCallItself) {
  StartAndExport();
  Size("12", "a@localhost");
  a_->CallServer(NameAt{"nobody", "a@localhost"}, 1, kLong, Note());
  a_->Call("a@localhost", "m", "nothing", std::tuple(1), kLong, Note());
  ASSERT_TRUE(WaitForEnds(3));
  EXPECT_THAT(ended_, testing::UnorderedElementsAre(
                          "2", StartsWith("NOT_FOUND: noproc"),
                          "error:undef in m:nothing/1"));
}

// Ends.

TEST_F(CallsTest, ACallbackMayCallAndCancel) {
  StartAndExport();
  const CallId kept =
      a_->Call("b@localhost", "m", "keeps", Nil(), kLong, Note());
  a_->Call("b@localhost", "m", "size", std::tuple("1"), kLong,
           [&](const CallResult& result) {
             ended_.push_back(CallText(result));
             EXPECT_TRUE(a_->CancelCall(kept));
             Size("22");
             a_->Call("no node", "m", "f", Nil(), kLong, Note());
           });
  ASSERT_TRUE(WaitForEnds(4));
  EXPECT_THAT(ended_, ElementsAre("1", StartsWith("CANCELLED"),
                                  StartsWith("INVALID_ARGUMENT"), "2"));
}

TEST_F(CallsTest, WithItsNodeACallIsDropped) {
  StartAndExport();
  const auto dropped = std::make_shared<int>();
  const auto never = [dropped](const CallResult&) { FAIL(); };
  a_->Call("b@localhost", "m", "keeps", Nil(), kLong, never);
  a_->CallServer(NameAt{"server", "b@localhost"}, 1, kLong, never);
  ASSERT_TRUE(Wait([&] { return kept_.size() + callers_.size() == 2; }));
  a_->Call("other@localhost", "m", "f", Nil(), kLong, never);  // It waits.
  a_->CancelCall(a_->Call("no node", "m", "f", Nil(), kLong, never));
  // What is destroyed with a call may look for others.
  struct Canceller {
    Canceller(Node& its_node, CallId its_call)
        : node(its_node), call(its_call) {}
    ~Canceller() { EXPECT_FALSE(node.CancelCall(call)); }
    Node& node;
    CallId call;
  };
  a_->Call("b@localhost", "m", "keeps", Nil(), kLong,
           [dropped, canceller = std::make_unique<Canceller>(*a_, 1)](
               const CallResult&) { FAIL(); });
  a_.reset();
  EXPECT_EQ(dropped.use_count(), 2) << "with the one in `never`";
  // To answer them finds nobody.
  ASSERT_TRUE(Wait([&] { return b_->Nodes().empty(); }));
  ReplyToAll();
  kept_.clear();
}

// What others may do.

TEST_F(CallsTest, NobodyElseCanEndCalls) {
  StartAndExport();
  CallServer(1);
  ASSERT_TRUE(Wait([&] { return callers_.size() == 1; }));
  const Pid caller = callers_[0].pid();
  Process linked = b_->Find(b_->Spawn([](Process&, const TermView&) {}));
  linked.Link(caller);
  server_.ExitOther(caller, MakeTerm(Atom("kill")));
  server_.ExitOther(caller, MakeTerm(Atom("crash")));
  linked.Exit(MakeTerm(Atom("crash")));
  ASSERT_TRUE(Settle());
  ReplyToAll();
  Size("123");
  ASSERT_TRUE(WaitForEnds(2));
  EXPECT_THAT(ended_, testing::UnorderedElementsAre("0", "3"));
}

// A third node knows all there is to know, and says that the server is gone.
TEST_F(CallsTest, OnlyTheNodeThatIsCalledTellsHowACallEnds) {
  StartAndExport();
  Pid caller;
  std::optional<Reference> monitor;
  const Pid spy = b_->Spawn([&](Process&, const TermView& message) {
    ReferenceView reference;
    const auto tag = List(std::make_tuple(Atom("alias")), &reference);
    if (Matches(message, std::tuple(Atom("$gen_call"), std::tuple(&caller, tag),
                                    Any()))) {
      monitor = Reference(reference);
    }
  });
  ASSERT_TRUE(b_->Register("spy", spy).ok());
  CallServer(1, "spy");
  ASSERT_TRUE(Wait([&] { return monitor.has_value(); }));
  RawPeer third(*reactor_, directory_.Join("a"), "third@localhost");
  third.Send(third.Dial());
  ASSERT_TRUE(third.ReceiveHandshake().has_value());
  StringWriter packet;
  EncodePassThrough(control::MonitorPExit{.from = AtomView::Utf8("spy"),
                                          .to = caller,
                                          .reference = *monitor,
                                          .reason = MakeTerm(Atom("forged")),
                                          .reason_is_payload = false},
                    packet);
  third.Send(DataPacket(packet.view()));
  ASSERT_TRUE(Settle());
  EXPECT_THAT(ended_, IsEmpty());
  b_->Find(spy).Exit(MakeTerm(Atom("told")));
  ASSERT_TRUE(WaitForEnds(1));
  EXPECT_THAT(ended_, ElementsAre("exit:told"));
}

// Each owes the other more than a peer that waits for nothing may be owed.
TEST_F(CallsTest, NodesThatOweEachOtherMuchDoNotWaitForEachOther) {
  NodeOptions a = OptionsOf("a@localhost");
  NodeOptions b = OptionsOf("b@localhost");
  a.peer_owed_bytes = b.peer_owed_bytes = 100'000;
  StartAndExport(a, b);
  ASSERT_TRUE(Settle());
  int ended = 0;
  const auto count = [&](const CallResult& result) { ended += result.ok(); };
  for (int i = 0; i < 150; ++i) {
    a_->Call("b@localhost", "m", "makes", std::tuple(10'000), kLong, count);
    b_->Call("a@localhost", "m", "makes", std::tuple(10'000), kLong, count);
  }
  ASSERT_TRUE(Wait([&] { return ended == 300; })) << ended;
}

}  // namespace
}  // namespace ringdist
