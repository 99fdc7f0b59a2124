// What io_uring can do when nothing else is done: the measure for the runtime.
// A sender that hands over the same block of framed packets again and again,
// and a receiver that does nothing but step from length to length.

#ifndef RINGDIST_BENCH_BARE_URING_H_
#define RINGDIST_BENCH_BARE_URING_H_

#include <liburing.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "ringdist/runtime/receive_buffers.h"

namespace ringdist {

// Sends packets with bodies of `packet_size` bytes until the peer closes.
void SendBare(int fd, size_t packet_size);

class BareReceiver {
 public:
  explicit BareReceiver(int fd);
  BareReceiver(const BareReceiver&) = delete;
  BareReceiver& operator=(const BareReceiver&) = delete;
  ~BareReceiver();

  // Enters the kernel once and takes what has come. Counts whole packets.
  void Turn();

  uint64_t packets() const { return packets_; }
  uint64_t bytes() const { return bytes_; }
  uint64_t enters() const { return enters_; }

 private:
  void Arm();
  void Count(const char* data, size_t size);

  const int fd_;
  io_uring ring_ = {};
  std::unique_ptr<ReceiveBuffers> buffers_;
  char header_[4] = {};
  size_t header_size_ = 0;  // Of a header that was cut in two.
  size_t skip_ = 0;         // Of a body that goes on.
  uint64_t packets_ = 0;
  uint64_t bytes_ = 0;
  uint64_t enters_ = 0;
};

}  // namespace ringdist

#endif  // RINGDIST_BENCH_BARE_URING_H_
