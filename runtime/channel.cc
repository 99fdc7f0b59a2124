#include "ringdist/runtime/channel.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ringdist/proto/big_endian.h"
#include "ringdist/proto/framing.h"
#include "ringdist/runtime/controller.h"

namespace ringdist {
namespace {

// What a packet is given to begin with; a writer that needs more asks for it.
constexpr size_t kFirstReserve = 512;
constexpr size_t kMaxPacketSize = std::numeric_limits<uint32_t>::max();

absl::Status NotUp() {
  return absl::UnavailableError("the connection is gone");
}

absl::Status BadSize(size_t size) {
  return absl::InvalidArgumentError(absl::StrCat(
      "a packet of ", size, " bytes; it must have 1 to ", kMaxPacketSize));
}

}  // namespace

// PacketWriter: its storage begins after the room for the length header.

PacketWriter::PacketWriter(Controller* controller, absl::Status status,
                           size_t apart_above)
    : controller_(controller),
      status_(std::move(status)),
      apart_above_(apart_above) {
  if (controller_ != nullptr) Reserve(kFirstReserve);
}

GrowingMemory PacketWriter::TakeApart() {
  RINGDIST_CHECK_GT(apart_.size(), 0U);
  controller_ = nullptr;
  return std::move(apart_);
}

void PacketWriter::Reserve(size_t size) {
  const absl::Span<char> room =
      controller_->ReservePacket(kDataHeaderSize + size);
  const size_t written = this->size();
  char* const begin = room.data() + kDataHeaderSize;
  // What was written may lie there already, or overlap.
  if (written > 0) std::memmove(begin, this->begin(), written);
  SetStorage(begin, written,
             std::min(room.size() - kDataHeaderSize, apart_above_));
}

void PacketWriter::Grow(size_t size) {
  const size_t written = this->size();
  const size_t needed = written + size;
  const size_t wanted = std::max(2 * written, needed);
  if (controller_ != nullptr && needed <= apart_above_) {
    return Reserve(std::min(wanted, apart_above_));
  }
  if (apart_.size() > 0) {
    apart_.Grow(wanted, written);
  } else {
    apart_.Grow(wanted, 0);
    if (written > 0) std::memcpy(apart_.begin(), begin(), written);
  }
  SetStorage(apart_.begin(), written, apart_.size());
}

absl::Status PacketWriter::Finish(size_t body_size) {
  if (!status_.ok()) return status_;
  RINGDIST_CHECK(controller_ != nullptr);
  if (body_size == 0 || body_size > kMaxPacketSize) {
    controller_ = nullptr;
    status_ = BadSize(body_size);
    return status_;
  }
  if (apart_.size() > 0) {
    apart_above_ = Channel::kNeverApart;
    Reserve(size());
  }
  StoreBigEndian<uint32_t>(begin() - kDataHeaderSize,
                           static_cast<uint32_t>(body_size));
  return absl::OkStatus();
}

absl::Status PacketWriter::Commit() {
  absl::Status status = Finish(size());
  if (!status.ok()) return status;
  std::exchange(controller_, nullptr)->CommitPacket(kDataHeaderSize + size());
  return absl::OkStatus();
}

absl::Status PacketWriter::CommitReferenced(absl::string_view payload,
                                            ReleaseCallback release) {
  absl::Status status = Finish(size() + payload.size());
  if (!status.ok()) {
    if (release != nullptr) release();
    return status;
  }
  Controller* const controller = std::exchange(controller_, nullptr);
  controller->CommitPacket(kDataHeaderSize + size());
  controller->AppendReferenced(payload, std::move(release));
  return absl::OkStatus();
}

// Delivery.

Delivery& Delivery::operator=(Delivery&& other) noexcept {
  if (this == &other) return *this;
  Release();
  bytes_ = std::move(other.bytes_);
  size_ = std::exchange(other.size_, 0);
  link_ = std::move(other.link_);
  return *this;
}

void Delivery::Release() {
  bytes_.Clear();
  size_ = 0;
  const std::shared_ptr<Controller*> link = std::move(link_);
  if (link != nullptr && *link != nullptr) (*link)->ReturnCredit();
}

// Channel.

bool Channel::IsUp() const {
  return controller() != nullptr && controller()->is_up();
}

const PeerInfo& Channel::peer() const {
  static const PeerInfo* const nobody = new PeerInfo;
  return controller() == nullptr ? *nobody : controller()->peer();
}

ChannelStatistics Channel::statistics() const {
  return controller() == nullptr ? ChannelStatistics()
                                 : controller()->statistics();
}

PacketWriter Channel::BeginPacket(size_t apart_above) {
  Controller* const to = controller();
  if (to == nullptr) return {nullptr, NotUp(), apart_above};
  if (!to->IsWritable()) return {nullptr, to->Writable(), apart_above};
  return {to, absl::OkStatus(), apart_above};
}

char* Channel::AddPacket(size_t size) {
  Controller* const to = controller();
  if (to == nullptr || size - 1 >= kMaxPacketSize) return nullptr;
  if (!to->IsWritable()) {
    to->Writable().IgnoreError();  // It notes that OnWritable is owed.
    return nullptr;
  }
  char* const room = to->ReservePacket(kDataHeaderSize + size).data();
  StoreBigEndian<uint32_t>(room, static_cast<uint32_t>(size));
  to->CommitPacket(kDataHeaderSize + size);
  return room + kDataHeaderSize;
}

absl::Status Channel::Send(absl::string_view packet) {
  if (char* const body = AddPacket(packet.size())) {
    std::memcpy(body, packet.data(), packet.size());
    return absl::OkStatus();
  }
  if (controller() == nullptr) return NotUp();
  if (packet.empty() || packet.size() > kMaxPacketSize) {
    return BadSize(packet.size());
  }
  return controller()->Writable();
}

Delivery Channel::TakeDelivery() {
  Delivery delivery;
  if (controller() == nullptr) return delivery;
  delivery.bytes_ = controller()->TakePacket(&delivery.size_);
  if (delivery.size_ > 0) delivery.link_ = link_;
  return delivery;
}

GrowingMemory Channel::TakeMemory() {
  return controller() == nullptr ? GrowingMemory() : controller()->TakeMemory();
}

absl::Status Channel::SetOptions(absl::Span<const SocketOption> options) {
  absl::Status valid = ValidateSocketOptions(options);
  if (!valid.ok()) return valid;
  return IsUp() ? controller()->SetOptions(options) : NotUp();
}

absl::StatusOr<std::vector<SocketOption>> Channel::GetOptions(
    absl::Span<const std::string> names) const {
  if (!IsUp()) return NotUp();
  return controller()->GetOptions(names);
}

void Channel::Disconnect(absl::Status reason) {
  if (controller() != nullptr) controller()->GoDownSoon(std::move(reason));
}

}  // namespace ringdist
