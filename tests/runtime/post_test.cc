// What other threads may call of a Reactor: Post and Stop. Runs under the
// thread sanitizer as well: bazel test --config=tsan.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "ringdist/runtime/reactor.h"

namespace ringdist {
namespace {

constexpr std::chrono::seconds kLong(20);

class PostTest : public testing::TestWithParam<absl::Duration> {
 protected:
  // A thread that posts and wants to know within kLong that it ran. Not for
  // the reactor's thread.
  void PostAndWait() {
    std::promise<void> ran;
    std::future<void> future = ran.get_future();
    reactor_->Post([&ran] { ran.set_value(); });
    ASSERT_EQ(future.wait_for(kLong), std::future_status::ready);
  }

  const std::unique_ptr<Reactor> reactor_ =
      *Reactor::Create({.busy_poll = GetParam()});
};

INSTANTIATE_TEST_SUITE_P(BusyPoll, PostTest,
                         testing::Values(absl::ZeroDuration(),
                                         absl::Microseconds(50)),
                         [](const auto& mode) {
                           return mode.param > absl::ZeroDuration() ? "Spins"
                                                                    : "Blocks";
                         });

TEST_P(PostTest, RunsOnTheThreadThatRunsTheReactorInTheOrderPosted) {
  std::thread::id ran_on;
  std::vector<int> order;
  std::thread other([&] {
    for (int i = 0; i < 1000; ++i) {
      reactor_->Post([&, i] {
        order.push_back(i);
        ran_on = std::this_thread::get_id();
      });
    }
    reactor_->Post([&] { reactor_->Stop(); });
  });
  ASSERT_TRUE(reactor_->Run().ok());
  other.join();
  ASSERT_EQ(order.size(), 1000U);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(order[static_cast<size_t>(i)], i);
  }
  EXPECT_EQ(ran_on, std::this_thread::get_id());
}

TEST_P(PostTest, NothingIsLostAndEachThreadsOrderIsKept) {
  constexpr int kThreads = 4;
  constexpr int kPosts = 2000;
  std::vector<int> next(kThreads, 0);
  int done = 0;
  std::vector<std::thread> threads;
  for (size_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < kPosts; ++i) {
        reactor_->Post([&, thread, i] { EXPECT_EQ(next[thread]++, i); });
      }
      reactor_->Post([&] {
        if (++done == kThreads) reactor_->Stop();
      });
    });
  }
  ASSERT_TRUE(reactor_->Run().ok());
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(next, std::vector<int>(kThreads, kPosts));
}

TEST_P(PostTest, WakesAReactorThatHasNothingElseToDo) {
  std::thread other([&] {
    // Each is posted when the one before has run: the reactor has nothing to do
    // then and is about to wait, or waits.
    for (int i = 0; i < 2000 && !HasFatalFailure(); ++i) PostAndWait();
    reactor_->Stop();
  });
  EXPECT_TRUE(reactor_->Run().ok());
  other.join();
}

// As when a Distribution is destroyed there.
TEST_P(PostTest, StopIsSeenThoughATurnInsideTookItsWakeUp) {
  reactor_->Post([&] {
    reactor_->Stop();
    EXPECT_TRUE(reactor_->RunOnce(absl::Seconds(20)).ok());
    EXPECT_TRUE(reactor_->RunOnce(absl::ZeroDuration()).ok());
  });
  EXPECT_TRUE(reactor_->Run().ok());
}

TEST_P(PostTest, FromThePostedFunctionItRunsLaterAndNotInside) {
  int depth = 0;
  int runs = 0;
  std::function<void()> again = [&] {
    EXPECT_EQ(depth++, 0);
    if (++runs < 3) {
      reactor_->Post(again);
    } else {
      reactor_->Stop();
    }
    --depth;
  };
  reactor_->Post(again);
  EXPECT_EQ(runs, 0);
  ASSERT_TRUE(reactor_->Run().ok());
  EXPECT_EQ(runs, 3);
}

TEST_P(PostTest, BeforeAThreadRunsTheReactor) {
  bool ran = false;
  reactor_->Post([&] {
    ran = true;
    reactor_->Stop();
  });
  // Not the thread that made it: the first turn is what binds it.
  std::thread other([&] { EXPECT_TRUE(reactor_->Run().ok()); });
  other.join();
  EXPECT_TRUE(ran);
}

TEST_P(PostTest, WhatHasNotRunIsDroppedWithTheReactor) {
  auto counted = std::make_shared<int>();
  auto reactor = *Reactor::Create({.busy_poll = GetParam()});
  reactor->Post([counted] { ++*counted; });
  EXPECT_EQ(counted.use_count(), 2);
  reactor.reset();
  EXPECT_EQ(counted.use_count(), 1);
  EXPECT_EQ(*counted, 0);
}

TEST_P(PostTest, WhatHasRunIsDestroyedInThatTurn) {
  auto counted = std::make_shared<int>();
  reactor_->Post([counted] { ++*counted; });
  ASSERT_TRUE(reactor_->RunOnce(absl::ZeroDuration()).ok());
  EXPECT_EQ(*counted, 1);
  EXPECT_EQ(counted.use_count(), 1);
}

TEST_P(PostTest, StopFromAnotherThreadEndsRun) {
  for (int i = 0; i < 200; ++i) {
    std::atomic<bool> returned = false;
    std::thread other([&] {
      PostAndWait();
      EXPECT_FALSE(returned);
      reactor_->Stop();
    });
    EXPECT_TRUE(reactor_->Run().ok());
    returned = true;
    other.join();
  }
}

TEST_P(PostTest, StopBeforeRunMakesThatRunReturnAtOnceAndNoOther) {
  reactor_->Stop();
  reactor_->Stop();
  int runs = 0;
  ASSERT_TRUE(reactor_->Run().ok());
  reactor_->Post([&] {
    ++runs;
    reactor_->Stop();
  });
  ASSERT_TRUE(reactor_->Run().ok());
  EXPECT_EQ(runs, 1);
}

TEST_P(PostTest, StopInATimerEndsRunAfterThatTurn) {
  struct Stopper {
    void OnTimer() { reactor.Stop(); }
    Reactor& reactor;
    Timer timer{reactor, ReactorCallback::To<&Stopper::OnTimer>(this)};
  };
  Stopper stopper{*reactor_};
  stopper.timer.Start(reactor_->Now());
  EXPECT_TRUE(reactor_->Run().ok());
  EXPECT_FALSE(stopper.timer.running());
}

TEST_P(PostTest, TheFirstTurnBindsTheReactorToItsThread) {
  ASSERT_TRUE(reactor_->RunOnce(absl::ZeroDuration()).ok());
  std::thread other([&] {
    reactor_->Post([] {});  // There is something to do.
    const absl::Status status = reactor_->RunOnce(absl::ZeroDuration());
    EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists) << status;
  });
  other.join();
}

}  // namespace
}  // namespace ringdist
