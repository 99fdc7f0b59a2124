// EiSocket: a Unix socket under ei, which knows TCP only and asks for callbacks
// for everything else.
//
//   EiSocket::Shared shared;
//   EiSocket::Setup setup(shared);
//   ei_connect_xinit_ussi(&node, ..., EiSocket::Callbacks(),
//                         sizeof(ei_socket_callbacks), &setup);
//   setup.fd = ConnectBare(directory).value();
//   int fd = ei_xconnect_host_port(&node, &any_address, any_port);
//   EiSocket& socket = *setup.latest;   // until ei_close_connection(fd)
//
// ei blocks: a message is read or written to its end. Here it need not begin:
// at the begin of a message a read without bytes, and a write without room,
// fail with EAGAIN, and nothing has happened. So one thread serves many
// connections. While a message is written that the peer does not take,
// what comes from the peer is read ahead: two that write to each other do not
// wait for each other.

#ifndef RINGDIST_BENCH_PEERS_EI_SOCKET_H_
#define RINGDIST_BENCH_PEERS_EI_SOCKET_H_

#include <ei.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "ringdist/runtime/file_descriptor.h"

namespace ringdist {

class EiSocket {
 public:
  // What the nodes of a thread have in common.
  struct Shared {
    // Gather small messages before they are written, and read what there is,
    // instead of one message at a time.
    bool buffers = false;
    uint64_t system_calls = 0;
    // Some socket has read ahead, which poll() does not know of.
    bool has_read_ahead = false;
  };
  // What the callbacks of a node make its sockets of; as long as the node.
  struct Setup {
    explicit Setup(Shared& all) : shared(all) {}

    Shared& shared;
    // Of the next socket: connected, or one to accept from.
    FileDescriptor fd;
    EiSocket* latest = nullptr;  // That was connected or accepted.
  };
  static ei_socket_callbacks* Callbacks();

  int fd() const { return fd_.get(); }

  // Whether a read may wait at the begin of a message, kLongestWait at most.
  // Not by itself.
  void set_may_wait(bool may_wait) { may_wait_ = may_wait; }
  static constexpr absl::Duration kLongestWait = absl::Milliseconds(10);

  // Why the last call of ei on this socket failed, if it did: of all errors ei
  // itself makes EIO.
  int last_error() const { return last_error_; }

  // There is something to read already.
  bool has_read_ahead() const { return read_begin_ < read_.size(); }

  // Writes what was gathered. EAGAIN: not all of it. Otherwise an errno, or 0.
  int Flush();

 private:
  struct Calls;  // The callbacks.

  EiSocket(FileDescriptor fd, Setup& setup)
      : fd_(std::move(fd)), setup_(setup) {}

  // The callbacks' work: 0 or an errno; `size` is what was asked for, and then
  // what was done.
  int Read(char* to, ssize_t* size);
  int Write(const iovec* parts, int count, ssize_t* size);
  int Accept(FileDescriptor& accepted);
  void EndHandshake();

  bool ReadsBegin() const { return header_size_ == 0 && body_left_ == 0; }
  // Keeps count of where in a message the reader is.
  void CountRead(const char* bytes, size_t size);
  int Receive(char* to, size_t size, ssize_t* received);
  // Reads ahead until there is a whole message, or a buffer full of it.
  int BufferMessage();
  // Waits until there is room, reading ahead meanwhile.
  int WaitToWrite();
  int Gather(const iovec* parts, int count);
  int SendSome(const iovec* parts, int count, ssize_t* sent);

  const FileDescriptor fd_;
  Setup& setup_;
  bool in_handshake_ = true;  // Which is read and written as ei likes it.
  bool may_wait_ = false;
  int last_error_ = 0;

  // Of the message that is read: its length so far, and what is left of it.
  unsigned char header_[4];
  size_t header_size_ = 0;
  size_t body_left_ = 0;
  size_t write_left_ = 0;  // Of the message that is written.

  std::string read_;  // Ahead, from read_begin_ on.
  size_t read_begin_ = 0;
  std::string gathered_;  // To be written, from gathered_begin_ on.
  size_t gathered_begin_ = 0;
};

}  // namespace ringdist

#endif  // RINGDIST_BENCH_PEERS_EI_SOCKET_H_
