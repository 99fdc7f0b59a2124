#include "ringdist/runtime/inbound_link.h"

#include <utility>

#include "absl/status/statusor.h"

namespace ringdist {

absl::Status InboundLink::Decode(absl::string_view packet,
                                 TakeMemory take_memory) {
  const absl::StatusOr<bool> complete = decoder_.Decode(packet, take_memory);
  if (!complete.ok() && !absl::IsDataLoss(complete.status())) {
    return complete.status();
  }
  if (complete.ok() && !*complete) return absl::OkStatus();
  return handle_({decoder_.message(), complete.status(), decoder_.repeats()});
}

absl::Status InboundLink::TakeHeld() {
  while (pauses_ == 0 && !held_.empty()) {
    const Delivery first = std::move(held_.front());
    held_.pop_front();
    absl::Status taken = Decode(first.packet(), [] { return GrowingMemory(); });
    if (!taken.ok()) return taken;
  }
  return absl::OkStatus();
}

}  // namespace ringdist
