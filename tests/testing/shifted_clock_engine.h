// ShiftedClockEngine: a real engine whose clock can be set forward, so that
// minutes of a timer pass at once.
//
//   auto engine = std::make_unique<ShiftedClockEngine>(*UringEngine::Create());
//   ShiftedClockEngine& clock = *engine;
//   Reactor reactor(std::move(engine), ReactorOptions());
//   ...
//   clock.Advance(absl::Seconds(15));   // what is due runs in the next turn

#ifndef RINGDIST_TESTS_TESTING_SHIFTED_CLOCK_ENGINE_H_
#define RINGDIST_TESTS_TESTING_SHIFTED_CLOCK_ENGINE_H_

#include <memory>
#include <utility>

#include "absl/time/time.h"
#include "ringdist/runtime/io_engine.h"

namespace ringdist {

class ShiftedClockEngine final : public IoEngine {
 public:
  explicit ShiftedClockEngine(std::unique_ptr<IoEngine> engine)
      : engine_(std::move(engine)) {}

  void Advance(absl::Duration time) { shift_ += time; }

  absl::Time Now() const override { return engine_->Now() + shift_; }
  absl::StatusOr<bool> Prepare(absl::Time deadline) override {
    return engine_->Prepare(deadline - shift_);
  }

  void ArmAccept(Operation& operation, int listening_fd) override {
    engine_->ArmAccept(operation, listening_fd);
  }
  void ArmConnect(Operation& operation, int fd, const sockaddr* address,
                  socklen_t size) override {
    engine_->ArmConnect(operation, fd, address, size);
  }
  void ArmReceive(Operation& operation, int fd, size_t limit) override {
    engine_->ArmReceive(operation, fd, limit);
  }
  bool ReceiveLimitIsExact() const override {
    return engine_->ReceiveLimitIsExact();
  }
  void ArmReceiveInto(Operation& operation, int fd,
                      absl::Span<char> memory) override {
    engine_->ArmReceiveInto(operation, fd, memory);
  }
  void ArmSend(Operation& operation, int fd,
               absl::Span<const iovec> slices) override {
    engine_->ArmSend(operation, fd, slices);
  }
  void Cancel(Operation& operation) override { engine_->Cancel(operation); }
  void Shutdown(int fd) override { engine_->Shutdown(fd); }
  void Close(int fd) override { engine_->Close(fd); }
  absl::StatusOr<int> Turn(absl::Duration timeout) override {
    return engine_->Turn(timeout);
  }
  void WakeUp() override { engine_->WakeUp(); }
  absl::StatusOr<int> Descriptor() override { return engine_->Descriptor(); }
  IoEngineStatistics statistics() const override {
    return engine_->statistics();
  }

 private:
  const std::unique_ptr<IoEngine> engine_;
  absl::Duration shift_;
};

}  // namespace ringdist

#endif  // RINGDIST_TESTS_TESTING_SHIFTED_CLOCK_ENGINE_H_
