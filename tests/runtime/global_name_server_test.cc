// What a visible node does in its cluster, whose other nodes the test plays.
// How they put their names together is in global_sessions_test.cc; what real
// nodes make of it, in tests/interop/visible_node_test.cc.

#include "ringdist/runtime/global_name_server.h"

#include <initializer_list>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/runtime/node.h"
#include "ringdist/tests/testing/global_member.h"
#include "ringdist/tests/testing/random_term.h"
#include "ringdist/tests/testing/recorder.h"
#include "ringdist/tests/testing/test_node.h"

namespace ringdist {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

using Session = GlobalMember::Session;

class GlobalNameServerTest : public GlobalMembersTest {
 protected:
  // That `from` has lost `to`.
  static auto Loss(const Atom& from, int number, const Atom& to) {
    return std::tuple(Atom("lost_connection"), from, 1, number, to);
  }
  // The beginning of what our node tells of its own losses, and the end.
  static std::string LossOf(absl::string_view node) {
    return absl::StrCat("\\{lost_connection,m@localhost,[0-9]+,[0-9]+,", node,
                        "\\}");
  }
  std::unique_ptr<GlobalMember> NextMember(
      absl::string_view name, std::initializer_list<GlobalMember*> others) {
    auto member = JoinedMember(name);
    for (GlobalMember* other : others) {
      EXPECT_THAT(other->Next(), StartsWith("{new_nodes"));
    }
    return member;
  }
};

// Who is a member.

TEST_F(GlobalNameServerTest, AHiddenNodeHasNoPartInIt) {
  Start();
  auto hidden = NodeOptions{.distribution = NodeOptionsAt(directory_, "h@h")};
  const auto node = *Node::Create(*reactor_, hidden);
  Recorder server(*node);
  ASSERT_TRUE(node->Register("global_name_server", server.pid).ok());
  ASSERT_TRUE(node->Connect(ours_->name()).ok());
  ASSERT_TRUE(Wait([&] { return IsUp("h@h"); }));
  bool done = false;
  ours_->Ping(NameOf("h@h"), absl::Seconds(20), [&](auto) { done = true; });
  ASSERT_TRUE(Wait([&] { return done; }));
  EXPECT_THAT(server.messages, IsEmpty());
  // And is none of the kind: who is not visible has no such process.
  EXPECT_THAT(ours_->Registered(), ::testing::Contains("global_name_server"));
  EXPECT_TRUE(node->Unregister("global_name_server").ok());
  EXPECT_THAT(node->Registered(),
              Not(::testing::Contains("global_name_server")));
}

TEST_F(GlobalNameServerTest, ConnectsToWhomItIsToldOf) {
  Start();
  GlobalMember c(*reactor_, directory_, "c@localhost");
  auto b = Member("b@localhost");
  Session session;
  session.known = MakeTerm(List(std::tuple(std::tuple(Atom("c@localhost"), 8),
                                           Atom(kOurNode), Atom("no name"))));
  EXPECT_TRUE(b->Joins(session));
  EXPECT_EQ(c.Next(), "{in_sync,m@localhost,true}");
  EXPECT_TRUE(IsUp("c@localhost"));
}

TEST_F(GlobalNameServerTest, GivesUpANodeThatCannotBeReached) {
  Start();
  auto b = Member("b@localhost");
  Session session;
  session.known =
      MakeTerm(std::vector{std::tuple(Atom("nowhere@localhost"), 8)});
  EXPECT_TRUE(b->Joins(session));
  EXPECT_THAT(b->Next(), ::testing::ContainsRegex(LossOf("nowhere@localhost")));
  EXPECT_THAT(log_,
              HasSubstr("global: failed to connect to nowhere@localhost"));
}

TEST_F(GlobalNameServerTest, KnowsNoMoreNodesThanItMay) {
  Start({.global_limits = {.nodes = 2}});
  GlobalMember c(*reactor_, directory_, "c@localhost");
  GlobalMember d(*reactor_, directory_, "d@localhost");
  auto b = Member("b@localhost");
  Session session;
  session.known = MakeTerm(std::vector{Atom("c@localhost"), Atom("b@localhost"),
                                       Atom("d@localhost")});
  EXPECT_TRUE(b->Joins(session));
  EXPECT_EQ(c.Next(), "{in_sync,m@localhost,true}");
  EXPECT_FALSE(IsUp("d@localhost"));
  EXPECT_THAT(log_, HasSubstr("more than 2 nodes: does not connect to d@"));
}

// Locks.

TEST_F(GlobalNameServerTest, GrantsLocksUntilTheirHolderIsGone) {
  Start();
  auto b = Member("b@localhost");
  auto c = Member("c@localhost");
  EXPECT_NE(b->Next(), "none");  // init_connect
  EXPECT_NE(c->Next(), "none");
  EXPECT_EQ(b->Call(SetLock("r", "b")), "{answer,true}");
  EXPECT_EQ(c->Call(SetLock("r", "c")), "{answer,false}");
  EXPECT_EQ(c->Call(DelLock("r", "c")), "{answer,true}");
  EXPECT_EQ(c->Call(SetLock("r", "c")), "{answer,false}");
  EXPECT_EQ(b->Call(DelLock("r", "b")), "{answer,true}");
  EXPECT_EQ(c->Call(SetLock("r", "c")), "{answer,true}");
  ASSERT_TRUE(ours_->Disconnect(c->node().name()).ok());
  ASSERT_TRUE(Wait([&] { return !IsUp("c@localhost"); }));
  EXPECT_EQ(b->Call(SetLock("r", "b")), "{answer,true}");
}

TEST_F(GlobalNameServerTest, RefusesLocksThereIsNoRoomFor) {
  Start({.global_limits = {.registry_bytes = 1000}});
  auto b = Member("b@localhost");
  EXPECT_NE(b->Next(), "none");
  EXPECT_EQ(b->Call(SetLock("r", "b")), "{answer,true}");
  const auto too_large = std::tuple(
      Atom("set_lock"), std::tuple(std::string(1000, 'x'), Atom("b")));
  EXPECT_EQ(b->Call(too_large), "{answer,false}");
  EXPECT_EQ(b->Call(std::tuple(Atom("register"), std::string(1000, 'x'),
                               b->pid(), Atom("method"))),
            "{answer,yes}");
  EXPECT_THAT(log_, HasSubstr("global: there is no room for the name"));
}

TEST_F(GlobalNameServerTest, AnswersHoweverMuchWaitsForTheOther) {
  Start();
  auto b = Member("b@localhost");
  EXPECT_NE(b->Next(), "none");
  Recorder sink(b->node());
  const std::string large(1000, 'x');
  while (ours_->Send(sink.pid, large).ok()) continue;
  constexpr int kCalls = 1000;
  for (int i = 0; i < kCalls; ++i) {
    b->Send(std::tuple(Atom("$gen_call"), std::tuple(b->pid(), i),
                       SetLock("r", "b")));
  }
  // So that whenever a request comes there is hardly room for an answer.
  ASSERT_TRUE(Wait([&] {
    while (ours_->Send(sink.pid, large).ok()) continue;
    return sink.messages.size() > 20'000;
  }));
  for (int i = 0; i < kCalls; ++i) {
    ASSERT_EQ(b->Next(), absl::StrCat("{", i, ",true}"));
  }
}

// Losses.

TEST_F(GlobalNameServerTest, TellsAllOthersOfALoss) {
  Start();
  auto b = JoinedMember("b@localhost");
  auto c = NextMember("c@localhost", {b.get()});
  auto d = NextMember("d@localhost", {b.get(), c.get()});
  ASSERT_TRUE(ours_->Disconnect(c->node().name()).ok());
  EXPECT_THAT(b->Next(), ::testing::MatchesRegex(LossOf("c@localhost")));
  EXPECT_THAT(d->Next(), ::testing::MatchesRegex(LossOf("c@localhost")));
  EXPECT_TRUE(IsUp("b@localhost") && IsUp("d@localhost"));
}

TEST_F(GlobalNameServerTest, TellsOfALossBeforeTheNodeIsAMemberAgain) {
  Start();
  auto b = JoinedMember("b@localhost");
  auto c = NextMember("c@localhost", {b.get()});
  ASSERT_TRUE(ours_->Disconnect(c->node().name()).ok());
  ASSERT_TRUE(Wait([&] { return c->node().Nodes().empty(); }));
  ASSERT_TRUE(c->Connect(*ours_));
  EXPECT_TRUE(c->Joins());
  EXPECT_THAT(b->Next(), ::testing::MatchesRegex(LossOf("c@localhost")));
  EXPECT_THAT(b->Next(), StartsWith("{new_nodes"));
}

TEST_F(GlobalNameServerTest, PartsWithANodeThatAnotherHasLost) {
  Start();
  auto b = JoinedMember("b@localhost");
  auto c = NextMember("c@localhost", {b.get()});
  auto d = NextMember("d@localhost", {b.get(), c.get()});
  b->Send(Loss(b->name(), 5, c->name()));
  EXPECT_EQ(c->Next(), "{lost_connection,b@localhost,1,5,c@localhost}");
  EXPECT_EQ(c->Next(), "{remove_connection,m@localhost}");
  EXPECT_EQ(d->Next(), "{lost_connection,b@localhost,1,5,c@localhost}");
  // Once.
  d->Send(Loss(b->name(), 5, c->name()));
  EXPECT_TRUE(c->IsQuiet() && b->IsQuiet());
  // When it does go that is no loss.
  ASSERT_TRUE(c->node().Disconnect(ours_->name()).ok());
  ASSERT_TRUE(Wait([&] { return !IsUp("c@localhost"); }));
  ASSERT_TRUE(ours_->Disconnect(d->node().name()).ok());
  EXPECT_THAT(b->Next(), ::testing::MatchesRegex(LossOf("d@localhost")));
}

TEST_F(GlobalNameServerTest, PartsWithWhoHasLostItself) {
  Start();
  auto b = JoinedMember("b@localhost");
  auto c = NextMember("c@localhost", {b.get()});
  b->Send(Loss(c->name(), 5, Atom(kOurNode)));
  EXPECT_EQ(c->Next(), "{remove_connection,m@localhost}");
  EXPECT_EQ(b->Next(), "{lost_connection,c@localhost,1,5,m@localhost}");
  // Whom it does not know it need not leave.
  b->Send(Loss(Atom("x@localhost"), 6, Atom(kOurNode)));
  EXPECT_EQ(b->Next(), "{lost_connection,x@localhost,1,6,m@localhost}");
  EXPECT_TRUE(b->IsQuiet());
}

TEST_F(GlobalNameServerTest, DisconnectsWhenItIsAskedTo) {
  Start();
  auto b = JoinedMember("b@localhost");
  auto c = NextMember("c@localhost", {b.get()});
  auto d = NextMember("d@localhost", {b.get(), c.get()});
  b->Send(std::tuple(Atom("remove_connection"), Atom("nowhere@localhost")));
  b->Send(std::tuple(Atom("remove_connection"), c->name()));
  ASSERT_TRUE(Wait([&] { return !IsUp("c@localhost"); }));
  EXPECT_THAT(log_, HasSubstr("disconnects from c@localhost"));
  // That is told by who has asked for it.
  ASSERT_TRUE(ours_->Disconnect(d->node().name()).ok());
  EXPECT_THAT(b->Next(), ::testing::MatchesRegex(LossOf("d@localhost")));
}

TEST_F(GlobalNameServerTest, DisconnectsAnOldNodeItself) {
  Start();
  auto b = JoinedMember("b@localhost");
  auto c = Member("c@localhost");
  Session session{.version = 6};
  EXPECT_TRUE(c->Joins(session));
  b->Send(Loss(b->name(), 5, c->name()));
  ASSERT_TRUE(Wait([&] { return !IsUp("c@localhost"); }));
}

TEST_F(GlobalNameServerTest, LossesMeanNothingIfPartitionsMayOverlap) {
  Start({.prevent_overlapping_partitions = false});
  auto b = JoinedMember("b@localhost");
  auto c = NextMember("c@localhost", {b.get()});
  b->Send(Loss(b->name(), 5, c->name()));
  EXPECT_TRUE(b->IsQuiet() && c->IsQuiet());
  ASSERT_TRUE(ours_->Disconnect(c->node().name()).ok());
  ASSERT_TRUE(Wait([&] { return !IsUp("c@localhost"); }));
  // Others may ask for what they like.
  b->Send(std::tuple(Atom("remove_connection"), b->name()));
  ASSERT_TRUE(Wait([&] { return !IsUp("b@localhost"); }));
}

TEST_F(GlobalNameServerTest, ANodeThatEndsHasLostNobody) {
  Start();
  auto b = JoinedMember("b@localhost");
  auto c = NextMember("c@localhost", {b.get()});
  bool is_closed = false;
  ours_->Close([&] { is_closed = true; });
  ASSERT_TRUE(Wait([&] { return is_closed; }));
  ours_.reset();
  Start();
  ASSERT_TRUE(b->Connect(*ours_));
  EXPECT_THAT(b->Next(), StartsWith("{init_connect")) << "and nothing before";
}

// What is no message of this protocol.

TEST_F(GlobalNameServerTest, IgnoresWhatItDoesNotKnow) {
  Start();
  auto b = JoinedMember("b@localhost");
  const Atom self(kOurNode);
  b->Send(std::tuple(Atom("$gen_call"), std::tuple(b->pid(), 1), Atom("stop")));
  b->Send(std::tuple(Atom("$gen_call"), 1, SetLock("r", "b")));
  // In the name of our own process; and of nobody.
  const Pid server = ours_->WhereIs("global_name_server").pid();
  for (const auto& request : {SetLock("r", "b"), DelLock("r", "b")}) {
    b->Send(std::tuple(Atom("$gen_call"), std::tuple(server, 1), request));
  }
  for (const char* word : {"exchange", "resolved", "in_sync", "init_connect"}) {
    b->Cast(std::tuple(Atom(word), self, Nil(), Nil(), 1));
    b->Cast(std::tuple(Atom(word), self, 1));
  }
  b->Send(std::tuple(Atom("remove_connection"), self));
  b->Send(Loss(self, 1, self));
  EXPECT_EQ(b->Next(), "{lost_connection,m@localhost,1,1,m@localhost}");
  RandomTerms terms(/*seed=*/1);
  for (int i = 0; i < 1000; ++i) {
    const Term term = terms.Next(/*max_bytes=*/1000);
    b->Send(term);
    b->Cast(term);
    b->Cast(std::tuple(Atom("new_nodes"), b->name(), std::vector{term},
                       std::vector{term}, term, term));
    b->Cast(std::tuple(Atom("init_connect"), term, b->name(),
                       std::tuple(Atom("locker"), term, term, b->pid())));
    if (i % 50 == 0) {
      ASSERT_TRUE(b->IsQuiet()) << i;
    }
  }
  EXPECT_EQ(b->Call(SetLock("r", "b")), "{answer,true}");
}

TEST_F(GlobalNameServerTest, ANodeThatIsNamedByAnotherIsNotVisible) {
  NodeOptions options;
  options.distribution = NodeOptionsAt(directory_, "undefined@localhost");
  options.visible = true;
  const auto node = Node::Create(*reactor_, options);
  ASSERT_TRUE(absl::IsInvalidArgument(node.status())) << node.status();
  EXPECT_THAT(node.status().message(), HasSubstr("visible"));
}

}  // namespace
}  // namespace ringdist
