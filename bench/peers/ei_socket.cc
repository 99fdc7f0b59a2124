#include "ringdist/bench/peers/ei_socket.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "ringdist/proto/big_endian.h"

namespace ringdist {
namespace {

// How long a peer may leave a message, or a handshake, unfinished.
constexpr int kPatienceMilliseconds = 10000;
// What is read at once, and gathered before it is written.
constexpr size_t kBufferBytes = 64 * 1024;
// What may be read ahead of a peer that does not read itself.
constexpr size_t kMaxReadAheadBytes = 256 * 1024 * 1024;

size_t SizeOf(const iovec* parts, int count) {
  size_t size = 0;
  for (int i = 0; i < count; ++i) size += parts[i].iov_len;
  return size;
}

void SetReceiveTimeout(int fd, int milliseconds) {
  const timeval time = {.tv_sec = milliseconds / 1000,
                        .tv_usec = milliseconds % 1000 * 1000};
  // It fails for no socket.
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time));
}

}  // namespace

// What ei calls; the contexts are EiSockets.
struct EiSocket::Calls {
  static EiSocket* Of(void* context) { return static_cast<EiSocket*>(context); }

  static int Make(void** context, void* setup_context) {
    Setup& setup = *static_cast<Setup*>(setup_context);
    setup.latest = new EiSocket(std::move(setup.fd), setup);
    *context = setup.latest;
    return 0;
  }
  static int Close(void* context) {
    delete Of(context);
    return 0;
  }
  static int Listen(void*, void*, int*, int) { return 0; }       // It does.
  static int Connect(void*, void*, int, unsigned) { return 0; }  // It is.
  static int Accept(void** context, void*, int*, unsigned) {
    Setup& setup = Of(*context)->setup_;
    FileDescriptor accepted;
    const int error = Of(*context)->Accept(accepted);
    if (error != 0) return error;
    setup.latest = new EiSocket(std::move(accepted), setup);
    *context = setup.latest;
    return 0;
  }
  static int WriteVector(void* context, const void* parts, int count,
                         ssize_t* size, unsigned) {
    EiSocket& socket = *Of(context);
    return socket.last_error_ =
               socket.Write(static_cast<const iovec*>(parts), count, size);
  }
  static int Write(void* context, const char* bytes, ssize_t* size, unsigned) {
    const iovec part = {.iov_base = const_cast<char*>(bytes),
                        .iov_len = static_cast<size_t>(*size)};
    return WriteVector(context, &part, 1, size, 0);
  }
  static int Read(void* context, char* to, ssize_t* size, unsigned) {
    return Of(context)->last_error_ = Of(context)->Read(to, size);
  }
  static int HeaderSize(void*, int* size) {
    *size = 2;
    return 0;
  }
  static int HandshakeComplete(void* context) {
    Of(context)->EndHandshake();
    return 0;
  }
  static int GetFd(void* context, int* fd) {
    *fd = Of(context)->fd();
    return 0;
  }
};

ei_socket_callbacks* EiSocket::Callbacks() {
  static ei_socket_callbacks callbacks = {
      EI_SCLBK_FLG_FULL_IMPL,
      Calls::Make,
      Calls::Close,
      Calls::Listen,
      Calls::Accept,
      Calls::Connect,
      Calls::WriteVector,
      Calls::Write,
      Calls::Read,
      Calls::HeaderSize,
      Calls::HandshakeComplete,
      Calls::HandshakeComplete,
      Calls::GetFd,
  };
  return &callbacks;
}

int EiSocket::Accept(FileDescriptor& accepted) {
  ++setup_.shared.system_calls;
  accepted = FileDescriptor(accept4(fd(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!accepted.valid()) return errno;
  SetReceiveTimeout(accepted.get(), kPatienceMilliseconds);
  return 0;
}

void EiSocket::EndHandshake() {
  in_handshake_ = false;
  SetReceiveTimeout(fd(),
                    static_cast<int>(absl::ToInt64Milliseconds(kLongestWait)));
}

// Reading.

int EiSocket::Read(char* to, ssize_t* size) {
  const auto asked = static_cast<size_t>(*size);
  if (setup_.shared.buffers && !in_handshake_ && ReadsBegin()) {
    const int error = BufferMessage();
    if (error != 0) return error;
    if (!has_read_ahead()) {  // The peer has closed.
      *size = 0;
      return 0;
    }
  }
  if (has_read_ahead()) {
    const size_t taken = std::min(asked, read_.size() - read_begin_);
    std::memcpy(to, read_.data() + read_begin_, taken);
    read_begin_ += taken;
    *size = static_cast<ssize_t>(taken);
  } else {
    const int error = Receive(to, asked, size);
    if (error != 0) return error;
  }
  if (!in_handshake_) CountRead(to, static_cast<size_t>(*size));
  return 0;
}

int EiSocket::BufferMessage() {
  while (true) {
    const size_t have = read_.size() - read_begin_;
    size_t wanted = sizeof(header_);
    if (have >= wanted) {
      wanted += LoadBigEndian<uint32_t>(read_.data() + read_begin_);
    }
    if (have >= std::min(wanted, kBufferBytes)) return 0;
    read_.erase(0, std::exchange(read_begin_, 0));
    read_.resize(have + kBufferBytes);
    ssize_t received = 0;
    const int error = Receive(read_.data() + have, kBufferBytes, &received);
    read_.resize(have + (error == 0 ? static_cast<size_t>(received) : 0));
    if (error != 0) return error;
    if (received == 0) return have == 0 ? 0 : EPIPE;
  }
}

// ei reads the length, of 4 bytes, and then the message, never beyond it.
void EiSocket::CountRead(const char* bytes, size_t size) {
  if (body_left_ > 0) {
    body_left_ -= size;
    if (body_left_ == 0) header_size_ = 0;
    return;
  }
  std::memcpy(header_ + header_size_, bytes, size);
  header_size_ += size;
  if (header_size_ < sizeof(header_)) return;
  body_left_ = LoadBigEndian<uint32_t>(reinterpret_cast<char*>(header_));
  if (body_left_ == 0) header_size_ = 0;  // A tick.
}

int EiSocket::Receive(char* to, size_t size, ssize_t* received) {
  const bool may_fail = !in_handshake_ && ReadsBegin();
  // Who waits wants the peer to have everything.
  if (may_fail && may_wait_) Flush();
  const int flags = may_fail && !may_wait_ ? MSG_DONTWAIT : 0;
  // Within a message each attempt waits kLongestWait.
  int attempts =
      may_fail || in_handshake_
          ? 1
          : kPatienceMilliseconds /
                static_cast<int>(absl::ToInt64Milliseconds(kLongestWait));
  do {
    ++setup_.shared.system_calls;
    *received = recv(fd(), to, size, flags);
  } while (*received < 0 && (errno == EINTR || errno == EAGAIN) &&
           (errno == EINTR || --attempts > 0));
  if (*received >= 0) return 0;
  return errno == EAGAIN && !may_fail ? ETIMEDOUT : errno;
}

// Writing.

int EiSocket::Write(const iovec* parts, int count, ssize_t* size) {
  const size_t asked = SizeOf(parts, count);
  if (setup_.shared.buffers && !in_handshake_) {
    *size = static_cast<ssize_t>(asked);
    return Gather(parts, count);
  }
  const bool begins = write_left_ == 0;
  if (begins) write_left_ = asked;
  int error = SendSome(parts, count, size);
  while (error == EAGAIN && (!begins || in_handshake_)) {
    error = WaitToWrite();
    if (error == 0) error = SendSome(parts, count, size);
  }
  write_left_ -= error == 0 ? static_cast<size_t>(*size) : write_left_;
  return error;
}

int EiSocket::SendSome(const iovec* parts, int count, ssize_t* sent) {
  msghdr message = {};
  message.msg_iov = const_cast<iovec*>(parts);
  message.msg_iovlen = static_cast<size_t>(count);
  do {
    ++setup_.shared.system_calls;
    *sent = sendmsg(fd(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (*sent < 0 && errno == EINTR);
  return *sent < 0 ? errno : 0;
}

int EiSocket::WaitToWrite() {
  const bool is_full = read_.size() - read_begin_ > kMaxReadAheadBytes;
  pollfd ready = {fd(), POLLOUT, 0};
  if (!is_full && !in_handshake_) ready.events |= POLLIN;
  ++setup_.shared.system_calls;
  const int count = poll(&ready, 1, kPatienceMilliseconds);
  if (count == 0) return ETIMEDOUT;
  if (count < 0) return errno == EINTR ? 0 : errno;
  if ((ready.revents & POLLIN) == 0) return 0;
  read_.erase(0, std::exchange(read_begin_, 0));
  const size_t size = read_.size();
  read_.resize(size + kBufferBytes);
  ++setup_.shared.system_calls;
  const ssize_t received =
      recv(fd(), read_.data() + size, kBufferBytes, MSG_DONTWAIT);
  read_.resize(size + static_cast<size_t>(std::max<ssize_t>(received, 0)));
  setup_.shared.has_read_ahead = true;
  return received == 0 ? EPIPE : 0;
}

// Takes a whole message, or nothing if too much waits already.
int EiSocket::Gather(const iovec* parts, int count) {
  const bool is_full = gathered_.size() - gathered_begin_ >= kBufferBytes;
  if (is_full) {
    const int error = Flush();
    if (error != 0) return error;
  }
  for (int i = 0; i < count; ++i) {
    gathered_.append(static_cast<const char*>(parts[i].iov_base),
                     parts[i].iov_len);
  }
  return 0;
}

int EiSocket::Flush() {
  while (gathered_begin_ < gathered_.size()) {
    const iovec part = {.iov_base = gathered_.data() + gathered_begin_,
                        .iov_len = gathered_.size() - gathered_begin_};
    ssize_t sent = 0;
    const int error = SendSome(&part, 1, &sent);
    if (error != 0) {
      gathered_.erase(0, std::exchange(gathered_begin_, 0));
      return error;
    }
    gathered_begin_ += static_cast<size_t>(sent);
  }
  gathered_.clear();
  gathered_begin_ = 0;
  return 0;
}

}  // namespace ringdist
