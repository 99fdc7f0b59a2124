// Nodes without a name: a real one is named by ours, ours by a real one.

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/runtime/node.h"
#include "ringdist/tests/interop/interop_test.h"
#include "ringdist/tests/testing/erlang_node.h"
#include "ringdist/tests/testing/test_node.h"

namespace ringdist {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;

// A node without a name cannot ping before it is connected.
constexpr absl::string_view kConnect =
    "net_kernel:connect_node(cpp@localhost).";

class DynamicNameTest : public InteropTest {
 protected:
  NodeOptions WithoutName() {
    NodeOptions options;
    options.distribution.name = "undefined@localhost";
    return options;
  }
};

TEST_F(DynamicNameTest, WeNameARealNode) {
  const std::unique_ptr<ErlangNode> erlang =
      StartErlang({.name = "undefined@localhost"});
  RecordedNode node(*this);
  ASSERT_TRUE(node->Listen().ok());
  ASSERT_EQ(EvalRunning(*erlang, "node()."), "nonode@nohost");
  ASSERT_EQ(EvalRunning(*erlang, kConnect), "true");
  const std::string name = EvalRunning(*erlang, "atom_to_list(node()).");
  EXPECT_THAT(name, EndsWith("@localhost\""));
  EXPECT_EQ(
      EvalRunning(*erlang, "{net_adm:ping(cpp@localhost), nodes(hidden)}."),
      "{pong,[cpp@localhost]}");

  ASSERT_EQ(node->Nodes().size(), 1u);
  const NodeName given = node->Nodes()[0];
  EXPECT_EQ(absl::StrCat("\"", given.full(), "\""), name);
  EXPECT_THAT(node.events(), ElementsAre(absl::StrCat("up ", given.full())));
  EXPECT_TRUE(node->distribution().Find(given).peer().named_by_us);
  EXPECT_TRUE(node.Ping(given.full()).ok());
}

TEST_F(DynamicNameTest, WeGiveEveryNodeAnotherName) {
  const std::unique_ptr<ErlangNode> first =
      StartErlang({.name = "undefined@localhost"});
  const std::unique_ptr<ErlangNode> second =
      StartErlang({.name = "undefined@localhost"});
  RecordedNode node(*this);
  ASSERT_TRUE(node->Listen().ok());
  EXPECT_EQ(EvalRunning(*first, kConnect), "true");
  EXPECT_EQ(EvalRunning(*second, kConnect), "true");
  EXPECT_EQ(node->Nodes().size(), 2u);
  EXPECT_NE(EvalRunning(*first, "node()."), EvalRunning(*second, "node()."));
}

// As a real node does when it has lost the one that named it.
TEST_F(DynamicNameTest, ARealNodeComesBackUnderAnotherName) {
  const std::unique_ptr<ErlangNode> erlang =
      StartErlang({.name = "undefined@localhost"});
  RecordedNode node(*this);
  ASSERT_TRUE(node->Listen().ok());
  ASSERT_EQ(EvalRunning(*erlang, kConnect), "true");
  const std::string first = EvalRunning(*erlang, "node().");
  ASSERT_EQ(EvalRunning(*erlang, "erlang:disconnect_node(cpp@localhost)."),
            "true");
  ASSERT_EQ(EvalRunning(*erlang, kConnect), "true");
  EXPECT_NE(EvalRunning(*erlang, "node()."), first);
  EXPECT_EQ(EvalRunning(*erlang, "net_adm:ping(cpp@localhost)."), "pong");
  ASSERT_TRUE(RunUntil([&] { return node.Told("down"); }));
  EXPECT_EQ(node.Count("up"), 2);
  EXPECT_EQ(node->Nodes().size(), 1u);
}

TEST_F(DynamicNameTest, ARealNodeNamesUs) {
  const std::unique_ptr<ErlangNode> erlang = StartErlang();
  RecordedNode node(*this, WithoutName());
  EXPECT_TRUE(node->name().empty());
  EXPECT_EQ(node->Listen().code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(node.Ping("erl@localhost").ok());
  const std::string name = node->name().full();
  EXPECT_THAT(name, EndsWith("@localhost"));
  EXPECT_THAT(node.events(),
              ElementsAre(absl::StrCat("named ", name), "up erl@localhost"));
  EXPECT_GE(node->creation(), 4u);
  EXPECT_EQ(EvalRunning(
                *erlang,
                absl::StrCat("Us = '", name,
                             "', {nodes(hidden) =:= [Us], net_adm:ping(Us)}.")),
            "{true,pong}");
}

TEST_F(DynamicNameTest, WeKeepTheNameThatWeGot) {
  const std::unique_ptr<ErlangNode> first = StartErlang();
  const std::unique_ptr<ErlangNode> second =
      StartErlang({.name = "other@localhost"});
  RecordedNode node(*this, WithoutName());
  ASSERT_TRUE(node.Ping("erl@localhost").ok());
  const std::string name = node->name().full();
  ASSERT_TRUE(node.Ping("other@localhost").ok());
  ASSERT_TRUE(node->Disconnect(NameOf("erl@localhost")).ok());
  ASSERT_TRUE(RunUntil([&] { return node.Told("down"); }));
  ASSERT_TRUE(node.Ping("erl@localhost").ok());
  EXPECT_EQ(node.Count("named"), 1);
  EXPECT_EQ(node->name().full(), name);
  for (ErlangNode* erlang : {first.get(), second.get()}) {
    EXPECT_EQ(
        EvalRunning(*erlang, absl::StrCat("nodes(hidden) =:= ['", name, "'].")),
        "true");
  }
}

}  // namespace
}  // namespace ringdist
