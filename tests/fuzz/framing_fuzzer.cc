// PacketDecoder must give the same packets however its input is cut.
//
// Input: a byte that says how many packets have 2-byte headers, a byte that
// seeds the cuts, and the stream.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "ringdist/proto/check.h"
#include "ringdist/proto/framing.h"

namespace ringdist {
namespace {

using Result = PacketDecoder::Result;

constexpr size_t kMaxPacketSize = 5000;

class Reader {
 public:
  explicit Reader(size_t handshake_packets)
      : handshake_packets_(handshake_packets) {
    SwitchIfDue();
  }

  void Feed(absl::string_view input) {
    absl::string_view packet;
    while (true) {
      const Result result = decoder_.Next(input, packet);
      if (result == Result::kNeedMore) {
        RINGDIST_CHECK(input.empty());
        return;
      }
      if (result == Result::kTooLarge) {
        failed_ = true;
        RINGDIST_CHECK(!decoder_.error().ok());
        return;
      }
      RINGDIST_CHECK(decoder_.IsEmpty());
      RINGDIST_CHECK_EQ(result == Result::kTick, switched_ && packet.empty());
      packets_.emplace_back(packet);
      SwitchIfDue();
    }
  }

  // Feeds the input's beginning through PartialPacket, as far as it wants it.
  void FillPartial(absl::string_view& input) {
    const absl::Span<char> room = decoder_.PartialPacket();
    const size_t size = std::min(room.size(), input.size());
    if (size == 0) return;
    std::memcpy(room.data(), input.data(), size);
    decoder_.FilledPartial(size);
    input.remove_prefix(size);
  }

  bool failed() const { return failed_; }
  const std::vector<std::string>& packets() const { return packets_; }

 private:
  void SwitchIfDue() {
    if (switched_ || packets_.size() < handshake_packets_) return;
    decoder_.SwitchToData();
    switched_ = true;
  }

  const size_t handshake_packets_;
  PacketDecoder decoder_{kMaxPacketSize};
  bool switched_ = false;
  bool failed_ = false;
  std::vector<std::string> packets_;
};

void Run(absl::string_view input) {
  if (input.size() < 2) return;
  const size_t handshake_packets = static_cast<uint8_t>(input[0]) % 5;
  std::minstd_rand random(1 + static_cast<uint8_t>(input[1]));
  input.remove_prefix(2);

  Reader whole(handshake_packets);
  whole.Feed(input);

  Reader in_pieces(handshake_packets);
  while (!input.empty() && !in_pieces.failed()) {
    if (random() % 2 == 0) in_pieces.FillPartial(input);
    const size_t size = std::min<size_t>(random() % 64, input.size());
    const std::vector<char> piece(input.begin(), input.begin() + size);
    in_pieces.Feed(absl::string_view(piece.data(), piece.size()));
    input.remove_prefix(size);
  }
  if (!in_pieces.failed()) in_pieces.Feed("");
  RINGDIST_CHECK_EQ(whole.failed(), in_pieces.failed());
  RINGDIST_CHECK(whole.packets() == in_pieces.packets());
}

}  // namespace
}  // namespace ringdist

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ringdist::Run(absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
