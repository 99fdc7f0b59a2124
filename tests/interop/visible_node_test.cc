// A visible node of ours in a cluster with real ones: they stay connected and
// have nothing to complain about, names are known everywhere, and locks are
// granted. What happens when one goes is in visible_node_loss_test.cc.

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "ringdist/runtime/node.h"
#include "ringdist/tests/interop/cluster_test.h"
#include "ringdist/tests/interop/interop_test.h"
#include "ringdist/tests/testing/erlang_node.h"
#include "ringdist/tests/testing/test_node.h"

namespace ringdist {
namespace {

class VisibleNodeTest : public ClusterTest {};

TEST_F(VisibleNodeTest, TheClusterIsQuietAndStaysTogether) {
  StartAll();
  RunFor(absl::Seconds(1));
  EXPECT_EQ(Eval(*a_, "global:sync()."), "ok");
  EXPECT_EQ(Eval(*b_, "global:sync()."), "ok");
  EXPECT_TRUE(Becomes(*a_, "nodes()", "[b@localhost,cpp@localhost]"));
  EXPECT_TRUE(Becomes(*b_, "nodes()", "[a@localhost,cpp@localhost]"));
  EXPECT_EQ(Eval(*a_, "nodes(hidden)."), "[]");
  EXPECT_EQ((*ours_)->Nodes().size(), 2u);
  EXPECT_FALSE(ours_->Told("down"));
  EXPECT_EQ(LogOf(*a_), "");
  EXPECT_EQ(LogOf(*b_), "");
  EXPECT_EQ(ours_->log(), "");
}

TEST_F(VisibleNodeTest, NamesAreKnownEverywhere) {
  ours_ = Ours();
  b_ = Real("b@localhost");
  ASSERT_EQ(Eval(*b_, "net_adm:ping(cpp@localhost)."), "pong");
  ASSERT_EQ(Register(*b_, "early"), "yes");
  // Who connects to us learns of it, and has the later ones told.
  a_ = Real("a@localhost");
  ASSERT_EQ(Eval(*a_, "net_adm:ping(cpp@localhost)."), "pong");
  EXPECT_TRUE(Becomes(*a_, NodeOf("early"), "b@localhost"));
  ASSERT_TRUE(Becomes(*b_, "nodes()", "[a@localhost,cpp@localhost]"));
  EXPECT_EQ(Register(*a_, "late"), "yes");
  EXPECT_TRUE(Becomes(*b_, NodeOf("late"), "a@localhost"));
  EXPECT_EQ(NodeOfOurs("early"), "b@localhost");
  EXPECT_EQ(NodeOfOurs("late"), "a@localhost");
  EXPECT_EQ(Register(*b_, "late"), "no");
  EXPECT_EQ(Eval(*a_, "global:unregister_name(late)."), "ok");
  EXPECT_TRUE(Becomes(*b_, NodeOf("late"), "none"));
  EXPECT_EQ(NodeOfOurs("late"), "");
  EXPECT_EQ(Eval(*a_, "exit(global:whereis_name(early), kill)."), "true");
  EXPECT_TRUE(Becomes(*b_, NodeOf("early"), "none"));
  EXPECT_TRUE(RunUntil([&] { return NodeOfOurs("early").empty(); }));
}

TEST_F(VisibleNodeTest, ConflictsAreSolvedWhoeverHasToSolveThem) {
  // Names below and above those of the others.
  for (const char* name : {"aa@localhost", "zz@localhost"}) {
    SCOPED_TRACE(name);
    auto ours = Ours(name);
    const auto b = Real("b@localhost");
    const auto c = Real("c@localhost");
    ASSERT_EQ(Eval(*b, absl::StrCat("net_adm:ping(", name, ").")), "pong");
    ASSERT_EQ(Eval(*b, "global:sync()."), "ok");
    ASSERT_EQ(Register(*b, "shared"), "yes");
    ASSERT_EQ(Register(*c, "shared"), "yes");
    ASSERT_EQ(Eval(*c, absl::StrCat("net_adm:ping(", name, ").")), "pong");
    // The one of the lesser node, as global:random_exit_name/3 has it.
    EXPECT_TRUE(Becomes(*c, NodeOf("shared"), "b@localhost"));
    EXPECT_TRUE(Becomes(*b, NodeOf("shared"), "b@localhost"));
    EXPECT_TRUE(
        RunUntil([&] { return NodeAt(*ours, "shared") == "b@localhost"; }));
  }
}

TEST_F(VisibleNodeTest, LocksAreGrantedToOneAtATime) {
  StartAll();
  EXPECT_EQ(Eval(*a_, "global:set_lock({r, a})."), "true");
  EXPECT_EQ(Eval(*b_, "global:set_lock({r, b}, [cpp@localhost], 0)."), "false");
  EXPECT_EQ(Eval(*b_,
                 "global:trans({r, b}, fun() -> done end,"
                 " [node() | nodes()], 0)."),
            "aborted");
  EXPECT_EQ(Eval(*a_, "global:del_lock({r, a})."), "true");
  EXPECT_EQ(Eval(*b_,
                 "global:trans({r, b}, fun() -> done end,"
                 " [node() | nodes()], 0)."),
            "done");
  // The end of its holder gives it back, at ours as well.
  EXPECT_EQ(Eval(*a_, "spawn(fun() -> global:set_lock({r, a}) end), ok."),
            "ok");
  EXPECT_EQ(Eval(*b_, "global:set_lock({r, b})."), "true");
}

TEST_F(VisibleNodeTest, PartitionsOverlapIfTheyMay) {
  arguments_ += " -kernel prevent_overlapping_partitions false";
  StartAll({.prevent_overlapping_partitions = false});
  EXPECT_EQ(Eval(*a_, "global:sync()."), "ok");
  EXPECT_EQ(Register(*a_, "at_a"), "yes");
  EXPECT_TRUE(Becomes(*b_, NodeOf("at_a"), "a@localhost"));
  EXPECT_EQ(Eval(*a_, "erlang:disconnect_node(b@localhost)."), "true");
  EXPECT_TRUE(Becomes(*b_, NodeOf("at_a"), "none"));
  RunFor(absl::Milliseconds(500));
  EXPECT_EQ(Eval(*a_, "nodes()."), "[cpp@localhost]");
  EXPECT_EQ(Eval(*b_, "nodes()."), "[cpp@localhost]");
  EXPECT_FALSE(ours_->Told("down"));
  EXPECT_EQ(LogOf(*a_), "");
  EXPECT_EQ(LogOf(*b_), "");
}

TEST_F(VisibleNodeTest, TwoOfOursAndARealOne) {
  ours_ = Ours("cpp@localhost");
  auto other = Ours("dpp@localhost");
  ASSERT_TRUE((*other)->Connect(NameOf("cpp@localhost")).ok());
  ASSERT_TRUE(RunUntil([&] { return other->Told("up cpp@localhost"); }));
  a_ = Real("a@localhost");
  ASSERT_EQ(Eval(*a_, "net_adm:ping(cpp@localhost)."), "pong");
  EXPECT_TRUE(Becomes(*a_, "nodes()", "[cpp@localhost,dpp@localhost]"));
  EXPECT_EQ(Eval(*a_, "global:sync()."), "ok");
  EXPECT_EQ(Register(*a_, "at_a"), "yes");
  EXPECT_EQ(NodeOfOurs("at_a"), "a@localhost");
  EXPECT_EQ(NodeAt(*other, "at_a"), "a@localhost");
  EXPECT_EQ(Eval(*a_, "global:trans({r, a}, fun() -> done end)."), "done");
  EXPECT_EQ(LogOf(*a_), "");
  other.reset();
  EXPECT_TRUE(Becomes(*a_, "nodes()", "[cpp@localhost]"));
  RunFor(absl::Milliseconds(500));
  EXPECT_EQ(Eval(*a_, "nodes()."), "[cpp@localhost]");
  a_->Kill();
  EXPECT_TRUE(RunUntil([&] { return NodeOfOurs("at_a").empty(); }));
}

}  // namespace
}  // namespace ringdist
