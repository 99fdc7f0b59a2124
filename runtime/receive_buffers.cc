#include "ringdist/runtime/receive_buffers.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>

#include "ringdist/proto/check.h"
#include "ringdist/runtime/system_error.h"
#include "ringdist/runtime/uring_abi.h"

namespace ringdist {
namespace {

absl::StatusOr<char*> MapMemory(size_t size) {
  void* const memory = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    return SystemError("mmap", "receive buffers", errno);
  }
  // The kernel writes into these pages: a child must not share them.
  madvise(memory, size, MADV_DONTFORK);
  return static_cast<char*>(memory);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ReceiveBuffers>> ReceiveBuffers::Create(
    io_uring* ring, const ReceiveBuffersShape& shape) {
  std::unique_ptr<ReceiveBuffers> buffers(new ReceiveBuffers(ring, shape));
  absl::Status status = buffers->Register();
  if (!status.ok()) return status;
  return buffers;
}

ReceiveBuffers::ReceiveBuffers(io_uring* ring, const ReceiveBuffersShape& shape)
    : ring_(ring), shape_(shape), used_(shape.count, 0) {
  RINGDIST_CHECK_EQ(shape.count & (shape.count - 1), 0U);
  RINGDIST_CHECK_GT(shape.initial, 0U);
  RINGDIST_CHECK_LE(shape.initial, shape.count);
}

absl::Status ReceiveBuffers::Register() {
  absl::StatusOr<char*> memory = MapMemory(shape_.count * shape_.size);
  if (!memory.ok()) return memory.status();
  memory_ = *memory;
  absl::StatusOr<char*> entries =
      MapMemory(shape_.count * sizeof(io_uring_buf));
  if (!entries.ok()) return entries.status();
  entries_ = reinterpret_cast<io_uring_buf_ring*>(*entries);

  io_uring_buf_reg registration = {};
  registration.ring_addr = reinterpret_cast<uintptr_t>(entries_);
  registration.ring_entries = shape_.count;
  registration.bgid = kGroup;
  registration.pad = shape_.incremental ? kBufferRingIncremental : 0;
  const int error = io_uring_register_buf_ring(ring_, &registration, 0);
  if (error != 0) {
    return SystemError("io_uring_register_buf_ring", "", -error);
  }
  registered_ = true;

  io_uring_buf_ring_init(entries_);
  AddUpTo(shape_.initial);
  return absl::OkStatus();
}

void ReceiveBuffers::AddUpTo(uint32_t count) {
  const uint32_t first = in_use_;
  for (; in_use_ < count; ++in_use_) {
    io_uring_buf_ring_add(
        entries_, Begin(in_use_), static_cast<unsigned>(shape_.size),
        static_cast<uint16_t>(in_use_), io_uring_buf_ring_mask(shape_.count),
        static_cast<int>(in_use_ - first));
  }
  io_uring_buf_ring_advance(entries_, static_cast<int>(in_use_ - first));
}

void ReceiveBuffers::Grow() { AddUpTo(std::min(2 * in_use_, shape_.count)); }

ReceiveBuffers::~ReceiveBuffers() {
  if (registered_) io_uring_unregister_buf_ring(ring_, kGroup);
  if (entries_ != nullptr) {
    munmap(entries_, shape_.count * sizeof(io_uring_buf));
  }
  if (memory_ != nullptr) munmap(memory_, shape_.count * shape_.size);
}

absl::string_view ReceiveBuffers::View(const io_uring_cqe& cqe) {
  const uint32_t buffer = cqe.flags >> IORING_CQE_BUFFER_SHIFT;
  RINGDIST_CHECK_LT(buffer, in_use_);
  ++out_;
  const size_t size = cqe.res > 0 ? static_cast<size_t>(cqe.res) : 0;
  const absl::string_view view(Begin(buffer) + used_[buffer], size);
  used_[buffer] += static_cast<uint32_t>(size);
  RINGDIST_CHECK_LE(used_[buffer], shape_.size);
  return view;
}

void ReceiveBuffers::Release(uint32_t flags) {
  --out_;
  if ((flags & kCompletionBufferMore) != 0) return;
  const uint32_t buffer = flags >> IORING_CQE_BUFFER_SHIFT;
  used_[buffer] = 0;
  io_uring_buf_ring_add(
      entries_, Begin(buffer), static_cast<unsigned>(shape_.size),
      static_cast<uint16_t>(buffer), io_uring_buf_ring_mask(shape_.count), 0);
  io_uring_buf_ring_advance(entries_, 1);
}

}  // namespace ringdist
