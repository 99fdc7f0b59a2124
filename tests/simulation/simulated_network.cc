#include "ringdist/tests/simulation/simulated_network.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ringdist/proto/check.h"

namespace ringdist {
namespace {

using Kind = SimulatedOperation::Kind;

const char* KindName(Kind kind) {
  switch (kind) {
    case Kind::kAccept:
      return "accept";
    case Kind::kConnect:
      return "connect";
    case Kind::kReceive:
      return "receive";
    case Kind::kReceiveInto:
      return "receive into";
    case Kind::kSend:
      return "send";
  }
  return "unknown";
}

size_t SizeOf(absl::Span<const iovec> slices) {
  size_t size = 0;
  for (const iovec& slice : slices) size += slice.iov_len;
  return size;
}

// Appends the first `size` bytes of the slices.
void AppendSlices(absl::Span<const iovec> slices, size_t size,
                  std::string& to) {
  for (const iovec& slice : slices) {
    const size_t part = std::min(size, slice.iov_len);
    to.append(static_cast<const char*>(slice.iov_base), part);
    size -= part;
    if (size == 0) return;
  }
}

}  // namespace

sockaddr_un SimulatedAddress(absl::string_view name) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  RINGDIST_CHECK_LT(name.size(), sizeof(address.sun_path));
  name.copy(address.sun_path, name.size());
  return address;
}

SimulatedNetwork::SimulatedNetwork(Simulation& simulation)
    : simulation_(simulation) {
  simulation_.AddDescriber([this] { return Describe(); });
}

// System calls.

int SimulatedNetwork::OpenSocket(int process) { return AddSocket(process).fd; }

absl::StatusOr<int> SimulatedNetwork::Listen(int process,
                                             absl::string_view address,
                                             size_t backlog) {
  RINGDIST_CHECK(!address.empty());
  if (FindListener(address) != nullptr) {
    return absl::AlreadyExistsError(
        absl::StrCat("listen ", address, ": somebody listens there"));
  }
  Socket& socket = AddSocket(process);
  socket.state = Socket::State::kListening;
  socket.address = std::string(address);
  socket.backlog = backlog;
  return socket.fd;
}

std::pair<int, int> SimulatedNetwork::Connect(int process, int other_process) {
  Socket& socket = AddSocket(process);
  Socket& other = AddSocket(other_process);
  Link(socket, other);
  return {socket.fd, other.fd};
}

void SimulatedNetwork::Reset(int fd) {
  const auto found = sockets_.find(fd);
  RINGDIST_CHECK(found != sockets_.end());
  Break(found->second);
}

void SimulatedNetwork::Shutdown(int process, int fd) {
  Socket& socket = Find(process, fd, "shutdown");
  simulation_.Record("shutdown", fd, 0);
  Socket* const peer = PeerOf(socket);
  End(socket);
  if (peer != nullptr) End(*peer);
}

void SimulatedNetwork::Close(int process, int fd) {
  Socket& socket = Find(process, fd, "close");
  if (socket.input != nullptr || socket.output != nullptr) {
    simulation_.Violation(
        absl::StrCat("close of ", fd, " while operations on it are in flight"));
  }
  simulation_.Record("close", fd, 0);
  if (Socket* const peer = PeerOf(socket)) {
    End(*peer);
    if (!socket.incoming.empty()) peer->state = Socket::State::kReset;
    peer->peer = Socket::kNoPeer;
  }
  for (const int waiting : socket.waiting) {
    if (Socket* const connecting = PeerOf(sockets_.at(waiting))) {
      End(*connecting);
      connecting->state = Socket::State::kReset;
      connecting->peer = Socket::kNoPeer;
    }
    sockets_.erase(waiting);
  }
  sockets_.erase(fd);
}

int SimulatedNetwork::open_descriptors() const {
  return static_cast<int>(
      std::count_if(sockets_.begin(), sockets_.end(), [](const auto& entry) {
        return entry.second.process != Socket::kNoProcess;
      }));
}

int SimulatedNetwork::open_descriptors(int process) const {
  return static_cast<int>(std::count_if(
      sockets_.begin(), sockets_.end(), [process](const auto& entry) {
        return entry.second.process == process;
      }));
}

// Sockets.

SimulatedNetwork::Socket& SimulatedNetwork::Find(int process, int fd,
                                                 absl::string_view what) {
  const auto found = sockets_.find(fd);
  if (found == sockets_.end()) {
    simulation_.Violation(absl::StrCat(what, " on ", fd,
                                       fd > kBeforeFirstFd && fd <= last_fd_
                                           ? ", which has been closed"
                                           : ", which was never opened"));
  }
  if (found->second.process != process) {
    simulation_.Violation(absl::StrCat(what, " in process ", process, " on ",
                                       fd, ", which belongs to process ",
                                       found->second.process));
  }
  return found->second;
}

SimulatedNetwork::Socket* SimulatedNetwork::PeerOf(const Socket& socket) {
  return socket.peer == Socket::kNoPeer ? nullptr : &sockets_.at(socket.peer);
}

SimulatedNetwork::Socket& SimulatedNetwork::AddSocket(int process) {
  const Faults& faults = simulation_.faults();
  const int fd = ++last_fd_;
  Socket& socket = sockets_[fd];
  socket.fd = fd;
  socket.process = process;
  socket.capacity = faults.min_socket_buffer +
                    simulation_.Below(faults.max_socket_buffer -
                                      faults.min_socket_buffer + 1);
  return socket;
}

void SimulatedNetwork::Link(Socket& socket, Socket& other) {
  socket.state = other.state = Socket::State::kConnected;
  socket.peer = other.fd;
  other.peer = socket.fd;
}

void SimulatedNetwork::End(Socket& socket) {
  switch (socket.state) {
    case Socket::State::kUnconnected:
    case Socket::State::kReset:
      return;
    case Socket::State::kListening:
    case Socket::State::kConnected:
    case Socket::State::kEnded:
      break;
  }
  socket.state = Socket::State::kEnded;
  PokeAll(socket);
}

void SimulatedNetwork::Break(Socket& socket) {
  simulation_.Record("reset", socket.fd, 0);
  for (Socket* const end : {&socket, PeerOf(socket)}) {
    if (end == nullptr) continue;
    // What is on its way is lost, or a part of it.
    end->incoming.resize(simulation_.Below(end->incoming.size() + 1));
    End(*end);
    if (simulation_.Below(2) == 0) end->state = Socket::State::kReset;
  }
}

SimulatedNetwork::Socket* SimulatedNetwork::FindListener(
    absl::string_view address) {
  for (auto& [fd, socket] : sockets_) {
    if (socket.state == Socket::State::kListening &&
        socket.address == address) {
      return &socket;
    }
  }
  return nullptr;
}

// The life of an operation.

SimulatedNetwork::OperationPointer& SimulatedNetwork::PlaceOf(Socket& socket,
                                                              Kind kind) {
  return kind == Kind::kConnect || kind == Kind::kSend ? socket.output
                                                       : socket.input;
}

void SimulatedNetwork::Arm(const OperationPointer& operation) {
  const Kind kind = operation->kind;
  Socket& socket = Find(operation->process, operation->fd, KindName(kind));
  const bool listens = !socket.address.empty();
  const bool connected =
      !listens && socket.state != Socket::State::kUnconnected;
  const bool allowed = kind == Kind::kAccept    ? listens
                       : kind == Kind::kConnect ? !listens && !connected
                                                : connected;
  if (!allowed) {
    simulation_.Violation(absl::StrCat(KindName(kind), " on ", socket.fd,
                                       ", which ",
                                       listens     ? "listens"
                                       : connected ? "is connected"
                                                   : "is not connected"));
  }
  OperationPointer& place = PlaceOf(socket, kind);
  if (place != nullptr) {
    simulation_.Violation(absl::StrCat(KindName(kind), " on ", socket.fd,
                                       " while a ", KindName(place->kind),
                                       " is in flight there"));
  }
  place = operation;
}

void SimulatedNetwork::Submit(const OperationPointer& operation) {
  operation->state = SimulatedOperation::State::kWaiting;
  Poke(operation);
}

void SimulatedNetwork::Cancel(const OperationPointer& operation) {
  simulation_.Soon([this, operation] { CancelNow(operation); });
}

void SimulatedNetwork::CancelNow(const OperationPointer& operation) {
  if (operation->state == SimulatedOperation::State::kEnded) return;
  if (simulation_.Happens(Fault::kCancelTooLate)) {
    Try(operation);
    if (operation->state == SimulatedOperation::State::kEnded) return;
  }
  EndWith(operation, -ECANCELED);
}

void SimulatedNetwork::Release(const SimulatedOperation& operation) {
  PlaceOf(sockets_.at(operation.fd), operation.kind).reset();
}

void SimulatedNetwork::Poke(const OperationPointer& operation) {
  if (operation == nullptr ||
      operation->state != SimulatedOperation::State::kWaiting) {
    return;
  }
  operation->state = SimulatedOperation::State::kScheduled;
  simulation_.Soon([this, operation] {
    if (operation->state == SimulatedOperation::State::kEnded) return;
    operation->state = SimulatedOperation::State::kWaiting;
    Try(operation);
  });
}

void SimulatedNetwork::PokeAll(Socket& socket) {
  Poke(socket.input);
  Poke(socket.output);
}

void SimulatedNetwork::Complete(const OperationPointer& operation, int result,
                                bool more, std::unique_ptr<char[]> data) {
  simulation_.Record(KindName(operation->kind), operation->fd, result);
  simulation_.NoteWork();
  if (!more) operation->state = SimulatedOperation::State::kEnded;
  operation->queue->push_back({operation, result, more, std::move(data)});
}

// What operations do.

void SimulatedNetwork::Try(const OperationPointer& operation) {
  Socket& socket = sockets_.at(operation->fd);
  switch (operation->kind) {
    case Kind::kAccept:
      return TryAccept(socket, operation);
    case Kind::kConnect:
      return TryConnect(socket, operation);
    case Kind::kReceive:
    case Kind::kReceiveInto:
      return TryReceive(socket, operation);
    case Kind::kSend:
      return TrySend(socket, operation);
  }
}

void SimulatedNetwork::TryAccept(Socket& socket,
                                 const OperationPointer& operation) {
  if (socket.state == Socket::State::kEnded) {
    return EndWith(operation, -EINVAL);
  }
  if (socket.waiting.empty()) return;
  if (simulation_.Happens(Fault::kNoDescriptors)) {
    return EndWith(operation, -EMFILE);
  }
  const int fd = socket.waiting.front();
  socket.waiting.pop_front();
  sockets_.at(fd).process = operation->process;
  Complete(operation, fd, !simulation_.Happens(Fault::kAcceptEnds));
  Poke(operation);
}

void SimulatedNetwork::TryConnect(Socket& socket,
                                  const OperationPointer& operation) {
  Socket* const listener = FindListener(AddressOf(*operation));
  if (listener == nullptr || simulation_.Happens(Fault::kConnectRefused)) {
    return EndWith(operation, -ECONNREFUSED);
  }
  if (listener->waiting.size() >= listener->backlog ||
      simulation_.Happens(Fault::kBacklogFull)) {
    return EndWith(operation, -EAGAIN);
  }
  Socket& accepted = AddSocket(Socket::kNoProcess);
  Link(socket, accepted);
  listener->waiting.push_back(accepted.fd);
  EndWith(operation, 0);
  Poke(listener->input);
}

std::string SimulatedNetwork::AddressOf(
    const SimulatedOperation& operation) const {
  const std::string bytes(reinterpret_cast<const char*>(operation.address),
                          operation.address_size);
  if (bytes != operation.address_when_armed) {
    simulation_.Violation(absl::StrCat("the address of a connect on ",
                                       operation.fd,
                                       " changed while it was in flight"));
  }
  const size_t path = offsetof(sockaddr_un, sun_path);
  if (operation.address->sa_family != AF_UNIX || bytes.size() <= path) {
    simulation_.Violation(absl::StrCat("the address of a connect on ",
                                       operation.fd, " is no sockaddr_un"));
  }
  return bytes.substr(path, bytes.find('\0', path) - path);
}

bool SimulatedNetwork::NothingToReceive(Socket& socket,
                                        const OperationPointer& operation) {
  if (!socket.incoming.empty()) return false;
  if (socket.state == Socket::State::kReset) {
    socket.state = Socket::State::kEnded;
    EndWith(operation, -ECONNRESET);
  } else if (socket.state == Socket::State::kEnded) {
    EndWith(operation, 0);
  }
  return true;
}

void SimulatedNetwork::TryReceive(Socket& socket,
                                  const OperationPointer& operation) {
  if (NothingToReceive(socket, operation)) return;
  if (operation->kind == Kind::kReceive) {
    ReceiveMany(socket, operation);
  } else {
    const size_t size =
        PartOf(std::min(operation->memory.size(), socket.incoming.size()),
               Fault::kPartialReceive);
    Take(socket, operation->memory.data(), size);
    EndWith(operation, static_cast<int>(size));
  }
  if (Socket* const peer = PeerOf(socket)) Poke(peer->output);
}

void SimulatedNetwork::ReceiveMany(Socket& socket,
                                   const OperationPointer& operation) {
  if (simulation_.Happens(Fault::kNoBuffers)) {
    return EndWith(operation, -ENOBUFS);
  }
  const Faults& faults = simulation_.faults();
  const size_t most =
      operation->limit +
      (faults.receive_limit_is_exact ? 0 : faults.max_receive_excess);
  const size_t size =
      PartOf(std::min(most - operation->received, socket.incoming.size()),
             Fault::kPartialReceive);
  std::unique_ptr<char[]> data(new char[size]);
  Take(socket, data.get(), size);
  operation->received += size;
  const bool more =
      operation->received < most && !simulation_.Happens(Fault::kReceiveEnds);
  Complete(operation, static_cast<int>(size), more, std::move(data));
  Poke(operation);
}

void SimulatedNetwork::Take(Socket& socket, char* to, size_t size) {
  std::memcpy(to, socket.incoming.data(), size);
  socket.incoming.erase(0, size);
}

size_t SimulatedNetwork::PartOf(size_t size, Fault fault) {
  return simulation_.Happens(fault) ? 1 + simulation_.Below(size) : size;
}

void SimulatedNetwork::TrySend(Socket& socket,
                               const OperationPointer& operation) {
  if (socket.state == Socket::State::kConnected &&
      simulation_.Happens(Fault::kReset)) {
    Break(socket);
  }
  if (socket.state == Socket::State::kReset && simulation_.Below(2) == 0) {
    socket.state = Socket::State::kEnded;
    return EndWith(operation, -ECONNRESET);
  }
  if (socket.state != Socket::State::kConnected) {
    return EndWith(operation, -EPIPE);
  }
  Socket& peer = *PeerOf(socket);
  const size_t room = peer.capacity - peer.incoming.size();
  if (room == 0) return;
  const size_t size =
      PartOf(std::min(room, SizeOf(operation->slices)), Fault::kPartialSend);
  AppendSlices(operation->slices, size, peer.incoming);
  EndWith(operation, static_cast<int>(size));
  Poke(peer.input);
}

// Telling.

std::string SimulatedNetwork::Describe() const {
  std::string text;
  for (const auto& [fd, socket] : sockets_) {
    absl::StrAppend(&text, "  ", fd, " of process ", socket.process);
    switch (socket.state) {
      case Socket::State::kUnconnected:
        absl::StrAppend(&text, ": not connected");
        break;
      case Socket::State::kListening:
        absl::StrAppend(&text, ": listens at ", socket.address, ", ",
                        socket.waiting.size(), " of ", socket.backlog,
                        " waiting");
        break;
      case Socket::State::kConnected:
        absl::StrAppend(&text, ": connected with ", socket.peer);
        break;
      case Socket::State::kEnded:
        absl::StrAppend(&text, ": shut down");
        break;
      case Socket::State::kReset:
        absl::StrAppend(&text, ": reset");
        break;
    }
    if (!socket.incoming.empty()) {
      absl::StrAppend(&text, ", ", socket.incoming.size(), " of ",
                      socket.capacity, " bytes to receive");
    }
    for (const OperationPointer& operation : {socket.input, socket.output}) {
      if (operation == nullptr) continue;
      absl::StrAppend(&text, ", ", KindName(operation->kind), " in flight");
    }
    text += '\n';
  }
  return text;
}

}  // namespace ringdist
