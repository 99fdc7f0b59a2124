// PacketTransport: ringdist at packet level (transport.h). The server is one
// node with many connections; a client has a node for each of its connections,
// as two nodes have one.

#ifndef RINGDIST_BENCH_LOAD_PACKET_TRANSPORT_H_
#define RINGDIST_BENCH_LOAD_PACKET_TRANSPORT_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "ringdist/bench/load/load_nodes.h"
#include "ringdist/bench/load/load_spec.h"
#include "ringdist/bench/load/messages.h"
#include "ringdist/bench/load/packet_end.h"
#include "ringdist/bench/load/transport.h"
#include "ringdist/proto/big_endian.h"
#include "ringdist/proto/node_name.h"
#include "ringdist/runtime/channel.h"
#include "ringdist/runtime/reactor.h"

namespace ringdist {

template <typename User, typename State>
class PacketTransport final {
  using End = PacketEnd<User, State>;

 public:
  using Connection = typename End::Connection;

  PacketTransport(const LoadSpec& spec, Peer, User& user)
      : spec_(spec), user_(user), server_(ServerNodeOf(spec)) {}

  absl::Status Listen() {
    absl::Status status = CreateReactor();
    if (status.ok()) status = AddEnd(kServerNode, nullptr);
    return status.ok() ? ends_.back().distribution().Listen() : status;
  }
  absl::Status Prepare() {
    absl::Status status = CreateReactor();
    for (int i = 0; i < spec_.connections && status.ok(); ++i) {
      status = AddEnd(ClientNode(spec_, i), std::make_unique<Connection>());
    }
    return status;
  }
  Connection& At(size_t index) { return ends_[index].own(); }

  void Dial(Connection& connection) {
    const absl::Status status = connection.end->distribution().Setup(server_);
    if (!status.ok()) user_.OnDown(connection, status);
  }
  void HangUp(Connection& connection) {
    connection.channel.Disconnect(absl::CancelledError("disconnect"));
  }

  bool Send(Connection& connection, MessageType type, uint64_t number,
            absl::string_view payload, PayloadLife life) {
    if (life == PayloadLife::kThisCall || payload.size() > kMaxCopied) {
      return SendAny(connection, type, number, payload, life);
    }
    char* const body =
        connection.channel.AddPacket(kMessageHeaderBytes + payload.size());
    if (body == nullptr) return false;
    StoreBigEndian<uint64_t>(body, MessageHeader(type, number));
    std::memcpy(body + kMessageHeaderBytes, payload.data(), payload.size());
    return true;
  }

  absl::Status Turn(absl::Duration max_wait) {
    return reactor_->RunOnce(max_wait);
  }
  static int64_t Now() { return MonotonicNow(); }
  EngineCounts counts() const { return CountsOf(*reactor_); }

 private:
  // Payloads up to this are copied: that costs less than to reference them.
  static constexpr size_t kMaxCopied = 4096;

  [[gnu::noinline]] static bool SendAny(Connection& connection,
                                        MessageType type, uint64_t number,
                                        absl::string_view payload,
                                        PayloadLife life) {
    PacketWriter writer = connection.channel.BeginPacket();
    if (!writer.status().ok()) return false;
    writer.WriteU64(MessageHeader(type, number));
    if (life == PayloadLife::kForever) {
      return writer.CommitReferenced(payload, nullptr).ok();
    }
    writer.WriteBytes(payload);
    return writer.Commit().ok();
  }

  absl::Status CreateReactor() {
    absl::StatusOr<std::unique_ptr<Reactor>> reactor = MakeReactor(spec_);
    if (!reactor.ok()) return reactor.status();
    reactor_ = *std::move(reactor);
    return absl::OkStatus();
  }

  absl::Status AddEnd(const std::string& name,
                      std::unique_ptr<Connection> own) {
    End& end = ends_.emplace_back(user_, std::move(own));
    return end.Create(*reactor_, NodeOptionsOf(spec_, name));
  }

  const LoadSpec spec_;
  User& user_;
  const NodeName server_;
  std::unique_ptr<Reactor> reactor_;
  std::deque<End> ends_;
};

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_PACKET_TRANSPORT_H_
