// ReceiveBuffers: the memory that the kernel receives into, a ring of provided
// buffers shared by all connections of a UringEngine.
//
// The life of a buffer
//   1. It is in the ring: the kernel's.
//   2. A receive completes and names it: View gives the bytes. Still in the
//      kernel's hands is what follows them, if the buffer is consumed
//      incrementally and the completion says that more of it will be used.
//   3. The completion's method has run: Release. If the kernel is done with the
//      buffer it goes back into the ring (1.), whole.
// Completions of one buffer come in the order of its bytes, and each is
// released before the next is looked at; so when the last one is released, all
// are.

#ifndef RINGDIST_RUNTIME_RECEIVE_BUFFERS_H_
#define RINGDIST_RUNTIME_RECEIVE_BUFFERS_H_

#include <liburing.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ringdist {

struct ReceiveBuffersShape {
  uint32_t initial = 0;      // How many the kernel has at first.
  uint32_t count = 0;        // The most; a power of two.
  size_t size = 0;           // Of each, in bytes.
  bool incremental = false;  // Consumed piece by piece.
};

class ReceiveBuffers {
 public:
  static constexpr uint16_t kGroup = 0;

  // Registers the buffers with `ring`, which must outlive them. Their pages are
  // taken from the system as they are first used.
  static absl::StatusOr<std::unique_ptr<ReceiveBuffers>> Create(
      io_uring* ring, const ReceiveBuffersShape& shape);

  ReceiveBuffers(const ReceiveBuffers&) = delete;
  ReceiveBuffers& operator=(const ReceiveBuffers&) = delete;
  ~ReceiveBuffers();

  // The bytes of a completion that has IORING_CQE_F_BUFFER set.
  absl::string_view View(const io_uring_cqe& cqe);

  // Ends the use of a completion's bytes. `flags` are the completion's.
  void Release(uint32_t flags);

  // Gives the kernel twice as many, if there are more.
  void Grow();
  // How many are in use.
  uint32_t in_use() const { return in_use_; }

  // Buffers that are not with the kernel; zero between two turns.
  uint32_t out() const { return out_; }

 private:
  ReceiveBuffers(io_uring* ring, const ReceiveBuffersShape& shape);
  absl::Status Register();
  void AddUpTo(uint32_t count);
  char* Begin(uint32_t buffer) const {
    return memory_ + static_cast<size_t>(buffer) * shape_.size;
  }

  io_uring* const ring_;
  const ReceiveBuffersShape shape_;
  char* memory_ = nullptr;
  io_uring_buf_ring* entries_ = nullptr;
  bool registered_ = false;
  uint32_t in_use_ = 0;  // The others' pages are never touched.
  uint32_t out_ = 0;
  std::vector<uint32_t> used_;  // Bytes consumed of each buffer so far.
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_RECEIVE_BUFFERS_H_
