#include "ringdist/proto/framing.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace ringdist {
namespace {

// Storage up to this size stays with the decoder, so that small packets that
// are cut in two cost no allocation; an idle connection holds no more than it.
constexpr size_t kKeptCapacity = 4096;

}  // namespace

void PacketDecoder::SwitchToData() {
  RINGDIST_CHECK(state_ == State::kHandshake);
  state_ = State::kData;
}

PacketDecoder::Result PacketDecoder::NextSlow(absl::string_view& input,
                                              absl::string_view& packet) {
  packet = absl::string_view();
  if (state_ == State::kFailed) return Result::kTooLarge;
  if (IsEmpty()) {
    if (storage_.size() > kKeptCapacity) storage_.Clear();
    if (input.empty()) return Result::kNeedMore;
    state_ =
        state_ == State::kHandshake ? State::kHandshakePart : State::kDataPart;
  }
  if (header_stored_ < header_wanted()) {
    if (!FillHeader(input)) return Result::kNeedMore;
    BeginBody();
    if (state_ == State::kFailed) return Result::kTooLarge;
  }
  FillBody(input);
  return body_stored_ == body_size_ ? HandOut(packet) : Result::kNeedMore;
}

bool PacketDecoder::FillHeader(absl::string_view& input) {
  const size_t size =
      std::min(input.size(), header_wanted() - size_t{header_stored_});
  if (size == 0) return false;  // input.data() may be null
  std::memcpy(header_ + header_stored_, input.data(), size);
  header_stored_ = static_cast<uint8_t>(header_stored_ + size);
  input.remove_prefix(size);
  return header_stored_ == header_wanted();
}

void PacketDecoder::BeginBody() {
  const bool handshake = state_ == State::kHandshakePart;
  body_size_ = handshake ? LoadBigEndian<uint16_t>(header_)
                         : LoadBigEndian<uint32_t>(header_);
  body_stored_ = 0;
  if (!handshake && body_size_ > max_packet_size_) {
    state_ = State::kFailed;
    return;
  }
  // Pages of a claimed size that never arrives are never touched.
  if (storage_.size() < body_size_) {
    storage_.Grow(std::max(body_size_, kKeptCapacity / 8), /*kept=*/0);
  }
}

void PacketDecoder::FillBody(absl::string_view& input) {
  const size_t size = std::min(input.size(), body_size_ - body_stored_);
  if (size == 0) return;
  std::memcpy(storage_.begin() + body_stored_, input.data(), size);
  body_stored_ += size;
  input.remove_prefix(size);
}

PacketDecoder::Result PacketDecoder::HandOut(absl::string_view& packet) {
  packet = absl::string_view(storage_.begin(), body_size_);
  header_stored_ = 0;
  const bool tick = state_ == State::kDataPart && body_size_ == 0;
  state_ = state_ == State::kHandshakePart ? State::kHandshake : State::kData;
  return tick ? Result::kTick : Result::kPacket;
}

absl::Span<char> PacketDecoder::PartialPacket() {
  if (IsEmpty() || state_ == State::kFailed ||
      header_stored_ < header_wanted()) {
    return {};
  }
  return absl::MakeSpan(storage_.begin() + body_stored_,
                        body_size_ - body_stored_);
}

void PacketDecoder::FilledPartial(size_t size) {
  RINGDIST_CHECK_LE(size, PartialPacket().size());
  body_stored_ += size;
}

GrowingMemory PacketDecoder::TakeBody(absl::string_view packet) {
  if (!IsEmpty() || packet.data() != storage_.begin()) return {};
  return std::move(storage_);
}

absl::Status PacketDecoder::error() const {
  RINGDIST_CHECK(state_ == State::kFailed);
  return absl::ResourceExhaustedError(
      absl::StrCat("packet of ", body_size_, " bytes is above the limit of ",
                   max_packet_size_, " bytes (max_packet_bytes)"));
}

}  // namespace ringdist
