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

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "ringdist/bench/load/load_nodes.h"
#include "ringdist/bench/load/load_spec.h"
#include "ringdist/bench/load/messages.h"
#include "ringdist/bench/load/transport.h"
#include "ringdist/proto/big_endian.h"
#include "ringdist/proto/node_name.h"
#include "ringdist/runtime/distribution.h"
#include "ringdist/runtime/reactor.h"

namespace ringdist {

template <typename User, typename State>
class PacketTransport final {
  class End;

 public:
  struct Connection {
    State state;
    Channel channel;
    End* end = nullptr;  // Whose it is.
  };

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
      if (status.ok()) At(static_cast<size_t>(i)).end = &ends_.back();
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
    if (life == PayloadLife::kThisCall || payload.size() > kMaxLoose) {
      return SendAny(connection, type, number, payload, life);
    }
    StoreBigEndian<uint64_t>(packet_, MessageHeader(type, number));
    CopyLoosely(payload, packet_ + kMessageHeaderBytes);
    return connection.channel
        .Send({packet_, kMessageHeaderBytes + payload.size()})
        .ok();
  }

  absl::Status Turn(absl::Duration max_wait) {
    return reactor_->RunOnce(max_wait);
  }
  static int64_t Now() { return MonotonicNow(); }
  EngineCounts counts() const {
    const IoEngineStatistics statistics = reactor_->engine().statistics();
    return {statistics.enters, statistics.completions};
  }

 private:
  // Payloads up to this are put together with their header and copied once
  // more, which costs less than a PacketWriter.
  static constexpr size_t kMaxLoose = 128;

  // One node.
  class End final : public DistributionHandler {
   public:
    // `own` is a client's connection; a server's are made as they come.
    End(User& user, std::unique_ptr<Connection> own)
        : user_(user), own_(std::move(own)) {}

    absl::Status Create(Reactor& reactor, const DistributionOptions& options) {
      auto distribution = Distribution::Create(reactor, options, *this);
      if (distribution.ok()) distribution_ = *std::move(distribution);
      return distribution.status();
    }
    Distribution& distribution() { return *distribution_; }
    Connection& own() { return *own_; }

    void OnUp(Channel& channel, const PeerInfo&) override {
      const uint64_t id = channel.id();
      if (own_ == nullptr) accepted_[id] = std::make_unique<Connection>();
      last_ = own_ != nullptr ? own_.get() : accepted_[id].get();
      last_->channel = channel;
      last_->end = this;
      user_.OnUp(*last_);
    }
    void OnPacket(Channel& channel, absl::string_view packet) override {
      // Nothing is called here but what ends it: so it needs no stack.
      if (packet.size() >= kMessageHeaderBytes && IsLast(channel)) {
        const auto header = LoadBigEndian<uint64_t>(packet.data());
        if (TypeOf(header) == MessageType::kData &&
            user_.TakeData(*last_, NumberOf(header),
                           packet.substr(kMessageHeaderBytes))) {
          return;
        }
      }
      OnOtherPacket(channel, packet);
    }
    void OnWritable(Channel& channel) override {
      user_.OnWritable(Of(channel));
    }
    void OnDown(Channel& channel, const PeerInfo&,
                const absl::Status& reason) override {
      Connection& connection = Of(channel);
      last_ = nullptr;
      user_.OnDown(connection, reason);
      accepted_.erase(channel.id());
    }
    void OnSetupFailed(const NodeName&, const absl::Status& reason) override {
      if (own_ != nullptr) user_.OnDown(*own_, reason);
    }

   private:
    [[gnu::noinline]] void OnOtherPacket(Channel& channel,
                                         absl::string_view packet) {
      if (packet.size() < kMessageHeaderBytes) {
        return channel.Disconnect(absl::DataLossError("a packet too short"));
      }
      const auto header = LoadBigEndian<uint64_t>(packet.data());
      user_.OnMessage(Of(channel), TypeOf(header), NumberOf(header),
                      packet.substr(kMessageHeaderBytes));
    }

    // Packets of one connection come together.
    bool IsLast(const Channel& channel) const {
      return last_ != nullptr && last_->channel.id() == channel.id();
    }
    Connection& Of(const Channel& channel) {
      if (!IsLast(channel)) {
        last_ = own_ != nullptr ? own_.get()
                                : accepted_.find(channel.id())->second.get();
      }
      return *last_;
    }

    User& user_;
    const std::unique_ptr<Connection> own_;
    absl::flat_hash_map<uint64_t, std::unique_ptr<Connection>> accepted_;
    Connection* last_ = nullptr;
    // Goes first: until it is gone it may call back.
    std::unique_ptr<Distribution> distribution_;
  };

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
    ReactorOptions options;
    options.busy_poll = spec_.busy_poll;
    absl::StatusOr<std::unique_ptr<Reactor>> reactor = Reactor::Create(options);
    if (reactor.ok()) reactor_ = *std::move(reactor);
    return reactor.status();
  }

  absl::Status AddEnd(const std::string& name,
                      std::unique_ptr<Connection> own) {
    End& end = ends_.emplace_back(user_, std::move(own));
    return end.Create(*reactor_, NodeOptionsOf(spec_, name));
  }

  const LoadSpec spec_;
  User& user_;
  // A small packet that is put together.
  char packet_[kMessageHeaderBytes + kMaxLoose + kPayloadSlack];
  const NodeName server_;
  std::unique_ptr<Reactor> reactor_;
  std::deque<End> ends_;
};

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_PACKET_TRANSPORT_H_
