#include "ringdist/bench/load/uring_ring.h"

#include <algorithm>
#include <cerrno>

#include "absl/status/statusor.h"
#include "ringdist/runtime/system_error.h"
#include "ringdist/runtime/uring_features.h"

namespace ringdist {
namespace {

constexpr unsigned kFlags = IORING_SETUP_SINGLE_ISSUER |
                            IORING_SETUP_DEFER_TASKRUN |
                            IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE;

struct QueueSizes {
  unsigned submission;
  unsigned completion;
};
constexpr QueueSizes kQueueSizes[] = {{1024, 16384}, {256, 2048}, {64, 1024}};

}  // namespace

UringRing::~UringRing() {
  buffers_.reset();
  if (made_) io_uring_queue_exit(&ring_);
}

absl::Status UringRing::Create() {
  int error = 0;
  for (const QueueSizes& sizes : kQueueSizes) {
    io_uring_params params = {};
    params.flags = kFlags;
    params.cq_entries = sizes.completion;
    error = -io_uring_queue_init_params(sizes.submission, &ring_, &params);
    completion_entries_ = params.cq_entries;
    if (error != ENOMEM) break;
  }
  if (error != 0) return UringSetupError(error);
  made_ = true;
  const absl::StatusOr<UringFeatures> features = ProbeUringFeatures();
  if (!features.ok()) return features.status();
  const bool incremental = features->incremental_buffers;
  auto buffers = ReceiveBuffers::Create(
      &ring_, {.initial = incremental ? 4U : 256U,
               .count = incremental ? 4U : 256U,
               .size = size_t{incremental ? 256U : 16U} * 1024,
               .incremental = incremental});
  if (!buffers.ok()) return buffers.status();
  buffers_ = *std::move(buffers);
  return absl::OkStatus();
}

io_uring_sqe* UringRing::NextEntry() {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
  while (sqe == nullptr) {
    ++counts_.enters;
    io_uring_submit(&ring_);
    sqe = io_uring_get_sqe(&ring_);
  }
  return sqe;
}

absl::Status UringRing::Enter(absl::Duration max_wait) {
  if (crowded_) {
    // A high count lets the kernel run all that is deferred; the time of zero
    // keeps it from waiting for that many.
    return EnterOnce(completion_entries_ / 2, absl::ZeroDuration());
  }
  if (io_uring_cq_ready(&ring_) > 0) max_wait = absl::ZeroDuration();
  const absl::Duration spin = std::min(busy_poll_, max_wait);
  if (spin > absl::ZeroDuration()) {
    const int64_t end = MonotonicNow() + absl::ToInt64Nanoseconds(spin);
    do {
      absl::Status status = EnterOnce(0, absl::ZeroDuration());
      if (!status.ok() || io_uring_cq_ready(&ring_) > 0) return status;
    } while (MonotonicNow() < end);
  }
  return EnterOnce(max_wait > absl::ZeroDuration() ? 1 : 0, max_wait);
}

absl::Status UringRing::EnterOnce(unsigned wait_for, absl::Duration time) {
  ++counts_.enters;
  int result = 0;
  if (wait_for == 0) {
    result = io_uring_submit_and_get_events(&ring_);
  } else if (time == absl::InfiniteDuration()) {
    result = io_uring_submit_and_wait(&ring_, wait_for);
  } else {
    const timespec spec = absl::ToTimespec(time);
    __kernel_timespec kernel_spec = {.tv_sec = spec.tv_sec,
                                     .tv_nsec = spec.tv_nsec};
    io_uring_cqe* first = nullptr;
    result = io_uring_submit_and_wait_timeout(&ring_, &first, wait_for,
                                              &kernel_spec, nullptr);
  }
  // The time was over, or a signal came, or completions have to be taken.
  if (result >= 0 || result == -ETIME || result == -EINTR || result == -EBUSY ||
      result == -EAGAIN) {
    return absl::OkStatus();
  }
  return SystemError("io_uring_enter", "", -result);
}

}  // namespace ringdist
