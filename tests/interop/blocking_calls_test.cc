// Calls of a real node from other threads than the reactor's: with the thread
// sanitizer too.

#include "ringdist/runtime/blocking_calls.h"

#include <atomic>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/tests/interop/scenario_test.h"
#include "ringdist/tests/testing/call_text.h"

namespace ringdist {
namespace {

constexpr absl::string_view kErl = "erl@localhost";
constexpr absl::Duration kLong = absl::Seconds(20);
constexpr int kThreads = 8;

class BlockingCallsTest : public ScenarioTest {
 protected:
  void SetUp() override {
    ScenarioTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    StartNodes();
    ASSERT_TRUE(LoadModule("m", {"node()"}));
    Eval("m:server(server).");
  }
  // Runs it in eight threads, with the reactor turning meanwhile.
  template <typename Work>
  void InEightThreads(Work work) {
    std::atomic<int> running = kThreads;
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        work(t);
        --running;
      });
    }
    EXPECT_TRUE(RunUntil([&] { return running == 0; }, 3 * kLimit));
    for (std::thread& thread : threads) thread.join();
  }
};

// The first ones also connect.
TEST_F(BlockingCallsTest, EightThreadsCallAtOnce) {
  constexpr int kCalls = 100;
  BlockingCalls calls(reactor(), node());
  std::atomic<int> right = 0;
  InEightThreads([&](int t) {
    for (int i = 0; i < kCalls; ++i) {
      const CallResult sum =
          calls.Call(kErl, "m", "add", std::tuple(t, i), kLong);
      right += sum.As<int>().value_or(-1) == t + i;
      const CallResult echo = calls.CallServer(
          NameAt{"server", kErl}, std::tuple(Atom("echo"), i), kLong);
      right += echo.As<int>().value_or(-1) == i;
      right += CallText(calls.Call(kErl, "m", "throws", std::tuple(i),
                                   kLong)) == "throw:" + std::to_string(i);
    }
  });
  EXPECT_EQ(right, 3 * kThreads * kCalls);
}

TEST_F(BlockingCallsTest, ANodeThatDiesEndsAllOfThem) {
  BlockingCalls calls(reactor(), node());
  std::atomic<int> gone = 0;
  std::atomic<int> asked = 0;
  InEightThreads([&](int t) {
    // The last one waits until all others have been asked.
    if (t == 0) {
      while (asked < kThreads - 1) std::this_thread::yield();
      const std::string told = CallText(
          calls.Call(kErl, "erlang", "halt", Nil(), absl::InfiniteDuration()));
      gone += told.find("UNAVAILABLE: noconnection") == 0;
      return;
    }
    ++asked;
    const std::string told = CallText(
        calls.Call(kErl, "m", "waits", Nil(), absl::InfiniteDuration()));
    gone += told.find("UNAVAILABLE: noconnection") == 0;
  });
  EXPECT_EQ(gone, kThreads);
}

}  // namespace
}  // namespace ringdist
