// Calls as coroutines, between two nodes of ours. Of a real node they are made
// in tests/interop/calls_test.cc.

#include "ringdist/runtime/coroutine.h"

#include <algorithm>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/runtime/node.h"
#include "ringdist/tests/testing/call_text.h"
#include "ringdist/tests/testing/message_nodes.h"

namespace ringdist {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr absl::string_view kB = "b@localhost";
constexpr absl::Duration kLong = absl::Seconds(15);

class CoroutineTest : public MessageNodesTest {
 protected:
  void SetUp() override {
    Start();
    ASSERT_TRUE(
        b_->Export("m", "add", [](int x, int y) { return x + y; }).ok());
    const auto keep = [this](IncomingCall call, const TermView&) {
      kept_.push_back(std::move(call));
    };
    ASSERT_TRUE(b_->Export("m", "keeps", 0, keep).ok());
  }
  ~CoroutineTest() override {
    a_.reset();
    b_.reset();
  }

  std::vector<std::string> told_;
  std::vector<IncomingCall> kept_;
};

using Told = std::vector<std::string>;

// Says when it is destroyed.
struct Local {
  explicit Local(Told& its_told) : told(its_told) {}
  ~Local() { told.push_back("destroyed"); }
  Told& told;
};

Coroutine Add(Node& node, Told& told, int rounds) {
  const Local local(told);
  int sum = 0;
  for (int round = 1; round <= rounds; ++round) {
    const CallResult result =
        co_await CallAsync(node, kB, "m", "add", std::tuple(sum, round), kLong);
    sum = result.As<int>().value_or(-1);
  }
  told.push_back(absl::StrCat(sum));
}

TEST_F(CoroutineTest, AValueComesOnALaterTurn) {
  Add(*a_, told_, 100);
  EXPECT_THAT(told_, IsEmpty());
  ASSERT_TRUE(Wait([&] { return told_.size() == 2; }));
  EXPECT_THAT(told_, ElementsAre("5050", "destroyed"));
}

TEST_F(CoroutineTest, ManyRunAtOnce) {
  for (int i = 0; i < 1000; ++i) Add(*a_, told_, 3);
  ASSERT_TRUE(Wait([&] { return told_.size() == 2000; }));
  EXPECT_EQ(std::count(told_.begin(), told_.end(), "6"), 1000);
}

Coroutine Fail(Node& node, Told& told) {
  const auto call = [&](absl::string_view peer, absl::string_view function,
                        absl::Duration timeout) {
    return CallAsync(node, peer, "m", function, std::tuple(), timeout);
  };
  told.push_back(CallText(co_await call(kB, "nothing", kLong)));
  told.push_back(CallText(co_await call(kB, "keeps", absl::Milliseconds(10))));
  told.push_back(CallText(co_await call("no node", "f", kLong)));
  told.push_back(CallText(co_await CallServerAsync(node, NameAt{"nobody", kB},
                                                   Atom("hello"), kLong)));
}

TEST_F(CoroutineTest, EveryOtherEndIsAResultToo) {
  Fail(*a_, told_);
  ASSERT_TRUE(Wait([&] { return told_.size() == 4; }));
  EXPECT_THAT(told_, ElementsAre("error:undef in m:nothing/0",
                                 StartsWith("DEADLINE_EXCEEDED"),
                                 StartsWith("INVALID_ARGUMENT: badarg"),
                                 StartsWith("NOT_FOUND: noproc")));
}

Coroutine AwaitKept(Node& node, Told& told, absl::string_view peer) {
  const Local local(told);
  co_await CallAsync(node, peer, "m", "keeps", Nil(), kLong);
  told.push_back("not reached");
}

// Asked already, still waiting for a connection, and about to be told of its
// failure.
TEST_F(CoroutineTest, WithTheNodeItIsDestroyedWhereItStands) {
  AwaitKept(*a_, told_, kB);
  ASSERT_TRUE(Wait([&] { return kept_.size() == 1; }));
  AwaitKept(*a_, told_, "other@localhost");
  AwaitKept(*a_, told_, "no node");
  a_.reset();
  EXPECT_THAT(told_, ElementsAre("destroyed", "destroyed", "destroyed"));
  kept_.clear();
}

Coroutine CallInTheEnd(Node& node, Told& told) {
  struct CallsWhenDestroyed {
    ~CallsWhenDestroyed() {
      node.Call(kB, "m", "keeps", Nil(), kLong,
                [](const CallResult&) { FAIL(); });
      told.push_back("called");
    }
    Node& node;
    Told& told;
  };
  const CallsWhenDestroyed local{node, told};
  co_await CallAsync(node, kB, "m", "keeps", Nil(), kLong);
}

// As locals may do.
TEST_F(CoroutineTest, ItMayCallWhileItIsDestroyed) {
  CallInTheEnd(*a_, told_);
  ASSERT_TRUE(Wait([&] { return kept_.size() == 1; }));
  a_.reset();
  EXPECT_THAT(told_, ElementsAre("called"));
}

}  // namespace
}  // namespace ringdist
