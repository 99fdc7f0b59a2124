// What processes of ours and of a real node hear when the other node is gone,
// or was never there.

#include <memory>
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

using ::testing::UnorderedElementsAre;

constexpr absl::string_view kErl = "erl@localhost";

class NodeLossTest : public EitherConnectsTest {
 protected:
  void SetUp() override {
    EitherConnectsTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    ours_ = std::make_unique<Recorder>(RecordTrapping("ours"));
    plain_ = std::make_unique<Recorder>(Record());
    tester_ = Tester();
    // Each side has a link and a monitor of its own, and waits for nodes.
    (*ours_)->MonitorNodes(true);
    (*ours_)->Link(tester_);
    (*plain_)->Link(tester_);
    by_pid_ = (*ours_)->Monitor(tester_);
    by_name_ = (*ours_)->Monitor(NameAt{"tester", kErl});
    ASSERT_TRUE(node_->Ping(kErl).ok());
    ASSERT_EQ(Eval("net_kernel:monitor_nodes(true, [{node_type, all}]),"
                   "P = ",
                   Literal(ours_->pid()),
                   ", link(P),"
                   "ByPid = monitor(process, P),"
                   "ByName = monitor(process, {ours, N}), ok."),
              "ok");
    ASSERT_TRUE(ErlangIsHeard());
  }

  // What each of the two nodes' processes is told.
  void ExpectOursToldOfTheLoss() {
    const Atom noconnection("noconnection");
    const Atom down("DOWN"), process("process");
    const std::string told[] = {ours_->Next(), ours_->Next(), ours_->Next(),
                                ours_->Next()};
    EXPECT_THAT(
        told,
        UnorderedElementsAre(
            Text(std::tuple(Atom("EXIT"), tester_, noconnection)),
            Text(std::tuple(down, by_pid_, process, tester_, noconnection)),
            Text(std::tuple(down, by_name_, process,
                            std::tuple(Atom("tester"), Atom(kErl)),
                            noconnection)),
            Text(std::tuple(Atom("nodedown"), Atom(kErl)))));
    EXPECT_EQ(plain_->Reason(), "noconnection");
    EXPECT_EQ(ours_->count(), 0u);
  }
  void ExpectTheirsToldOfTheLoss() {
    EXPECT_EQ(
        Eval("lists:sort([Next() || _ <- lists:seq(1, 5)]) =:= lists:sort(["
             "{'EXIT', P, noconnection}, {'EXIT', ",
             Literal(plain_->pid()),
             ", noconnection}, {'DOWN', ByPid, process, P, noconnection},"
             "{'DOWN', ByName, process, {ours, N}, noconnection},"
             "{nodedown, N, [{node_type, hidden}]}])."),
        "true");
    EXPECT_EQ(Eval("process_info(self(), messages)."), "{messages,[]}");
  }

  std::unique_ptr<Recorder> ours_;
  std::unique_ptr<Recorder> plain_;
  Pid tester_;
  Reference by_pid_;
  Reference by_name_;
};

INSTANTIATE_TEST_SUITE_P(Connects, NodeLossTest, EitherConnects(), SideName);

TEST_P(NodeLossTest, TheirsIsKilled) {
  erlang_->Kill();
  ExpectOursToldOfTheLoss();
}

TEST_P(NodeLossTest, TheirsStops) {
  ASSERT_EQ(Eval("init:stop()."), "ok");
  // Its processes may end before the connection does.
  ASSERT_TRUE(RunUntil([&] { return node_->Told("down erl@localhost"); }));
  EXPECT_NE(plain_->Reason(), "alive");
}

TEST_P(NodeLossTest, TheyDisconnect) {
  ASSERT_EQ(Eval("erlang:disconnect_node(N)."), "true");
  ExpectOursToldOfTheLoss();
  ExpectTheirsToldOfTheLoss();
  // All is as before the first connection.
  EXPECT_EQ(Eval("{ours, N} ! again."), "again");
  EXPECT_EQ(ours_->Next(), Text(std::tuple(Atom("nodeup"), Atom(kErl))));
  EXPECT_EQ(ours_->Next(), "again");
}

TEST_P(NodeLossTest, WeDisconnect) {
  ASSERT_TRUE(node().Disconnect(node().Nodes().at(0)).ok());
  ExpectOursToldOfTheLoss();
  ExpectTheirsToldOfTheLoss();
}

TEST_P(NodeLossTest, OursCloses) {
  bool closed = false;
  node().Close([&] { closed = true; });
  ASSERT_TRUE(RunUntil([&] { return closed; }));
  ExpectTheirsToldOfTheLoss();
  EXPECT_EQ(Eval("monitor(process, P), element(5, Next())."), "noconnection");
}

TEST_P(NodeLossTest, WhatCannotBeReachedIsNoconnection) {
  const Atom noconnection("noconnection");
  const Pid nobody("nobody@localhost", 5, 0, 7);
  (*ours_)->Link(nobody);
  EXPECT_EQ(ours_->Next(),
            Text(std::tuple(Atom("EXIT"), nobody, noconnection)));
  const Reference monitor = (*ours_)->Monitor(NameAt{"x", nobody.node});
  EXPECT_EQ(
      ours_->Next(),
      Text(std::tuple(Atom("DOWN"), monitor, Atom("process"),
                      std::tuple(Atom("x"), Atom(nobody.node)), noconnection)));
  EXPECT_EQ(node_->Count("setup failed nobody@localhost"), 2);
}

TEST_P(NodeLossTest, ANewLifeOfANodeKnowsNothingOfTheOld) {
  ASSERT_TRUE(erlang_->Restart().ok());
  ExpectOursToldOfTheLoss();
  EXPECT_EQ(Eval("net_adm:ping(cpp@localhost)."), "pong");
  EXPECT_EQ(ours_->Next(), Text(std::tuple(Atom("nodeup"), Atom(kErl))));
  (*ours_)->Link(tester_);
  EXPECT_EQ(ours_->Next(),
            Text(std::tuple(Atom("EXIT"), tester_, Atom("noproc"))));
}

}  // namespace
}  // namespace ringdist
