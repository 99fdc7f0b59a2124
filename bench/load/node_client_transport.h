// NodeClientTransport: a client's processes at message level (transport.h). Two
// nodes have one connection; so there is a node for each.

#ifndef RINGDIST_BENCH_LOAD_NODE_CLIENT_TRANSPORT_H_
#define RINGDIST_BENCH_LOAD_NODE_CLIENT_TRANSPORT_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "ringdist/bench/load/load_nodes.h"
#include "ringdist/bench/load/load_spec.h"
#include "ringdist/bench/load/messages.h"
#include "ringdist/bench/load/node_messages.h"
#include "ringdist/bench/load/transport.h"
#include "ringdist/proto/node_name.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/runtime/node.h"
#include "ringdist/runtime/reactor.h"

namespace ringdist {

template <typename User, typename State>
class NodeClientTransport final {
 public:
  struct Connection {
    State state;
    uint64_t stream = 0;
    bool is_up = false;
    // What is sent in order comes from `data`. Echoes come from `asks`, so that
    // they need not wait for large data; it gets all answers.
    Process data;
    Process asks;
    Pid asks_pid;
    // Goes first: until it is gone it may call back.
    std::unique_ptr<Node> node;
  };

  NodeClientTransport(const LoadSpec& spec, Peer, User& user)
      : spec_(spec),
        user_(user),
        server_(ServerNodeOf(spec)),
        to_(NameAt{kServerProcess, server_.full()}) {}

  absl::Status Prepare() {
    absl::StatusOr<std::unique_ptr<Reactor>> reactor = MakeReactor(spec_);
    absl::Status status = reactor.status();
    if (status.ok()) reactor_ = *std::move(reactor);
    for (int i = 0; i < spec_.connections && status.ok(); ++i) {
      connections_.emplace_back().stream = static_cast<uint64_t>(i);
      status = AddNode(i, connections_.back());
    }
    return status;
  }
  Connection& At(size_t index) { return connections_[index]; }

  void Dial(Connection& connection) {
    const absl::Status status = connection.node->Connect(server_);
    if (!status.ok()) user_.OnDown(connection, status);
  }
  void HangUp(Connection& connection) {
    connection.node->Disconnect(server_).IgnoreError();
  }

  bool Send(Connection& connection, MessageType type, uint64_t number,
            absl::string_view payload, PayloadLife) {
    // A message to a node that is gone would connect it again.
    if (!connection.is_up) return false;
    if (type == MessageType::kCall) return Call(connection, number, payload);
    NodeMessage message = {.type = type,
                           .stream = connection.stream,
                           .number = number,
                           .payload = payload,
                           .from = {}};
    if (type != MessageType::kData) message.from = connection.asks_pid;
    Process& sender =
        type == MessageType::kEcho ? connection.asks : connection.data;
    return sender
        .SendWith(to_,
                  [&](TermWriter& writer) { WriteMessage(writer, message); })
        .ok();
  }

  absl::Status Turn(absl::Duration max_wait) {
    return reactor_->RunOnce(max_wait);
  }
  static int64_t Now() { return MonotonicNow(); }
  EngineCounts counts() const { return CountsOf(*reactor_); }

 private:
  static constexpr absl::Duration kCallTime = absl::Seconds(5);

  absl::Status AddNode(int index, Connection& connection) {
    NodeOptions options;
    options.distribution = NodeOptionsOf(spec_, ClientNode(spec_, index));
    options.peer_queue_bytes = SendQueueBytes(spec_);
    SetCallbacks(connection, options);
    absl::StatusOr<std::unique_ptr<Node>> node =
        Node::Create(*reactor_, std::move(options));
    if (!node.ok()) return node.status();
    connection.node = *std::move(node);
    connection.asks_pid = connection.node->Spawn(
        [this, &connection](Process&, const TermView& message) {
          OnTerm(connection, message);
        });
    connection.asks = connection.node->Find(connection.asks_pid);
    connection.data = connection.node->Find(
        connection.node->Spawn([](Process&, const TermView&) {}));
    return absl::OkStatus();
  }

  void SetCallbacks(Connection& connection, NodeOptions& options) {
    options.on_node_up = [this, &connection](const PeerInfo&) {
      connection.is_up = true;
      user_.OnUp(connection);
    };
    options.on_node_down = [this, &connection](const PeerInfo&,
                                               const absl::Status& reason) {
      connection.is_up = false;
      user_.OnDown(connection, reason);
    };
    options.on_setup_failed = [this, &connection](const NodeName&,
                                                  const absl::Status& reason) {
      user_.OnDown(connection, reason);
    };
    options.on_writable = [this, &connection](const NodeName&) {
      user_.OnWritable(connection);
    };
  }

  void OnTerm(Connection& connection, const TermView& term) {
    NodeMessage message;
    std::string storage;
    if (!ReadMessage(term, message, storage)) return;
    if (message.type == MessageType::kData &&
        user_.TakeData(connection, message.number, message.payload)) {
      return;
    }
    user_.OnMessage(connection, message.type, message.number, message.payload);
  }

  bool Call(Connection& connection, uint64_t number,
            absl::string_view payload) {
    connection.node->Call(
        server_.full(), "ringdist_load", "echo", std::tuple(payload), kCallTime,
        [this, &connection, number](const CallResult& result) {
          const absl::StatusOr<absl::string_view> answer =
              result.As<absl::string_view>();
          if (!answer.ok()) {
            return user_.OnFailed(connection, number, answer.status());
          }
          user_.OnMessage(connection, MessageType::kCall, number, *answer);
        });
    return true;
  }

  const LoadSpec spec_;
  User& user_;
  const NodeName server_;
  const Destination to_;
  std::unique_ptr<Reactor> reactor_;
  std::deque<Connection> connections_;
};

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_NODE_CLIENT_TRANSPORT_H_
