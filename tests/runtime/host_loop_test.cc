// A Reactor in a host's own event loop: Descriptor and Prepare, with epoll. A
// wake-up that is missed is one that epoll_wait does not return for.

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "ringdist/runtime/file_descriptor.h"
#include "ringdist/runtime/reactor.h"
#include "ringdist/runtime/uring_engine.h"
#include "ringdist/tests/testing/socket_pair.h"

namespace ringdist {
namespace {

constexpr int kMissedAfterMs = 20'000;

class HostLoopTest : public testing::TestWithParam<UringOptions> {
 protected:
  void SetUp() override {
    epoll_event event = {};
    event.events = EPOLLIN;
    ASSERT_EQ(
        epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, *reactor_.Descriptor(), &event),
        0);
  }

  // As a host does it.
  void LoopUntil(absl::FunctionRef<bool()> done) {
    while (!done()) {
      const absl::StatusOr<bool> ready = reactor_.Prepare();
      ASSERT_TRUE(ready.ok()) << ready.status();
      if (*ready) {
        ++times_ready_;
      } else if (!done()) {
        ++times_woken_;
        ASSERT_EQ(WaitForDescriptor(), 1) << "a wake-up was missed";
      }
      ASSERT_TRUE(reactor_.RunOnce(absl::ZeroDuration()).ok());
    }
  }

  int WaitForDescriptor() {
    epoll_event event;
    int events = 0;
    do {
      // Interrupted by what io_uring does in this thread: that is no wake-up.
      events = epoll_wait(epoll_.get(), &event, 1, kMissedAfterMs);
    } while (events < 0 && errno == EINTR);
    return events;
  }

  bool DescriptorIsReadable() {
    pollfd descriptor = {*reactor_.Descriptor(), POLLIN, 0};
    return poll(&descriptor, 1, 0) == 1;
  }

  Reactor reactor_{*UringEngine::Create(GetParam()), ReactorOptions()};
  const FileDescriptor epoll_{epoll_create1(EPOLL_CLOEXEC)};
  int times_ready_ = 0;
  int times_woken_ = 0;
};

INSTANTIATE_TEST_SUITE_P(
    Uring, HostLoopTest,
    testing::Values(UringOptions(), UringOptions{.deferred_task_work = false}),
    [](const auto& mode) {
      return mode.param.deferred_task_work ? "Deferred" : "Cooperative";
    });

// Receives a byte at a time.
class ByteReceiver {
 public:
  explicit ByteReceiver(Reactor& reactor)
      : engine_(reactor.engine()), pair_(SOCK_STREAM) {}
  ~ByteReceiver() { EXPECT_FALSE(operation_.in_flight()); }

  void Arm() {
    engine_.ArmReceiveInto(operation_, pair_.ours.get(),
                           absl::MakeSpan(&byte_, 1));
  }
  int received() const { return received_; }
  int ours() const { return pair_.ours.get(); }
  int peers() const { return pair_.peers.get(); }

 private:
  void OnReceived(const Completion& completion) {
    EXPECT_EQ(completion.result, 1);
    ++received_;
  }

  IoEngine& engine_;
  SocketPair pair_;
  char byte_ = 0;
  int received_ = 0;
  Operation operation_ = Operation::To<&ByteReceiver::OnReceived>(this);
};

// A pause of a random length below that of a turn, so that what follows comes
// at any point of it.
void Dawdle(std::mt19937& random) {
  volatile uint32_t counter = random() % 4000;
  while (counter > 0) counter = counter - 1;
}

TEST_P(HostLoopTest, DataOnASocketIsNoticed) {
  constexpr int kRounds = 5000;
  ByteReceiver receiver(reactor_);
  std::thread peer([&] {
    std::mt19937 random(1);
    char ask = 0;
    while (read(receiver.peers(), &ask, 1) == 1 && ask == 'x') {
      Dawdle(random);
      EXPECT_EQ(write(receiver.peers(), &ask, 1), 1);
    }
  });
  for (int round = 1; round <= kRounds && !HasFatalFailure(); ++round) {
    receiver.Arm();
    ASSERT_EQ(write(receiver.ours(), "x", 1), 1);
    LoopUntil([&] { return receiver.received() == round; });
  }
  ASSERT_EQ(write(receiver.ours(), "q", 1), 1);
  peer.join();
  EXPECT_GT(times_woken_, 100);
}

TEST_P(HostLoopTest, APostFromAnotherThreadIsNoticed) {
  constexpr int kRounds = 5000;
  std::atomic<int> ran = 0;
  std::thread poster([&] {
    std::mt19937 random(2);
    for (int i = 0; i < kRounds; ++i) {
      reactor_.Post([&] { ran.fetch_add(1); });
      while (ran.load() <= i) std::this_thread::yield();
      Dawdle(random);
    }
  });
  LoopUntil([&] { return ran.load() == kRounds; });
  if (HasFatalFailure()) ran = kRounds;
  poster.join();
  EXPECT_GT(times_woken_, 100);
}

class CountingTimer {
 public:
  explicit CountingTimer(Reactor& reactor)
      : reactor_(reactor),
        timer_(reactor, ReactorCallback::To<&CountingTimer::OnTimer>(this)) {}
  void StartIn(absl::Duration duration) {
    deadline_ = reactor_.Now() + duration;
    timer_.Start(deadline_);
  }
  void Stop() { timer_.Stop(); }
  int runs() const { return runs_; }

 private:
  void OnTimer() {
    EXPECT_GE(reactor_.Now(), deadline_);
    ++runs_;
  }

  Reactor& reactor_;
  absl::Time deadline_;
  int runs_ = 0;
  Timer timer_;
};

TEST_P(HostLoopTest, ATimersDeadlineIsNoticed) {
  constexpr int kRounds = 3000;
  std::mt19937 random(3);
  CountingTimer timer(reactor_);
  for (int round = 1; round <= kRounds && !HasFatalFailure(); ++round) {
    timer.StartIn(absl::Microseconds(random() % 200));
    LoopUntil([&] { return timer.runs() == round; });
  }
  EXPECT_GT(times_woken_, 100);
}

TEST_P(HostLoopTest, ADeadlineThatMovesForwardIsNoticed) {
  CountingTimer far(reactor_);
  far.StartIn(absl::Hours(1));
  for (int round = 1; round <= 500 && !HasFatalFailure(); ++round) {
    CountingTimer middle(reactor_);
    CountingTimer near(reactor_);
    middle.StartIn(absl::Minutes(10));
    ASSERT_TRUE(reactor_.Prepare().ok());
    near.StartIn(absl::Microseconds(100));
    LoopUntil([&] { return near.runs() == 1; });
  }
  EXPECT_EQ(far.runs(), 0);
}

TEST_P(HostLoopTest, AllOfThemTogetherAreNoticed) {
  constexpr int kRounds = 2000;
  ByteReceiver receiver(reactor_);
  CountingTimer timer(reactor_);
  int posts = 0;
  std::thread peer([&] {
    std::mt19937 random(4);
    char ask = 0;
    while (read(receiver.peers(), &ask, 1) == 1 && ask == 'x') {
      Dawdle(random);
      EXPECT_EQ(write(receiver.peers(), &ask, 1), 1);
      Dawdle(random);
      reactor_.Post([&] { ++posts; });
    }
  });
  std::mt19937 random(5);
  for (int round = 1; round <= kRounds && !HasFatalFailure(); ++round) {
    receiver.Arm();
    timer.StartIn(absl::Microseconds(random() % 50));
    ASSERT_EQ(write(receiver.ours(), "x", 1), 1);
    LoopUntil([&] {
      return receiver.received() == round && posts == round &&
             timer.runs() == round;
    });
  }
  ASSERT_EQ(write(receiver.ours(), "q", 1), 1);
  peer.join();
}

// Prepare.

TEST_P(HostLoopTest, PrepareSaysSoIfThereIsWorkAlready) {
  ByteReceiver receiver(reactor_);
  receiver.Arm();
  ASSERT_EQ(write(receiver.peers(), "x", 1), 1);
  // Handing over the receive completes it.
  EXPECT_TRUE(*reactor_.Prepare());
  EXPECT_TRUE(*reactor_.Prepare());
  ASSERT_TRUE(reactor_.RunOnce(absl::ZeroDuration()).ok());
  EXPECT_EQ(receiver.received(), 1);
  LoopUntil([&] { return !*reactor_.Prepare(); });
  reactor_.Post([&] { reactor_.Post([] {}); });
  EXPECT_TRUE(*reactor_.Prepare()) << "the inner one waits";
}

TEST_P(HostLoopTest, PrepareRunsWhatIsPostedAndDue) {
  bool posted = false;
  CountingTimer timer(reactor_);
  timer.StartIn(absl::ZeroDuration());
  reactor_.Post([&] { posted = true; });
  ASSERT_TRUE(reactor_.Prepare().ok());
  EXPECT_TRUE(posted);
  EXPECT_EQ(timer.runs(), 1);
}

TEST_P(HostLoopTest, AnIdleHostSleeps) {
  CountingTimer timer(reactor_);
  timer.StartIn(absl::Milliseconds(30));
  LoopUntil([&] { return timer.runs() == 1; });
  // By the deadline, and by the ring's own first completions if at all.
  EXPECT_LE(times_woken_ + times_ready_, 3);
}

TEST_P(HostLoopTest, TheDescriptorIsTheSameEachTime) {
  EXPECT_EQ(*reactor_.Descriptor(), *reactor_.Descriptor());
}

TEST_P(HostLoopTest, TheDescriptorIsQuietWhileTheReactorRunsItself) {
  ByteReceiver receiver(reactor_);
  ASSERT_TRUE(reactor_.RunOnce(absl::ZeroDuration()).ok());
  for (int round = 1; round <= 100; ++round) {
    receiver.Arm();
    ASSERT_EQ(write(receiver.peers(), "x", 1), 1);
    while (receiver.received() < round) {
      ASSERT_TRUE(reactor_.RunOnce(absl::Seconds(20)).ok());
    }
    EXPECT_FALSE(DescriptorIsReadable());
  }
  // And it speaks again when it is asked to.
  receiver.Arm();
  LoopUntil([&] { return !*reactor_.Prepare(); });
  ASSERT_EQ(write(receiver.peers(), "x", 1), 1);
  LoopUntil([&] { return receiver.received() == 101; });
}

}  // namespace
}  // namespace ringdist
