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

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "ringdist/bench/load/bare_transport.h"
#include "ringdist/bench/load/load_spec.h"
#include "ringdist/bench/load/transport.h"
#include "ringdist/runtime/file_descriptor.h"
#include "ringdist/runtime/system_error.h"

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
        busy_poll_(spec.busy_poll),
        epoll_(epoll_create1(EPOLL_CLOEXEC)),
        buffer_(new char[kBufferBytes]) {}

  absl::Status Listen() {
    absl::Status status = Base::Listen();
    if (!status.ok() || kind_ == Peer::kPlain) return status;
    fcntl(this->listening_.get(), F_SETFL, O_NONBLOCK);
    epoll_event event = {.events = EPOLLIN, .data = {.ptr = nullptr}};
    epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, this->listening_.get(), &event);
    return status;
  }
  void Dial(Connection& connection) {
    if (this->Connect(connection)) Open(connection);
  }
  void HangUp(Connection& connection) {
    this->Lose(connection, absl::CancelledError("disconnect"));
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
  static constexpr int kMaxEvents = 1024;
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
    if (kind_ == Peer::kEpoll) Watch(EPOLL_CTL_ADD, connection, EPOLLIN);
    if (kind_ == Peer::kPlain) {
      setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &kReceiveTime,
                 sizeof(kReceiveTime));
    }
    this->user_.OnUp(connection);
  }

  void Watch(int call, Connection& connection, uint32_t events) {
    epoll_event event = {.events = events, .data = {.ptr = &connection}};
    epoll_ctl(epoll_.get(), call, connection.fd.get(), &event);
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
      return Watch(EPOLL_CTL_MOD, connection, EPOLLIN | EPOLLOUT);
    } else if (errno != EAGAIN && errno != EINTR) {
      connection.queue.Clear();  // Receiving tells the end.
    }
    if (!connection.queue.empty() && !connection.queued) {
      this->Queue(connection);
    }
  }

  // Receiving. False: there was nothing.
  bool Receive(Connection& connection, int flags) {
    if (!connection.fd.valid()) return false;
    ++this->counts_.enters;
    const ssize_t size =
        recv(connection.fd.get(), buffer_.get(), kBufferBytes, flags);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (size <= 0) {
      this->Lose(connection, Base::EndOf(size == 0 ? 0 : -errno));
    } else if (!this->Take(connection,
                           absl::string_view(buffer_.get(),
                                             static_cast<size_t>(size)))) {
      this->Lose(connection, Base::NoFrames());
    }
    return true;
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
    const absl::Duration spin = std::min(busy_poll_, max_wait);
    const int64_t end = spin > absl::ZeroDuration()
                            ? this->Now() + absl::ToInt64Nanoseconds(spin)
                            : 0;
    int count = 0;
    while (count == 0 && end != 0 && this->Now() < end) {
      count = Wait(absl::ZeroDuration());
    }
    if (count == 0) count = Wait(max_wait);
    if (count < 0 && errno != EINTR)
      return SystemError("epoll_wait", "", errno);
    for (int i = 0; i < count; ++i) OnEvent(events_[i]);
    return absl::OkStatus();
  }

  int Wait(absl::Duration time) {
    ++this->counts_.enters;
    const timespec spec = absl::ToTimespec(time);
    return epoll_pwait2(epoll_.get(), events_, kMaxEvents,
                        time == absl::InfiniteDuration() ? nullptr : &spec,
                        nullptr);
  }

  void OnEvent(const epoll_event& event) {
    if (event.data.ptr == nullptr) return Accept();
    Connection& connection = *static_cast<Connection*>(event.data.ptr);
    if ((event.events & EPOLLOUT) != 0 && connection.io.waits_for_room) {
      connection.io.waits_for_room = false;
      Watch(EPOLL_CTL_MOD, connection, EPOLLIN);
      if (!connection.queued) this->Queue(connection);
    }
    if ((event.events & ~uint32_t{EPOLLOUT}) != 0) {
      Receive(connection, MSG_DONTWAIT);
    }
  }

  const Peer kind_;
  const absl::Duration busy_poll_;
  const FileDescriptor epoll_;
  const std::unique_ptr<char[]> buffer_;
  std::vector<Connection*> sending_;
  epoll_event events_[kMaxEvents];
};

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_SOCKET_TRANSPORT_H_
