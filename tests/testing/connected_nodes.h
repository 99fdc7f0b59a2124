// ConnectedNodesTest: a fixture of two nodes of ours, a and b, with a
// connection between them on one reactor.
//
//   class ChannelTest : public ConnectedNodesTest {};
//   TEST_F(ChannelTest, ...) {
//     Start();
//     ASSERT_TRUE(channel_.Send("hello").ok());    // from a to b
//     ASSERT_TRUE(WaitForPackets(1));              // at b

#ifndef RINGDIST_TESTS_TESTING_CONNECTED_NODES_H_
#define RINGDIST_TESTS_TESTING_CONNECTED_NODES_H_

#include <gtest/gtest.h>

#include <memory>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "ringdist/runtime/channel.h"
#include "ringdist/runtime/distribution_options.h"
#include "ringdist/runtime/reactor.h"
#include "ringdist/tests/testing/run_until.h"
#include "ringdist/tests/testing/temporary_directory.h"
#include "ringdist/tests/testing/test_node.h"

namespace ringdist {

class ConnectedNodesTest : public ::testing::Test {
 protected:
  // What the callbacks refer to is gone when a test ends; the nodes are not.
  void TearDown() override {
    if (a_ != nullptr) a_->ForgetCallbacks();
    if (b_ != nullptr) b_->ForgetCallbacks();
  }

  void Start(const DistributionOptions& a_options,
             const DistributionOptions& b_options) {
    a_ = std::make_unique<TestNode>(*reactor_, a_options);
    b_ = std::make_unique<TestNode>(*reactor_, b_options);
    ASSERT_TRUE(Connect(*reactor_, *a_, *b_));
    channel_ = a_->To(*b_);
  }
  void Start() { Start(OptionsOf("a@localhost"), OptionsOf("b@localhost")); }

  DistributionOptions OptionsOf(absl::string_view name) {
    return NodeOptionsAt(directory_, name);
  }
  bool Wait(absl::FunctionRef<bool()> done) {
    return RunUntil(*reactor_, done);
  }
  bool WaitForPackets(size_t count) {
    return Wait([&] { return b_->packets().size() >= count; });
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Reactor> reactor_ = *Reactor::Create();
  std::unique_ptr<TestNode> a_;
  std::unique_ptr<TestNode> b_;
  Channel channel_;  // From a to b.
};

}  // namespace ringdist

#endif  // RINGDIST_TESTS_TESTING_CONNECTED_NODES_H_
