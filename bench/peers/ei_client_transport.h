// EiClientTransport: C nodes of ei that generate a load at node level
// (transport.h). Two nodes have one connection; so there is a node for each.
//
// With one connection, and nothing to send, it just blocks in ei_receive;
// otherwise it waits by epoll.

#ifndef RINGDIST_BENCH_PEERS_EI_CLIENT_TRANSPORT_H_
#define RINGDIST_BENCH_PEERS_EI_CLIENT_TRANSPORT_H_

#include <ei.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "ringdist/bench/load/bare_socket.h"
#include "ringdist/bench/load/load_nodes.h"
#include "ringdist/bench/load/load_spec.h"
#include "ringdist/bench/load/messages.h"
#include "ringdist/bench/load/transport.h"
#include "ringdist/bench/peers/ei_messages.h"
#include "ringdist/bench/peers/ei_node.h"
#include "ringdist/bench/peers/ei_poll.h"
#include "ringdist/proto/node_name.h"
#include "ringdist/runtime/file_descriptor.h"

namespace ringdist {

template <typename User, typename State>
class EiClientTransport final {
 public:
  struct Connection {
    State state;
    uint64_t stream = 0;
    std::vector<std::unique_ptr<EiNode>> nodes;  // That dial in turns.
    EiNode* node = nullptr;                      // That dialled last.
    std::unique_ptr<EiLink> link;                // Null when it is down.
    bool wants_to_write = false;
    bool is_paused = false;
    size_t bytes_since_pause = 0;
    uint64_t calls_answered = 0;
  };

  EiClientTransport(const LoadSpec& spec, Peer, User& user)
      : spec_(spec), user_(user), server_(ServerNodeOf(spec)) {
    shared_.buffers = spec.ei_buffered;
  }

  absl::Status Prepare() {
    if (spec_.workload == Workload::kCall && spec_.window > 1) {
      return absl::UnimplementedError(
          "--window: answers to calls of ei have no number; write 1");
    }
    absl::Status status = poll_.Open(spec_.busy_poll);
    for (int i = 0; i < spec_.connections && status.ok(); ++i) {
      Connection& connection = connections_.emplace_back();
      connection.stream = static_cast<uint64_t>(i);
      status = AddNodes(connection, i);
    }
    return status;
  }
  Connection& At(size_t index) { return connections_[index]; }

  void Dial(Connection& connection) { to_dial_.push_back(&connection); }
  void HangUp(Connection& connection) {
    Close(connection, absl::CancelledError("hung up"));
  }

  bool Send(Connection& connection, MessageType type, uint64_t number,
            absl::string_view payload, PayloadLife) {
    if (connection.link == nullptr || IsPaused(connection)) return false;
    connection.bytes_since_pause += payload.size() + kHeaderBytes;
    const EiLink::Sent sent = SendNow(connection, type, number, payload);
    if (sent == EiLink::Sent::kNoRoom && !connection.wants_to_write) {
      WatchWrites(connection, true);
    }
    return sent == EiLink::Sent::kSent;  // Who is gone, the next read tells.
  }

  // A handshake, the messages of one connection while it blocks, or one message
  // of each that has any: what is told in one turn is timed as one.
  absl::Status Turn(absl::Duration max_wait) {
    if (!to_dial_.empty()) {
      Connection& connection = *to_dial_.front();
      to_dial_.pop_front();
      DialNow(connection);
      return absl::OkStatus();
    }
    Connection& first = connections_.front();
    const bool blocks = connections_.size() == 1 && first.link != nullptr &&
                        !first.wants_to_write && paused_.empty() &&
                        max_wait >= EiSocket::kLongestWait &&
                        spec_.busy_poll == absl::ZeroDuration();
    if (blocks) {
      ReceiveFrom(first, /*may_wait=*/true);
      return absl::OkStatus();
    }
    if (shared_.buffers) FlushAll();
    const bool has_more = shared_.has_read_ahead || !paused_.empty();
    for (const epoll_event& event :
         poll_.Wait(has_more ? absl::ZeroDuration() : max_wait)) {
      OnEvent(*static_cast<Connection*>(event.data.ptr), event.events);
    }
    if (shared_.has_read_ahead) ReceiveReadAhead();
    Unpause();
    return absl::OkStatus();
  }
  static int64_t Now() { return MonotonicNow(); }
  EngineCounts counts() const {
    return {shared_.system_calls + poll_.system_calls(), 0};
  }

 private:
  // Who only sends, to a peer that is faster, would never come to anything
  // else: so much, and then the others have their turn.
  static constexpr size_t kBytesBetweenPauses = size_t{256} * 1024;
  static constexpr size_t kHeaderBytes = 64;

  // A real node takes a while to notice the end of a connection, and ei does
  // not know how to replace it with another one of the same name.
  static constexpr int kNodesToConnect = 16;

  absl::Status AddNodes(Connection& connection, int index) {
    const int count =
        spec_.workload == Workload::kConnect ? kNodesToConnect : 1;
    for (int i = 0; i < count; ++i) {
      absl::StatusOr<std::unique_ptr<EiNode>> node =
          EiNode::Create(ClientNode(spec_, index + i * spec_.connections),
                         spec_.cookie, shared_);
      if (!node.ok()) return node.status();
      connection.nodes.push_back(*std::move(node));
    }
    return absl::OkStatus();
  }

  void DialNow(Connection& connection) {
    std::rotate(connection.nodes.begin(), connection.nodes.begin() + 1,
                connection.nodes.end());
    connection.node = &*connection.nodes.front();
    absl::StatusOr<FileDescriptor> fd =
        ConnectBare(spec_.directory, server_.alive());
    absl::Status status = fd.status();
    if (status.ok()) {
      absl::StatusOr<std::unique_ptr<EiLink>> link =
          connection.node->Connect(*std::move(fd));
      status = link.status();
      if (status.ok()) connection.link = *std::move(link);
    }
    if (status.ok()) {
      connection.wants_to_write = false;
      connection.calls_answered = 0;
      status = poll_.Add(connection.link->socket().fd(), &connection);
    }
    if (!status.ok()) return user_.OnDown(connection, status);
    user_.OnUp(connection);
  }

  void Close(Connection& connection, const absl::Status& reason) {
    if (connection.link == nullptr) return;
    connection.link.reset();
    user_.OnDown(connection, reason);
  }

  EiLink::Sent SendNow(Connection& connection, MessageType type,
                       uint64_t number, absl::string_view payload) {
    if (type == MessageType::kCall) {
      return connection.link->CallRex("ringdist_load", "echo",
                                      encoder_.CallArguments(payload));
    }
    return connection.link->SendToName(
        kServerProcess, encoder_.Request({.type = type,
                                          .stream = connection.stream,
                                          .number = number,
                                          .payload = payload},
                                         connection.node->self()));
  }

  void OnEvent(Connection& connection, uint32_t events) {
    if (connection.link == nullptr) return;  // Closed in this turn.
    if ((events & EPOLLOUT) != 0) {
      WatchWrites(connection, false);
      user_.OnWritable(connection);
    }
    if ((events & ~uint32_t{EPOLLOUT}) != 0) {
      ReceiveFrom(connection, /*may_wait=*/false);
    }
  }

  // One message, and what came with it into our own memory.
  void ReceiveFrom(Connection& connection, bool may_wait) {
    do {
      connection.link->socket().set_may_wait(may_wait);
      may_wait = false;
      switch (connection.link->Receive(message_, buffer_)) {
        case EiLink::Got::kMessage:
          OnMessage(connection);
          break;
        case EiLink::Got::kNothing:
          break;
        case EiLink::Got::kClosed:
          return Close(connection, absl::UnavailableError("connection_closed"));
      }
    } while (connection.link != nullptr &&
             connection.link->socket().has_read_ahead());
  }

  void ReceiveReadAhead() {
    shared_.has_read_ahead = false;
    for (Connection& connection : connections_) {
      const bool has_any = connection.link != nullptr &&
                           connection.link->socket().has_read_ahead();
      if (has_any) ReceiveFrom(connection, /*may_wait=*/false);
    }
  }

  void OnMessage(Connection& connection) {
    EiMessage message;
    if (!DecodeEiMessage(buffer_.view(), message, from_, storage_)) return;
    if (message.type == MessageType::kCall) {
      message.number = ++connection.calls_answered;
    }
    user_.OnMessage(connection, message.type, message.number, message.payload);
  }

  // Whether it has sent enough for this turn.
  bool IsPaused(Connection& connection) {
    if (connection.bytes_since_pause < kBytesBetweenPauses) return false;
    if (!std::exchange(connection.is_paused, true)) {
      paused_.push_back(&connection);
    }
    return true;
  }

  void Unpause() {
    for (Connection* const connection :
         std::exchange(paused_, std::vector<Connection*>())) {
      connection->is_paused = false;
      connection->bytes_since_pause = 0;
      user_.OnWritable(*connection);
    }
  }

  void WatchWrites(Connection& connection, bool watch) {
    connection.wants_to_write = watch;
    poll_.Change(connection.link->socket().fd(), &connection, watch);
  }

  void FlushAll() {
    for (Connection& connection : connections_) {
      if (connection.link == nullptr) continue;
      const bool waits = connection.link->socket().Flush() == EAGAIN;
      if (waits && !connection.wants_to_write) WatchWrites(connection, true);
    }
  }

  const LoadSpec spec_;
  User& user_;
  const NodeName server_;
  EiSocket::Shared shared_;
  EiPoll poll_;
  std::deque<Connection> connections_;
  std::deque<Connection*> to_dial_;
  std::vector<Connection*> paused_;  // Until the next turn.
  EiEncoder encoder_;
  erlang_msg message_;  // That was received, with what follows.
  EiBuffer buffer_;
  erlang_pid from_;
  std::string storage_;
};

}  // namespace ringdist

#endif  // RINGDIST_BENCH_PEERS_EI_CLIENT_TRANSPORT_H_
