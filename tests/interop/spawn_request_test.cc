// Processes of a real node, asked for by ours; and what else starts something
// there: casts, and calls of several nodes at a time.

#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/distribution_flags.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/runtime/node.h"
#include "ringdist/tests/interop/scenario_test.h"
#include "ringdist/tests/testing/call_text.h"

namespace ringdist {
namespace {

using ::testing::ElementsAre;

constexpr absl::string_view kErl = "erl@localhost";
constexpr absl::Duration kLong = absl::Seconds(15);

class SpawnRequestTest : public ScenarioTest {
 protected:
  void SetUp() override {
    ScenarioTest::SetUp();
    if (!IsSkipped() && !HasFatalFailure()) Start({});
  }
  void Start(NodeOptions options) {
    options.on_output = [this](absl::string_view text, const PidView&) {
      absl::StrAppend(&printed_, text);
    };
    StartNodes(options);
    ASSERT_TRUE(LoadModule("m", {"node()"}));
    Connect(Side::kOurs);
  }

  template <typename Arguments>
  Reference Ask(Recorder& asking, absl::string_view module,
                absl::string_view function, const Arguments& arguments,
                bool link, bool monitor) {
    const absl::StatusOr<Reference> id = asking->SpawnRequest(
        {kErl, module, function, 0},
        [&](TermWriter& writer) { WriteValue(writer, arguments); },
        {.link = link, .monitor = monitor, .group_leader = {}});
    EXPECT_TRUE(id.ok()) << id.status();
    return id.value_or(Reference());
  }
  // The pid in the reply to a request, which is the next message.
  Pid Spawned(Recorder& asking, const Reference& id) {
    Pid pid;
    const Term reply = asking.NextTerm();
    EXPECT_TRUE(
        Matches(reply, std::tuple(Atom("spawn_reply"), id, Atom("ok"), &pid)))
        << ToText(reply);
    return pid;
  }

  std::string printed_;
};

TEST_F(SpawnRequestTest, AProcessTellsItsEndAsItWasAskedTo) {
  const std::vector<Atom> x{Atom("x")};
  for (const bool link : {false, true}) {
    for (const bool monitor : {false, true}) {
      Recorder asking = RecordTrapping();
      const Reference id = Ask(asking, "m", "exits", x, link, monitor);
      const Pid pid = Spawned(asking, id);
      std::vector<std::string> expected;
      if (link) expected.push_back(Text(std::tuple(Atom("EXIT"), pid, x[0])));
      if (monitor) {
        expected.push_back(
            Text(std::tuple(Atom("DOWN"), id, Atom("process"), pid, x[0])));
      }
      std::vector<std::string> told;
      for (size_t i = 0; i < expected.size(); ++i) {
        told.push_back(asking.Next());
      }
      EXPECT_THAT(told, testing::UnorderedElementsAreArray(expected));
      ASSERT_TRUE(node_->Ping(kErl).ok());
      EXPECT_EQ(asking.count(), 0u);
    }
  }
}

TEST_F(SpawnRequestTest, AFunctionThatIsNotThereIsUndefined) {
  Recorder asking = Record();
  const Reference id = Ask(asking, "m", "nothing", std::vector{1}, false, true);
  const Pid pid = Spawned(asking, id);
  TermView reason;
  const Term down = asking.NextTerm();
  ASSERT_TRUE(Matches(
      down, std::tuple(Atom("DOWN"), id, Atom("process"), pid, &reason)));
  EXPECT_THAT(ToText(reason), testing::StartsWith("{undef,[{m,nothing,[1],"));
}

TEST_F(SpawnRequestTest, WhatItPrintsComesHere) {
  Recorder asking = Record();
  const Reference id = Ask(asking, "m", "prints", Nil(), false, true);
  Spawned(asking, id);
  EXPECT_THAT(asking.Next(), testing::EndsWith(",normal}"));
  EXPECT_THAT(printed_, testing::StartsWith("{hello,1} and "));
}

TEST_F(SpawnRequestTest, ALinkedProcessEndsWithTheOneThatAsked) {
  Recorder asking = Record();
  const Pid pid =
      Spawned(asking, Ask(asking, "m", "waits", Nil(), true, false));
  Eval("Waiting = ", Literal(pid), ", monitor(process, Waiting), ok.");
  asking->Exit(MakeTerm(Atom("gone")));
  EXPECT_EQ(Eval("element(5, Next())."), "gone");
}

TEST_F(SpawnRequestTest, ItsNodesEndIsNoConnection) {
  Recorder asking = RecordTrapping();
  const Reference id = Ask(asking, "m", "waits", Nil(), true, true);
  const Pid pid = Spawned(asking, id);
  erlang_->Kill();
  const Atom noconnection("noconnection");
  EXPECT_THAT((std::vector{asking.Next(), asking.Next()}),
              testing::UnorderedElementsAre(
                  Text(std::tuple(Atom("EXIT"), pid, noconnection)),
                  Text(std::tuple(Atom("DOWN"), id, Atom("process"), pid,
                                  noconnection))));
}

TEST_F(SpawnRequestTest, ANodeOfAnotherKindTakesNone) {
  node_.reset();
  erlang_.reset();
  NodeOptions options;
  options.disabled_flags = kDflagSpawn;
  Start(options);
  Recorder asking = Record();
  const Reference id = Ask(asking, "m", "waits", Nil(), true, true);
  EXPECT_EQ(asking.Next(), Text(std::tuple(Atom("spawn_reply"), id,
                                           Atom("error"), Atom("notsup"))));
}

// As erpc:cast/4 and gen_server:cast/2 send them.
TEST_F(SpawnRequestTest, CastsAreNotAnswered) {
  Recorder asking = Record();
  const auto call = List(std::tuple(Atom("m"), Atom("tells"),
                                    List(std::tuple(asking.pid(), Atom("x")))));
  const Reference id = Ask(asking, "erpc", "execute_cast", call, false, false);
  std::vector<std::string> told = {asking.Next(), asking.Next()};
  EXPECT_THAT(told, testing::Contains("x"));
  ASSERT_TRUE(LoadModule("gs", {"node()"}));
  Eval("gs:start(server).");
  const auto tell = std::tuple(Atom("tell"), asking.pid(), Atom("y"));
  ASSERT_TRUE(
      asking->Send(NameAt{"server", kErl}, std::tuple(Atom("$gen_cast"), tell))
          .ok());
  EXPECT_EQ(asking.Next(), "{cast,y}");
}

// As erpc:multicall/4.
TEST_F(SpawnRequestTest, SeveralNodesAreCalledAtATime) {
  const std::unique_ptr<ErlangNode> other =
      StartErlang({.name = "other@localhost"});
  const std::vector<std::string> nodes = {"erl@localhost", "other@localhost",
                                          "nobody@localhost"};
  std::vector<std::string> told(nodes.size());
  for (size_t i = 0; i < nodes.size(); ++i) {
    node().Call(
        nodes[i], "erlang", "node", Nil(), kLong,
        [&told, i](const CallResult& result) { told[i] = CallText(result); });
  }
  ASSERT_TRUE(RunUntil([&] {
    return testing::Value(told, testing::Not(testing::Contains("")));
  }));
  EXPECT_THAT(told,
              ElementsAre("erl@localhost", "other@localhost",
                          testing::StartsWith("UNAVAILABLE: noconnection")));
}

}  // namespace
}  // namespace ringdist
