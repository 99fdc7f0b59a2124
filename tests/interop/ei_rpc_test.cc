// Functions of ours, called by a C node with ei_rpc: they give what those of a
// real node give it.

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/proto/term_text.h"
#include "ringdist/runtime/node.h"
#include "ringdist/tests/interop/compared_nodes_test.h"
#include "ringdist/tests/interop/ei_node.h"
#include "ringdist/tests/testing/erlang_node.h"

namespace ringdist {
namespace {

class EiRpcTest : public ComparedNodesTest {
 protected:
  // Connects to a node, "cpp" or "other".
  std::unique_ptr<EiNode> ConnectTo(absl::string_view alive) {
    absl::StatusOr<std::unique_ptr<EiNode>> ei =
        absl::UnknownError("not connected");
    Beside([&] {
      ei = EiNode::Connect("ei@localhost", ErlangNodeOptions().cookie,
                           directory().Join(std::string(alive)));
    });
    EXPECT_TRUE(ei.ok()) << ei.status();
    return ei.ok() ? *std::move(ei) : nullptr;
  }
  // Does what blocks, with the reactor turning meanwhile.
  template <typename Work>
  void Beside(Work work) {
    std::atomic<bool> done = false;
    std::thread thread([&] {
      work();
      done = true;
    });
    EXPECT_TRUE(RunUntil([&] { return done.load(); }, 3 * kLimit));
    thread.join();
  }

  struct Call {
    std::string function;
    Term arguments;
  };
  std::string Rpc(EiNode& ei, const Call& call) {
    absl::StatusOr<Term> result = absl::UnknownError("none");
    Beside([&] { result = ei.Rpc("m", call.function, call.arguments); });
    EXPECT_TRUE(result.ok()) << call.function << ": " << result.status();
    return result.ok() ? Normal(Literal(*result)) : "error";
  }
};

const Term kX = MakeTerm(std::vector<Atom>{Atom("x")});

TEST_F(EiRpcTest, CallsGiveWhatARealNodeGives) {
  const std::unique_ptr<EiNode> ours = ConnectTo("cpp");
  const std::unique_ptr<EiNode> theirs = ConnectTo("other");
  ASSERT_TRUE(ours != nullptr && theirs != nullptr);
  EXPECT_EQ(Rpc(*ours, {"add", MakeTerm(std::vector{1, 2})}), "3");
  const std::vector<Call> calls = {
      {"add", MakeTerm(std::vector{1, 2})},
      {"add", MakeTerm(std::vector{1'000'000, -1})},
      {"echo", MakeTerm(List(std::make_tuple(
                   std::tuple(Atom("a"), 1.5, std::string(100'000, 'x')))))},
      {"throws", kX},
      {"exits", kX},
      {"errors", kX},
      {"nothing", MakeTerm(Nil())},
      {"add", kX},
      {"sleeps", MakeTerm(std::vector{1000})},
  };
  for (const Call& call : calls) {
    EXPECT_EQ(Rpc(*ours, call), Rpc(*theirs, call)) << call.function;
  }
}

TEST_F(EiRpcTest, CallsFollowOneAnother) {
  const std::unique_ptr<EiNode> ei = ConnectTo("cpp");
  ASSERT_NE(ei, nullptr);
  int right = 0;
  Beside([&] {
    for (int i = 0; i < 1000; ++i) {
      const absl::StatusOr<Term> sum =
          ei->Rpc("m", "add", MakeTerm(std::vector{i, 1}));
      right += sum.ok() && *sum == MakeTerm(i + 1) ? 1 : 0;
    }
  });
  EXPECT_EQ(right, 1000);
}

TEST_F(EiRpcTest, MessagesGoBothWays) {
  ASSERT_TRUE(StartEcho(node()).ok());
  const std::unique_ptr<EiNode> ei = ConnectTo("cpp");
  ASSERT_NE(ei, nullptr);
  const Term term = MakeTerm(std::tuple(Atom("hello"), std::vector{1, 2}));
  absl::StatusOr<Term> echoed = absl::UnknownError("none");
  Beside([&] {
    EXPECT_TRUE(ei->Send("echo", MakeTerm(std::tuple(ei->self(), term))).ok());
    echoed = ei->Receive();
  });
  ASSERT_TRUE(echoed.ok()) << echoed.status();
  EXPECT_EQ(*echoed, term);
}

}  // namespace
}  // namespace ringdist
