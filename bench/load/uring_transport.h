// UringTransport: moves framed bytes with io_uring and nothing else
// (transport.h): what the runtime is measured against. One enter sends and
// receives for all connections; receives are armed once for many arrivals and
// fill large buffers that all connections share.

#ifndef RINGDIST_BENCH_LOAD_URING_TRANSPORT_H_
#define RINGDIST_BENCH_LOAD_URING_TRANSPORT_H_

#include <liburing.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "ringdist/bench/load/bare_transport.h"
#include "ringdist/bench/load/load_spec.h"
#include "ringdist/bench/load/transport.h"
#include "ringdist/bench/load/uring_ring.h"
#include "ringdist/runtime/file_descriptor.h"
#include "ringdist/runtime/receive_buffers.h"

namespace ringdist {

struct UringIo {
  bool sending = false;  // A send is in flight.
  bool ended = false;    // Lost as soon as that has ended.
  msghdr message = {};   // Of that send.
};

template <typename User, typename State>
class UringTransport final : public BareTransport<User, State, UringIo> {
  using Base = BareTransport<User, State, UringIo>;

 public:
  using typename Base::Connection;

  UringTransport(const LoadSpec& spec, Peer, User& user)
      : Base(spec, user), ring_(spec.busy_poll) {}
  ~UringTransport() { Close(); }

  absl::Status Listen() {
    absl::Status status = ring_.Create();
    if (status.ok()) status = Base::Listen();
    if (status.ok()) ArmAccept();
    return status;
  }
  absl::Status Prepare() {
    absl::Status status = ring_.Create();
    return status.ok() ? Base::Prepare() : status;
  }
  void Dial(Connection& connection) {
    if (this->Connect(connection)) Open(connection);
  }
  void HangUp(Connection& connection) { End(connection); }

  absl::Status Turn(absl::Duration max_wait) {
    this->told_ = false;
    for (Connection* const connection : this->to_send_) {
      connection->queued = false;
      ArmSend(*connection);
    }
    this->to_send_.clear();
    return ring_.Turn(max_wait,
                      [this](const io_uring_cqe& cqe) { OnCompletion(cqe); });
  }

  EngineCounts counts() const { return ring_.counts(); }

 private:
  // user_data: the connection's address and, in its lowest bits, one of these.
  static constexpr uint64_t kReceive = 0;
  static constexpr uint64_t kSend = 1;
  static constexpr uint64_t kAccept = 2;
  static constexpr uint64_t kBits = 3;

  static uint64_t Name(const Connection& connection, uint64_t what) {
    return reinterpret_cast<uint64_t>(&connection) | what;
  }

  void ArmAccept() {
    io_uring_sqe* const sqe = ring_.NextEntry();
    io_uring_prep_multishot_accept(sqe, this->listening_.get(), nullptr,
                                   nullptr, SOCK_CLOEXEC);
    sqe->user_data = kAccept;
  }

  void ArmReceive(Connection& connection) {
    io_uring_sqe* const sqe = ring_.NextEntry();
    io_uring_prep_recv_multishot(sqe, connection.fd.get(), nullptr, 0, 0);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = ReceiveBuffers::kGroup;
    sqe->user_data = Name(connection, kReceive);
  }

  // One is in flight at a time: io_uring may reorder several.
  void ArmSend(Connection& connection) {
    if (connection.io.sending || connection.queue.empty()) return;
    const absl::Span<const iovec> slices = connection.queue.Gather();
    io_uring_sqe* const sqe = ring_.NextEntry();
    if (slices.size() == 1) {
      io_uring_prep_send(sqe, connection.fd.get(), slices[0].iov_base,
                         slices[0].iov_len, MSG_NOSIGNAL | MSG_WAITALL);
    } else {
      connection.io.message.msg_iov = const_cast<iovec*>(slices.data());
      connection.io.message.msg_iovlen = slices.size();
      io_uring_prep_sendmsg(sqe, connection.fd.get(), &connection.io.message,
                            MSG_NOSIGNAL | MSG_WAITALL);
    }
    sqe->user_data = Name(connection, kSend);
    connection.io.sending = true;
  }

  void Open(Connection& connection) {
    ArmReceive(connection);
    this->user_.OnUp(connection);
  }

  void OnCompletion(const io_uring_cqe& cqe) {
    if (cqe.user_data == kAccept) return OnAccepted(cqe);
    Connection& connection =
        *reinterpret_cast<Connection*>(cqe.user_data & ~kBits);
    if ((cqe.user_data & kBits) == kSend) {
      OnSent(connection, cqe.res);
    } else {
      OnReceived(connection, cqe);
    }
  }

  void OnAccepted(const io_uring_cqe& cqe) {
    if (cqe.res >= 0) Open(this->Add(FileDescriptor(cqe.res)));
    if ((cqe.flags & IORING_CQE_F_MORE) == 0) ArmAccept();
  }

  void OnSent(Connection& connection, int result) {
    connection.io.sending = false;
    if (result > 0) this->Sent(connection, static_cast<size_t>(result));
    if (result < 0) connection.queue.Clear();  // Receiving tells the end.
    if (connection.io.ended) return this->Lose(connection, Base::EndOf(0));
    if (!connection.queue.empty() && !connection.queued) {
      this->Queue(connection);
    }
  }

  void OnReceived(Connection& connection, const io_uring_cqe& cqe) {
    const bool has_bytes = (cqe.flags & IORING_CQE_F_BUFFER) != 0;
    bool goes_on = cqe.res > 0 || cqe.res == -ENOBUFS;
    if (has_bytes) {
      const absl::string_view bytes = ring_.buffers().View(cqe);
      if (!connection.io.ended) goes_on = this->Take(connection, bytes);
      ring_.buffers().Release(cqe.flags);
    }
    if (!goes_on) return End(connection);
    if ((cqe.flags & IORING_CQE_F_MORE) == 0) ArmReceive(connection);
  }

  void End(Connection& connection) {
    if (connection.io.ended || !connection.fd.valid()) return;
    connection.io.ended = true;
    shutdown(connection.fd.get(), SHUT_RDWR);
    if (!connection.io.sending) this->Lose(connection, Base::EndOf(0));
  }

  // What is in flight looks at memory of the queues.
  void Close() {
    for (Connection& connection : this->connections_) {
      if (connection.fd.valid()) shutdown(connection.fd.get(), SHUT_RDWR);
    }
    const auto is_sending = [](const Connection& connection) {
      return connection.io.sending;
    };
    const auto on_completion = [](const io_uring_cqe& cqe) {
      if ((cqe.user_data & kBits) != kSend) return;
      reinterpret_cast<Connection*>(cqe.user_data & ~kBits)->io.sending = false;
    };
    while (std::any_of(this->connections_.begin(), this->connections_.end(),
                       is_sending)) {
      if (!ring_.Turn(absl::InfiniteDuration(), on_completion).ok()) return;
    }
  }

  UringRing ring_;
};

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_URING_TRANSPORT_H_
