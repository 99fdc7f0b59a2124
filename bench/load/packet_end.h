// PacketEnd: one node of a PacketTransport: its connections, and their packets
// as messages.

#ifndef RINGDIST_BENCH_LOAD_PACKET_END_H_
#define RINGDIST_BENCH_LOAD_PACKET_END_H_

#include <cstdint>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ringdist/bench/load/messages.h"
#include "ringdist/proto/big_endian.h"
#include "ringdist/proto/node_name.h"
#include "ringdist/runtime/distribution.h"
#include "ringdist/runtime/reactor.h"

namespace ringdist {

template <typename User, typename State>
class PacketEnd final : public DistributionHandler {
 public:
  struct Connection {
    State state;
    Channel channel;
    PacketEnd* end = nullptr;  // Whose it is.
  };

  // `own` is a client's connection; a server's are made as they come.
  PacketEnd(User& user, std::unique_ptr<Connection> own)
      : user_(user), own_(std::move(own)) {
    if (own_ != nullptr) own_->end = this;
  }
  PacketEnd(const PacketEnd&) = delete;
  PacketEnd& operator=(const PacketEnd&) = delete;

  absl::Status Create(Reactor& reactor, const DistributionOptions& options) {
    auto distribution = Distribution::Create(reactor, options, *this);
    if (!distribution.ok()) return distribution.status();
    distribution_ = *std::move(distribution);
    return absl::OkStatus();
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
  void OnWritable(Channel& channel) override { user_.OnWritable(Of(channel)); }
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

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_PACKET_END_H_
