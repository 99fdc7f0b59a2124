#include "ringdist/proto/distribution_encoder.h"

#include <cstring>
#include <variant>

#include "ringdist/proto/check.h"
#include "ringdist/proto/distribution_flags.h"
#include "ringdist/proto/term_tags.h"

namespace ringdist {
namespace {

constexpr uint8_t kPassThrough = 112;
constexpr uint8_t kHeaderTag = 68;         // 'D'
constexpr uint8_t kFirstFragmentTag = 69;  // 'E'
constexpr uint8_t kNextFragmentTag = 70;   // 'F'
constexpr size_t kTagsSize = 2;

// A peer that knows all of these understands every message as it is.
constexpr uint64_t kReplaceable =
    kDflagSendSender | kDflagUnlinkId | kDflagExitPayload;

// Called with a message: makes `replaced` what a peer with these flags
// understands in its place. False if it understands the message itself.
class Replacement {
 public:
  Replacement(uint64_t flags, ControlMessage& replaced)
      : flags_(flags), replaced_(replaced) {}

  bool operator()(const control::Send& m) {
    if (!m.from.has_value() || Has(kDflagSendSender)) return false;
    replaced_.emplace<control::Send>(m).from.reset();
    return true;
  }
  bool operator()(const control::UnlinkId& m) {
    if (Has(kDflagUnlinkId)) return false;
    replaced_ = control::Unlink{m.from, m.to};
    return true;
  }
  template <typename Message>
  bool operator()(const Message& m) {
    if constexpr (requires { m.reason_is_payload; }) {
      if (!m.reason_is_payload || Has(kDflagExitPayload)) return false;
      replaced_.emplace<Message>(m).reason_is_payload = false;
      return true;
    } else {
      return false;
    }
  }

 private:
  bool Has(uint64_t flag) const { return (flags_ & flag) != 0; }

  const uint64_t flags_;
  ControlMessage& replaced_;
};

// The message, or what `storage` then holds in its place.
const ControlMessage& Understood(const ControlMessage& message, uint64_t flags,
                                 ControlMessage& storage) {
  return std::visit(Replacement(flags, storage), message) ? storage : message;
}

void WritePayload(const ControlMessage& message, PayloadWriter payload,
                  TermWriter& writer) {
  const TermView* field = PayloadOf(message);
  if (field == nullptr) return;
  if (std::holds_alternative<control::Exit>(message) ||
      std::holds_alternative<control::Exit2>(message) ||
      std::holds_alternative<control::MonitorPExit>(message)) {
    return writer.WriteTerm(*field);
  }
  payload(writer);
}

void WriteTags(uint8_t tag, ByteWriter& packet) {
  packet.WriteU8(kTermVersion);
  packet.WriteU8(tag);
}

// Makes what stands behind the first `old_size` bytes stand behind `size`.
// Returns the first byte.
char* ResizeFront(size_t old_size, size_t size, ByteWriter& packet) {
  const size_t rest = packet.size() - old_size;
  if (size > old_size) packet.Extend(size - old_size);
  char* const begin = packet.Extend(0) - packet.size();
  if (size != old_size) {
    std::memmove(begin + size, begin + old_size, rest);
    packet.Truncate(size + rest);
  }
  return begin;
}

}  // namespace

DistributionEncoder::DistributionEncoder(uint64_t negotiated)
    : flags_(negotiated) {}

DistributionEncoder::~DistributionEncoder() = default;

bool DistributionEncoder::fragments() const {
  return (flags_ & kDflagFragments) != 0;
}

void DistributionEncoder::Encode(const ControlMessage& message,
                                 PayloadWriter payload, ByteWriter& packet) {
  RINGDIST_CHECK(!encoded_);
  RINGDIST_CHECK_EQ(packet.size(), 0u);
  encoded_ = true;
  constexpr uint64_t kUsual = kDflagDistHdrAtomCache | kReplaceable;
  if ((flags_ & kUsual) == kUsual) {
    return EncodeCached(message, payload, packet);
  }
  EncodeUnderstood(message, payload, packet);
}

void DistributionEncoder::EncodeUnderstood(const ControlMessage& message,
                                           PayloadWriter payload,
                                           ByteWriter& packet) {
  ControlMessage storage;
  const ControlMessage& understood = Understood(message, flags_, storage);
  if ((flags_ & kDflagDistHdrAtomCache) != 0) {
    return EncodeCached(understood, payload, packet);
  }
  TermWriter writer(packet);
  if (fragments()) {
    WriteTags(kHeaderTag, packet);
    packet.WriteU8(0);
    EncodeControl(understood, writer);
    payload_offset_ = packet.size();
    return WritePayload(understood, payload, writer);
  }
  packet.WriteU8(kPassThrough);
  writer.WriteVersion();
  EncodeControl(understood, writer);
  payload_offset_ = packet.size();
  if (PayloadOf(understood) == nullptr) return;
  writer.WriteVersion();
  payload_offset_ = packet.size();
  WritePayload(understood, payload, writer);
}

void DistributionEncoder::EncodeCached(const ControlMessage& message,
                                       PayloadWriter payload,
                                       ByteWriter& packet) {
  if (atoms_ == nullptr) atoms_ = std::make_unique<AtomCacheOut>();
  TermWriter writer(packet, atoms_.get());
  if (last_.Is(message)) {
    repeated_ = last_number_;
    return WriteAgain(payload, writer);
  }
  repeated_ = 0;
  const size_t room = header_size_;
  EncodeAnew(message, room, writer);
  const size_t control_size = packet.size() - room;
  WritePayload(message, payload, writer);
  header_size_ = kTagsSize + atoms_->HeaderSize();
  payload_offset_ = header_size_ + control_size;
  WriteHeader(ResizeFront(room, header_size_, packet));
}

void DistributionEncoder::EncodeAgain(PayloadWriter payload,
                                      ByteWriter& packet) {
  RINGDIST_CHECK(!encoded_ && repeated_ != 0);
  encoded_ = true;
  TermWriter writer(packet, atoms_.get());
  WriteAgain(payload, writer);
}

void DistributionEncoder::WriteAgain(PayloadWriter payload,
                                     TermWriter& writer) {
  ByteWriter& packet = writer.out();
  atoms_->BeginAgain(last_.references());
  packet.WriteBytes(last_.front());
  payload(writer);
  header_size_ = last_.header_size();
  payload_offset_ = last_.front().size();
  // The payload may have brought atoms of its own.
  if (atoms_->count() == last_.references()) return;
  header_size_ = kTagsSize + atoms_->HeaderSize();
  payload_offset_ += header_size_ - last_.header_size();
  WriteHeader(ResizeFront(last_.header_size(), header_size_, packet));
}

void DistributionEncoder::EncodeAnew(const ControlMessage& message, size_t room,
                                     TermWriter& writer) {
  atoms_->BeginMessage();
  writer.out().Extend(room);
  EncodeControl(message, writer);
  RememberControl(message, writer.out().view().substr(room));
}

void DistributionEncoder::WriteHeader(char* at) const {
  at[0] = static_cast<char>(kTermVersion);
  at[1] = static_cast<char>(kHeaderTag);
  atoms_->WriteHeader(at + kTagsSize);
}

void DistributionEncoder::RememberControl(const ControlMessage& message,
                                          absl::string_view control) {
  ++last_number_;
  // What the peer is only being told cannot be referred to again yet.
  if (!atoms_->all_known() || !LastControl::IsWorthIt(message)) {
    return last_.Forget();
  }
  // Its atoms are few: those of two pids or references, or of a name.
  char header[32];
  const size_t size = kTagsSize + atoms_->HeaderSize();
  if (size > sizeof(header)) return last_.Forget();
  WriteHeader(header);
  last_.Remember(message, {header, size}, control, atoms_->count());
}

void DistributionEncoder::Commit() {
  RINGDIST_CHECK(encoded_);
  encoded_ = false;
  if (atoms_ != nullptr) atoms_->Commit();
}

void DistributionEncoder::Abandon() {
  RINGDIST_CHECK(encoded_);
  encoded_ = false;
}

void DistributionEncoder::EncodePlain(const ControlMessage& message,
                                      PayloadWriter payload, ByteWriter& bytes,
                                      size_t& control_size) const {
  const size_t begin = bytes.size();
  ControlMessage storage;
  const ControlMessage& understood = Understood(message, flags_, storage);
  TermWriter writer(bytes);
  EncodeControl(understood, writer);
  control_size = bytes.size() - begin;
  WritePayload(understood, payload, writer);
}

void DistributionEncoder::WritePlain(absl::string_view bytes,
                                     size_t control_size,
                                     ByteWriter& packet) const {
  if ((flags_ & (kDflagDistHdrAtomCache | kDflagFragments)) != 0) {
    WriteTags(kHeaderTag, packet);
    packet.WriteU8(0);
    packet.WriteBytes(bytes);
    return;
  }
  packet.WriteU8(kPassThrough);
  packet.WriteU8(kTermVersion);
  packet.WriteBytes(bytes.substr(0, control_size));
  if (control_size == bytes.size()) return;
  packet.WriteU8(kTermVersion);
  packet.WriteBytes(bytes.substr(control_size));
}

size_t DistributionEncoder::FragmentCount(size_t bytes) {
  RINGDIST_CHECK_GT(bytes, 0u);
  return (bytes - 1) / kFragmentBytes + 1;
}

void DistributionEncoder::WriteFragmentHeader(uint64_t sequence, uint64_t id,
                                              bool first, ByteWriter& packet) {
  RINGDIST_CHECK_NE(sequence, 0u);
  RINGDIST_CHECK_NE(id, 0u);
  WriteTags(first ? kFirstFragmentTag : kNextFragmentTag, packet);
  packet.WriteU64(sequence);
  packet.WriteU64(id);
}

AtomCacheStatistics DistributionEncoder::statistics() const {
  return atoms_ == nullptr ? AtomCacheStatistics() : atoms_->statistics();
}

}  // namespace ringdist
