// Waits of the io_uring engine that let arrivals gather (gathering.h).

#include <liburing.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "ringdist/proto/check.h"
#include "ringdist/runtime/uring_abi.h"
#include "ringdist/runtime/uring_engine.h"
#include "ringdist/tests/testing/socket_pair.h"

namespace ringdist {
namespace {

bool KernelGathers() {
  io_uring ring;
  io_uring_params params = {};
  RINGDIST_CHECK_EQ(io_uring_queue_init_params(2, &ring, &params), 0);
  io_uring_queue_exit(&ring);
  return (params.features & kFeatureMinimalWait) != 0;
}

// Receives from two sockets; may send from one.
class UringGatheringTest : public testing::TestWithParam<bool> {
 protected:
  void Start(absl::Duration gather) {
    engine_ = *UringEngine::Create(
        {.deferred_task_work = GetParam(), .gather = gather});
    engine_->ArmReceive(first_, pairs_[0].ours.get(), 1 << 20);
    engine_->ArmReceive(second_, pairs_[1].ours.get(), 1 << 20);
  }
  void TearDown() override {
    Send();  // So that no wait gathers.
    engine_->Cancel(first_);
    engine_->Cancel(second_);
    while (first_.in_flight() || second_.in_flight()) Turn();
  }
  void Arrive(int which) {
    ASSERT_EQ(write(pairs_[which].peers.get(), "x", 1), 1);
  }
  // Waits, and tells for how long.
  absl::Duration Turn(absl::Duration timeout = absl::InfiniteDuration()) {
    const absl::Time begun = engine_->Now();
    EXPECT_TRUE(engine_->Turn(timeout).ok());
    return engine_->Now() - begun;
  }
  void Send() {
    engine_->ArmSend(send_, pairs_[0].ours.get(), slices_);
    while (send_.in_flight()) Turn();
  }
  int received() const { return received_; }

 private:
  void OnReceived(const Completion& completion) {
    received_ += std::max(completion.result, 0);
  }
  void OnSent(const Completion& completion) { EXPECT_EQ(completion.result, 1); }

  SocketPair pairs_[2];
  char byte_ = 'x';
  iovec slices_[1] = {{&byte_, 1}};
  int received_ = 0;
  std::unique_ptr<IoEngine> engine_;
  Operation first_ = Operation::To<&UringGatheringTest::OnReceived>(this);
  Operation second_ = Operation::To<&UringGatheringTest::OnReceived>(this);
  Operation send_ = Operation::To<&UringGatheringTest::OnSent>(this);
};

INSTANTIATE_TEST_SUITE_P(Uring, UringGatheringTest, testing::Bool(),
                         [](const testing::TestParamInfo<bool>& deferred) {
                           return deferred.param ? "Deferred" : "Cooperative";
                         });

TEST_P(UringGatheringTest, AWaitInARushLastsForTheTime) {
  constexpr absl::Duration kGather = absl::Milliseconds(20);
  Start(kGather);
  if (!KernelGathers()) GTEST_SKIP() << "needs kernel 6.12";
  if (!GetParam()) GTEST_SKIP() << "what we write ourselves is there at once";
  for (int i = 0; i < 40; ++i) {
    Arrive(0);
    Turn();
  }
  Arrive(0);
  EXPECT_GE(Turn(), kGather);
  // Both are there when it is over.
  Arrive(0);
  Arrive(1);
  Turn();
  EXPECT_EQ(received(), 43);
}

TEST_P(UringGatheringTest, WhoSendsIsNotMadeToWait) {
  Start(absl::Minutes(10));  // The test would not end.
  for (int i = 0; i < 200; ++i) {
    Arrive(0);
    Turn();
    if (i % 20 == 0) Send();
  }
  EXPECT_EQ(received(), 200);
}

TEST_P(UringGatheringTest, ATimeLimitIsKept) {
  Start(absl::Minutes(10));  // The test would not end.
  for (int i = 0; i < 40; ++i) {
    Arrive(0);
    Turn(absl::Milliseconds(1));
  }
  EXPECT_EQ(received(), 40);
}

}  // namespace
}  // namespace ringdist
