// Names for what the kernel has and the header of liburing 2.3 has not. Each is
// used only after a probe found it (uring_features.h).

#ifndef RINGDIST_RUNTIME_URING_ABI_H_
#define RINGDIST_RUNTIME_URING_ABI_H_

#include <cstdint>

namespace ringdist {

// A provided buffer is consumed piece by piece instead of at once (kernel
// 6.12). Goes into io_uring_buf_reg.flags, which liburing 2.3 calls pad.
inline constexpr uint16_t kBufferRingIncremental = 1U << 1;

// In a completion: more of this buffer will be used (kernel 6.12).
inline constexpr uint32_t kCompletionBufferMore = 1U << 4;

// In io_uring_params.features: waits may have a time in which more may arrive
// (kernel 6.12).
inline constexpr uint32_t kFeatureMinimalWait = 1U << 15;

// io_uring_getevents_arg, with what liburing 2.3 calls pad.
struct WaitArgument {
  uint64_t signals = 0;       // A sigset_t, or none.
  uint32_t signals_size = 0;  // Of it, in bytes.
  uint32_t gather_us = 0;     // min_wait_usec
  uint64_t timeout = 0;       // A __kernel_timespec, or none.
};

// A multishot receive ends by itself as soon as so many bytes have come (kernel
// 6.17). The count goes into sqe->optlen, which liburing 2.3 knows as
// file_index; older kernels answer EINVAL. It is taken off after each single
// receive, which brings up to sqe->len bytes, however few are left of it.

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_URING_ABI_H_
