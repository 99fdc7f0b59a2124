#include "ringdist/bench/peers/ei_node.h"

#include <netinet/in.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "ringdist/runtime/system_error.h"

namespace ringdist {
namespace {

// ei wants an address and a port of TCP, which EiSocket does not look at.
in_addr NoAddress() { return {.s_addr = INADDR_ANY}; }

int SizeOf(absl::string_view bytes) { return static_cast<int>(bytes.size()); }
// ei does not write to what it sends.
char* Bytes(absl::string_view bytes) { return const_cast<char*>(bytes.data()); }

absl::Status HandshakeError(absl::string_view what) {
  // It says EIO for everything that the peer may do.
  return SystemError(what, "", erl_errno == 0 ? EIO : erl_errno,
                     "is it the same cookie?");
}

}  // namespace

EiLink::~EiLink() { ei_close_connection(fd_); }

EiLink::Got EiLink::Receive(erlang_msg& message, EiBuffer& buffer) {
  message.msgtype = 0;
  const int got = ei_xreceive_msg(fd_, &message, buffer.get());
  if (got == ERL_TICK) return Got::kNothing;
  if (got == ERL_ERROR) {
    if (socket_.last_error() == EAGAIN) return Got::kNothing;
    // ei has read what it does not know, such as a monitor.
    const bool is_unknown =
        socket_.last_error() == 0 && message.msgtype > ERL_EXIT2;
    return is_unknown ? Got::kNothing : Got::kClosed;
  }
  const bool is_message =
      message.msgtype == ERL_SEND || message.msgtype == ERL_REG_SEND;
  return is_message ? Got::kMessage : Got::kNothing;
}

EiLink::Sent EiLink::SentFrom(int result) const {
  if (result >= 0) return Sent::kSent;
  return socket_.last_error() == EAGAIN ? Sent::kNoRoom : Sent::kClosed;
}

EiLink::Sent EiLink::SendTo(const erlang_pid& to, absl::string_view message) {
  return SentFrom(ei_send(fd_, const_cast<erlang_pid*>(&to), Bytes(message),
                          SizeOf(message)));
}

EiLink::Sent EiLink::SendToName(const char* name, absl::string_view message) {
  return SentFrom(ei_reg_send(&node_, fd_, const_cast<char*>(name),
                              Bytes(message), SizeOf(message)));
}

EiLink::Sent EiLink::CallRex(const char* module, const char* function,
                             absl::string_view arguments) {
  return SentFrom(ei_rpc_to(&node_, fd_, const_cast<char*>(module),
                            const_cast<char*>(function), Bytes(arguments),
                            SizeOf(arguments)));
}

absl::StatusOr<std::unique_ptr<EiNode>> EiNode::Create(
    const std::string& name, const std::string& cookie,
    EiSocket::Shared& shared) {
  static const int initialized = ei_init();
  if (initialized != 0) return SystemError("ei_init", "", initialized);
  const std::pair<std::string, std::string> parts =
      absl::StrSplit(name, absl::MaxSplits('@', 1));
  std::unique_ptr<EiNode> node(new EiNode(shared));
  in_addr address = NoAddress();
  if (ei_connect_xinit_ussi(&node->node_, parts.second.c_str(),
                            parts.first.c_str(), name.c_str(), &address,
                            cookie.c_str(), static_cast<unsigned>(getpid()),
                            EiSocket::Callbacks(), sizeof(ei_socket_callbacks),
                            &node->setup_) < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": ei takes no such name, or its cookie"));
  }
  return node;
}

EiNode::~EiNode() {
  if (listening_fd_ >= 0) ei_close_connection(listening_fd_);
}

absl::Status EiNode::Listen(FileDescriptor listening) {
  setup_.fd = std::move(listening);
  in_addr address = NoAddress();
  int port = 0;
  listening_fd_ = ei_xlisten(&node_, &address, &port, 0);
  return listening_fd_ >= 0 ? absl::OkStatus()
                            : SystemError("ei_xlisten", "", erl_errno);
}

absl::StatusOr<std::unique_ptr<EiLink>> EiNode::Accept() {
  const int fd = ei_accept(&node_, listening_fd_, nullptr);
  if (fd < 0) return HandshakeError("ei_accept");
  return std::unique_ptr<EiLink>(new EiLink(node_, fd, *setup_.latest));
}

absl::StatusOr<std::unique_ptr<EiLink>> EiNode::Connect(
    FileDescriptor connected) {
  setup_.fd = std::move(connected);
  in_addr address = NoAddress();
  const int fd = ei_xconnect_host_port(&node_, &address, 0);
  if (fd < 0) return HandshakeError("ei_xconnect");
  return std::unique_ptr<EiLink>(new EiLink(node_, fd, *setup_.latest));
}

}  // namespace ringdist
