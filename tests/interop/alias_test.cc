// Aliases, and what is built on them: replies that come once or not at all.

#include <string>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/runtime/node.h"
#include "ringdist/runtime/process.h"
#include "ringdist/tests/interop/scenario_test.h"

namespace ringdist {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class AliasTest : public EitherConnectsTest {
 protected:
  // What has arrived at the tester, once all that was sent has.
  std::string Received() {
    EXPECT_TRUE(node_->Ping("erl@localhost").ok());
    return Eval(
        "(fun All() -> receive Any -> [Any | All()] after 0 -> [] end"
        " end)().");
  }
};

INSTANTIATE_TEST_SUITE_P(Connects, AliasTest, EitherConnects(), SideName);

// Aliases of a real process.

TEST_P(AliasTest, OfTheirsIsGoodUntilItIsTakenBack) {
  Recorder ours = Record();
  const Reference alias = EvalTo<Reference>("Alias = alias()");
  EXPECT_TRUE(ours->Send(alias, 1).ok());
  EXPECT_TRUE(ours->Send(alias, 2).ok());
  EXPECT_EQ(Received(), "[1,2]");
  EXPECT_EQ(Eval("unalias(Alias)."), "true");
  EXPECT_TRUE(ours->Send(alias, 3).ok());
  EXPECT_EQ(Received(), "[]");
}

TEST_P(AliasTest, OfTheirsForAReplyIsGoodForOneMessage) {
  Recorder ours = Record();
  const Reference alias = EvalTo<Reference>("Alias = alias([reply])");
  EXPECT_TRUE(ours->Send(alias, 1).ok());
  EXPECT_TRUE(ours->Send(alias, 2).ok());
  EXPECT_EQ(Received(), "[1]");
  EXPECT_EQ(Eval("unalias(Alias)."), "false");
}

TEST_P(AliasTest, OfTheirMonitorEndsItWithTheReply) {
  Recorder ours = Record();
  const Reference alias =
      EvalTo<Reference>(absl::StrCat("monitor(process, ", Literal(ours.pid()),
                                     ", [{alias, reply_demonitor}])"));
  EXPECT_TRUE(ours->Send(alias, Atom("reply")).ok());
  EXPECT_TRUE(ours->Send(alias, Atom("lost")).ok());
  EXPECT_EQ(Received(), "[reply]");
  ASSERT_TRUE(ErlangIsHeard());
  ours->Exit(MakeTerm(Atom("stop")));
  EXPECT_EQ(Received(), "[]");
}

TEST_P(AliasTest, OfTheirMonitorEndsWithDown) {
  Recorder ours = Record();
  Recorder other = Record();
  const Reference alias = EvalTo<Reference>(absl::StrCat(
      "monitor(process, ", Literal(ours.pid()), ", [{alias, demonitor}])"));
  ASSERT_TRUE(ErlangIsHeard());
  EXPECT_TRUE(other->Send(alias, 1).ok());
  EXPECT_EQ(Received(), "[1]");
  ours->Exit(MakeTerm(Atom("stop")));
  EXPECT_THAT(Received(), HasSubstr(",stop}]"));
  EXPECT_TRUE(other->Send(alias, 2).ok());
  EXPECT_EQ(Received(), "[]");
}

// Aliases of ours.

TEST_P(AliasTest, OfOursIsGoodUntilItIsTakenBack) {
  Recorder ours = Record();
  const Reference alias = ours->CreateAlias();
  EXPECT_EQ(Eval(Literal(alias), " ! 1, ", Literal(alias), " ! 2."), "2");
  EXPECT_EQ(ours.Next(), "1");
  EXPECT_EQ(ours.Next(), "2");
  EXPECT_TRUE(ours->RemoveAlias(alias));
  EXPECT_FALSE(ours->RemoveAlias(alias));
  EXPECT_EQ(Eval(Literal(alias), " ! 3."), "3");
  EXPECT_TRUE(ErlangIsHeard());
  EXPECT_EQ(ours.count(), 0u);
}

TEST_P(AliasTest, OfOursForAReplyIsGoodForOneMessage) {
  Recorder ours = Record();
  const Reference alias = ours->CreateAlias(/*for_one_reply=*/true);
  EXPECT_EQ(Eval(Literal(alias), " ! 1, ", Literal(alias), " ! 2."), "2");
  EXPECT_EQ(ours.Next(), "1");
  EXPECT_TRUE(ErlangIsHeard());
  EXPECT_EQ(ours.count(), 0u);
  EXPECT_FALSE(ours->RemoveAlias(alias));
}

TEST_P(AliasTest, OfOursEndsWithItsProcess) {
  Recorder ours = Record();
  const Reference alias = ours->CreateAlias();
  ours->Exit(MakeTerm(Atom("stop")));
  EXPECT_EQ(Eval(Literal(alias), " ! 1."), "1");
  EXPECT_TRUE(ErlangIsHeard());
  EXPECT_EQ(ours.count(), 0u);
}

// gen_server:call: a monitor with an alias, for one reply.

class GenServerTest : public AliasTest {
 protected:
  // A process of ours, "server": answers {twice, X}; dies of anything else.
  void StartServer() {
    const Pid server = node().Spawn([](Process& self, const TermView& call) {
      ReferenceView alias;
      int64_t number = 0;
      const auto tag = List(std::tuple(Atom("alias")), &alias);
      if (!Matches(call, std::tuple(Atom("$gen_call"), std::tuple(Any(), tag),
                                    std::tuple(Atom("twice"), &number)))) {
        return self.Exit(MakeTerm(Atom("bad_call")));
      }
      const auto reply_tag = List(std::tuple(Atom("alias")), alias);
      EXPECT_TRUE(self.Send(alias, std::tuple(reply_tag, 2 * number)).ok());
    });
    ASSERT_TRUE(node().Register("server", server).ok());
  }
};

INSTANTIATE_TEST_SUITE_P(Connects, GenServerTest, EitherConnects(), SideName);

TEST_P(GenServerTest, CallsAreAnsweredAndLeaveNothing) {
  StartServer();
  EXPECT_EQ(Eval("[X || X <- lists:seq(1, 1000), 2 * X =/="
                 " gen_server:call({server, N}, {twice, X})]."),
            "[]");
  EXPECT_EQ(Received(), "[]");
  EXPECT_EQ(Eval("process_info(self(), monitors)."), "{monitors,[]}");
}

TEST_P(GenServerTest, ACallOfOneThatDiesTellsWhy) {
  StartServer();
  EXPECT_THAT(Eval("catch gen_server:call({server, N}, hello)."),
              StartsWith("{'EXIT',{bad_call,{gen_server,call,"));
  EXPECT_THAT(Eval("catch gen_server:call({server, N}, hello)."),
              StartsWith("{'EXIT',{noproc,{gen_server,call,"));
}

}  // namespace
}  // namespace ringdist
