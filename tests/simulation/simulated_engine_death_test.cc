// What the contract of io_engine.h forbids ends the process at once, and the
// message says what it was.

#include <gtest/gtest.h>
#include <sys/uio.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "ringdist/runtime/io_engine.h"
#include "ringdist/tests/simulation/faults.h"
#include "ringdist/tests/simulation/simulated_engine.h"
#include "ringdist/tests/simulation/simulated_network.h"
#include "ringdist/tests/simulation/simulation.h"

namespace ringdist {
namespace {

// An owner that does nothing.
struct Owner {
  void OnCompletion(const Completion&) {}
  Operation operation = Operation::To<&Owner::OnCompletion>(this);
};

class SimulatedEngineDeathTest : public testing::Test {
 protected:
  // Violations happen in a child process, which has no time to clean up; here
  // everything ends in order.
  ~SimulatedEngineDeathTest() override {
    engine_->Shutdown(a_);
    while (first_.operation.in_flight() || second_.operation.in_flight()) {
      EXPECT_TRUE(engine_->Turn(absl::ZeroDuration()).ok());
    }
  }

  void ArmSend(Owner& owner) {
    engine_->ArmSend(owner.operation, a_, absl::MakeConstSpan(&slice_, 1));
  }

  Simulation simulation_{17, Faults()};
  SimulatedNetwork network_{simulation_};
  std::unique_ptr<SimulatedEngine> engine_ =
      std::make_unique<SimulatedEngine>(network_);
  std::pair<int, int> pair_ =
      network_.Connect(engine_->process(), engine_->process());
  const int a_ = pair_.first;
  Owner first_;
  Owner second_;
  std::string bytes_ = "hello";
  iovec slice_ = {bytes_.data(), bytes_.size()};
};

TEST_F(SimulatedEngineDeathTest, TwoSendsAtATime) {
  ArmSend(first_);
  EXPECT_DEATH(ArmSend(second_), "send on .* while a send is in flight");
}

TEST_F(SimulatedEngineDeathTest, TwoReceivesAtATime) {
  engine_->ArmReceive(first_.operation, a_, 100);
  EXPECT_DEATH(engine_->ArmReceiveInto(second_.operation, a_,
                                       absl::MakeSpan(&bytes_[0], 1)),
               "receive into on .* while a receive is in flight");
}

TEST_F(SimulatedEngineDeathTest, AnOperationInFlightArmedAgain) {
  ArmSend(first_);
  EXPECT_DEATH(engine_->ArmReceive(first_.operation, a_, 100),
               "in flight already");
}

TEST_F(SimulatedEngineDeathTest, CloseWithOperationsInFlight) {
  engine_->ArmReceive(first_.operation, a_, 100);
  EXPECT_DEATH(engine_->Close(a_), "close of .* while operations");
}

TEST_F(SimulatedEngineDeathTest, CloseBeforeTheLastCompletionHasRun) {
  engine_->ArmReceive(first_.operation, a_, 100);
  engine_->Cancel(first_.operation);
  EXPECT_DEATH(engine_->Close(a_), "close of .* while operations");
}

TEST_F(SimulatedEngineDeathTest, UseOfAClosedDescriptor) {
  engine_->Close(pair_.second);
  EXPECT_DEATH(engine_->ArmReceive(first_.operation, pair_.second, 100),
               "receive on .* has been closed");
  EXPECT_DEATH(engine_->Shutdown(pair_.second),
               "shutdown on .* has been closed");
  EXPECT_DEATH(engine_->Close(pair_.second), "close on .* has been closed");
}

TEST_F(SimulatedEngineDeathTest, UseOfARealOrForeignDescriptor) {
  EXPECT_DEATH(engine_->Close(1), "close on 1, which was never opened");
  SimulatedEngine other(network_);
  EXPECT_DEATH(other.Close(a_), "belongs to process 1");
}

TEST_F(SimulatedEngineDeathTest, OperationsOnTheWrongKindOfSocket) {
  const int fresh = network_.OpenSocket(engine_->process());
  const int listening = *network_.Listen(engine_->process(), "name", 1);
  const sockaddr_un address = SimulatedAddress("name");
  EXPECT_DEATH(engine_->ArmReceive(first_.operation, fresh, 100),
               "is not connected");
  EXPECT_DEATH(engine_->ArmReceive(first_.operation, listening, 100),
               "which listens");
  EXPECT_DEATH(engine_->ArmAccept(first_.operation, a_), "is connected");
  EXPECT_DEATH(engine_->ArmConnect(first_.operation, a_,
                                   reinterpret_cast<const sockaddr*>(&address),
                                   sizeof(address)),
               "is connected");
}

TEST_F(SimulatedEngineDeathTest, SendsOfTooMuchOrNothing) {
  const std::vector<iovec> slices(IoEngine::kMaxSlices + 1, slice_);
  EXPECT_DEATH(engine_->ArmSend(first_.operation, a_, slices), "1025 slices");
  EXPECT_DEATH(engine_->ArmSend(first_.operation, a_, {}), "of nothing");
}

TEST_F(SimulatedEngineDeathTest, ReceivesOfNothing) {
  EXPECT_DEATH(engine_->ArmReceive(first_.operation, a_, 0), "limit 0");
  EXPECT_DEATH(engine_->ArmReceiveInto(first_.operation, a_, {}),
               "into no memory");
}

TEST_F(SimulatedEngineDeathTest, MemoryChangedWhileItIsSent) {
  ArmSend(first_);
  EXPECT_DEATH(
      {
        bytes_[0] = 'H';
        (void)engine_->Turn(absl::ZeroDuration());
      },
      "the memory of a send on .* changed");
}

TEST_F(SimulatedEngineDeathTest, AddressChangedWhileItIsConnected) {
  const int fresh = network_.OpenSocket(engine_->process());
  sockaddr_un address = SimulatedAddress("name");
  EXPECT_DEATH(
      {
        engine_->ArmConnect(first_.operation, fresh,
                            reinterpret_cast<const sockaddr*>(&address),
                            sizeof(address));
        address = SimulatedAddress("other");
        (void)engine_->Turn(absl::ZeroDuration());
      },
      "address of a connect on .* changed");
}

TEST_F(SimulatedEngineDeathTest, TurnInsideACompletion) {
  struct Turner {
    void OnCompletion(const Completion&) {
      (void)engine.Turn(absl::ZeroDuration());
    }
    SimulatedEngine& engine;
    Operation operation = Operation::To<&Turner::OnCompletion>(this);
  };
  EXPECT_DEATH(
      {
        Turner turner{*engine_};
        engine_->ArmReceive(turner.operation, a_, 100);
        engine_->Shutdown(a_);
        (void)engine_->Turn(absl::ZeroDuration());
      },
      "Turn was called inside a completion");
}

TEST_F(SimulatedEngineDeathTest, EngineDestroyedWithOperationsInFlight) {
  engine_->ArmReceive(first_.operation, a_, 100);
  EXPECT_DEATH(engine_.reset(), "ends with 1 operations in flight");
}

TEST_F(SimulatedEngineDeathTest, TheMessageTellsTheSeedAndTheSockets) {
  ArmSend(first_);
  EXPECT_DEATH(ArmSend(second_), "seed 17(.|\n)*connected with");
}

}  // namespace
}  // namespace ringdist
