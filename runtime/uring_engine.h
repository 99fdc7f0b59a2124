// UringEngine: the IoEngine on io_uring.
//
//   absl::StatusOr<std::unique_ptr<IoEngine>> engine = UringEngine::Create();
//
// It takes the best of what the running kernel offers, tried in this order:
//
//   | what                              | since | otherwise                |
//   |-----------------------------------|-------|--------------------------|
//   | deferred task work, single issuer | 6.1   | cooperative task work    |
//   | multishot accept and receive,     | 6.0   | Create fails             |
//   | provided buffer rings             |       |                          |
//   | incrementally consumed buffers    | 6.12  | more and smaller buffers |
//   | waits that let arrivals gather    | 6.12  | none do (gathering.h)    |
//   | multishot receive with a limit    | 6.17  | the owner's cancel       |
//   | queues of 512 and 4096 entries    |       | smaller ones: the kernel |
//   | counts them as locked memory      |       |                          |
//
// user_data of what is submitted: the address of the Operation; small numbers
// are the engine's own (Tag). An Operation outlives its last completion, so an
// address never names two of them at once, whatever descriptors are reused.

#ifndef RINGDIST_RUNTIME_URING_ENGINE_H_
#define RINGDIST_RUNTIME_URING_ENGINE_H_

#include <liburing.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "ringdist/runtime/gathering.h"
#include "ringdist/runtime/io_engine.h"
#include "ringdist/runtime/receive_buffers.h"

namespace ringdist {

// Each feature can be switched off, as if the kernel had none: for tests and
// measurements.
struct UringOptions {
  bool deferred_task_work = true;
  bool incremental_buffers = true;
  bool receive_limit = true;
  // How long waits may let arrivals gather; zero: not at all.
  absl::Duration gather = absl::ZeroDuration();
};

class UringEngine final : public IoEngine {
 public:
  // Unimplemented: the kernel has no io_uring, or one older than 6.0.
  // PermissionDenied: io_uring is forbidden here. Each message says what to do.
  static absl::StatusOr<std::unique_ptr<IoEngine>> Create(
      const UringOptions& options = {});

  ~UringEngine() override;

  void ArmAccept(Operation& operation, int listening_fd) override;
  void ArmConnect(Operation& operation, int fd, const sockaddr* address,
                  socklen_t size) override;
  void ArmReceive(Operation& operation, int fd, size_t limit) override;
  // Where the kernel keeps the limit the last receive may still go beyond it,
  // by less than the limit and less than a buffer.
  bool ReceiveLimitIsExact() const override { return false; }
  void ArmReceiveInto(Operation& operation, int fd,
                      absl::Span<char> memory) override;
  void ArmSend(Operation& operation, int fd,
               absl::Span<const iovec> slices) override;
  void Cancel(Operation& operation) override;
  void Shutdown(int fd) override;
  void Close(int fd) override;
  absl::Time Now() const override;
  absl::StatusOr<int> Turn(absl::Duration timeout) override;
  void WakeUp() override;
  absl::StatusOr<int> Descriptor() override;
  absl::StatusOr<bool> Prepare(absl::Time deadline) override;
  IoEngineStatistics statistics() const override;

 private:
  // user_data that is not an Operation.
  enum Tag : uint64_t {
    kIgnored = 0,   // Cancellations: what they cancel completes by itself.
    kWoken = 1,     // The receive from wake_fds_[0].
    kDeadline = 2,  // The timeout of Prepare.
  };

  UringEngine() = default;
  absl::Status SetUp(const UringOptions& options);
  absl::Status SetUpRing(const UringOptions& options);
  absl::Status SetUpBuffers(bool incremental);
  // Binds the ring to this thread, the first time.
  absl::Status Enable();

  // A submission queue entry, zeroed but for user_data. When the queue is full
  // it is a place in backlog_: arming never enters the kernel.
  io_uring_sqe* NextEntry(uint64_t user_data);
  io_uring_sqe* NextEntry(Operation& operation);
  // Moves entries of backlog_ into the queue; false if some had no room.
  bool MoveBacklog();
  // Enters the kernel once or more, until all is submitted. Waits for
  // `wait_for` completions at most `timeout`.
  absl::Status Enter(unsigned wait_for, absl::Duration timeout);
  // Enters the kernel with nothing to submit and waits for the first completion
  // at most `timeout`, but lets others follow for as long as `gather`.
  absl::Status EnterToGather(absl::Duration gather, absl::Duration timeout);
  absl::Status SurviveEnter(int result);
  int RunCompletions();
  void RunCompletion(const io_uring_cqe& cqe);
  // Whether the kernel has something for us that needs an enter.
  bool KernelHasWork() const;
  void ArmWakeUp();
  void ArmDeadline(absl::Time deadline);

  io_uring ring_ = {};
  bool ring_made_ = false;
  bool enabled_ = false;
  bool limits_receives_ = false;  // The kernel does.
  unsigned completion_entries_ = 0;
  int last_ran_ = 0;  // By the last Turn: many means a crowd.
  Gathering gathering_{absl::ZeroDuration()};
  size_t received_ = 0;  // Bytes, by the last Turn.
  std::unique_ptr<ReceiveBuffers> buffers_;
  std::deque<io_uring_sqe> backlog_;
  std::deque<msghdr> messages_;  // Of sends not submitted yet.
  // Two connected sockets: WakeUp writes to the second. Not an eventfd: within
  // the write to one the kernel must not signal another, the one of Descriptor;
  // it puts that off, and (6.18) forgets it from the second time on.
  int wake_fds_[2] = {-1, -1};
  char woken_[64] = {};  // Where what is received from wake_fds_[0] goes.
  int event_fd_ = -1;    // Registered with the ring by Descriptor.
  absl::Time armed_deadline_ = absl::InfiniteFuture();
  __kernel_timespec deadline_spec_ = {};
  IoEngineStatistics statistics_;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_URING_ENGINE_H_
