#include "ringdist/bench/load/frames.h"

namespace ringdist {

void AppendAnyFrame(MessageType type, uint64_t number,
                    absl::string_view payload, PayloadLife life,
                    SendQueue& queue) {
  const bool copied = life == PayloadLife::kThisCall ||
                      payload.size() < SendQueue::kMinReferenced;
  const size_t size = kFrameHeaderBytes + (copied ? payload.size() : 0);
  char* const at = queue.Reserve(size).data();
  StoreBigEndian<uint32_t>(
      at, static_cast<uint32_t>(kMessageHeaderBytes + payload.size()));
  StoreBigEndian<uint64_t>(at + 4, MessageHeader(type, number));
  if (copied) {
    std::memcpy(at + kFrameHeaderBytes, payload.data(), payload.size());
  }
  queue.Commit(size);
  if (!copied) queue.AppendReferenced(payload, nullptr);
}

}  // namespace ringdist
