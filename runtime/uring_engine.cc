#include "ringdist/runtime/uring_engine.h"

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <ctime>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ringdist/runtime/system_error.h"
#include "ringdist/runtime/uring_abi.h"
#include "ringdist/runtime/uring_features.h"

namespace ringdist {
namespace {

// Flags from best to plainest.
constexpr unsigned kDeferredFlags =
    IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
    IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_R_DISABLED |
    IORING_SETUP_SUBMIT_ALL;
constexpr unsigned kCooperativeFlags =
    IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG |
    IORING_SETUP_R_DISABLED | IORING_SETUP_SUBMIT_ALL;
constexpr unsigned kPlainFlags = IORING_SETUP_R_DISABLED;

struct QueueSizes {
  unsigned submission;
  unsigned completion;
};
constexpr QueueSizes kQueueSizes[] = {{512, 4096}, {256, 2048}, {128, 1024}};

// A few large buffers where each is used up piece by piece; where one receive
// takes a whole buffer, more and smaller ones. Of the large ones few are in use
// at first: what one connection receives then stays in a processor's cache,
// which is worth a quarter of the speed.
constexpr ReceiveBuffersShape kIncrementalBuffers = {
    .initial = 2, .count = 32, .size = 256 * 1024, .incremental = true};
constexpr ReceiveBuffersShape kWholeBuffers = {
    .initial = 256, .count = 256, .size = 16 * 1024, .incremental = false};

// From so many completions in a turn on, the kernel may have kept some back: it
// runs 20 pieces of deferred work per enter unless more are asked for.
constexpr int kCrowd = 20;

// Longer than this no wait has to be.
constexpr absl::Duration kLongest = absl::Hours(24 * 365);

__kernel_timespec ToKernelTimespec(absl::Duration duration) {
  const timespec spec = absl::ToTimespec(duration);
  return {.tv_sec = spec.tv_sec, .tv_nsec = spec.tv_nsec};
}

}  // namespace

// Set-up.

absl::StatusOr<std::unique_ptr<IoEngine>> UringEngine::Create(
    const UringOptions& options) {
  std::unique_ptr<UringEngine> engine(new UringEngine);
  absl::Status status = engine->SetUp(options);
  if (!status.ok()) return status;
  return std::unique_ptr<IoEngine>(std::move(engine));
}

absl::Status UringEngine::SetUp(const UringOptions& options) {
  const absl::StatusOr<UringFeatures> features = ProbeUringFeatures();
  if (!features.ok()) return features.status();
  limits_receives_ = options.receive_limit && features->receive_limit;
  absl::Status status = SetUpRing(options);
  if (!status.ok()) return status;
  status = SetUpBuffers(options.incremental_buffers &&
                        features->incremental_buffers);
  if (!status.ok()) return status;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, wake_fds_) != 0) {
    return SystemError("socketpair", "", errno);
  }
  return absl::OkStatus();
}

absl::Status UringEngine::SetUpRing(const UringOptions& options) {
  int error = 0;
  for (const unsigned flags :
       {kDeferredFlags, kCooperativeFlags, kPlainFlags}) {
    if (flags == kDeferredFlags && !options.deferred_task_work) continue;
    for (const QueueSizes& sizes : kQueueSizes) {
      io_uring_params params = {};
      params.flags = flags | IORING_SETUP_CQSIZE;
      params.cq_entries = sizes.completion;
      error = -io_uring_queue_init_params(sizes.submission, &ring_, &params);
      if (error == 0) {
        ring_made_ = true;
        completion_entries_ = params.cq_entries;
        if ((params.features & kFeatureMinimalWait) != 0) {
          gathering_ = Gathering(options.gather);
        }
        // A child of this process must not run the parent's ring.
        error = -io_uring_ring_dontfork(&ring_);
        return error == 0 ? absl::OkStatus()
                          : SystemError("madvise", "ring", error);
      }
      if (error == EINVAL) break;  // Unknown flags: the next set.
      if (error != ENOMEM) return UringSetupError(error);
    }
  }
  return UringSetupError(error);
}

absl::Status UringEngine::SetUpBuffers(bool incremental) {
  auto buffers = ReceiveBuffers::Create(
      &ring_, incremental ? kIncrementalBuffers : kWholeBuffers);
  // Memory for them is locked, too.
  if (absl::IsResourceExhausted(buffers.status())) {
    return UringSetupError(ENOMEM);
  }
  if (!buffers.ok()) return buffers.status();
  buffers_ = *std::move(buffers);
  return absl::OkStatus();
}

absl::Status UringEngine::Enable() {
  if (enabled_) return absl::OkStatus();
  // Not io_uring_enable_rings: Debian's shared liburing 2.3 does not export it.
  const int error = io_uring_register(static_cast<unsigned>(ring_.ring_fd),
                                      IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
  if (error != 0) return SystemError("io_uring_register", "", -error);
  enabled_ = true;
  ArmWakeUp();
  return absl::OkStatus();
}

UringEngine::~UringEngine() {
  buffers_.reset();
  if (ring_made_) io_uring_queue_exit(&ring_);
  for (const int fd : wake_fds_) {
    if (fd >= 0) close(fd);
  }
  if (event_fd_ >= 0) close(event_fd_);
}

// Arming: fills in an entry of the submission queue, no more.

io_uring_sqe* UringEngine::NextEntry(uint64_t user_data) {
  ++statistics_.submissions;
  io_uring_sqe* sqe = backlog_.empty() ? io_uring_get_sqe(&ring_) : nullptr;
  if (sqe == nullptr) sqe = &backlog_.emplace_back();
  *sqe = {};
  sqe->user_data = user_data;
  return sqe;
}

io_uring_sqe* UringEngine::NextEntry(Operation& operation) {
  operation.Begin();
  return NextEntry(reinterpret_cast<uint64_t>(&operation));
}

void UringEngine::ArmAccept(Operation& operation, int listening_fd) {
  io_uring_sqe* const sqe = NextEntry(operation);
  sqe->opcode = IORING_OP_ACCEPT;
  sqe->fd = listening_fd;
  sqe->ioprio = IORING_ACCEPT_MULTISHOT;
  sqe->accept_flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
}

void UringEngine::ArmConnect(Operation& operation, int fd,
                             const sockaddr* address, socklen_t size) {
  io_uring_sqe* const sqe = NextEntry(operation);
  sqe->opcode = IORING_OP_CONNECT;
  sqe->fd = fd;
  sqe->addr = reinterpret_cast<uint64_t>(address);
  sqe->off = size;
}

void UringEngine::ArmReceive(Operation& operation, int fd, size_t limit) {
  RINGDIST_CHECK_GT(limit, 0U);
  io_uring_sqe* const sqe = NextEntry(operation);
  sqe->opcode = IORING_OP_RECV;
  sqe->fd = fd;
  sqe->flags = IOSQE_BUFFER_SELECT;
  sqe->buf_group = ReceiveBuffers::kGroup;
  sqe->ioprio = IORING_RECV_MULTISHOT;
  if (limits_receives_) {
    // The total is looked at between receives; each by itself may bring up to
    // the length, or a buffer.
    sqe->len = static_cast<uint32_t>(std::min<size_t>(limit, INT_MAX));
    sqe->file_index = sqe->len;  // optlen, see uring_abi.h
  }
}

void UringEngine::ArmReceiveInto(Operation& operation, int fd,
                                 absl::Span<char> memory) {
  RINGDIST_CHECK(!memory.empty());
  io_uring_sqe* const sqe = NextEntry(operation);
  sqe->opcode = IORING_OP_RECV;
  sqe->fd = fd;
  sqe->addr = reinterpret_cast<uint64_t>(memory.data());
  sqe->len = static_cast<uint32_t>(std::min<size_t>(memory.size(), INT_MAX));
}

void UringEngine::ArmSend(Operation& operation, int fd,
                          absl::Span<const iovec> slices) {
  RINGDIST_CHECK(!slices.empty());
  RINGDIST_CHECK_LE(slices.size(), kMaxSlices);
  gathering_.Sent();
  io_uring_sqe* const sqe = NextEntry(operation);
  sqe->fd = fd;
  sqe->msg_flags = MSG_NOSIGNAL | MSG_WAITALL;
  if (slices.size() == 1) {
    sqe->opcode = IORING_OP_SEND;
    sqe->addr = reinterpret_cast<uint64_t>(slices[0].iov_base);
    sqe->len =
        static_cast<uint32_t>(std::min<size_t>(slices[0].iov_len, INT_MAX));
    return;
  }
  // The kernel has read the header when the entry is submitted.
  msghdr& message = messages_.emplace_back();
  message.msg_iov = const_cast<iovec*>(slices.data());
  message.msg_iovlen = slices.size();
  sqe->opcode = IORING_OP_SENDMSG;
  sqe->addr = reinterpret_cast<uint64_t>(&message);
  sqe->len = 1;
}

void UringEngine::Cancel(Operation& operation) {
  if (!operation.in_flight()) return;
  io_uring_sqe* const sqe = NextEntry(kIgnored);
  sqe->opcode = IORING_OP_ASYNC_CANCEL;
  sqe->fd = -1;
  sqe->addr = reinterpret_cast<uint64_t>(&operation);
}

void UringEngine::ArmWakeUp() {
  io_uring_sqe* const sqe = NextEntry(kWoken);
  sqe->opcode = IORING_OP_RECV;
  sqe->fd = wake_fds_[0];
  sqe->addr = reinterpret_cast<uint64_t>(woken_);
  sqe->len = sizeof(woken_);
}

void UringEngine::ArmDeadline(absl::Time deadline) {
  if (deadline >= armed_deadline_) return;
  deadline_spec_ = ToKernelTimespec(deadline - absl::UnixEpoch());
  io_uring_sqe* const sqe = NextEntry(
      armed_deadline_ == absl::InfiniteFuture() ? kDeadline : kIgnored);
  sqe->fd = -1;
  if (armed_deadline_ == absl::InfiniteFuture()) {
    sqe->opcode = IORING_OP_TIMEOUT;
    sqe->addr = reinterpret_cast<uint64_t>(&deadline_spec_);
    sqe->len = 1;
    sqe->timeout_flags = IORING_TIMEOUT_ABS;
  } else {
    sqe->opcode = IORING_OP_TIMEOUT_REMOVE;
    sqe->addr = kDeadline;
    sqe->addr2 = reinterpret_cast<uint64_t>(&deadline_spec_);
    sqe->timeout_flags = IORING_TIMEOUT_UPDATE | IORING_TIMEOUT_ABS;
  }
  armed_deadline_ = deadline;
}

// Descriptors.

void UringEngine::Shutdown(int fd) { shutdown(fd, SHUT_RDWR); }

void UringEngine::Close(int fd) { close(fd); }

absl::Time UringEngine::Now() const {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return absl::TimeFromTimespec(now);
}

// Turns.

bool UringEngine::MoveBacklog() {
  while (!backlog_.empty()) {
    io_uring_sqe* const sqe = io_uring_get_sqe(&ring_);
    if (sqe == nullptr) return false;
    *sqe = backlog_.front();
    backlog_.pop_front();
  }
  return true;
}

bool UringEngine::KernelHasWork() const {
  // Without the flag there is no telling: enter.
  if ((ring_.flags & IORING_SETUP_TASKRUN_FLAG) == 0) return true;
  return (__atomic_load_n(ring_.sq.kflags, __ATOMIC_ACQUIRE) &
          (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0;
}

absl::Status UringEngine::SurviveEnter(int result) {
  switch (-result) {
    case EINTR:   // A signal.
    case ETIME:   // The time to wait is over.
    case EAGAIN:  // No memory for a request: completions will free some.
    case EBUSY:   // The completion queue overflowed: it is emptied next.
      return absl::OkStatus();
    case EBADR:
      return absl::DataLossError(
          "io_uring_enter: the kernel had no memory to keep completions and "
          "dropped some; operations of this reactor will never end");
    default:
      return SystemError("io_uring_enter", "", -result);
  }
}

absl::Status UringEngine::Enter(unsigned wait_for, absl::Duration timeout) {
  // Everything must be handed over, in order, before we may wait.
  while (!MoveBacklog()) {
    ++statistics_.enters;
    const int submitted = io_uring_submit_and_get_events(&ring_);
    if (submitted < 0) {
      absl::Status status = SurviveEnter(submitted);
      // Not able to take more now: empty the completion queue first.
      if (!status.ok() || io_uring_cq_ready(&ring_) > 0) return status;
    }
  }
  ++statistics_.enters;
  int result = 0;
  if (wait_for == 0) {
    result = io_uring_submit_and_get_events(&ring_);
  } else if (timeout == absl::InfiniteDuration()) {
    result = io_uring_submit_and_wait(&ring_, wait_for);
  } else {
    __kernel_timespec spec = ToKernelTimespec(timeout);
    io_uring_cqe* first = nullptr;
    result = io_uring_submit_and_wait_timeout(&ring_, &first, wait_for, &spec,
                                              nullptr);
  }
  if (io_uring_sq_ready(&ring_) == 0) messages_.clear();
  return result < 0 ? SurviveEnter(result) : absl::OkStatus();
}

absl::Status UringEngine::EnterToGather(absl::Duration gather,
                                        absl::Duration timeout) {
  __kernel_timespec spec = ToKernelTimespec(std::min(timeout, kLongest));
  WaitArgument argument = {
      .signals_size = _NSIG / 8,
      // The kernel would let it outlast the time limit.
      .gather_us = static_cast<uint32_t>(
          absl::ToInt64Microseconds(std::min(gather, timeout))),
      .timeout = reinterpret_cast<uint64_t>(&spec)};
  ++statistics_.enters;
  const int result = io_uring_enter2(
      static_cast<unsigned>(ring_.ring_fd), 0, completion_entries_ / 2,
      IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG,
      reinterpret_cast<sigset_t*>(&argument), sizeof(argument));
  return result < 0 ? SurviveEnter(result) : absl::OkStatus();
}

absl::StatusOr<int> UringEngine::Turn(absl::Duration timeout) {
  absl::Status status = Enable();
  if (!status.ok()) return status;
  if (event_fd_ >= 0) io_uring_cq_eventfd_toggle(&ring_, false);
  const bool nothing_to_submit =
      backlog_.empty() && io_uring_sq_ready(&ring_) == 0;
  const bool ready = io_uring_cq_ready(&ring_) > 0;
  const bool crowd = std::exchange(last_ran_, 0) >= kCrowd;
  if (ready || timeout <= absl::ZeroDuration() || crowd) {
    if (!nothing_to_submit || KernelHasWork()) {
      // A high count lets the kernel run all that is deferred; the time of zero
      // keeps it from waiting for that many.
      status = crowd ? Enter(completion_entries_ / 2, absl::ZeroDuration())
                     : Enter(0, absl::ZeroDuration());
      if (!status.ok()) return status;
    }
    last_ran_ = RunCompletions();
    if (last_ran_ > 0 || timeout <= absl::ZeroDuration()) return last_ran_;
  }
  if (!gathering_.Begin()) {
    status = Enter(1, timeout);
    if (!status.ok()) return status;
    last_ran_ = RunCompletions();
    return last_ran_;
  }
  const absl::Time begun = Now();
  status = gathering_.Due() > absl::ZeroDuration() && nothing_to_submit
               ? EnterToGather(gathering_.Due(), timeout)
               : Enter(1, timeout);
  if (!status.ok()) return status;
  const absl::Duration took = Now() - begun;
  last_ran_ = RunCompletions();
  gathering_.End(took, received_);
  return last_ran_;
}

int UringEngine::RunCompletions() {
  if ((__atomic_load_n(ring_.sq.kflags, __ATOMIC_RELAXED) &
       IORING_SQ_CQ_OVERFLOW) != 0) {
    ++statistics_.completion_overflows;
  }
  received_ = 0;
  const uint64_t short_before = statistics_.out_of_buffers;
  // What the methods cause comes in a later turn: only those that are there.
  const unsigned ready = io_uring_cq_ready(&ring_);
  for (unsigned i = 0; i < ready; ++i) {
    io_uring_cqe* cqe = nullptr;
    if (io_uring_peek_cqe(&ring_, &cqe) != 0) break;
    const io_uring_cqe copy = *cqe;
    io_uring_cqe_seen(&ring_, cqe);
    RunCompletion(copy);
  }
  statistics_.completions += ready;
  // One connection may take all buffers, and has them back in the next turn.
  // Where others go short, more are needed.
  if (statistics_.out_of_buffers - short_before > 1) buffers_->Grow();
  return static_cast<int>(ready);
}

void UringEngine::RunCompletion(const io_uring_cqe& cqe) {
  switch (cqe.user_data) {
    case kIgnored:
      return;
    case kWoken:
      ArmWakeUp();
      return;
    case kDeadline:
      armed_deadline_ = absl::InfiniteFuture();
      return;
    default:
      break;
  }
  Completion completion = {.result = cqe.res,
                           .more = (cqe.flags & IORING_CQE_F_MORE) != 0,
                           .data = {}};
  const bool has_buffer = (cqe.flags & IORING_CQE_F_BUFFER) != 0;
  if (has_buffer) {
    completion.data = buffers_->View(cqe);
    received_ += completion.data.size();
  }
  if (cqe.res == -ENOBUFS) ++statistics_.out_of_buffers;
  reinterpret_cast<Operation*>(cqe.user_data)->Complete(completion);
  if (has_buffer) buffers_->Release(cqe.flags);
}

void UringEngine::WakeUp() {
  // Fails only if the socket is full: then a wake-up is pending.
  [[maybe_unused]] const ssize_t sent =
      send(wake_fds_[1], "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

// A host's own loop.

absl::StatusOr<int> UringEngine::Descriptor() {
  if (event_fd_ >= 0) return event_fd_;
  const int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) return SystemError("eventfd", "", errno);
  const int error = io_uring_register_eventfd(&ring_, fd);
  if (error != 0) {
    close(fd);
    return SystemError("io_uring_register_eventfd", "", -error);
  }
  event_fd_ = fd;
  return event_fd_;
}

absl::StatusOr<bool> UringEngine::Prepare(absl::Time deadline) {
  absl::Status status = Enable();
  if (!status.ok()) return status;
  if (event_fd_ >= 0) {
    // Count from here on; what is there already is looked at below.
    uint64_t count = 0;
    [[maybe_unused]] const ssize_t drained =
        read(event_fd_, &count, sizeof(count));
    io_uring_cq_eventfd_toggle(&ring_, true);
    // The kernel sets its flag and then looks whether to signal; we do it the
    // other way round. One of us must see the other.
    std::atomic_thread_fence(std::memory_order_seq_cst);
  }
  ArmDeadline(deadline);
  if (!backlog_.empty() || io_uring_sq_ready(&ring_) > 0) {
    status = Enter(0, absl::ZeroDuration());
    if (!status.ok()) return status;
  }
  return io_uring_cq_ready(&ring_) > 0 || KernelHasWork();
}

IoEngineStatistics UringEngine::statistics() const {
  IoEngineStatistics statistics = statistics_;
  statistics.buffers_out = buffers_->out();
  return statistics;
}

}  // namespace ringdist
