// SocketTransport: moves framed bytes with system calls, in one of three ways
// (transport.h):
//   epoll  waits for events, then receives and sends without blocking
//   spin   does that all the time on all connections, without asking
//   plain  blocking sendmsg and recv, on one connection
// Each call moves up to 256 KiB.

#ifndef RINGDIST_BENCH_LOAD_SOCKET_TRANSPORT_H_
#define RINGDIST_BENCH_LOAD_SOCKET_TRANSPORT_H_

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "ringdist/bench/load/bare_transport.h"
#include "ringdist/bench/load/epoll_set.h"
#include "ringdist/bench/load/load_spec.h"
#include "ringdist/bench/load/transport.h"
#include "ringdist/runtime/file_descriptor.h"

namespace ringdist {

struct SocketIo {
  bool waits_for_room = false;  // Epoll tells.
};

template <typename User, typename State>
class SocketTransport final : public BareTransport<User, State, SocketIo> {
  using Base = BareTransport<User, State, SocketIo>;

 public:
  using typename Base::Connection;

  // `kind` is kEpoll, kSpin or kPlain.
  SocketTransport(const LoadSpec& spec, Peer kind, User& user)
      : Base(spec, user),
        kind_(kind),
        epoll_(spec.busy_poll),
        buffer_(new char[kBufferBytes]) {}

  absl::Status Listen() {
    absl::Status status = Base::Listen();
    if (!status.ok() || kind_ == Peer::kPlain) return status;
    fcntl(this->listening_.get(), F_SETFL, O_NONBLOCK);
    epoll_.Add(this->listening_.get(), EPOLLIN, nullptr);
    return status;
  }
  void Dial(Connection& connection) {
    if (this->Connect(connection)) Open(connection);
  }
  void HangUp(Connection& connection) {
    this->Lose(connection, absl::CancelledError("disconnect"));
  }

  EngineCounts counts() const {
    return {.enters = this->counts_.enters + epoll_.waits(), .completions = 0};
  }

  absl::Status Turn(absl::Duration max_wait) {
    this->told_ = false;
    SendQueued();
    if (this->told_ || !this->to_send_.empty()) max_wait = absl::ZeroDuration();
    absl::Status status;
    switch (kind_) {
      case Peer::kSpin:
        SpinOnce();
        break;
      case Peer::kPlain:
        Block(max_wait);
        break;
      default:
        status = Poll(max_wait);
    }
    // What was received may have been answered.
    SendQueued();
    return status;
  }

 private:
  static constexpr size_t kBufferBytes = 256 * 1024;
  // How long a blocking receive keeps its caller from looking at the clock.
  static constexpr timeval kReceiveTime = {.tv_sec = 0, .tv_usec = 10'000};

  // Connections.

  void Accept() {
    ++this->counts_.enters;
    FileDescriptor fd(
        accept4(this->listening_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (fd.valid()) Open(this->Add(std::move(fd)));
  }

  void Open(Connection& connection) {
    const int fd = connection.fd.get();
    if (kind_ == Peer::kEpoll) epoll_.Add(fd, EPOLLIN, &connection);
    if (kind_ == Peer::kPlain) {
      setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &kReceiveTime,
                 sizeof(kReceiveTime));
    }
    this->user_.OnUp(connection);
  }

  // Sending.

  void SendQueued() {
    sending_.swap(this->to_send_);
    for (Connection* const connection : sending_) {
      connection->queued = false;
      if (!connection->io.waits_for_room) SendSome(*connection);
    }
    sending_.clear();
  }

  void SendSome(Connection& connection) {
    const absl::Span<const iovec> slices = connection.queue.Gather();
    if (slices.empty()) return;
    msghdr message = {};
    message.msg_iov = const_cast<iovec*>(slices.data());
    message.msg_iovlen = slices.size();
    const int blocking = kind_ == Peer::kPlain ? 0 : MSG_DONTWAIT;
    ++this->counts_.enters;
    const ssize_t sent =
        sendmsg(connection.fd.get(), &message, MSG_NOSIGNAL | blocking);
    if (sent >= 0) {
      this->Sent(connection, static_cast<size_t>(sent));
    } else if (errno == EAGAIN && kind_ == Peer::kEpoll) {
      connection.io.waits_for_room = true;
      return epoll_.Change(connection.fd.get(), EPOLLIN | EPOLLOUT,
                           &connection);
    } else if (errno != EAGAIN && errno != EINTR) {
      connection.queue.Clear();  // Receiving tells the end.
    }
    if (!connection.queue.empty() && !connection.queued) {
      this->Queue(connection);
    }
  }

  // Receiving.

  void Receive(Connection& connection, int flags) {
    if (!connection.fd.valid()) return;
    ++this->counts_.enters;
    const ssize_t size =
        recv(connection.fd.get(), buffer_.get(), kBufferBytes, flags);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size <= 0) {
      this->Lose(connection, Base::EndOf(size == 0 ? 0 : -errno));
    } else if (!this->Take(connection,
                           absl::string_view(buffer_.get(),
                                             static_cast<size_t>(size)))) {
      this->Lose(connection, Base::NoFrames());
    }
  }

  void SpinOnce() {
    if (this->listening_.valid() && this->by_index_.size() < this->expected_) {
      Accept();
    }
    for (size_t i = 0; i < this->by_index_.size(); ++i) {
      Receive(*this->by_index_[i], MSG_DONTWAIT);
    }
  }

  void Block(absl::Duration max_wait) {
    if (this->by_index_.empty()) return Accept();
    Receive(*this->by_index_.front(),
            max_wait > absl::ZeroDuration() ? 0 : MSG_DONTWAIT);
  }

  absl::Status Poll(absl::Duration max_wait) {
    const absl::StatusOr<absl::Span<const epoll_event>> events =
        epoll_.Wait(max_wait);
    if (!events.ok()) return events.status();
    for (const epoll_event& event : *events) OnEvent(event);
    return absl::OkStatus();
  }

  void OnEvent(const epoll_event& event) {
    if (event.data.ptr == nullptr) return Accept();
    Connection& connection = *static_cast<Connection*>(event.data.ptr);
    if ((event.events & EPOLLOUT) != 0 && connection.io.waits_for_room) {
      connection.io.waits_for_room = false;
      epoll_.Change(connection.fd.get(), EPOLLIN, &connection);
      if (!connection.queued) this->Queue(connection);
    }
    if ((event.events & ~uint32_t{EPOLLOUT}) != 0) {
      Receive(connection, MSG_DONTWAIT);
    }
  }

  const Peer kind_;
  EpollSet epoll_;
  const std::unique_ptr<char[]> buffer_;
  std::vector<Connection*> sending_;
};

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_SOCKET_TRANSPORT_H_
