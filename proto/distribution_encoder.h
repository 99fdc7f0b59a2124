// DistributionEncoder: control messages as the packets of one connection, in
// the form that its negotiated flags select (distribution_decoder.h shows it).
//
//   DistributionEncoder encoder(peer.flags);
//   PacketWriter packet = channel.BeginPacket();
//   encoder.Encode(control::Send{.from = from, .to = to},
//                  [&](TermWriter& payload) { payload.WriteTerm(term); },
//                  packet);
//   if (packet.Commit().ok()) {
//     encoder.Commit();
//   } else {
//     encoder.Abandon();
//   }
//
// A message with more than kFragmentBytes of terms, to a peer that takes
// fragments, goes out in pieces that leave room for other packets between them:
//
//   encoder.EncodePlain(message, payload, bytes, control_size);
//   const size_t count = DistributionEncoder::FragmentCount(bytes.size());
//   for (size_t i = 0; i < count; ++i) {           // with others in between
//     DistributionEncoder::WriteFragmentHeader(sequence, count - i, i == 0,
//                                              packet);
//     if (i == 0) packet.WriteU8(0);              // no cached atoms
//     packet.WriteBytes(bytes.view().substr(i * kFragmentBytes,
//                                           kFragmentBytes));
//   }
//
// What the peer has not negotiated is replaced by what it understands:
// SEND_SENDER by SEND, PAYLOAD_EXIT, PAYLOAD_EXIT2 and PAYLOAD_MONITOR_P_EXIT
// by EXIT, EXIT2 and MONITOR_P_EXIT with the reason in the tuple, UNLINK_ID by
// UNLINK. All else goes out as it is: whether ALIAS_SEND, SPAWN_REQUEST and
// ALTACT_SIG_SEND may be used is for the caller to know.
//
// The payload of a message is what `payload` writes, for Send, RegSend,
// AliasSend, AltactSend and SpawnRequest: their own fields for it are not
// looked at. The reason of Exit, Exit2 and MonitorPExit is always the field
// `reason`; with reason_is_payload it goes out as the payload if that was
// negotiated, and `payload` is not called.

#ifndef RINGDIST_PROTO_DISTRIBUTION_ENCODER_H_
#define RINGDIST_PROTO_DISTRIBUTION_ENCODER_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/atom_cache.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/control_message.h"
#include "ringdist/proto/last_control.h"
#include "ringdist/proto/term_writer.h"

namespace ringdist {

// What a fragment carries, as a real node cuts them.
inline constexpr size_t kFragmentBytes = 64 * 1024;

// Writes the one term that is a message's payload.
using PayloadWriter = absl::FunctionRef<void(TermWriter&)>;

// Of one connection, and not to be used by several threads at a time.
class DistributionEncoder {
 public:
  // `negotiated`: the flags both sides announced.
  explicit DistributionEncoder(uint64_t negotiated);
  ~DistributionEncoder();

  uint64_t flags() const { return flags_; }
  // Whether the peer takes fragments.
  bool fragments() const;

  // Writes a whole packet, in one piece, with cached atoms if that was
  // negotiated. `packet` must be empty. `payload` is called exactly once if the
  // message has a payload that is not a reason, and not otherwise. Then exactly
  // one of Commit and Abandon, before the next Encode.
  //
  // Nothing is allocated for atoms that the peer knows. The header stands
  // before the terms that decide what is in it: room is left for one as large
  // as the last, and the terms are moved if it comes out otherwise, which for a
  // few hundred bytes costs next to nothing. For more than kFragmentBytes
  // EncodePlain is better, which never moves them.
  void Encode(const ControlMessage& message, PayloadWriter payload,
              ByteWriter& packet);
  // Not 0 if the message encoded last differed in nothing but its payload from
  // the one before it; the same number for as long as that goes on. A caller
  // who knows that the next message differs in no more either may use
  // EncodeAgain, which does as Encode without looking at it.
  uint64_t repeated() const { return repeated_; }
  void EncodeAgain(PayloadWriter payload, ByteWriter& packet);
  // The message encoded last, without its payload: if repeated().
  const ControlMessage& repeated_message() const { return last_.message(); }
  // Where the payload begins in the packet encoded last: its size if there is
  // none. What is before it must be in one fragment.
  size_t payload_offset() const { return payload_offset_; }
  // The packet was queued, behind all that were encoded before it: the peer
  // will know its atoms.
  void Commit();
  // It was not, and never will be.
  void Abandon();

  // Appends the control term and the payload (nothing if there is none), one
  // behind the other, without a header and without cached atoms: for a message
  // that is sent later, or in fragments. `control_size` tells where the payload
  // begins.
  void EncodePlain(const ControlMessage& message, PayloadWriter payload,
                   ByteWriter& bytes, size_t& control_size) const;
  // Makes a whole packet of it. At any time, and nothing is to be committed.
  void WritePlain(absl::string_view bytes, size_t control_size,
                  ByteWriter& packet) const;

  // How many fragments that many bytes make, control term and payload together.
  // The whole control term must be in the first one: if control_size is more
  // than kFragmentBytes (a trace token or the options of a spawn may be of any
  // size), the message can only be sent with WritePlain.
  static size_t FragmentCount(size_t bytes);
  // What stands in front of a fragment's bytes; those of the first begin with
  // the atoms of the message, as behind 83 44. `sequence` is not 0, and no
  // other message that is under way has it; `id` counts down to 1.
  static void WriteFragmentHeader(uint64_t sequence, uint64_t id, bool first,
                                  ByteWriter& packet);

  // Of the packets that were committed.
  AtomCacheStatistics statistics() const;

 private:
  // For a peer that does not understand everything as it is.
  void EncodeUnderstood(const ControlMessage& message, PayloadWriter payload,
                        ByteWriter& packet);
  void EncodeCached(const ControlMessage& message, PayloadWriter payload,
                    ByteWriter& packet);
  // The control term behind `room` bytes for a header. Not inlined: all that
  // repeats goes past it.
  __attribute__((noinline)) void EncodeAnew(const ControlMessage& message,
                                            size_t room, TermWriter& writer);
  // The control term and the header of last_ again.
  void WriteAgain(PayloadWriter payload, TermWriter& writer);
  // The tags and the atoms of the message so far.
  void WriteHeader(char* at) const;
  void RememberControl(const ControlMessage& message,
                       absl::string_view control);

  const uint64_t flags_;
  std::unique_ptr<AtomCacheOut> atoms_;  // Null until it is used.
  LastControl last_;                     // Of those with atoms.
  uint64_t last_number_ = 0;             // Of those that last_ has been.
  uint64_t repeated_ = 0;
  size_t header_size_ = 0;  // Of the last one with atoms.
  size_t payload_offset_ = 0;
  bool encoded_ = false;  // And neither committed nor abandoned.
};

}  // namespace ringdist

#endif  // RINGDIST_PROTO_DISTRIBUTION_ENCODER_H_
