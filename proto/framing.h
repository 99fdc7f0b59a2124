// PacketDecoder: cuts a connection's byte stream into packets.
//
// Before the handshake is complete a packet is a 16-bit length and a body, from
// then on a 32-bit length and a body, where the length 0 is a tick (OTP,
// erts/doc: "Distribution Protocol"; kernel: dist_util).
//
//   handshake   +---------+--------//
//               | u16 len | body
//   data        +---------+---------+--------//
//               | u32 len           | body            len 0: a tick, no body
//
// Feed it whatever arrived; it takes packets off the front in place, and copies
// only what is cut in two by the end of what arrived:
//
//   while (true) {
//     switch (decoder.Next(input, packet)) {
//       case PacketDecoder::Result::kPacket:   Handle(packet); break;
//       case PacketDecoder::Result::kTick:     break;
//       case PacketDecoder::Result::kNeedMore: return;   // input is empty now
//       case PacketDecoder::Result::kTooLarge: return Close(decoder.error());
//     }
//   }
//
// The switch of header size is the caller's: SwitchToData() after the packet
// that ends the handshake. It may be called wherever the bytes happen to be
// split, between two calls of Next: nothing past a packet has been looked at.
//
// A large packet can be received straight into its own memory: see
// PartialPacket below.
//
// Invariant: what is stored is always one incomplete packet or nothing, and
// stored = size of what was fed - size of what was handed out - headers.

#ifndef RINGDIST_PROTO_FRAMING_H_
#define RINGDIST_PROTO_FRAMING_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ringdist/proto/big_endian.h"
#include "ringdist/proto/check.h"
#include "ringdist/proto/growing_memory.h"

namespace ringdist {

inline constexpr size_t kHandshakeHeaderSize = 2;
inline constexpr size_t kDataHeaderSize = 4;
inline constexpr size_t kMaxHandshakePacketSize = 65535;
// What a tick looks like on the wire: a data packet without a body.
inline constexpr absl::string_view kTickPacket("\0\0\0\0", 4);

class PacketDecoder {
 public:
  enum class Result {
    kPacket,    // `packet` is the body of one packet.
    kTick,      // A data packet of length 0; `packet` is empty.
    kNeedMore,  // Everything was taken; feed more bytes.
    kTooLarge,  // A length above the limit; error() tells. Nothing follows.
  };

  // `max_packet_size` bounds the body of a data packet, in bytes.
  explicit PacketDecoder(size_t max_packet_size)
      : max_packet_size_(max_packet_size) {}

  // Takes one packet off the front of `input`. The packet's view points into
  // `input`, or into the decoder if it was cut in two; it is valid until the
  // next call. A body that was put together in the decoder can be kept with
  // TakeBody.
  Result Next(absl::string_view& input, absl::string_view& packet) {
    // The fast path: a whole data packet in the input, nothing stored.
    if (state_ == State::kData && input.size() >= kDataHeaderSize) {
      const size_t size = LoadBigEndian<uint32_t>(input.data());
      if (size - 1 < input.size() - kDataHeaderSize &&
          size <= max_packet_size_) {
        packet = input.substr(kDataHeaderSize, size);
        input.remove_prefix(kDataHeaderSize + size);
        return Result::kPacket;
      }
    }
    return NextSlow(input, packet);
  }

  // From now on headers have four bytes. Only between two packets.
  void SwitchToData();

  // Whether no incomplete packet is stored.
  bool IsEmpty() const {
    return state_ == State::kHandshake || state_ == State::kData;
  }

  // The rest of the packet whose beginning was fed: memory for exactly the
  // bytes that are still missing, for receiving straight into it. Empty unless
  // a body has begun. After bytes were put there, call FilledPartial; when that
  // completes the packet, the next call of Next hands it out.
  absl::Span<char> PartialPacket();
  void FilledPartial(size_t size);

  // Moves the memory of `packet`, which the last Next handed out, to the caller
  // if it was put together in the decoder; empty if it points into the input.
  // The view stays valid as long as the memory lives.
  GrowingMemory TakeBody(absl::string_view packet);

  // After kTooLarge: which length, and which limit.
  absl::Status error() const;

 private:
  enum class State {
    kHandshake,      // Headers of two bytes; nothing is stored.
    kHandshakePart,  // Part of a packet with a two-byte header is stored.
    kData,           // Headers of four bytes; nothing is stored.
    kDataPart,       // Part of a packet with a four-byte header is stored.
    kFailed,         // A length was above the limit.
  };

  // What NextSlow does with the input, one step each.
  bool FillHeader(absl::string_view& input);
  void BeginBody();
  void FillBody(absl::string_view& input);
  Result HandOut(absl::string_view& packet);
  Result NextSlow(absl::string_view& input, absl::string_view& packet);

  size_t header_wanted() const {
    return state_ == State::kHandshake || state_ == State::kHandshakePart
               ? kHandshakeHeaderSize
               : kDataHeaderSize;
  }

  size_t max_packet_size_;
  State state_ = State::kHandshake;
  uint8_t header_stored_ = 0;     // How much of the header is in header_.
  char header_[kDataHeaderSize];  // The header of the packet in storage_.
  size_t body_size_ = 0;          // Known once the header is complete.
  size_t body_stored_ = 0;        // How much of the body is in storage_.
  GrowingMemory storage_;
};

}  // namespace ringdist

#endif  // RINGDIST_PROTO_FRAMING_H_
