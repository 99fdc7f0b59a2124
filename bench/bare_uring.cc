#include "ringdist/bench/bare_uring.h"

#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "ringdist/proto/big_endian.h"
#include "ringdist/proto/check.h"

namespace ringdist {
namespace {

constexpr unsigned kSingleIssuer = IORING_SETUP_SINGLE_ISSUER |
                                   IORING_SETUP_DEFER_TASKRUN |
                                   IORING_SETUP_SUBMIT_ALL;
constexpr size_t kBlockSize = 256 * 1024;

}  // namespace

void SendBare(int fd, size_t packet_size) {
  std::string packet(4 + packet_size, 'x');
  StoreBigEndian<uint32_t>(packet.data(), static_cast<uint32_t>(packet_size));
  std::string block = packet;
  while (block.size() + packet.size() <= kBlockSize) block += packet;

  io_uring ring;
  RINGDIST_CHECK_EQ(io_uring_queue_init(8, &ring, kSingleIssuer), 0);
  while (true) {
    size_t sent = 0;
    while (sent < block.size()) {
      io_uring_sqe* const sqe = io_uring_get_sqe(&ring);
      io_uring_prep_send(sqe, fd, block.data() + sent, block.size() - sent,
                         MSG_NOSIGNAL | MSG_WAITALL);
      io_uring_submit_and_wait(&ring, 1);
      io_uring_cqe* cqe = nullptr;
      if (io_uring_peek_cqe(&ring, &cqe) != 0) continue;
      const int result = cqe->res;
      io_uring_cqe_seen(&ring, cqe);
      if (result <= 0) return io_uring_queue_exit(&ring);
      sent += static_cast<size_t>(result);
    }
  }
}

BareReceiver::BareReceiver(int fd) : fd_(fd) {
  RINGDIST_CHECK_EQ(io_uring_queue_init(64, &ring_, kSingleIssuer), 0);
  auto buffers = ReceiveBuffers::Create(
      &ring_,
      {.initial = 4, .count = 4, .size = 256 * 1024, .incremental = true});
  RINGDIST_CHECK(buffers.ok());
  buffers_ = *std::move(buffers);
  Arm();
}

BareReceiver::~BareReceiver() {
  buffers_.reset();
  io_uring_queue_exit(&ring_);
}

void BareReceiver::Arm() {
  io_uring_sqe* const sqe = io_uring_get_sqe(&ring_);
  io_uring_prep_recv_multishot(sqe, fd_, nullptr, 0, 0);
  sqe->flags |= IOSQE_BUFFER_SELECT;
  sqe->buf_group = ReceiveBuffers::kGroup;
}

void BareReceiver::Turn() {
  ++enters_;
  io_uring_submit_and_wait(&ring_, 1);
  bool more = true;
  for (unsigned ready = io_uring_cq_ready(&ring_); ready > 0; --ready) {
    io_uring_cqe* cqe = nullptr;
    if (io_uring_peek_cqe(&ring_, &cqe) != 0) break;
    const io_uring_cqe copy = *cqe;
    io_uring_cqe_seen(&ring_, cqe);
    more = (copy.flags & IORING_CQE_F_MORE) != 0;
    if ((copy.flags & IORING_CQE_F_BUFFER) == 0) continue;
    const absl::string_view view = buffers_->View(copy);
    Count(view.data(), view.size());
    buffers_->Release(copy.flags);
  }
  if (!more) Arm();
}

void BareReceiver::Count(const char* data, size_t size) {
  bytes_ += size;
  while (size > 0) {
    const size_t body = std::min(skip_, size);
    skip_ -= body;
    data += body;
    size -= body;
    if (size < 4 || header_size_ > 0) {
      const size_t part = std::min(size, 4 - header_size_);
      std::memcpy(header_ + header_size_, data, part);
      header_size_ += part;
      data += part;
      size -= part;
      if (header_size_ < 4) return;
      skip_ = LoadBigEndian<uint32_t>(header_);
      header_size_ = 0;
    } else {
      skip_ = LoadBigEndian<uint32_t>(data);
      data += 4;
      size -= 4;
    }
    ++packets_;
  }
}

}  // namespace ringdist
