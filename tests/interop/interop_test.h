// InteropTest: a node of ours and real Erlang nodes in one test, on one thread.
//
//   class PingTest : public InteropTest {};
//
//   TEST_F(PingTest, ARealNodePingsUs) {
//     const std::unique_ptr<ErlangNode> erlang = StartErlang();
//     RecordedNode node(*this);
//     ASSERT_TRUE(node->Listen().ok());
//     EXPECT_EQ(EvalRunning(*erlang, "net_adm:ping(cpp@localhost)."), "pong");
//     EXPECT_TRUE(RunUntil([&] { return node.Told("up erl@localhost"); }));
//   }
//
// All of them have their sockets in one directory, which goes with the test.
// What a node of ours has to do, it does only in RunUntil and what is built on
// it.

#ifndef RINGDIST_TESTS_INTEROP_INTEROP_TEST_H_
#define RINGDIST_TESTS_INTEROP_INTEROP_TEST_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "ringdist/runtime/distribution_options.h"
#include "ringdist/runtime/node.h"
#include "ringdist/runtime/reactor.h"
#include "ringdist/tests/testing/erlang_node.h"
#include "ringdist/tests/testing/temporary_directory.h"

namespace ringdist {

class InteropTest : public ErlangTest {
 public:
  // No wait of these tests is this long unless something hangs.
  static constexpr absl::Duration kLimit = absl::Seconds(20);

  Reactor& reactor() { return *reactor_; }
  const TemporaryDirectory& directory() const { return directory_; }

  // A real node; erl@localhost unless the options say otherwise. One that does
  // not start ends the test program with what it printed.
  std::unique_ptr<ErlangNode> StartErlang(ErlangNodeOptions options = {});

  // A node of ours beside them, with their cookie, for what is not a Node.
  DistributionOptions OptionsFor(absl::string_view name) const;

  // Turns the reactor until `condition` holds; false if it does not in time.
  bool RunUntil(absl::FunctionRef<bool()> condition,
                absl::Duration limit = kLimit);
  // Turns it for a time: only to see that nothing happens meanwhile.
  void RunFor(absl::Duration time);

  // ErlangNode::Eval, with the reactor turning meanwhile. An error's text is a
  // value, so that EXPECT_EQ shows it.
  std::string EvalRunning(ErlangNode& erlang, absl::string_view expressions);

 private:
  void TurnWith(const ErlangNode& erlang);

  TemporaryDirectory directory_;
  std::unique_ptr<Reactor> reactor_ = *Reactor::Create();
};

// A Node, and all that it told, in order:
//   "up PEER", "down PEER: REASON", "setup failed PEER: REASON", "named NAME"
class RecordedNode {
 public:
  // As OptionsFor("cpp@localhost"), but for a name or a cookie in `options`.
  explicit RecordedNode(InteropTest& test, NodeOptions options = {});

  Node* operator->() { return node_.get(); }
  const std::vector<std::string>& events() const { return events_; }
  // How many events begin so, and whether there is one.
  int Count(absl::string_view beginning) const;
  bool Told(absl::string_view beginning) const { return Count(beginning) > 0; }
  // What went to the log, a line each.
  const std::string& log() const { return log_; }

  // The node's ping, with the reactor turning.
  absl::StatusOr<absl::Duration> Ping(absl::string_view peer);

 private:
  InteropTest& test_;
  std::vector<std::string> events_;
  std::string log_;
  std::unique_ptr<Node> node_;
};

}  // namespace ringdist

#endif  // RINGDIST_TESTS_INTEROP_INTEROP_TEST_H_
