// The contract of io_engine.h, kept on io_uring in every mode, and what this
// engine has beyond it.

#include "ringdist/runtime/uring_engine.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "ringdist/tests/testing/engine_clients.h"
#include "ringdist/tests/testing/engine_contract.h"
#include "ringdist/tests/testing/socket_pair.h"
#include "ringdist/tests/testing/system_engine_harness.h"
#include "ringdist/tests/testing/uring_modes.h"

namespace ringdist {
namespace {

std::unique_ptr<SystemEngineHarness> MakeHarness(const UringOptions& options) {
  return std::make_unique<SystemEngineHarness>(*UringEngine::Create(options));
}

std::vector<EngineContractParam> ContractParams() {
  std::vector<EngineContractParam> params;
  for (const UringOptions& options : AllUringModes()) {
    params.push_back({UringModeName({options, 0}),
                      [options] { return MakeHarness(options); }});
  }
  return params;
}

INSTANTIATE_TEST_SUITE_P(Uring, EngineContractTest,
                         testing::ValuesIn(ContractParams()),
                         EngineContractName);

class UringEngineTest : public testing::TestWithParam<UringOptions> {
 protected:
  IoEngine& engine() { return harness_->engine(); }
  void RunUntil(absl::FunctionRef<bool()> done) {
    const absl::Status status = harness_->RunUntil(done);
    ASSERT_TRUE(status.ok()) << status;
  }

  const std::unique_ptr<SystemEngineHarness> harness_ = MakeHarness(GetParam());
};

INSTANTIATE_TEST_SUITE_P(Uring, UringEngineTest,
                         testing::ValuesIn(AllUringModes()), UringModeName);

// Counts completions.
class Counter {
 public:
  int count() const { return count_; }
  int ends() const { return ends_; }
  int result() const { return result_; }
  Operation& operator*() { return operation_; }
  bool in_flight() const { return operation_.in_flight(); }

 private:
  void OnCompletion(const Completion& completion) {
    ++count_;
    if (!completion.more) ++ends_;
    result_ = completion.result;
  }

  int count_ = 0;
  int ends_ = 0;
  int result_ = 0;
  Operation operation_ = Operation::To<&Counter::OnCompletion>(this);
};

iovec Slice(absl::string_view bytes) {
  return {const_cast<char*>(bytes.data()), bytes.size()};
}

// Accept.

TEST_P(UringEngineTest, OneAcceptTakesManyConnections) {
  constexpr int kCount = 30;
  EngineHarness::Address address;
  const FileDescriptor listening(harness_->Listen(kCount, address));
  std::vector<FileDescriptor> sockets;
  for (int i = 0; i < kCount; ++i) {
    sockets.emplace_back(harness_->OpenSocket());
    ASSERT_EQ(
        connect(sockets.back().get(),
                reinterpret_cast<sockaddr*>(&address.bytes), address.size),
        0);
  }
  Acceptor acceptor(engine(), listening.get());
  acceptor.Start();
  RunUntil([&] { return acceptor.descriptors().size() == kCount; });
  EXPECT_FALSE(acceptor.idle());
  EXPECT_EQ(engine().statistics().submissions, 2U) << "one is the wake-up's";
  acceptor.Stop();
  RunUntil([&] { return acceptor.idle(); });
  for (const int fd : acceptor.descriptors()) close(fd);
}

TEST_P(UringEngineTest, AcceptEndsWhenDescriptorsRunOutAndLosesNoConnection) {
  EngineHarness::Address address;
  const FileDescriptor listening(harness_->Listen(10, address));
  const FileDescriptor socket(harness_->OpenSocket());
  ASSERT_EQ(connect(socket.get(), reinterpret_cast<sockaddr*>(&address.bytes),
                    address.size),
            0);
  rlimit limit;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  const FileDescriptor lowest_free(dup(socket.get()));
  const rlimit none_free = {static_cast<rlim_t>(lowest_free.get()),
                            limit.rlim_max};
  Counter accept;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none_free), 0);
  engine().ArmAccept(*accept, listening.get());
  RunUntil([&] { return !accept.in_flight(); });
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(accept.result(), -EMFILE);
  engine().ArmAccept(*accept, listening.get());
  RunUntil([&] { return accept.count() == 2; });
  EXPECT_GE(accept.result(), 0);
  const FileDescriptor accepted(accept.result());
  engine().Cancel(*accept);
  RunUntil([&] { return !accept.in_flight(); });
}

// Cancel.

TEST_P(UringEngineTest, ACancelThatComesTooLateChangesNothing) {
  SocketPair pair;
  const std::string bytes = "sent at once";
  const iovec slice = Slice(bytes);
  Counter send;
  engine().ArmSend(*send, pair.ours.get(), absl::MakeConstSpan(&slice, 1));
  engine().Cancel(*send);
  RunUntil([&] { return !send.in_flight(); });
  EXPECT_EQ(send.count(), 1);
  EXPECT_EQ(send.result(), static_cast<int>(bytes.size()));
}

TEST_P(UringEngineTest, ALateCancelDoesNotHitWhatIsArmedNext) {
  SocketPair pair;
  Counter receive;
  char byte = 0;
  for (int round = 1; round <= 100; ++round) {
    engine().ArmReceiveInto(*receive, pair.ours.get(),
                            absl::MakeSpan(&byte, 1));
    ASSERT_EQ(write(pair.peers.get(), "x", 1), 1);
    // Completes in the kernel before the cancel reaches it.
    ASSERT_TRUE(engine().Prepare(absl::InfiniteFuture()).ok());
    engine().Cancel(*receive);
    RunUntil([&] { return receive.count() == round; });
    EXPECT_EQ(receive.result(), 1);
    ASSERT_FALSE(HasFatalFailure());
  }
  // The same operation, and maybe the cancel of the last round.
  engine().ArmReceiveInto(*receive, pair.ours.get(), absl::MakeSpan(&byte, 1));
  ASSERT_TRUE(engine().Turn(absl::Milliseconds(1)).ok());
  EXPECT_TRUE(receive.in_flight());
  ASSERT_EQ(write(pair.peers.get(), "x", 1), 1);
  RunUntil([&] { return receive.count() == 101; });
  EXPECT_EQ(receive.result(), 1);
}

// Turn and WakeUp.

TEST_P(UringEngineTest, TurnWaitsNoLongerThanItsTimeout) {
  // With and without something to hand over.
  SocketPair pair;
  Counter receive;
  ASSERT_TRUE(engine().Turn(absl::ZeroDuration()).ok());
  engine().ArmReceive(*receive, pair.ours.get(), 1);
  for (int i = 0; i < 2; ++i) {
    const absl::Time start = engine().Now();
    const absl::StatusOr<int> ran = engine().Turn(absl::Milliseconds(100));
    const absl::Duration waited = engine().Now() - start;
    ASSERT_TRUE(ran.ok()) << ran.status();
    EXPECT_EQ(*ran, 0);
    EXPECT_GE(waited, absl::Milliseconds(100));
    EXPECT_LT(waited, absl::Milliseconds(190));
  }
  EXPECT_EQ(*engine().Turn(absl::ZeroDuration()), 0);
  engine().Cancel(*receive);
  RunUntil([&] { return !receive.in_flight(); });
}

TEST_P(UringEngineTest, AWakeUpEndsATurnWheneverItComes) {
  engine().WakeUp();
  EXPECT_GE(*engine().Turn(absl::InfiniteDuration()), 0);
  for (int round = 0; round < 100; ++round) {
    std::thread waker([&] { engine().WakeUp(); });
    EXPECT_GE(*engine().Turn(absl::InfiniteDuration()), 0);
    waker.join();
  }
}

TEST_P(UringEngineTest, ManyWakeUpsThatNobodyHeardAreAsOne) {
  for (int i = 0; i < 20'000; ++i) engine().WakeUp();
  while (*engine().Turn(absl::ZeroDuration()) > 0) {
  }
  std::thread waker([&] { engine().WakeUp(); });
  EXPECT_GE(*engine().Turn(absl::InfiniteDuration()), 0);
  waker.join();
}

TEST_P(UringEngineTest, ASignalInterruptsATurnAndNothingElse) {
  struct sigaction handled = {};
  handled.sa_handler = [](int) {};
  struct sigaction before;
  ASSERT_EQ(sigaction(SIGUSR1, &handled, &before), 0);
  SocketPair pair;
  StreamReader reader(engine(), pair.ours.get(),
                      StreamReader::Into::kEngineMemory, [] { return 1000; });
  reader.Start();
  constexpr int kRounds = 200;
  std::atomic<int> round = 0;
  const pthread_t turning = pthread_self();
  std::thread signalling([&] {
    while (round < kRounds) {
      pthread_kill(turning, SIGUSR1);
      std::this_thread::yield();
    }
  });
  for (; round < kRounds; ++round) {
    const absl::StatusOr<int> ran = engine().Turn(absl::Seconds(20));
    EXPECT_TRUE(ran.ok()) << ran.status();
    EXPECT_EQ(write(pair.peers.get(), "x", 1), 1);
  }
  signalling.join();
  RunUntil([&] { return reader.bytes().size() == kRounds; });
  reader.Stop();
  RunUntil([&] { return reader.idle(); });
  sigaction(SIGUSR1, &before, nullptr);
}

// Misuse.

TEST(UringEngineDeathTest, MoreSlicesThanAllowedAndNoneAreRefused) {
  const auto engine = *UringEngine::Create();
  SocketPair pair;
  Counter send;
  const std::vector<iovec> slices(IoEngine::kMaxSlices + 1, Slice("x"));
  EXPECT_DEATH(engine->ArmSend(*send, pair.ours.get(), slices),
               "check failed: slices.size");
  EXPECT_DEATH(engine->ArmSend(*send, pair.ours.get(), {}),
               "check failed: !slices.empty");
}

}  // namespace
}  // namespace ringdist
