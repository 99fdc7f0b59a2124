// Channel: the handle of one connection that is up, and what goes over it.
//
//   void OnPacket(Channel& channel, absl::string_view packet) override {
//     PacketWriter writer = channel.BeginPacket();   // an echo
//     writer.WriteBytes(packet);
//     absl::Status sent = writer.Commit();
//     if (absl::IsResourceExhausted(sent)) ...       // wait for OnWritable
//   }
//
// A packet is the body of one distribution packet; its length header is ours.
//
// Channels are cheap to copy. A copy may be kept after its connection is gone:
// then sending is Unavailable and all else does nothing. Everything on the
// reactor's thread.

#ifndef RINGDIST_RUNTIME_CHANNEL_H_
#define RINGDIST_RUNTIME_CHANNEL_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/growing_memory.h"
#include "ringdist/proto/node_name.h"
#include "ringdist/runtime/carrier.h"
#include "ringdist/runtime/send_queue.h"
#include "ringdist/runtime/socket_options.h"

namespace ringdist {

class Channel;
class Controller;

// Who is at the other end.
struct PeerInfo {
  NodeName name;
  uint32_t creation = 0;  // 0: not known, the peer speaks version 5.
  uint64_t flags = 0;     // Negotiated: ours and theirs.
  uint64_t peer_flags = 0;
  int protocol_version = 6;
  bool hidden = true;  // The peer does not announce PUBLISHED.
  bool dialled_by_us = true;
  bool named_by_us = false;  // The peer asked for its name, and got this one.
  NetAddress address;
};

struct ChannelStatistics {
  uint64_t packets_in = 0;  // Ticks included, here and below.
  uint64_t packets_out = 0;
  uint64_t bytes_in = 0;  // Of the stream, headers and handshake included.
  uint64_t bytes_out = 0;
  uint64_t pending_bytes = 0;  // Queued and not sent yet.
};

// One packet being written straight into the connection's send queue. A local
// variable: until it is committed or destroyed nothing else may be done with
// its channel. Without Commit nothing is sent.
class PacketWriter final : public ByteWriter {
 public:
  ~PacketWriter() override = default;

  // Why nothing can be sent now, as Commit will tell; writing is harmless then.
  const absl::Status& status() const { return status_; }

  // The memory of a packet that has grown apart (BeginPacket): its first size()
  // bytes. Nothing can be done with the writer afterwards.
  GrowingMemory TakeApart();

  // Queues the packet; it goes out at the end of this turn. Errors, with
  // nothing queued: ResourceExhausted, the queue is at its limit, wait for
  // OnWritable; Unavailable, the connection is gone; InvalidArgument, the
  // packet is empty (that would be a tick) or larger than 2^32 - 1 bytes.
  absl::Status Commit();

  // As Commit, with `payload` as the packet's end. It is not copied, unless it
  // is small (below SendQueue::kMinReferenced), and must stay as it is until
  // `release` runs. That happens once in any case: on an error within this
  // call, else never within it. If it was copied, at the end of this turn;
  // otherwise when it is sent, or the connection ends.
  absl::Status CommitReferenced(absl::string_view payload,
                                ReleaseCallback release);

 private:
  friend class Channel;
  PacketWriter(Controller* controller, absl::Status status, size_t apart_above);

  void Grow(size_t size) override;
  // Makes the queue's memory, for `size` bytes, what is written to.
  void Reserve(size_t size);
  absl::Status Finish(size_t body_size);

  Controller* controller_;  // Null: committed, or nothing can be sent.
  absl::Status status_;
  size_t apart_above_;
  // Not empty: where it is written to, be it in vain.
  GrowingMemory apart_;
};

// A packet that outlives OnPacket: it owns its bytes and its credit. While ten
// deliveries of a connection are held (active-N, N = 10) no more are delivered
// and the connection stops receiving; it goes on when five are left.
class Delivery {
 public:
  Delivery() = default;
  Delivery(Delivery&& other) noexcept { *this = std::move(other); }
  Delivery& operator=(Delivery&& other) noexcept;
  ~Delivery() { Release(); }

  absl::string_view packet() const { return {bytes_.begin(), size_}; }

  // Frees the bytes and returns the credit.
  void Release();

 private:
  friend class Channel;

  GrowingMemory bytes_;
  size_t size_ = 0;  // Of the packet.
  std::shared_ptr<Controller*> link_;
};

class Channel {
 public:
  // Refers to nothing.
  Channel() = default;

  bool operator==(const Channel& other) const { return link_ == other.link_; }
  // Whether the connection is up.
  bool IsUp() const;
  // Numbers the connections of a Distribution, from 1; 0 refers to nothing.
  uint64_t id() const { return id_; }
  // Empty once the connection is gone.
  const PeerInfo& peer() const;
  ChannelStatistics statistics() const;

  PacketWriter BeginPacket() { return BeginPacket(kNeverApart); }
  // One that grows beyond `apart_above` bytes in memory of its own and not in
  // the queue: for what goes out piece by piece, in other packets. Commit would
  // copy it back.
  PacketWriter BeginPacket(size_t apart_above);
  static constexpr size_t kNeverApart = std::numeric_limits<size_t>::max();

  // A packet that exists already; copies it. Errors as PacketWriter::Commit.
  absl::Status Send(absl::string_view packet);

  // The fastest way, for small packets of a known size: memory for the body of
  // the next packet, which is queued already and to be filled in before
  // anything else is done with the channel. Null where Send has an error.
  //
  //   while (char* body = channel.AddPacket(8)) StoreBigEndian(body, ++number);
  char* AddPacket(size_t size);

  // In OnPacket, at most once per packet: keeps the packet that is being
  // delivered. Its bytes are then at Delivery::packet(), possibly elsewhere.
  Delivery TakeDelivery();

  // In OnPacket, instead: the memory that the packet lies in, which begins with
  // it, so its view stays valid. Empty, with nothing done, if it lies in memory
  // that others share, as small packets do.
  GrowingMemory TakeMemory();

  // Options of its socket: sndbuf, recbuf, priority (socket_options.h). Errors
  // as Distribution::SetOptions; Unavailable if the connection is not up.
  absl::Status SetOptions(absl::Span<const SocketOption> options);
  absl::StatusOr<std::vector<SocketOption>> GetOptions(
      absl::Span<const std::string> names) const;

  // Takes the connection down; OnDown follows with this reason, later. What is
  // queued and not sent yet is dropped.
  void Disconnect(absl::Status reason);

 private:
  friend class Controller;
  Channel(uint64_t id, std::shared_ptr<Controller*> link)
      : id_(id), link_(std::move(link)) {}

  Controller* controller() const { return link_ ? *link_ : nullptr; }

  uint64_t id_ = 0;
  // Points to the controller; to null when that is gone.
  std::shared_ptr<Controller*> link_;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_CHANNEL_H_
