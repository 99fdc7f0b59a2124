// A cluster of real nodes and a visible one of ours, when one of them goes, or
// two part: the others stay together, and partitions do not overlap.

#include <map>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "ringdist/proto/node_name.h"
#include "ringdist/runtime/node.h"
#include "ringdist/tests/interop/cluster_test.h"
#include "ringdist/tests/interop/interop_test.h"
#include "ringdist/tests/testing/erlang_node.h"
#include "ringdist/tests/testing/test_node.h"

namespace ringdist {
namespace {

// Who goes, and how.
class DeathTest : public ClusterTest {
 protected:
  void StartWithNames() {
    StartAll();
    ASSERT_EQ(Register(*a_, "at_a"), "yes");
    ASSERT_EQ(Register(*b_, "at_b"), "yes");
  }
  // What is left goes on as if it had never been there.
  void ExpectGoesOn(ErlangNode& real, absl::string_view nodes) {
    EXPECT_TRUE(Becomes(real, "nodes()", nodes));
    EXPECT_EQ(Eval(real, "global:sync()."), "ok");
    EXPECT_EQ(Register(real, "afterwards"), "yes");
    RunFor(absl::Milliseconds(300));
    EXPECT_TRUE(Becomes(real, "nodes()", nodes));
  }
};

TEST_F(DeathTest, OfARealNode) {
  StartWithNames();
  b_->Kill();
  ExpectGoesOn(*a_, "[cpp@localhost]");
  EXPECT_TRUE(Becomes(*a_, NodeOf("at_b"), "none"));
  EXPECT_TRUE(RunUntil([&] { return NodeOfOurs("at_b").empty(); }));
  EXPECT_EQ(NodeOfOurs("at_a"), "a@localhost");
  EXPECT_EQ(NodeOfOurs("afterwards"), "a@localhost");
  EXPECT_EQ(ours_->Count("down"), 1);
  // And comes back, by the other.
  ASSERT_TRUE(b_->Restart().ok());
  ASSERT_EQ(Eval(*b_, "net_adm:ping(a@localhost)."), "pong");
  EXPECT_TRUE(Becomes(*b_, "nodes()", "[a@localhost,cpp@localhost]"));
  EXPECT_TRUE(Becomes(*b_, NodeOf("afterwards"), "a@localhost"));
  EXPECT_EQ(Register(*b_, "at_b"), "yes");
  EXPECT_EQ(NodeOfOurs("at_b"), "b@localhost");
}

TEST_F(DeathTest, OfARealNodeThatStops) {
  StartWithNames();
  b_->EvalAsync("init:stop().");
  ASSERT_TRUE(RunUntil([&] { return ours_->Told("down b@localhost"); }));
  ExpectGoesOn(*a_, "[cpp@localhost]");
  EXPECT_EQ(ours_->Count("down"), 1);
}

TEST_F(DeathTest, OfOurs) {
  StartWithNames();
  ours_.reset();  // Closes its connections one by one.
  ExpectGoesOn(*a_, "[b@localhost]");
  EXPECT_TRUE(Becomes(*b_, "nodes()", "[a@localhost]"));
  EXPECT_TRUE(Becomes(*b_, NodeOf("afterwards"), "a@localhost"));
  EXPECT_EQ(Eval(*b_, "global:sync()."), "ok");
}

// Two of three have parted. The third stays with one of them, or with none, as
// it happens; but never with both.
class PartingTest : public ClusterTest {
 protected:
  // Whom it sees, itself included, in order.
  std::string SeenBy(ErlangNode& real) {
    return Eval(real, "lists:sort([node() | nodes()]).");
  }
  std::string SeenByOurs() {
    std::set<std::string> seen = {(*ours_)->name().full()};
    for (const NodeName& node : (*ours_)->Nodes()) seen.insert(node.full());
    return absl::StrCat("[", absl::StrJoin(seen, ","), "]");
  }
  bool PartitionsOverlap() {
    const std::map<std::string, std::string> seen = {
        {"a@localhost", SeenBy(*a_)},
        {"b@localhost", SeenBy(*b_)},
        {"cpp@localhost", SeenByOurs()}};
    for (const auto& [one, its] : seen) {
      for (const auto& [other, others] : seen) {
        if (absl::StrContains(its, other) && its != others) return true;
      }
    }
    return false;
  }
  void ExpectTheyPart() {
    // Before that there may be nothing to see yet.
    ASSERT_TRUE(RunUntil([&] { return ours_->Count("down") > 0; }));
    const absl::Time deadline = absl::Now() + kLimit;
    while (PartitionsOverlap() && absl::Now() < deadline) continue;
    EXPECT_FALSE(PartitionsOverlap())
        << SeenBy(*a_) << SeenBy(*b_) << SeenByOurs();
  }
};

TEST_F(PartingTest, OfTwoRealNodes) {
  StartAll();
  EXPECT_EQ(Eval(*a_, "erlang:disconnect_node(b@localhost)."), "true");
  ExpectTheyPart();
  // They may meet again.
  for (ErlangNode* real : {a_.get(), b_.get()}) {
    EXPECT_EQ(Eval(*real, "net_adm:ping(cpp@localhost)."), "pong");
  }
  EXPECT_TRUE(Becomes(*a_, "nodes()", "[b@localhost,cpp@localhost]"));
  EXPECT_TRUE(Becomes(*b_, "nodes()", "[a@localhost,cpp@localhost]"));
}

TEST_F(PartingTest, OfOursAndARealOne) {
  StartAll();
  ASSERT_TRUE((*ours_)->Disconnect(NameOf("b@localhost")).ok());
  ExpectTheyPart();
}

}  // namespace
}  // namespace ringdist
