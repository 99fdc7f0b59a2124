// EitherNodeTest: what a test does by hand to srv@localhost, done once to a
// real node of that name and once to ours, so that both can be seen to do the
// same.
//
//   class StatusTest : public EitherNodeTest {};
//   INSTANTIATE_TEST_SUITE_P(Node, StatusTest, EitherNode(), KindName);
//
//   TEST_P(StatusTest, AKnownNameIsOk) {
//     RawPeer peer = DialIt("cpp@localhost");
//     peer.Send(peer.Dial("sok"));
//     EXPECT_TRUE(peer.ReceiveHandshake().has_value());
//     EXPECT_TRUE(IsConnectedTo("cpp@localhost"));
//   }

#ifndef RINGDIST_TESTS_INTEROP_EITHER_NODE_TEST_H_
#define RINGDIST_TESTS_INTEROP_EITHER_NODE_TEST_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "ringdist/runtime/file_descriptor.h"
#include "ringdist/tests/interop/interop_test.h"
#include "ringdist/tests/testing/erlang_node.h"
#include "ringdist/tests/testing/raw_peer.h"

namespace ringdist {

enum class NodeKind { kErlang, kOurs };

inline auto EitherNode() {
  return ::testing::Values(NodeKind::kErlang, NodeKind::kOurs);
}
std::string KindName(const ::testing::TestParamInfo<NodeKind>& info);

class EitherNodeTest : public InteropTest,
                       public ::testing::WithParamInterface<NodeKind> {
 protected:
  // The cookie of the golden captures.
  static constexpr absl::string_view kCookie = "testcookie";

  // Starts the node.
  void SetUp() override;

  // A connection to the node, on which nothing was said yet.
  RawPeer DialIt(absl::string_view own_name);

  // The node connects to cpp@localhost, which is the peer that is returned.
  RawPeer LetItDial();
  // What came of that: waits for it.
  bool ItsDialSucceeded();

  // Asks the node.
  bool IsConnectedTo(absl::string_view peer);
  // Waits until it is not, and would take a new connection for the first.
  bool LosesConnectionTo(absl::string_view peer);

  // What the node told people, or was told, until now.
  std::string Words();

  bool is_ours() const { return GetParam() == NodeKind::kOurs; }
  std::unique_ptr<ErlangNode> erlang_;
  std::unique_ptr<RecordedNode> ours_;

 private:
  FileDescriptor listening_;
  int64_t dialling_ = 0;  // The real node's evaluation.
  size_t events_before_ = 0;
};

}  // namespace ringdist

#endif  // RINGDIST_TESTS_INTEROP_EITHER_NODE_TEST_H_
