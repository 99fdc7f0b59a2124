// ClusterTest: visible nodes in one cluster, real ones a and b and one of ours.
//
//   class VisibleNodeTest : public ClusterTest {};
//   TEST_F(VisibleNodeTest, ...) {
//     StartAll();
//     EXPECT_EQ(Register(*a_, "here"), "yes");
//     EXPECT_TRUE(Becomes(*b_, NodeOf("here"), "a@localhost"));

#ifndef RINGDIST_TESTS_INTEROP_CLUSTER_TEST_H_
#define RINGDIST_TESTS_INTEROP_CLUSTER_TEST_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "ringdist/runtime/node.h"
#include "ringdist/tests/interop/interop_test.h"
#include "ringdist/tests/testing/erlang_node.h"

namespace ringdist {

class ClusterTest : public InteropTest {
 protected:
  std::unique_ptr<ErlangNode> Real(absl::string_view name);
  // One of ours, visible, which listens.
  std::unique_ptr<RecordedNode> Ours(absl::string_view name = "cpp@localhost",
                                     NodeOptions options = {});
  // Both real ones and ours, cpp@localhost. They connect to ours only, and by
  // that to each other.
  void StartAll(NodeOptions options = {});

  std::string Eval(ErlangNode& real, absl::string_view expressions) {
    return EvalRunning(real, expressions);
  }
  // Waits for an expression to have a value; a list is sorted.
  ::testing::AssertionResult Becomes(ErlangNode& real,
                                     absl::string_view expression,
                                     absl::string_view value);

  // Registers a process there with `global`: "yes".
  std::string Register(ErlangNode& real, absl::string_view name);
  // An expression: the node of the process with that name, or none.
  static std::string NodeOf(absl::string_view name);
  // The same at ours; empty if there is none.
  std::string NodeOfOurs(absl::string_view name) {
    return NodeAt(*ours_, name);
  }
  static std::string NodeAt(RecordedNode& ours, absl::string_view name);

  // All that it has logged by now.
  std::string LogOf(ErlangNode& real);

  std::string arguments_ = "-kernel net_ticktime 4";  // Of real nodes.
  std::unique_ptr<RecordedNode> ours_;
  std::unique_ptr<ErlangNode> a_;
  std::unique_ptr<ErlangNode> b_;
};

}  // namespace ringdist

#endif  // RINGDIST_TESTS_INTEROP_CLUSTER_TEST_H_
