// MessageNodesTest: a fixture of two nodes at message level, a and b, on one
// reactor. They are not connected: who sends first connects them.
//
//   class NodeMessagesTest : public MessageNodesTest {};
//   TEST_F(NodeMessagesTest, ...) {
//     Start();
//     Recorder to(*b_);
//     ASSERT_TRUE(a_->Send(to.pid, 1).ok());
//     ASSERT_TRUE(Wait([&] { return to.messages.size() == 1; }));

#ifndef RINGDIST_TESTS_TESTING_MESSAGE_NODES_H_
#define RINGDIST_TESTS_TESTING_MESSAGE_NODES_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "ringdist/proto/node_name.h"
#include "ringdist/runtime/node.h"
#include "ringdist/runtime/node_options.h"
#include "ringdist/runtime/reactor.h"
#include "ringdist/tests/testing/run_until.h"
#include "ringdist/tests/testing/temporary_directory.h"
#include "ringdist/tests/testing/test_node.h"

namespace ringdist {

class MessageNodesTest : public ::testing::Test {
 protected:
  // Processes that refer to what a test declares may hear no more when it ends:
  // to end b turns a. Those of recorders are safe.
  void Start(NodeOptions a, NodeOptions b) {
    a.on_setup_failed = [this](const NodeName&, const absl::Status&) {
      ++setup_failures_;
    };
    a.on_writable = [this](const NodeName&) { ++writable_; };
    a_ = *Node::Create(*reactor_, std::move(a));
    b_ = *Node::Create(*reactor_, std::move(b));
    ASSERT_TRUE(a_->Listen().ok());
    ASSERT_TRUE(b_->Listen().ok());
  }
  void Start() { Start(OptionsOf("a@localhost"), OptionsOf("b@localhost")); }

  NodeOptions OptionsOf(absl::string_view name) {
    NodeOptions options;
    options.distribution = NodeOptionsAt(directory_, name);
    return options;
  }
  bool Wait(absl::FunctionRef<bool()> done) {
    return RunUntil(*reactor_, done);
  }
  // Connects them, and lets all that was sent both ways arrive: each pings the
  // other, twice as what arrives may be answered.
  bool Settle() {
    for (int round = 0; round < 2; ++round) {
      int pongs = 0;
      const auto count = [&](const absl::StatusOr<absl::Duration>& outcome) {
        pongs += outcome.ok() ? 1 : 0;
      };
      a_->Ping(b_->name(), absl::Seconds(20), count);
      b_->Ping(a_->name(), absl::Seconds(20), count);
      if (!Wait([&] { return pongs == 2; })) return false;
    }
    return true;
  }

  int setup_failures_ = 0;  // Of a.
  int writable_ = 0;        // So often a was told.
  TemporaryDirectory directory_;
  std::unique_ptr<Reactor> reactor_ = *Reactor::Create();
  std::unique_ptr<Node> a_;
  std::unique_ptr<Node> b_;
};

}  // namespace ringdist

#endif  // RINGDIST_TESTS_TESTING_MESSAGE_NODES_H_
