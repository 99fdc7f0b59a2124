// Frames: packets with their length, as what only moves bytes sends and finds
// them (messages.h). As PacketDecoder (proto/framing.h) for these packets, but
// a large data packet is handed out in the pieces in which it comes, so that
// nothing is copied to look at it.

#ifndef RINGDIST_BENCH_LOAD_FRAMES_H_
#define RINGDIST_BENCH_LOAD_FRAMES_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "absl/strings/string_view.h"
#include "ringdist/bench/load/messages.h"
#include "ringdist/bench/load/transport.h"
#include "ringdist/proto/big_endian.h"
#include "ringdist/runtime/send_queue.h"

namespace ringdist {

inline constexpr size_t kFrameHeaderBytes = 4 + kMessageHeaderBytes;

// Of any payload.
void AppendAnyFrame(MessageType type, uint64_t number,
                    absl::string_view payload, PayloadLife life,
                    SendQueue& queue);

[[gnu::always_inline]] inline void AppendFrame(MessageType type,
                                               uint64_t number,
                                               absl::string_view payload,
                                               PayloadLife life,
                                               SendQueue& queue) {
  constexpr size_t kMaxLoose = 128;
  if (life == PayloadLife::kThisCall || payload.size() > kMaxLoose) {
    return AppendAnyFrame(type, number, payload, life, queue);
  }
  const size_t size = kFrameHeaderBytes + payload.size();
  char* const at = queue.Reserve(size + kPayloadSlack).data();
  StoreBigEndian<uint32_t>(
      at, static_cast<uint32_t>(kMessageHeaderBytes + payload.size()));
  StoreBigEndian<uint64_t>(at + 4, MessageHeader(type, number));
  CopyLoosely(payload, at + kFrameHeaderBytes);
  queue.Commit(size);
}

// Cuts one stream of bytes into frames.
class FrameScanner {
 public:
  // Calls, for each frame, receiver.OnFrame(type, number, payload), with a
  // view that is valid until it returns; or for a large one with data
  // receiver.OnPart(number, bytes, offset, part) for each piece. False: these
  // are no frames, and nothing more can be found.
  template <typename Receiver>
  bool Scan(absl::string_view bytes, Receiver&& receiver) {
    while (true) {
      if (stored_.empty() && left_ == 0) HandOutWhole(bytes, receiver);
      if (bytes.empty()) return true;
      if (!ScanCut(bytes, receiver)) return false;
    }
  }

 private:
  static constexpr size_t kMinBytesInParts = 64 * 1024;
  static constexpr size_t kMaxBytes = size_t{256} * 1024 * 1024;

  // All frames that have wholly arrived.
  template <typename Receiver>
  static void HandOutWhole(absl::string_view& bytes, Receiver& receiver) {
    while (bytes.size() >= kFrameHeaderBytes) {
      const size_t size = LoadBigEndian<uint32_t>(bytes.data());
      if (size > bytes.size() - 4 || size < kMessageHeaderBytes) return;
      HandOut(bytes.substr(4, size), receiver);
      bytes.remove_prefix(4 + size);
    }
  }

  template <typename Receiver>
  static void HandOut(absl::string_view packet, Receiver& receiver) {
    const auto header = LoadBigEndian<uint64_t>(packet.data());
    packet.remove_prefix(kMessageHeaderBytes);
    receiver.OnFrame(TypeOf(header), NumberOf(header), packet);
  }

  // Of a frame that is cut by the end of what arrived.
  template <typename Receiver>
  bool ScanCut(absl::string_view& bytes, Receiver& receiver) {
    if (left_ > 0) {
      const absl::string_view part = bytes.substr(0, left_);
      receiver.OnPart(NumberOf(header_), bytes_, bytes_ - left_, part);
      left_ -= part.size();
      bytes.remove_prefix(part.size());
      return true;
    }
    Store(kFrameHeaderBytes, bytes);
    if (stored_.size() < kFrameHeaderBytes) return true;
    const size_t size = LoadBigEndian<uint32_t>(stored_.data());
    if (size < kMessageHeaderBytes || size > kMaxBytes) return false;
    header_ = LoadBigEndian<uint64_t>(stored_.data() + 4);
    if (TypeOf(header_) == MessageType::kData && size > kMinBytesInParts) {
      bytes_ = left_ = size - kMessageHeaderBytes;
      stored_.clear();
      return true;
    }
    Store(4 + size, bytes);
    if (stored_.size() < 4 + size) return true;
    HandOut(absl::string_view(stored_).substr(4), receiver);
    stored_.clear();
    return true;
  }

  // Moves bytes to what is stored, until that has `size`.
  void Store(size_t size, absl::string_view& bytes) {
    if (stored_.size() >= size) return;
    stored_.reserve(size);
    const absl::string_view part = bytes.substr(0, size - stored_.size());
    stored_.append(part.data(), part.size());
    bytes.remove_prefix(part.size());
  }

  std::string stored_;   // A frame that was cut, but for parts.
  uint64_t header_ = 0;  // Of a frame in parts:
  size_t bytes_ = 0;     // its payload,
  size_t left_ = 0;      // and what of that is still to come.
};

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_FRAMES_H_
