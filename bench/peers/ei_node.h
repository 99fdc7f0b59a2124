// EiNode: a C node of ei on Unix sockets, and EiLink, its connection to another
// node.
//
//   EiSocket::Shared shared;
//   absl::StatusOr<std::unique_ptr<EiNode>> node =
//       EiNode::Create("ei@localhost", "secret", shared);
//   absl::StatusOr<std::unique_ptr<EiLink>> link =
//       (*node)->Connect(ConnectBare(directory).value());
//   (*link)->SendToName("echo", bytes);
//   while ((*link)->Receive(message, bytes) != EiLink::Got::kMessage) {...}
//
// By one thread.

#ifndef RINGDIST_BENCH_PEERS_EI_NODE_H_
#define RINGDIST_BENCH_PEERS_EI_NODE_H_

#include <ei.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ringdist/bench/peers/ei_socket.h"
#include "ringdist/runtime/file_descriptor.h"

namespace ringdist {

// A buffer of ei for what is received, which grows as it needs.
class EiBuffer {
 public:
  EiBuffer() { ei_x_new(&buffer_); }
  ~EiBuffer() { ei_x_free(&buffer_); }
  EiBuffer(const EiBuffer&) = delete;
  EiBuffer& operator=(const EiBuffer&) = delete;

  ei_x_buff* get() { return &buffer_; }
  absl::string_view view() const {
    return {buffer_.buff, static_cast<size_t>(buffer_.index)};
  }

 private:
  ei_x_buff buffer_;
};

class EiLink {
 public:
  enum class Got {
    kMessage,
    kNothing,  // There is none, or it was a tick; or for nobody, as a link.
    kClosed,
  };
  enum class Sent {
    kSent,
    kNoRoom,  // Nothing was sent: wait until the socket is writable.
    kClosed,
  };

  ~EiLink();
  EiLink(const EiLink&) = delete;
  EiLink& operator=(const EiLink&) = delete;

  // Messages begin with a version byte.
  Got Receive(erlang_msg& message, EiBuffer& buffer);
  Sent SendTo(const erlang_pid& to, absl::string_view message);
  Sent SendToName(const char* name, absl::string_view message);
  // As rpc:call/4, without waiting for the answer, {rex, Result}; `arguments`
  // is a list without a version byte.
  Sent CallRex(const char* module, const char* function,
               absl::string_view arguments);

  EiSocket& socket() { return socket_; }

 private:
  friend class EiNode;
  EiLink(ei_cnode& node, int fd, EiSocket& socket)
      : node_(node), fd_(fd), socket_(socket) {}

  // Of what ei's functions that send return.
  Sent SentFrom(int result) const;

  ei_cnode& node_;
  const int fd_;
  EiSocket& socket_;  // ei's, until it closes the connection.
};

class EiNode {
 public:
  // `shared` outlives it. InvalidArgument: ei does not take the name or the
  // cookie.
  static absl::StatusOr<std::unique_ptr<EiNode>> Create(
      const std::string& name, const std::string& cookie,
      EiSocket::Shared& shared);
  ~EiNode();

  // Takes connections from a listening socket, one after the other; each waits
  // for the peer until the handshake is done.
  absl::Status Listen(FileDescriptor listening);
  int listening_fd() const { return listening_fd_; }
  absl::StatusOr<std::unique_ptr<EiLink>> Accept();
  // Waits as well.
  absl::StatusOr<std::unique_ptr<EiLink>> Connect(FileDescriptor connected);

  const erlang_pid& self() { return *ei_self(&node_); }

 private:
  explicit EiNode(EiSocket::Shared& shared) : setup_(shared) {}

  ei_cnode node_;
  EiSocket::Setup setup_;
  int listening_fd_ = -1;
};

}  // namespace ringdist

#endif  // RINGDIST_BENCH_PEERS_EI_NODE_H_
