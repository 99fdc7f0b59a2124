// NodeServerTransport: the server's process at message level, registered as
// `dist_load`, and its function ringdist_load:echo/1 (transport.h). Its
// connections are the streams that clients open.

#ifndef RINGDIST_BENCH_LOAD_NODE_SERVER_TRANSPORT_H_
#define RINGDIST_BENCH_LOAD_NODE_SERVER_TRANSPORT_H_

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
#include "ringdist/bench/load/load_nodes.h"
#include "ringdist/bench/load/load_spec.h"
#include "ringdist/bench/load/messages.h"
#include "ringdist/bench/load/node_messages.h"
#include "ringdist/bench/load/transport.h"
#include "ringdist/runtime/node.h"
#include "ringdist/runtime/reactor.h"

namespace ringdist {

template <typename User, typename State>
class NodeServerTransport final {
 public:
  struct Connection {
    State state;
    uint64_t stream = 0;
    Pid from;  // Who is answered; of no node any more when that is down.
  };

  NodeServerTransport(const LoadSpec& spec, Peer, User& user)
      : spec_(spec), user_(user) {}

  absl::Status Listen() { return Listen(kServerNode); }
  absl::Status Listen(const std::string& name) {
    absl::StatusOr<std::unique_ptr<Reactor>> reactor = MakeReactor(spec_);
    if (!reactor.ok()) return reactor.status();
    reactor_ = *std::move(reactor);
    absl::StatusOr<std::unique_ptr<Node>> node =
        Node::Create(*reactor_, Options(name));
    if (!node.ok()) return node.status();
    node_ = *std::move(node);
    absl::Status status = AddProcess();
    return status.ok() ? node_->Listen() : status;
  }

  bool Send(Connection& connection, MessageType type, uint64_t number,
            absl::string_view payload, PayloadLife) {
    if (connection.from.node.empty()) return false;
    const NodeMessage message = {.type = type,
                                 .stream = connection.stream,
                                 .number = number,
                                 .payload = payload,
                                 .from = {}};
    return process_
        .SendWith(PidView(connection.from),
                  [&](TermWriter& writer) { WriteMessage(writer, message); })
        .ok();
  }

  absl::Status Turn(absl::Duration max_wait) {
    return reactor_->RunOnce(max_wait);
  }
  static int64_t Now() { return MonotonicNow(); }
  EngineCounts counts() const { return CountsOf(*reactor_); }
  Reactor& reactor() { return *reactor_; }

 private:
  static constexpr uint64_t kMaxStreams = 1'000'000;

  NodeOptions Options(const std::string& name) {
    NodeOptions options;
    options.distribution = NodeOptionsOf(spec_, name);
    options.peer_queue_bytes = SendQueueBytes(spec_);
    options.on_writable = [this](const NodeName& peer) {
      ForStreamsOf(peer, [this](Connection& connection) {
        user_.OnWritable(connection);
      });
    };
    options.on_node_down = [this](const PeerInfo& peer,
                                  const absl::Status& reason) {
      ForStreamsOf(peer.name, [&](Connection& connection) {
        connection.from = Pid();
        user_.OnDown(connection, reason);
      });
    };
    return options;
  }

  absl::Status AddProcess() {
    const Pid pid = node_->Spawn(
        [this](Process&, const TermView& message) { OnTerm(message); });
    process_ = node_->Find(pid);
    absl::Status status = node_->Register(kServerProcess, pid);
    if (!status.ok()) return status;
    return node_->Export("ringdist_load", "echo",
                         [](absl::string_view payload) { return payload; });
  }

  template <typename Function>
  void ForStreamsOf(const NodeName& peer, Function&& function) {
    for (const std::unique_ptr<Connection>& stream : streams_) {
      if (stream != nullptr && stream->from.node == peer.full()) {
        function(*stream);
      }
    }
  }

  void OnTerm(const TermView& term) {
    NodeMessage message;
    std::string storage;
    if (!ReadMessage(term, message, storage)) return;
    if (message.type == MessageType::kReport && message.number == 0) {
      OpenStream(message);
    }
    if (message.stream >= streams_.size()) return;
    Connection* const stream = streams_[message.stream].get();
    if (stream == nullptr) return;
    if (message.type == MessageType::kData &&
        user_.TakeData(*stream, message.number, message.payload)) {
      return;
    }
    user_.OnMessage(*stream, message.type, message.number, message.payload);
  }

  void OpenStream(const NodeMessage& message) {
    if (message.stream >= kMaxStreams || !message.from.has_value()) return;
    if (message.stream >= streams_.size()) streams_.resize(message.stream + 1);
    std::unique_ptr<Connection>& stream = streams_[message.stream];
    // A client that only receives has sent nothing when it asks again.
    if (stream != nullptr && stream->from == Pid(*message.from)) return;
    stream = std::make_unique<Connection>();
    stream->stream = message.stream;
    stream->from = Pid(*message.from);
    user_.OnUp(*stream);
  }

  const LoadSpec spec_;
  User& user_;
  std::unique_ptr<Reactor> reactor_;
  std::vector<std::unique_ptr<Connection>> streams_;
  Process process_;
  // Goes first: until it is gone it may call back.
  std::unique_ptr<Node> node_;
};

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_NODE_SERVER_TRANSPORT_H_
