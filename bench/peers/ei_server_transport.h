// EiServerTransport: a C node of ei that takes a load at node level
// (transport.h). Its connections are the streams that clients open.
//
// A node of ei has one connection most of the time, and is at its best then if
// it just blocks in ei_receive: two system calls per message. With several it
// waits by epoll, and reads from each what there is. Meanwhile it looks for new
// connections now and then.

#ifndef RINGDIST_BENCH_PEERS_EI_SERVER_TRANSPORT_H_
#define RINGDIST_BENCH_PEERS_EI_SERVER_TRANSPORT_H_

#include <ei.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "ringdist/bench/load/bare_socket.h"
#include "ringdist/bench/load/load_spec.h"
#include "ringdist/bench/load/messages.h"
#include "ringdist/bench/load/transport.h"
#include "ringdist/bench/peers/ei_calls.h"
#include "ringdist/bench/peers/ei_messages.h"
#include "ringdist/bench/peers/ei_node.h"
#include "ringdist/bench/peers/ei_poll.h"
#include "ringdist/runtime/file_descriptor.h"

namespace ringdist {

template <typename User, typename State>
class EiServerTransport final {
 public:
  struct Link;
  struct Connection {
    State state;
    uint64_t stream = 0;
    erlang_pid from;       // Who is answered, over
    Link* link = nullptr;  // this; null when that is down.
    bool is_paused = false;
    size_t bytes_since_pause = 0;
  };
  struct Link {
    std::unique_ptr<EiLink> ei;
    bool wants_to_write = false;
  };

  EiServerTransport(const LoadSpec& spec, Peer, User& user)
      : spec_(spec), user_(user) {
    shared_.buffers = spec.ei_buffered;
  }

  absl::Status Listen() {
    absl::StatusOr<std::unique_ptr<EiNode>> node =
        EiNode::Create(kServerNode, spec_.cookie, shared_);
    if (!node.ok()) return node.status();
    node_ = *std::move(node);
    absl::StatusOr<FileDescriptor> listening = ListenBare(spec_.directory);
    if (!listening.ok()) return listening.status();
    absl::Status status = node_->Listen(*std::move(listening));
    if (status.ok()) status = poll_.Open(spec_.busy_poll);
    if (status.ok()) status = poll_.Add(node_->listening_fd(), nullptr);
    return status;
  }

  bool Send(Connection& connection, MessageType type, uint64_t number,
            absl::string_view payload, PayloadLife) {
    if (connection.link == nullptr || IsPaused(connection)) return false;
    connection.bytes_since_pause += payload.size() + kHeaderBytes;
    return SendTo(*connection.link, connection.from,
                  encoder_.Answer({.type = type,
                                   .stream = connection.stream,
                                   .number = number,
                                   .payload = payload}));
  }

  absl::Status Turn(absl::Duration max_wait) {
    const bool blocks = links_.size() == 1 && !links_.front()->wants_to_write &&
                        paused_.empty() && max_wait >= EiSocket::kLongestWait &&
                        spec_.busy_poll == absl::ZeroDuration();
    if (blocks) {
      ReceiveFrom(*links_.front(), kMessagesBetweenPolls, /*may_wait=*/true);
    }
    if (shared_.buffers) FlushAll();
    const bool has_more = shared_.has_read_ahead || !paused_.empty();
    for (const epoll_event& event :
         poll_.Wait(blocks || has_more ? absl::ZeroDuration() : max_wait)) {
      OnEvent(static_cast<Link*>(event.data.ptr), event.events);
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
  static constexpr uint64_t kMaxStreams = 1'000'000;
  static constexpr int kMessagesBetweenPolls = 1024;
  // From one of several connections, before the next one's turn.
  static constexpr int kMessagesAtOnce = 64;
  // Who only sends, to a peer that is faster, would never come to anything
  // else: so much, and then the others have their turn.
  static constexpr size_t kBytesBetweenPauses = size_t{256} * 1024;
  static constexpr size_t kHeaderBytes = 64;

  // Only its own event takes a link down, and it has one at a time.
  void OnEvent(Link* link, uint32_t events) {
    if (link == nullptr) return Accept();
    if ((events & EPOLLOUT) != 0) OnWritable(*link);
    if ((events & ~uint32_t{EPOLLOUT}) != 0) {
      ReceiveFrom(*link, kMessagesAtOnce, /*may_wait=*/false);
    }
  }

  void Accept() {
    absl::StatusOr<std::unique_ptr<EiLink>> accepted = node_->Accept();
    if (!accepted.ok()) return;  // The peer knows why.
    auto link = std::make_unique<Link>();
    link->ei = *std::move(accepted);
    if (poll_.Add(link->ei->socket().fd(), &*link).ok()) {
      links_.push_back(std::move(link));
    }
  }

  void ReceiveFrom(Link& link, int at_most, bool may_wait) {
    EiSocket& socket = link.ei->socket();
    for (int i = 0; i < at_most || socket.has_read_ahead(); ++i) {
      socket.set_may_wait(may_wait);
      switch (link.ei->Receive(message_, buffer_)) {
        case EiLink::Got::kMessage:
          OnMessage(link);
          // Where there was no room for an answer that is waited for, too.
          may_wait = may_wait && !link.wants_to_write;
          continue;
        case EiLink::Got::kNothing:
          return;
        case EiLink::Got::kClosed:
          return OnClosed(link);
      }
    }
  }

  void ReceiveReadAhead() {
    shared_.has_read_ahead = false;
    for (size_t i = links_.size(); i > 0; --i) {
      Link& link = *links_[i - 1];  // May be taken out.
      if (!link.ei->socket().has_read_ahead()) continue;
      ReceiveFrom(link, kMessagesAtOnce, /*may_wait=*/false);
    }
  }

  void OnMessage(Link& link) {
    const bool is_named = message_.msgtype == ERL_REG_SEND;
    const absl::string_view name = is_named ? message_.toname : "";
    EiMessage message;
    if (name == kServerProcess &&
        DecodeEiMessage(buffer_.view(), message, from_, storage_)) {
      return OnLoad(link, message);
    }
    // If there is no room the caller waits in vain, as for a lost message.
    if (AnswerCall(name, buffer_.view(), answer_, from_)) {
      SendTo(link, from_, answer_.view());
    }
  }

  void OnLoad(Link& link, const EiMessage& message) {
    if (message.type == MessageType::kReport && message.number == 0) {
      OpenStream(link, message.stream);
    }
    if (message.stream >= streams_.size()) return;
    Connection* const stream = streams_[message.stream].get();
    if (stream == nullptr) return;
    user_.OnMessage(*stream, message.type, message.number, message.payload);
  }

  // Reports of number 0 may come again, as long as nothing was sent.
  void OpenStream(Link& link, uint64_t number) {
    if (number >= kMaxStreams) return;
    if (number >= streams_.size()) streams_.resize(number + 1);
    std::unique_ptr<Connection>& stream = streams_[number];
    if (stream != nullptr && stream->link == &link) return;
    stream = std::make_unique<Connection>();
    stream->stream = number;
    stream->from = from_;
    stream->link = &link;
    user_.OnUp(*stream);
  }

  bool SendTo(Link& link, const erlang_pid& to, absl::string_view message) {
    const EiLink::Sent sent = link.ei->SendTo(to, message);
    if (sent == EiLink::Sent::kNoRoom && !link.wants_to_write) {
      WatchWrites(link, true);
    }
    return sent == EiLink::Sent::kSent;  // Who is gone, the next read tells.
  }

  // Whether it has sent enough for this turn.
  bool IsPaused(Connection& connection) {
    if (connection.bytes_since_pause < kBytesBetweenPauses) return false;
    if (!std::exchange(connection.is_paused, true)) {
      paused_.push_back(connection.stream);
    }
    return true;
  }

  // A stream may have been opened anew meanwhile.
  void Unpause() {
    for (const uint64_t number :
         std::exchange(paused_, std::vector<uint64_t>())) {
      Connection& stream = *streams_[number];
      if (!std::exchange(stream.is_paused, false)) continue;
      stream.bytes_since_pause = 0;
      user_.OnWritable(stream);
    }
  }

  void WatchWrites(Link& link, bool watch) {
    link.wants_to_write = watch;
    poll_.Change(link.ei->socket().fd(), &link, watch);
  }

  void OnWritable(Link& link) {
    WatchWrites(link, false);
    ForStreamsOf(link,
                 [this](Connection& stream) { user_.OnWritable(stream); });
  }

  void OnClosed(Link& link) {
    const absl::Status reason = absl::UnavailableError("connection_closed");
    ForStreamsOf(link, [&](Connection& stream) {
      stream.link = nullptr;
      user_.OnDown(stream, reason);
    });
    const auto closed = std::find_if(
        links_.begin(), links_.end(),
        [&](const std::unique_ptr<Link>& other) { return &*other == &link; });
    links_.erase(closed);
  }

  void FlushAll() {
    for (const std::unique_ptr<Link>& link : links_) {
      const bool waits = link->ei->socket().Flush() == EAGAIN;
      if (waits && !link->wants_to_write) WatchWrites(*link, true);
    }
  }

  template <typename Function>
  void ForStreamsOf(const Link& link, Function&& function) {
    for (const std::unique_ptr<Connection>& stream : streams_) {
      if (stream != nullptr && stream->link == &link) function(*stream);
    }
  }

  const LoadSpec spec_;
  User& user_;
  EiSocket::Shared shared_;
  std::unique_ptr<EiNode> node_;
  EiPoll poll_;
  std::vector<std::unique_ptr<Link>> links_;
  std::vector<std::unique_ptr<Connection>> streams_;
  std::vector<uint64_t> paused_;  // Streams, until the next turn.
  EiEncoder encoder_;
  erlang_msg message_;  // That was received, with what follows.
  EiBuffer buffer_;
  erlang_pid from_;
  std::string storage_;
  EiBuffer answer_;
};

}  // namespace ringdist

#endif  // RINGDIST_BENCH_PEERS_EI_SERVER_TRANSPORT_H_
