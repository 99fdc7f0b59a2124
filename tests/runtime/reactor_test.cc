#include "ringdist/runtime/reactor.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/time/time.h"
#include "ringdist/tests/testing/run_until.h"
#include "ringdist/tests/testing/socket_pair.h"

namespace ringdist {
namespace {

// An engine with a clock of its own: a Turn that waits makes time pass. Its
// only operation is a receive that completes at `completion_time`.
class ClockEngine final : public IoEngine {
 public:
  explicit ClockEngine(absl::Time& now) : now_(now) {}

  void set_completion_time(absl::Time time) { completion_time_ = time; }
  int turns() const { return turns_; }

  void ArmReceive(Operation& operation, int, size_t) override {
    operation.Begin();
    receive_ = &operation;
  }
  absl::StatusOr<int> Turn(absl::Duration timeout) override {
    ++turns_;
    const bool completes =
        receive_ != nullptr && completion_time_ <= now_ + timeout;
    if (completes) {
      now_ = std::max(now_, completion_time_);
      std::exchange(receive_, nullptr)->Complete({});
      return 1;
    }
    if (timeout == absl::InfiniteDuration()) {
      return absl::InternalError("nothing would ever happen");
    }
    now_ += timeout;
    return 0;
  }
  absl::Time Now() const override { return now_; }
  void WakeUp() override {}

  void ArmAccept(Operation&, int) override {}
  void ArmConnect(Operation&, int, const sockaddr*, socklen_t) override {}
  bool ReceiveLimitIsExact() const override { return true; }
  void ArmReceiveInto(Operation&, int, absl::Span<char>) override {}
  void ArmSend(Operation&, int, absl::Span<const iovec>) override {}
  void Cancel(Operation&) override {}
  void Shutdown(int) override {}
  void Close(int) override {}
  absl::StatusOr<int> Descriptor() override { return -1; }
  absl::StatusOr<bool> Prepare(absl::Time) override { return false; }
  IoEngineStatistics statistics() const override { return {}; }

 private:
  absl::Time& now_;
  absl::Time completion_time_ = absl::InfiniteFuture();
  Operation* receive_ = nullptr;
  int turns_ = 0;
};

// A timer, a task or an operation that runs a function.
template <typename Kind>
class Calling {
 public:
  Calling(Reactor& reactor, std::function<void()> function)
      : function_(std::move(function)),
        kind_(reactor, ReactorCallback::To<&Calling::Run>(this)) {}
  Kind& operator*() { return kind_; }
  Kind* operator->() { return &kind_; }

 private:
  void Run() { function_(); }
  std::function<void()> function_;
  Kind kind_;
};
using CallingTimer = Calling<Timer>;
using CallingTask = Calling<Task>;

class CallingOperation {
 public:
  explicit CallingOperation(std::function<void()> function)
      : function_(std::move(function)) {}
  Operation& operator*() { return operation_; }

 private:
  void Run(const Completion&) { function_(); }
  std::function<void()> function_;
  Operation operation_ = Operation::To<&CallingOperation::Run>(this);
};

class ReactorTest : public testing::Test {
 protected:
  explicit ReactorTest(const ReactorOptions& options = {})
      : owned_engine_(std::make_unique<ClockEngine>(now_)),
        engine_(*owned_engine_),
        reactor_(std::move(owned_engine_), options) {}

  void RunFor(absl::Duration duration) {
    const absl::Time end = now_ + duration;
    do {
      ASSERT_TRUE(reactor_.RunOnce(end - now_).ok());
    } while (now_ < end);
    // What is due at the end.
    ASSERT_TRUE(reactor_.RunOnce(absl::ZeroDuration()).ok());
  }

  absl::Time now_ = absl::UnixEpoch() + absl::Hours(1);
  std::unique_ptr<ClockEngine> owned_engine_;
  ClockEngine& engine_;
  Reactor reactor_;
};

// Timers.

TEST_F(ReactorTest, TimersRunInTheOrderOfTheirDeadlines) {
  std::string order;
  CallingTimer c(reactor_, [&] { order += 'c'; });
  CallingTimer a(reactor_, [&] { order += 'a'; });
  CallingTimer b(reactor_, [&] { order += 'b'; });
  c->Start(now_ + absl::Seconds(3));
  a->Start(now_ + absl::Seconds(1));
  b->Start(now_ + absl::Seconds(2));
  RunFor(absl::Seconds(2));
  EXPECT_EQ(order, "ab");
  EXPECT_FALSE(a->running());
  EXPECT_TRUE(c->running());
  RunFor(absl::Seconds(1));
  EXPECT_EQ(order, "abc");
}

TEST_F(ReactorTest, TimersThatAreDueTogetherRunInOrderToo) {
  std::string order;
  CallingTimer late(reactor_, [&] { order += '2'; });
  CallingTimer early(reactor_, [&] { order += '1'; });
  late->Start(now_ - absl::Seconds(1));
  early->Start(now_ - absl::Seconds(2));
  RunFor(absl::ZeroDuration());
  EXPECT_EQ(order, "12");
}

TEST_F(ReactorTest, ATimerRunsAtItsDeadlineAndNotBefore) {
  std::optional<absl::Time> ran_at;
  CallingTimer timer(reactor_, [&] { ran_at = reactor_.Now(); });
  const absl::Time deadline = now_ + absl::Seconds(1);
  timer->Start(deadline);
  RunFor(absl::Seconds(1) - absl::Nanoseconds(1));
  EXPECT_FALSE(ran_at.has_value());
  RunFor(absl::Nanoseconds(1));
  EXPECT_EQ(ran_at, deadline);
}

TEST_F(ReactorTest, StartMovesARunningTimer) {
  int runs = 0;
  CallingTimer timer(reactor_, [&] { ++runs; });
  timer->Start(now_ + absl::Seconds(1));
  timer->Start(now_ + absl::Seconds(5));
  RunFor(absl::Seconds(4));
  EXPECT_EQ(runs, 0);
  timer->Start(now_ + absl::Seconds(10));
  timer->Start(now_);
  RunFor(absl::Seconds(20));
  EXPECT_EQ(runs, 1);
}

TEST_F(ReactorTest, AStoppedTimerDoesNotRunAndMayStartAgain) {
  int runs = 0;
  CallingTimer timer(reactor_, [&] { ++runs; });
  timer->Stop();
  timer->Start(now_);
  timer->Stop();
  EXPECT_FALSE(timer->running());
  RunFor(absl::Seconds(1));
  EXPECT_EQ(runs, 0);
  timer->Start(now_);
  RunFor(absl::Seconds(1));
  EXPECT_EQ(runs, 1);
}

TEST_F(ReactorTest, ACallbackMayStopAndDestroyTimersThatAreDue) {
  std::string order;
  std::optional<CallingTimer> stopped;
  std::optional<CallingTimer> destroyed;
  std::optional<CallingTimer> first;
  stopped.emplace(reactor_, [&] { order += 's'; });
  destroyed.emplace(reactor_, [&] { order += 'd'; });
  CallingTimer last(reactor_, [&] { order += 'l'; });
  first.emplace(reactor_, [&] {
    order += 'f';
    (*stopped)->Stop();
    destroyed.reset();
    first.reset();  // Itself.
  });
  (*first)->Start(now_ - absl::Seconds(3));
  (*stopped)->Start(now_ - absl::Seconds(2));
  (*destroyed)->Start(now_ - absl::Seconds(2));
  last->Start(now_ - absl::Seconds(1));
  RunFor(absl::ZeroDuration());
  EXPECT_EQ(order, "fl");
}

TEST_F(ReactorTest, ATimerThatStartsItselfAtNowStarvesNobody) {
  int runs = 0;
  int others = 0;
  bool task_ran = false;
  CallingTimer* self = nullptr;
  CallingTimer again(reactor_, [&] {
    ++runs;
    (*self)->Start(reactor_.Now());
  });
  self = &again;
  CallingTimer other(reactor_, [&] { ++others; });
  CallingTimer another(reactor_, [&] { ++others; });
  CallingTask task(reactor_, [&] { task_ran = true; });
  again->Start(now_);
  other->Start(now_);
  another->Start(now_);
  task->Schedule();
  const int turns_before = engine_.turns();
  ASSERT_TRUE(reactor_.RunOnce(absl::Seconds(1)).ok());
  EXPECT_TRUE(task_ran);
  EXPECT_EQ(engine_.turns(), turns_before + 1);
  ASSERT_TRUE(reactor_.RunOnce(absl::Seconds(1)).ok());
  EXPECT_EQ(others, 2);
  EXPECT_GE(runs, 2);
  // It is due already: no turn waits.
  EXPECT_EQ(now_, absl::UnixEpoch() + absl::Hours(1));
}

TEST_F(ReactorTest, TimersBehaveLikeAModelOfThem) {
  std::mt19937 random(1);
  std::vector<std::unique_ptr<CallingTimer>> timers;
  std::vector<absl::Time> deadlines(50, absl::InfiniteFuture());
  std::vector<size_t> ran;
  for (size_t i = 0; i < deadlines.size(); ++i) {
    timers.push_back(std::make_unique<CallingTimer>(reactor_, [&, i] {
      EXPECT_EQ(deadlines[i],
                *std::min_element(deadlines.begin(), deadlines.end()));
      deadlines[i] = absl::InfiniteFuture();
      ran.push_back(i);
    }));
  }
  for (int round = 0; round < 2000; ++round) {
    const size_t i = random() % timers.size();
    if (random() % 3 == 0) {
      (*timers[i])->Stop();
      deadlines[i] = absl::InfiniteFuture();
    } else {
      deadlines[i] = now_ + absl::Milliseconds(random() % 100);
      (*timers[i])->Start(deadlines[i]);
    }
    if (random() % 8 == 0) RunFor(absl::Milliseconds(random() % 20));
    for (size_t k = 0; k < timers.size(); ++k) {
      ASSERT_EQ((*timers[k])->running(),
                deadlines[k] != absl::InfiniteFuture());
      ASSERT_TRUE(deadlines[k] > now_ || (*timers[k])->running());
    }
  }
  EXPECT_GT(ran.size(), 200U);
}

// The clock.

TEST_F(ReactorTest, NowIsCurrentInACompletionAfterALongWait) {
  const absl::Time later = now_ + absl::Minutes(10);
  std::optional<absl::Time> seen;
  int timer_runs = 0;
  CallingTimer timer(reactor_, [&] { ++timer_runs; });
  CallingOperation receive([&] {
    seen = reactor_.Now();
    timer->Start(reactor_.Now() + absl::Seconds(7));
  });
  engine_.set_completion_time(later);
  engine_.ArmReceive(*receive, 0, 1);
  ASSERT_TRUE(reactor_.RunOnce(absl::InfiniteDuration()).ok());
  EXPECT_EQ(seen, later);
  RunFor(absl::Seconds(6));
  EXPECT_EQ(timer_runs, 0);
  RunFor(absl::Seconds(1));
  EXPECT_EQ(timer_runs, 1);
}

TEST_F(ReactorTest, RunOnceWaitsNoLongerThanItWasTold) {
  const absl::Time start = now_;
  ASSERT_TRUE(reactor_.RunOnce(absl::Seconds(3)).ok());
  EXPECT_EQ(now_, start + absl::Seconds(3));
  ASSERT_TRUE(reactor_.RunOnce(-absl::Seconds(3)).ok());
  EXPECT_EQ(now_, start + absl::Seconds(3));
}

// Tasks.

TEST_F(ReactorTest, TasksRunOnceInTheOrderScheduled) {
  std::string order;
  CallingTask a(reactor_, [&] { order += 'a'; });
  CallingTask b(reactor_, [&] { order += 'b'; });
  b->Schedule();
  a->Schedule();
  b->Schedule();
  EXPECT_TRUE(b->scheduled());
  RunFor(absl::Seconds(1));
  EXPECT_EQ(order, "ba");
  EXPECT_FALSE(b->scheduled());
}

TEST_F(ReactorTest, NoTurnWaitsWhileATaskIsScheduled) {
  CallingTask task(reactor_, [] {});
  CallingTask scheduling(reactor_, [&] { task->Schedule(); });
  scheduling->Schedule();
  const absl::Time start = now_;
  ASSERT_TRUE(reactor_.RunOnce(absl::Seconds(1)).ok());
  EXPECT_EQ(now_, start);
}

TEST_F(ReactorTest, ATaskThatSchedulesItselfRunsOncePerTurn) {
  int runs = 0;
  CallingTask* self = nullptr;
  CallingTask task(reactor_, [&] {
    ++runs;
    (*self)->Schedule();
  });
  self = &task;
  task->Schedule();
  for (int turn = 1; turn <= 3; ++turn) {
    ASSERT_TRUE(reactor_.RunOnce(absl::Seconds(1)).ok());
    EXPECT_EQ(runs, turn);
  }
}

TEST_F(ReactorTest, WhatATaskSchedulesWaitsForTheNextTurnEvenIfOthersLeft) {
  std::string order;
  CallingTask gone(reactor_, [&] { order += 'g'; });
  CallingTask* self = nullptr;
  CallingTask first(reactor_, [&] {
    order += 'f';
    gone->Unschedule();
    (*self)->Schedule();
  });
  self = &first;
  first->Schedule();
  gone->Schedule();
  ASSERT_TRUE(reactor_.RunOnce(absl::Seconds(1)).ok());
  EXPECT_EQ(order, "f");
  ASSERT_TRUE(reactor_.RunOnce(absl::Seconds(1)).ok());
  EXPECT_EQ(order, "ff");
}

TEST_F(ReactorTest, ACallbackMayUnscheduleAndDestroyTasks) {
  std::string order;
  std::optional<CallingTask> first;
  std::optional<CallingTask> destroyed;
  CallingTask unscheduled(reactor_, [&] { order += 'u'; });
  destroyed.emplace(reactor_, [&] { order += 'd'; });
  CallingTask last(reactor_, [&] { order += 'l'; });
  first.emplace(reactor_, [&] {
    order += 'f';
    unscheduled->Unschedule();
    destroyed.reset();
    first.reset();  // Itself.
  });
  (*first)->Schedule();
  unscheduled->Schedule();
  (*destroyed)->Schedule();
  last->Schedule();
  RunFor(absl::Seconds(1));
  EXPECT_EQ(order, "fl");
}

TEST_F(ReactorTest, ATaskMayLeaveFromAnywhereInTheQueue) {
  for (int leaving = 0; leaving < 3; ++leaving) {
    std::string order;
    std::vector<std::unique_ptr<CallingTask>> tasks;
    for (int i = 0; i < 3; ++i) {
      tasks.push_back(std::make_unique<CallingTask>(
          reactor_, [&order, i] { order += static_cast<char>('0' + i); }));
      (*tasks.back())->Schedule();
    }
    (*tasks[static_cast<size_t>(leaving)])->Unschedule();
    RunFor(absl::ZeroDuration());
    std::string expected = "012";
    expected.erase(static_cast<size_t>(leaving), 1);
    EXPECT_EQ(order, expected);
  }
}

TEST_F(ReactorTest, PostedWorkRunsBeforeTimersAndTasks) {
  std::string order;
  CallingTimer timer(reactor_, [&] { order += "timer "; });
  CallingTask task(reactor_, [&] { order += "task "; });
  task->Schedule();
  timer->Start(now_);
  reactor_.Post([&] { order += "posted "; });
  RunFor(absl::ZeroDuration());
  EXPECT_EQ(order, "posted timer task ");
}

// Busy polling.

TEST(ReactorOptionsTest, ValidateNamesTheFieldAndTheLimit) {
  EXPECT_TRUE(ReactorOptions().Validate().ok());
  EXPECT_TRUE(ReactorOptions{.busy_poll = absl::Seconds(10)}.Validate().ok());
  for (const absl::Duration bad :
       {-absl::Nanoseconds(1), absl::Seconds(10) + absl::Nanoseconds(1)}) {
    const absl::Status status = Reactor::Create({.busy_poll = bad}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_TRUE(absl::StrContains(status.message(), "busy_poll")) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), "10 s")) << status;
  }
}

absl::Duration TimeOf(const std::function<void()>& function) {
  const absl::Time start = absl::Now();
  function();
  return absl::Now() - start;
}

class BusyPollTest : public testing::Test {
 protected:
  // Long enough that a test which sleeps through it is noticed.
  static constexpr absl::Duration kBusyPoll = absl::Seconds(5);
  const std::unique_ptr<Reactor> reactor_ =
      *Reactor::Create({.busy_poll = kBusyPoll});
};

TEST_F(BusyPollTest, ACompletionIsNoticedWhileSpinning) {
  SocketPair pair;
  bool received = false;
  CallingOperation receive([&] { received = true; });
  reactor_->engine().ArmReceive(*receive, pair.ours.get(), 1);
  std::thread peer([&] { EXPECT_EQ(write(pair.peers.get(), "x", 1), 1); });
  EXPECT_LT(TimeOf([&] {
              while (!received) {
                ASSERT_TRUE(reactor_->RunOnce(absl::Seconds(60)).ok());
              }
            }),
            kBusyPoll);
  peer.join();
}

TEST_F(BusyPollTest, PostsAreNoticedWhileSpinning) {
  constexpr int kPosts = 100;
  int runs = 0;
  std::thread poster([&] {
    for (int i = 0; i < kPosts; ++i) {
      reactor_->Post([&] { ++runs; });
    }
    reactor_->Post([&] { reactor_->Stop(); });
  });
  EXPECT_LT(TimeOf([&] { ASSERT_TRUE(reactor_->Run().ok()); }), kBusyPoll);
  poster.join();
  EXPECT_EQ(runs, kPosts);
}

TEST_F(BusyPollTest, ATimerIsNotLate) {
  bool ran = false;
  CallingTimer timer(*reactor_, [&] { ran = true; });
  timer->Start(reactor_->Now() + absl::Milliseconds(10));
  EXPECT_LT(
      TimeOf([&] { ASSERT_TRUE(RunUntil(*reactor_, [&] { return ran; })); }),
      kBusyPoll);
}

TEST_F(BusyPollTest, StopFromAnotherThreadIsNoticedWhileSpinning) {
  std::thread stopper([&] { reactor_->Stop(); });
  EXPECT_LT(TimeOf([&] { ASSERT_TRUE(reactor_->Run().ok()); }), kBusyPoll);
  stopper.join();
}

TEST(BusyPollWaitTest, TheTimeSpunIsPartOfTheWait) {
  const std::unique_ptr<Reactor> reactor =
      *Reactor::Create({.busy_poll = absl::Milliseconds(200)});
  // The first turn finds the ring's own first completions.
  ASSERT_TRUE(reactor->RunOnce(absl::ZeroDuration()).ok());
  EXPECT_LT(TimeOf([&] {
              ASSERT_TRUE(reactor->RunOnce(absl::Milliseconds(200)).ok());
            }),
            absl::Milliseconds(350));
}

}  // namespace
}  // namespace ringdist
