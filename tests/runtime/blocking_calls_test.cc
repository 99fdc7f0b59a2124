// Calls from other threads: with the thread sanitizer too. Of a real node they
// are made in tests/interop/blocking_calls_test.cc.

#include "ringdist/runtime/blocking_calls.h"

#include <poll.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/runtime/gen_server.h"
#include "ringdist/runtime/node.h"
#include "ringdist/runtime/reactor.h"
#include "ringdist/tests/testing/call_text.h"
#include "ringdist/tests/testing/temporary_directory.h"
#include "ringdist/tests/testing/test_node.h"

namespace ringdist {
namespace {

using ::testing::StartsWith;

constexpr absl::string_view kB = "b@localhost";
constexpr absl::Duration kLong = absl::Seconds(20);

// Two nodes on a reactor that runs in a thread of its own, and all of them are
// destroyed there: a first.
class BlockingCallsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    a_ = NodeOf("a@localhost");
    b_ = NodeOf(kB);
    ASSERT_TRUE(b_->Listen().ok());
    ASSERT_TRUE(
        b_->Export("m", "add", [](int x, int y) { return x + y; }).ok());
    const auto keep = [this](IncomingCall call, const TermView&) {
      kept_.push_back(std::move(call));
      ++asked_;
    };
    ASSERT_TRUE(b_->Export("m", "keeps", 0, keep).ok());
    server_ = b_->Spawn(GenServer({
        .handle_call =
            [](Process& self, const TermView& request, ReplyTo caller) {
              EXPECT_TRUE(caller.Reply(self, request).ok());
            },
        .handle_cast = nullptr,
        .handle_info = nullptr,
    }));
    ASSERT_TRUE(b_->Register("server", server_).ok());
    calls_.emplace(*reactor_, *a_);
  }
  void TearDown() override {
    if (thread_.joinable()) {
      reactor_->Stop();
      thread_.join();
    }
  }

  std::unique_ptr<Node> NodeOf(absl::string_view name) {
    NodeOptions options;
    options.distribution = NodeOptionsAt(directory_, name);
    return *Node::Create(*reactor_, options);
  }
  void RunReactor() {
    thread_ = std::thread([this] {
      EXPECT_TRUE(reactor_->Run().ok());
      a_.reset();
      kept_.clear();
      b_.reset();
      reactor_.reset();
    });
  }
  std::string Keeps() {
    return CallText(calls_->Call(kB, "m", "keeps", Nil(), kLong));
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Reactor> reactor_ = *Reactor::Create();
  std::unique_ptr<Node> a_;
  std::unique_ptr<Node> b_;
  std::vector<IncomingCall> kept_;
  std::atomic<int> asked_ = 0;  // To be kept.
  Pid server_;
  std::optional<BlockingCalls> calls_;
  std::thread thread_;  // The reactor's.
};

constexpr absl::string_view kCancelled =
    "CANCELLED: cancelled: the node is being destroyed";

TEST_F(BlockingCallsTest, EightThreadsCallAtOnce) {
  constexpr int kThreads = 8;
  constexpr int kCalls = 200;
  RunReactor();
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kCalls; ++i) {
        const CallResult sum =
            calls_->Call(kB, "m", "add", std::tuple(t, i), kLong);
        right += sum.As<int>().value_or(-1) == t + i;
        const CallResult named =
            calls_->CallServer(NameAt{"server", kB}, i, kLong);
        right += named.As<int>().value_or(-1) == i;
        const CallResult by_pid =
            calls_->CallServer(server_, std::to_string(i), kLong);
        right += by_pid.As<std::string>().value_or("") == std::to_string(i);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 3 * kThreads * kCalls);
}

TEST_F(BlockingCallsTest, EveryEndIsTold) {
  RunReactor();
  EXPECT_EQ(CallText(calls_->Call(kB, "m", "nothing", std::tuple(1), kLong)),
            "error:undef in m:nothing/1");
  EXPECT_THAT(
      CallText(calls_->Call(kB, "m", "keeps", Nil(), absl::Milliseconds(10))),
      StartsWith("DEADLINE_EXCEEDED: timeout"));
  EXPECT_THAT(CallText(calls_->CallServer(NameAt{"nobody", kB}, 1, kLong)),
              StartsWith("NOT_FOUND: noproc"));
  EXPECT_THAT(CallText(calls_->Call("no node", "m", "f", Nil(), kLong)),
              StartsWith("INVALID_ARGUMENT: badarg"));
}

TEST_F(BlockingCallsTest, TheReactorsThreadDoesNotWaitForItself) {
  RunReactor();
  std::atomic<bool> done = false;
  std::string told;
  reactor_->Post([&] {
    told = Keeps();
    done = true;
    done.notify_one();
  });
  done.wait(false);
  EXPECT_THAT(told, StartsWith("FAILED_PRECONDITION: a blocking call on the"));
}

TEST_F(BlockingCallsTest, WithTheNodeCallsAreCancelled) {
  RunReactor();
  std::atomic<int> cancelled = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] { cancelled += Keeps() == kCancelled; });
  }
  while (asked_ < 8) std::this_thread::yield();
  reactor_->Post([this] { a_.reset(); });
  // Posted behind the end of the node.
  EXPECT_EQ(Keeps(), kCancelled);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(cancelled, 8);
}

// Calls are made while it ends: each has an end.
TEST_F(BlockingCallsTest, TheNodeMayEndAtAnyTime) {
  RunReactor();
  std::atomic<int> ended = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (;;) {
        const CallResult sum =
            calls_->Call(kB, "m", "add", std::tuple(1, 2), kLong);
        ++ended;
        if (sum.ok()) continue;
        EXPECT_EQ(CallText(sum), kCancelled);
        return;
      }
    });
  }
  while (ended < 100) std::this_thread::yield();
  reactor_->Post([this] { a_.reset(); });
  for (std::thread& thread : threads) thread.join();
}

// That wait to be begun when the reactor is destroyed.
TEST_F(BlockingCallsTest, WithTheReactorCallsAreCancelled) {
  a_.reset();
  b_.reset();
  pollfd woken = {*reactor_->Descriptor(), POLLIN, 0};
  while (*reactor_->Prepare()) {
    ASSERT_TRUE(reactor_->RunOnce(absl::ZeroDuration()).ok());
  }
  std::string told;
  std::thread calling([&] { told = Keeps(); });
  EXPECT_EQ(poll(&woken, 1, /*timeout=*/20'000), 1);
  reactor_.reset();
  calling.join();
  EXPECT_EQ(told, kCancelled);
}

}  // namespace
}  // namespace ringdist
