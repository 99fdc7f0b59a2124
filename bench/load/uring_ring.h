// UringRing: a ring with buffers to receive into, set up as the fastest that
// was found for a bare mover of bytes: one thread, work deferred to its enters,
// buffers of 256 KiB that are used up piece by piece. UringTransport uses it.

#ifndef RINGDIST_BENCH_LOAD_URING_RING_H_
#define RINGDIST_BENCH_LOAD_URING_RING_H_

#include <liburing.h>

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "ringdist/bench/load/transport.h"
#include "ringdist/runtime/receive_buffers.h"

namespace ringdist {

class UringRing {
 public:
  // Looks for completions for `busy_poll` before it blocks.
  explicit UringRing(absl::Duration busy_poll) : busy_poll_(busy_poll) {}
  ~UringRing();
  UringRing(const UringRing&) = delete;
  UringRing& operator=(const UringRing&) = delete;

  // Once, before all else.
  absl::Status Create();

  // An entry to fill in; it goes out with the next Turn.
  io_uring_sqe* NextEntry();

  // Hands over what was armed, waits at most so long for a completion, and
  // gives all that are there to `handle`, which may arm more.
  template <typename Handler>
  absl::Status Turn(absl::Duration max_wait, Handler&& handle) {
    absl::Status status = Enter(max_wait);
    if (!status.ok()) return status;
    const unsigned ready = io_uring_cq_ready(&ring_);
    for (unsigned i = 0; i < ready; ++i) {
      io_uring_cqe* cqe = nullptr;
      if (io_uring_peek_cqe(&ring_, &cqe) != 0) break;
      const io_uring_cqe copy = *cqe;
      io_uring_cqe_seen(&ring_, cqe);
      handle(copy);
    }
    counts_.completions += ready;
    crowded_ = ready >= kCrowd;
    return absl::OkStatus();
  }

  ReceiveBuffers& buffers() { return *buffers_; }
  const EngineCounts& counts() const { return counts_; }

 private:
  // From so many completions on the kernel may have kept some back: it runs 20
  // pieces of deferred work per enter unless more are asked for.
  static constexpr unsigned kCrowd = 20;

  absl::Status Enter(absl::Duration max_wait);
  absl::Status EnterOnce(unsigned wait_for, absl::Duration time);

  const absl::Duration busy_poll_;
  io_uring ring_ = {};
  bool made_ = false;
  bool crowded_ = false;  // The last turn was.
  unsigned completion_entries_ = 0;
  std::unique_ptr<ReceiveBuffers> buffers_;
  EngineCounts counts_;
};

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_URING_RING_H_
