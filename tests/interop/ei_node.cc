#include "ringdist/tests/interop/ei_node.h"

#include <ei.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "ringdist/proto/node_name.h"

namespace ringdist {
namespace {

constexpr timeval kLimit = {20, 0};

// The sockets that ei is given. A context is the descriptor; what a set-up is
// given along, the path.
void* ContextOf(int fd) {
  return reinterpret_cast<void*>(static_cast<intptr_t>(fd));
}
int DescriptorOf(void* context) {
  return static_cast<int>(reinterpret_cast<intptr_t>(context));
}

// ei connects in a second step, with an Internet address.
int OpenSocket(void** context, void* path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  strncpy(address.sun_path, static_cast<const char*>(path),
          sizeof(address.sun_path) - 1);
  if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &kLimit, sizeof(kLimit)) != 0 ||
      connect(fd, reinterpret_cast<const sockaddr*>(&address),
              sizeof(address)) != 0) {
    const int error = errno;
    close(fd);
    return error;
  }
  *context = ContextOf(fd);
  return 0;
}
int CloseSocket(void* context) {
  return close(DescriptorOf(context)) == 0 ? 0 : errno;
}
int ConnectSocket(void*, void*, int, unsigned) { return 0; }
int WriteSocket(void* context, const char* bytes, ssize_t* size, unsigned) {
  *size = send(DescriptorOf(context), bytes, static_cast<size_t>(*size),
               MSG_NOSIGNAL);
  return *size < 0 ? errno : 0;
}
int ReadSocket(void* context, char* bytes, ssize_t* size, unsigned) {
  *size = read(DescriptorOf(context), bytes, static_cast<size_t>(*size));
  return *size < 0 ? errno : 0;
}
int HandshakeHeaderSize(void*, int* size) {
  *size = 2;
  return 0;
}
int HandshakeComplete(void*) { return 0; }
int GetDescriptor(void* context, int* fd) {
  *fd = DescriptorOf(context);
  return 0;
}

ei_socket_callbacks UnixSockets() {
  ei_socket_callbacks callbacks = {};
  callbacks.socket = OpenSocket;
  callbacks.close = CloseSocket;
  callbacks.connect = ConnectSocket;
  callbacks.write = WriteSocket;
  callbacks.read = ReadSocket;
  callbacks.handshake_packet_header_size = HandshakeHeaderSize;
  callbacks.connect_handshake_complete = HandshakeComplete;
  callbacks.accept_handshake_complete = HandshakeComplete;
  callbacks.get_fd = GetDescriptor;
  return callbacks;
}

// A buffer of ei's.
class EiBuffer {
 public:
  EiBuffer() { ei_x_new(&buffer_); }
  ~EiBuffer() { ei_x_free(&buffer_); }
  ei_x_buff* get() { return &buffer_; }
  absl::string_view view() const {
    return {buffer_.buff, static_cast<size_t>(buffer_.index)};
  }

 private:
  ei_x_buff buffer_;
};

absl::Status Error(absl::string_view call) {
  return absl::UnknownError(
      absl::StrCat(call, ": erl_errno ", erl_errno, ", ", strerror(erl_errno)));
}

}  // namespace

struct EiNode::Connection {
  ei_cnode node = {};
  ei_socket_callbacks callbacks = UnixSockets();
  std::string path;
  int fd = -1;
};

absl::StatusOr<std::unique_ptr<EiNode>> EiNode::Connect(
    const std::string& name, const std::string& cookie,
    const std::string& path) {
  static const int initialized = ei_init();
  if (initialized != 0) return absl::UnknownError("ei_init");
  const absl::StatusOr<NodeName> parsed = NodeName::Parse(name);
  if (!parsed.ok()) return parsed.status();
  auto connection = std::make_unique<Connection>();
  connection->path = path;
  const std::string host(parsed->host());
  const std::string alive(parsed->alive());
  if (ei_connect_xinit_ussi(&connection->node, host.c_str(), alive.c_str(),
                            name.c_str(), nullptr, cookie.c_str(),
                            /*creation=*/7, &connection->callbacks,
                            sizeof(connection->callbacks),
                            connection->path.data()) < 0) {
    return Error("ei_connect_xinit_ussi");
  }
  in_addr unused = {};
  connection->fd = ei_xconnect_host_port(&connection->node, &unused, 1);
  if (connection->fd < 0) return Error("ei_xconnect_host_port");
  return std::unique_ptr<EiNode>(new EiNode(std::move(connection)));
}

EiNode::EiNode(std::unique_ptr<Connection> connection)
    : connection_(std::move(connection)) {}

EiNode::~EiNode() { ei_close_connection(connection_->fd); }

absl::StatusOr<Term> EiNode::Rpc(const std::string& module,
                                 const std::string& function,
                                 const Term& arguments) {
  EiBuffer result;
  std::string its_module = module;
  std::string its_function = function;
  if (ei_rpc(&connection_->node, connection_->fd, its_module.data(),
             its_function.data(), arguments.bytes().data(),
             static_cast<int>(arguments.bytes().size()), result.get()) < 0) {
    return Error("ei_rpc");
  }
  return Term::FromExternal(absl::StrCat("\x83", result.view()));
}

absl::Status EiNode::Send(const std::string& name, const Term& message) {
  std::string its_name = name;
  std::string bytes = message.ToExternal();
  return ei_reg_send(&connection_->node, connection_->fd, its_name.data(),
                     bytes.data(), static_cast<int>(bytes.size())) < 0
             ? Error("ei_reg_send")
             : absl::OkStatus();
}

absl::StatusOr<Term> EiNode::Receive() {
  for (;;) {
    EiBuffer buffer;
    erlang_msg message;
    const int got = ei_xreceive_msg(connection_->fd, &message, buffer.get());
    if (got == ERL_TICK) continue;
    if (got != ERL_MSG) return Error("ei_xreceive_msg");
    return Term::FromExternal(buffer.view());
  }
}

Pid EiNode::self() const {
  const erlang_pid* const self = ei_self(&connection_->node);
  return Pid(self->node, self->num, self->serial, self->creation);
}

}  // namespace ringdist
