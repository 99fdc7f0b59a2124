// How a node of ours and real nodes find each other, know of each other, and
// lose each other.

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/runtime/node.h"
#include "ringdist/runtime/reactor.h"
#include "ringdist/tests/interop/interop_test.h"
#include "ringdist/tests/testing/erlang_node.h"
#include "ringdist/tests/testing/forked_child.h"
#include "ringdist/tests/testing/test_node.h"

namespace ringdist {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Has the evaluating process there told of nodes, and waits for what it is
// told next.
constexpr absl::string_view kMonitorNodes =
    "net_kernel:monitor_nodes(true, [{node_type, all}, nodedown_reason]).";
constexpr absl::string_view kNextNews =
    "receive {nodeup, Up, _} -> {up, Up};"
    " {nodedown, Down, I} -> {down, Down, proplists:get_value(nodedown_reason,"
    " I), proplists:get_value(node_type, I)} after 10000 -> none end.";
constexpr absl::string_view kNewsSoFar = "process_info(self(), messages).";

class ConnectTest : public InteropTest {
 protected:
  NodeOptions Named(absl::string_view name) {
    NodeOptions options;
    options.distribution.name = std::string(name);
    return options;
  }
};

TEST_F(ConnectTest, ARealNodePingsUs) {
  const std::unique_ptr<ErlangNode> erlang = StartErlang();
  RecordedNode node(*this);
  ASSERT_TRUE(node->Listen().ok());
  EXPECT_EQ(EvalRunning(*erlang, "net_adm:ping(cpp@localhost)."), "pong");
  EXPECT_EQ(EvalRunning(*erlang, "net_adm:ping(cpp@localhost)."), "pong");
  EXPECT_THAT(node.events(), ElementsAre("up erl@localhost"));
}

TEST_F(ConnectTest, WePingARealNode) {
  const std::unique_ptr<ErlangNode> erlang = StartErlang();
  RecordedNode node(*this);
  const absl::StatusOr<absl::Duration> connecting = node.Ping("erl@localhost");
  ASSERT_TRUE(connecting.ok()) << connecting.status();
  const absl::StatusOr<absl::Duration> again = node.Ping("erl@localhost");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_GT(*again, absl::ZeroDuration());
  EXPECT_THAT(node.events(), ElementsAre("up erl@localhost"));
  EXPECT_THAT(node->Nodes(), ElementsAre(NameOf("erl@localhost")));
}

TEST_F(ConnectTest, AHiddenNodeIsInNodesHidden) {
  const std::unique_ptr<ErlangNode> erlang = StartErlang();
  RecordedNode node(*this);
  ASSERT_TRUE(node.Ping("erl@localhost").ok());
  EXPECT_EQ(EvalRunning(*erlang, "{nodes(), nodes(hidden)}."),
            "{[],[cpp@localhost]}");
}

TEST_F(ConnectTest, AVisibleNodeIsInNodesAndStaysThere) {
  const std::unique_ptr<ErlangNode> erlang = StartErlang();
  const std::unique_ptr<ErlangNode> other =
      StartErlang({.name = "other@localhost"});
  NodeOptions options;
  options.visible = true;
  RecordedNode node(*this, options);
  ASSERT_TRUE(node->Listen().ok());
  ASSERT_TRUE(node.Ping("erl@localhost").ok());
  ASSERT_TRUE(node.Ping("other@localhost").ok());
  EXPECT_EQ(EvalRunning(*other, "net_adm:ping(erl@localhost)."), "pong");
  // What global wants of a visible node does not take the connections down.
  RunFor(absl::Milliseconds(500));
  EXPECT_EQ(EvalRunning(*erlang, "{lists:sort(nodes()), nodes(hidden)}."),
            "{[cpp@localhost,other@localhost],[]}");
  EXPECT_EQ(node->Nodes().size(), 2u);
  EXPECT_FALSE(node.Told("down"));
}

TEST_F(ConnectTest, TheCarriersCallAnswersEveryTagOnce) {
  const std::unique_ptr<ErlangNode> erlang = StartErlang();
  RecordedNode node(*this);
  ASSERT_TRUE(node->Listen().ok());
  EXPECT_EQ(EvalRunning(*erlang,
                        "Call = {net_kernel, cpp@localhost},"
                        "gen_server:call(Call, {is_auth, node()})."),
            "yes");
  // The tags by hand: a plain reference, and the two with an alias.
  EXPECT_EQ(EvalRunning(*erlang,
                        "Ask = fun(Tag) -> Call ! {'$gen_call', {self(), Tag},"
                        " {is_auth, node()}},"
                        " receive {Tag, Answer} -> Answer"
                        " after 5000 -> none end end,"
                        "[Ask(make_ref()), Ask([alias | alias()]),"
                        " Ask([[alias | alias()] | more])]."),
            "[yes,yes,yes]");
  EXPECT_EQ(EvalRunning(*erlang, kNewsSoFar), "{messages,[]}");
}

// Who knows what, and when.

TEST_F(ConnectTest, TheirMonitorsTellOfUsWhenWeComeAndGo) {
  const std::unique_ptr<ErlangNode> erlang = StartErlang();
  RecordedNode node(*this);
  ASSERT_EQ(EvalRunning(*erlang, kMonitorNodes), "ok");
  ASSERT_TRUE(node.Ping("erl@localhost").ok());
  EXPECT_EQ(EvalRunning(*erlang, kNextNews), "{up,cpp@localhost}");
  EXPECT_EQ(EvalRunning(*erlang, kNewsSoFar), "{messages,[]}");
  ASSERT_TRUE(node->Disconnect(NameOf("erl@localhost")).ok());
  EXPECT_EQ(EvalRunning(*erlang, kNextNews),
            "{down,cpp@localhost,connection_closed,hidden}");
  EXPECT_EQ(EvalRunning(*erlang, kNewsSoFar), "{messages,[]}");
  EXPECT_THAT(node.events(),
              ElementsAre("up erl@localhost", StartsWith("down erl@localhost: "
                                                         "disconnect")));
}

TEST_F(ConnectTest, WeAreToldWhenTheyDisconnect) {
  const std::unique_ptr<ErlangNode> erlang = StartErlang();
  RecordedNode node(*this);
  ASSERT_EQ(EvalRunning(*erlang, kMonitorNodes), "ok");
  ASSERT_TRUE(node.Ping("erl@localhost").ok());
  ASSERT_EQ(EvalRunning(*erlang, kNextNews), "{up,cpp@localhost}");
  ASSERT_EQ(EvalRunning(*erlang, "erlang:disconnect_node(cpp@localhost)."),
            "true");
  EXPECT_EQ(EvalRunning(*erlang, kNextNews),
            "{down,cpp@localhost,disconnect,hidden}");
  EXPECT_TRUE(RunUntil([&] { return node.Told("down"); }));
  EXPECT_THAT(node.events(),
              ElementsAre("up erl@localhost",
                          StartsWith("down erl@localhost: connection_closed")));
  EXPECT_TRUE(node->Nodes().empty());
}

TEST_F(ConnectTest, AKilledRealNodeIsDown) {
  const std::unique_ptr<ErlangNode> erlang = StartErlang();
  RecordedNode node(*this);
  ASSERT_TRUE(node.Ping("erl@localhost").ok());
  erlang->Kill();
  EXPECT_TRUE(RunUntil([&] { return node.Told("down"); }));
  EXPECT_THAT(node.events(),
              ElementsAre("up erl@localhost",
                          StartsWith("down erl@localhost: connection_closed")));
}

TEST_F(ConnectTest, ANodeThatEndsIsDownThere) {
  const std::unique_ptr<ErlangNode> erlang = StartErlang();
  ASSERT_EQ(EvalRunning(*erlang, kMonitorNodes), "ok");
  {
    RecordedNode node(*this);
    ASSERT_TRUE(node.Ping("erl@localhost").ok());
  }
  EXPECT_EQ(EvalRunning(*erlang, kNextNews), "{up,cpp@localhost}");
  EXPECT_EQ(EvalRunning(*erlang, kNextNews),
            "{down,cpp@localhost,connection_closed,hidden}");
}

TEST_F(ConnectTest, ConnectsAgainAfterEachEnd) {
  const std::unique_ptr<ErlangNode> erlang = StartErlang();
  RecordedNode node(*this);
  ASSERT_TRUE(node->Listen().ok());
  ASSERT_TRUE(node.Ping("erl@localhost").ok());
  // At once after our own: they may think that the old connection lives.
  ASSERT_TRUE(node->Disconnect(NameOf("erl@localhost")).ok());
  ASSERT_TRUE(RunUntil([&] { return node.Told("down"); }));
  ASSERT_TRUE(node.Ping("erl@localhost").ok());
  // At once after theirs: we may think so.
  EXPECT_EQ(EvalRunning(*erlang,
                        "erlang:disconnect_node(cpp@localhost),"
                        "net_adm:ping(cpp@localhost)."),
            "pong");
  ASSERT_TRUE(erlang->Restart().ok());
  EXPECT_EQ(EvalRunning(*erlang, "net_adm:ping(cpp@localhost)."), "pong");
  EXPECT_EQ(node.Count("up erl@localhost"), 4);
  EXPECT_EQ(node.Count("down erl@localhost"), 3);
}

TEST_F(ConnectTest, ConnectsAgainAndAgainBeforeTheOtherKnowsOfTheEnd) {
  const std::unique_ptr<ErlangNode> erlang = StartErlang();
  RecordedNode node(*this);
  ASSERT_TRUE(node->Listen().ok());
  ASSERT_TRUE(node.Ping("erl@localhost").ok());
  constexpr int kRounds = 50;
  for (int round = 1; round <= kRounds; ++round) {
    if (round % 2 == 0) {
      ASSERT_TRUE(node->Disconnect(NameOf("erl@localhost")).ok());
      ASSERT_TRUE(RunUntil([&] { return node.Count("down") == round; }));
      ASSERT_TRUE(node.Ping("erl@localhost").ok());
    }
    ASSERT_EQ(
        EvalRunning(*erlang, round % 2 == 0
                                 ? "net_adm:ping(cpp@localhost)."
                                 : "erlang:disconnect_node(cpp@localhost),"
                                   "net_adm:ping(cpp@localhost)."),
        "pong");
  }
  EXPECT_EQ(node.Count("up"), kRounds + 1);
  EXPECT_EQ(node.Count("down"), kRounds);
  EXPECT_EQ(node.events().size(), 2u * kRounds + 1);
}

// Who may not.

TEST_F(ConnectTest, AWrongCookieIsRefusedByBothAndToldByBoth) {
  const std::unique_ptr<ErlangNode> erlang = StartErlang();
  NodeOptions options;
  options.distribution.cookie = "wrong";
  RecordedNode node(*this, options);
  ASSERT_TRUE(node->Listen().ok());

  const absl::StatusOr<absl::Duration> ping = node.Ping("erl@localhost");
  ASSERT_FALSE(ping.ok());
  EXPECT_THAT(std::string(ping.status().message()), HasSubstr("cookie"));
  EXPECT_THAT(node.events(),
              ElementsAre(StartsWith("setup failed erl@localhost")));

  EXPECT_EQ(EvalRunning(*erlang, "net_adm:ping(cpp@localhost)."), "pang");
  EXPECT_TRUE(RunUntil([&] { return absl::StrContains(node.log(), "erl@"); }));
  EXPECT_THAT(node.log(), HasSubstr("cookie"));
  EXPECT_EQ(node.events().size(), 1u);
  EXPECT_THAT(erlang->output(), HasSubstr("Invalid challenge reply"));
}

TEST_F(ConnectTest, WhoIsNotOnOurListIsRefused) {
  const std::unique_ptr<ErlangNode> erlang = StartErlang();
  const std::unique_ptr<ErlangNode> friendly =
      StartErlang({.name = "friend@localhost"});
  NodeOptions options;
  options.distribution.allowed = {"friend@localhost"};
  RecordedNode node(*this, options);
  ASSERT_TRUE(node->Listen().ok());
  // They are told, and need not wait for their setup time of 7 s.
  EXPECT_EQ(EvalRunning(*erlang,
                        "{Time, pang} = timer:tc(net_adm, ping,"
                        " [cpp@localhost]), Time < 5000000."),
            "true");
  EXPECT_THAT(node.log(), HasSubstr("erl@localhost"));
  EXPECT_EQ(EvalRunning(*friendly, "net_adm:ping(cpp@localhost)."), "pong");
  EXPECT_THAT(node.events(), ElementsAre("up friend@localhost"));
}

TEST_F(ConnectTest, ARefusalByARealNodeIsTold) {
  const std::unique_ptr<ErlangNode> erlang = StartErlang();
  RecordedNode node(*this);
  ASSERT_EQ(EvalRunning(*erlang, "net_kernel:allow([other@localhost])."), "ok");
  EXPECT_FALSE(node.Ping("erl@localhost").ok());
  ASSERT_EQ(node.events().size(), 1u);
  EXPECT_THAT(node.events()[0], StartsWith("setup failed erl@localhost"));
  EXPECT_THAT(node.events()[0], HasSubstr("not_allowed"));
}

TEST_F(ConnectTest, ANodeThatIsNotThere) {
  const std::unique_ptr<ErlangNode> erlang = StartErlang();
  RecordedNode node(*this);
  const absl::StatusOr<absl::Duration> ping = node.Ping("nobody@localhost");
  EXPECT_EQ(ping.status().code(), absl::StatusCode::kNotFound) << ping.status();
  EXPECT_THAT(node.events(),
              ElementsAre(StartsWith("setup failed nobody@localhost: ")));
  EXPECT_THAT(node.events()[0], HasSubstr(directory().Join("nobody")));
  // We do not listen: to them we are the one that is not there.
  EXPECT_EQ(EvalRunning(*erlang, "net_adm:ping(cpp@localhost)."), "pang");
}

TEST_F(ConnectTest, OurOwnNameIsNobodyElses) {
  RecordedNode node(*this);
  EXPECT_EQ(node->Connect(NameOf("cpp@localhost")).code(),
            absl::StatusCode::kInvalidArgument);
}

// Names and their sockets.

TEST_F(ConnectTest, TheNameOfALiveRealNodeIsTaken) {
  const std::unique_ptr<ErlangNode> erlang = StartErlang();
  RecordedNode node(*this, Named("erl@elsewhere"));
  const absl::Status listening = node->Listen();
  EXPECT_EQ(listening.code(), absl::StatusCode::kAlreadyExists) << listening;
  EXPECT_THAT(std::string(listening.message()),
              HasSubstr(directory().Join("erl")));
  // That was a connection that closed at once, and nothing to the node.
  RecordedNode other(*this);
  EXPECT_TRUE(other.Ping("erl@localhost").ok());
}

TEST_F(ConnectTest, OurNameIsTakenForARealNode) {
  RecordedNode node(*this);
  ASSERT_TRUE(node->Listen().ok());
  const absl::Status started =
      ErlangNode::Start(
          {.name = "cpp@localhost", .directory = directory().path()})
          .status();
  EXPECT_FALSE(started.ok());
  EXPECT_THAT(std::string(started.message()), HasSubstr("in use"));
  const std::unique_ptr<ErlangNode> erlang = StartErlang();
  EXPECT_EQ(EvalRunning(*erlang, "net_adm:ping(cpp@localhost)."), "pong");
}

TEST_F(ConnectTest, WeTakeTheSocketOfAKilledRealNode) {
  const std::unique_ptr<ErlangNode> erlang = StartErlang();
  StartErlang({.name = "cpp@localhost"})->Kill();
  RecordedNode node(*this);
  const absl::Status listening = node->Listen();
  ASSERT_TRUE(listening.ok()) << listening;
  EXPECT_EQ(EvalRunning(*erlang, "net_adm:ping(cpp@localhost)."), "pong");
}

TEST_F(ConnectTest, ARealNodeTakesTheSocketOfOurs) {
  Gate listening;
  ForkedChild child([&] {
    // Another process, so another reactor.
    const absl::StatusOr<std::unique_ptr<Reactor>> reactor = Reactor::Create();
    NodeOptions options = Named("erl@localhost");
    options.distribution.cookie = "ringdist";
    options.distribution.directory = directory().path();
    const absl::StatusOr<std::unique_ptr<Node>> node =
        Node::Create(**reactor, options);
    if (!node.ok() || !(*node)->Listen().ok()) return 1;
    listening.Open();
    return (*reactor)->Run().ok() ? 0 : 2;
  });
  listening.Wait();
  child.Kill();
  const std::unique_ptr<ErlangNode> erlang = StartErlang();
  RecordedNode node(*this);
  EXPECT_TRUE(node.Ping("erl@localhost").ok());
}

TEST_F(ConnectTest, ARealNodeThatDoesNotListenConnects) {
  const std::unique_ptr<ErlangNode> erlang =
      StartErlang({.arguments = "-dist_listen false"});
  RecordedNode node(*this);
  ASSERT_TRUE(node->Listen().ok());
  EXPECT_EQ(EvalRunning(*erlang, "net_adm:ping(cpp@localhost)."), "pong");
  EXPECT_TRUE(node.Ping("erl@localhost").ok());
  EXPECT_TRUE(node->distribution().Find(NameOf("erl@localhost")).peer().hidden);
  ASSERT_EQ(EvalRunning(*erlang, "erlang:disconnect_node(cpp@localhost)."),
            "true");
  ASSERT_TRUE(RunUntil([&] { return node.Told("down"); }));
  EXPECT_EQ(node.Ping("erl@localhost").status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace ringdist
