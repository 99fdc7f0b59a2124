// What gen_server:call, cast and their like send, by hand. What real nodes make
// of the answers is in tests/interop/called_servers_test.cc.

#include "ringdist/runtime/gen_server.h"

#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/control_message.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/proto/term_text.h"
#include "ringdist/runtime/node.h"
#include "ringdist/runtime/testing/process_harness.h"
#include "ringdist/tests/testing/message_nodes.h"
#include "ringdist/tests/testing/raw_peer.h"
#include "ringdist/tests/testing/recorder.h"

namespace ringdist {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class GenServerTest : public ::testing::Test {
 protected:
  // A server that echoes what it is called with, and notes the rest.
  GenServerTest() {
    server_ = harness_.node().Spawn(
        GenServer({
            .handle_call =
                [this](Process& self, const TermView& request, ReplyTo caller) {
                  EXPECT_TRUE(caller.Reply(self, request).ok());
                  last_caller_ = std::move(caller);
                },
            .handle_cast =
                [this](Process&, const TermView& request) {
                  noted_.push_back("cast " + ToText(request));
                },
            .handle_info =
                [this](Process&, const TermView& message) {
                  noted_.push_back("info " + ToText(message));
                },
        }),
        NoteDeath());
  }
  ProcessOptions NoteDeath() {
    ProcessOptions options;
    options.on_death = [this](const Pid&, const Term& reason) {
      noted_.push_back("death " + ToText(reason));
    };
    return options;
  }

  template <typename Message>
  void Send(const Message& message) {
    ASSERT_TRUE(harness_.Send(server_, message).ok());
    harness_.RunUntilIdle();
  }
  // What the caller is sent for a call with this tag.
  template <typename Tag>
  std::string Call(const Tag& tag) {
    Send(std::tuple(Atom("$gen_call"), std::tuple(harness_.pid(), tag), 7));
    return Received();
  }
  std::string Received() {
    if (harness_.received().empty()) return "nothing";
    std::string text = ToText(harness_.Await());
    EXPECT_THAT(harness_.received(), IsEmpty());
    return text;
  }

  ProcessHarness harness_;
  std::vector<std::string> noted_;
  std::optional<ReplyTo> last_caller_;
  Pid server_;
};

// [alias | Reference].
auto AliasTag(const Reference& reference) {
  return List(std::make_tuple(Atom("alias")), reference);
}

TEST_F(GenServerTest, ATagIsTheCallersBusiness) {
  const Reference reference("other@localhost", 7, {1, 2, 3});
  for (const Term& tag :
       {MakeTerm(reference), MakeTerm(1), MakeTerm(Nil()),
        MakeTerm(std::tuple(Atom("alias"), reference)),
        MakeTerm(List(std::make_tuple(Atom("alias")), 1)),
        MakeTerm(List(std::make_tuple(Atom("other")), reference)),
        // One deeper than OTP nests it.
        MakeTerm(List(
            std::make_tuple(List(std::make_tuple(AliasTag(reference)), Nil())),
            Nil())),
        MakeTerm(std::string(100'000, 'x'))}) {
    EXPECT_EQ(Call(tag), ToText(MakeTerm(std::tuple(tag, 7))));
  }
}

TEST_F(GenServerTest, AReplyGoesToTheAliasInTheTag) {
  const Reference alias = harness_.probe().CreateAlias(/*for_one_reply=*/true);
  const Term tag = MakeTerm(AliasTag(alias));
  const std::string reply = ToText(MakeTerm(std::tuple(tag, 7)));
  EXPECT_EQ(Call(tag), reply);
  EXPECT_EQ(Call(tag), "nothing") << "the alias is gone";
  EXPECT_EQ(last_caller_->pid(), harness_.pid());
  const Reference other = harness_.probe().CreateAlias();
  const Term nested =
      MakeTerm(List(std::make_tuple(AliasTag(other)), Atom("more")));
  EXPECT_EQ(Call(nested), ToText(MakeTerm(std::tuple(nested, 7))));
  EXPECT_TRUE(harness_.probe().RemoveAlias(other));
  EXPECT_EQ(Call(nested), "nothing");
}

TEST_F(GenServerTest, CastsAndOtherMessagesAreTold) {
  Send(std::tuple(Atom("$gen_cast"), std::tuple(Atom("set"), 1)));
  Send(Atom("hello"));
  // What only looks like a call.
  Send(std::tuple(Atom("$gen_call"), 1, 2));
  Send(std::tuple(Atom("$gen_call"), std::tuple(harness_.pid()), 2));
  EXPECT_THAT(noted_, ElementsAre("cast {set,1}", "info hello",
                                  "info {'$gen_call',1,2}",
                                  testing::StartsWith("info {'$gen_call',{#")));
}

TEST_F(GenServerTest, SystemMessagesStopItOrAreUnknown) {
  const auto from = std::tuple(harness_.pid(), Atom("tag"));
  Send(std::tuple(Atom("system"), from, Atom("get_state")));
  EXPECT_EQ(Received(), "{tag,{error,{unknown_system_msg,get_state}}}");
  Send(std::tuple(Atom("system"), 1, Atom("get_state")));
  Send(std::tuple(Atom("system"), from,
                  std::tuple(Atom("terminate"), Atom("shutdown"))));
  EXPECT_EQ(Received(), "{tag,ok}");
  EXPECT_THAT(noted_,
              ElementsAre("info {system,1,get_state}", "death shutdown"));
}

TEST_F(GenServerTest, WithoutCallbacksCallsEndItAndTheRestIsIgnored) {
  server_ = harness_.node().Spawn(GenServer({}), NoteDeath());
  Send(std::tuple(Atom("$gen_cast"), 1));
  Send(Atom("hello"));
  EXPECT_THAT(noted_, IsEmpty());
  EXPECT_EQ(Call(1), "nothing");
  EXPECT_THAT(noted_, ElementsAre("death {bad_call,7}"));
}

class ReplyToTest : public MessageNodesTest {};

// Atoms are cached between the two.
TEST_F(ReplyToTest, ATagThatMightBecomeTooLongIsNone) {
  Start();
  Recorder asking(*a_);
  std::vector<std::string> noted;
  const Pid server = b_->Spawn(GenServer({
      .handle_call =
          [](Process& self, const TermView&, ReplyTo caller) {
            EXPECT_TRUE(caller.Reply(self, 1).ok());
          },
      .handle_cast = nullptr,
      .handle_info = [&](Process&,
                         const TermView&) { noted.push_back("other"); },
  }));
  const auto call = [&](size_t size) {
    const std::string tag(size - 5, 'x');  // With its header.
    EXPECT_TRUE(asking
                    ->Send(server, std::tuple(Atom("$gen_call"),
                                              std::tuple(asking.pid, tag), 1))
                    .ok());
  };
  call(kMaxTagBytes + 1);
  call(kMaxTagBytes);
  ASSERT_TRUE(Wait([&] { return !asking.messages.empty(); }));
  EXPECT_EQ(asking.messages.size(), 1u);
  EXPECT_THAT(noted, ElementsAre("other"));
}

// Where a message would be refused.
TEST_F(ReplyToTest, RepliesAreNeverRefused) {
  NodeOptions a = OptionsOf("a@localhost");
  a.peer_queue_bytes = 1000;
  a.distribution.send_queue_bytes = 50'000;
  Start(a, OptionsOf("b@localhost"));
  Recorder asking(*b_);
  Recorder server(*a_);
  ASSERT_TRUE(Settle());
  const Term from = MakeTerm(std::tuple(asking.pid, Atom("tag")));
  const std::optional<ReplyTo> caller = ReplyTo::Read(from);
  ASSERT_TRUE(caller.has_value());
  const std::string bytes(10'000, 'x');
  while (server->Send(asking.pid, bytes).ok()) {
  }
  // Some of them in fragments.
  const std::string large(200'000, 'y');
  const size_t sent = 1000;
  for (size_t i = 0; i < sent; ++i) {
    const std::string& some = i % 100 == 0 ? large : bytes;
    ASSERT_TRUE(caller->Reply(server.process, std::tuple(i, some)).ok());
  }
  EXPECT_TRUE(absl::IsResourceExhausted(server->Send(asking.pid, bytes)));
  ASSERT_TRUE(Wait([&] { return asking.messages.size() > sent; }));
  const std::string last =
      ToText(MakeTerm(std::tuple(Atom("tag"), std::tuple(sent - 1, bytes))));
  ASSERT_TRUE(Wait([&] { return asking.messages.back() == last; }));
}

// What a peer is owed does not grow without end. The parameter: whether this
// node waits for an answer of the peer's, too.
class OwedRepliesTest : public ReplyToTest,
                        public ::testing::WithParamInterface<bool> {};

INSTANTIATE_TEST_SUITE_P(Calls, OwedRepliesTest, ::testing::Bool());

TEST_P(OwedRepliesTest, APeerThatCallsAndDoesNotReadIsNotReadEither) {
  const size_t limit = GetParam() ? 1'600'000 : 100'000;
  NodeOptions a = OptionsOf("a@localhost");
  a.peer_owed_bytes = 100'000;
  a.distribution.send_queue_bytes = 50'000;
  Start(a, OptionsOf("b@localhost"));
  const std::string reply(10'000, 'x');
  const Pid server = a_->Spawn(GenServer({
      .handle_call =
          [&](Process& self, const TermView&, ReplyTo caller) {
            EXPECT_TRUE(caller.Reply(self, reply).ok());
          },
      .handle_cast = nullptr,
      .handle_info = nullptr,
  }));
  RawPeer peer(*reactor_, directory_.Join("a"), "peer@localhost");
  peer.Send(peer.Dial());
  ASSERT_TRUE(peer.ReceiveHandshake().has_value());
  if (GetParam()) {
    a_->CallServer(NameAt{"server", "peer@localhost"}, 1,
                   absl::InfiniteDuration(), [](const CallResult&) {});
    EXPECT_TRUE(peer.ReceiveData().has_value());  // The monitor.
    EXPECT_TRUE(peer.ReceiveData().has_value());
  }
  const Pid from("peer@localhost", 1, 0, 1);
  const Term request =
      MakeTerm(std::tuple(Atom("$gen_call"), std::tuple(from, Atom("tag")), 1));
  StringWriter body;
  EncodePassThrough(
      control::Send{.from = {}, .to = server, .token = {}, .message = request},
      body);
  // More than it may be owed and the socket takes, all sent at once.
  constexpr int kCalls = 1000;
  std::string calls;
  for (int i = 0; i < kCalls; ++i) calls += DataPacket(body.view());
  peer.Send(calls);
  ASSERT_TRUE(Wait([&] { return a_->statistics().waiting_bytes > limit; }));
  for (int turn = 0; turn < 100; ++turn) {
    ASSERT_TRUE(reactor_->RunOnce(absl::ZeroDuration()).ok());
    ASSERT_LT(a_->statistics().waiting_bytes, limit + 20'000);
  }
  // When it reads it is answered, all of it.
  for (int i = 0; i < kCalls; ++i) ASSERT_TRUE(peer.ReceiveData().has_value());
}

TEST_F(ReplyToTest, WithoutSenderOrNodeAReplyIsAnError) {
  Start();
  const Term from = MakeTerm(
      std::tuple(Pid("no node", 1, 0, 1), Reference("b@localhost", 1, {1})));
  const std::optional<ReplyTo> caller = ReplyTo::Read(from);
  ASSERT_TRUE(caller.has_value());
  Recorder server(*a_);
  EXPECT_TRUE(absl::IsInvalidArgument(caller->Reply(server.process, 1)));
  server->Exit(MakeTerm(Atom("normal")));
  EXPECT_TRUE(absl::IsNotFound(caller->Reply(server.process, 1)));
  EXPECT_FALSE(ReplyTo::Read(MakeTerm(1)).has_value());
}

}  // namespace
}  // namespace ringdist
