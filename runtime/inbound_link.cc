#include "ringdist/runtime/inbound_link.h"

#include <utility>

#include "absl/status/statusor.h"

namespace ringdist {

absl::Status InboundLink::Decode(absl::string_view packet) {
  ControlMessage signal;
  const absl::StatusOr<bool> complete = decoder_.Decode(packet, signal);
  if (absl::IsDataLoss(complete.status())) {
    return handle_(signal, complete.status());
  }
  if (!complete.ok()) return complete.status();
  return *complete ? handle_(signal, absl::OkStatus()) : absl::OkStatus();
}

absl::Status InboundLink::TakeHeld() {
  while (pauses_ == 0 && !held_.empty()) {
    const Delivery first = std::move(held_.front());
    held_.pop_front();
    absl::Status taken = Decode(first.packet());
    if (!taken.ok()) return taken;
  }
  return absl::OkStatus();
}

}  // namespace ringdist
