#include "ringdist/runtime/inbound_link.h"

#include <utility>

#include "absl/status/statusor.h"

namespace ringdist {

absl::Status InboundLink::Decode(absl::string_view packet,
                                 SignalHandler handle) {
  ControlMessage signal;
  const absl::StatusOr<bool> complete = decoder_.Decode(packet, signal);
  if (absl::IsDataLoss(complete.status())) {
    return handle(signal, complete.status());
  }
  if (!complete.ok()) return complete.status();
  return *complete ? handle(signal, absl::OkStatus()) : absl::OkStatus();
}

absl::Status InboundLink::TakeHeld(SignalHandler handle) {
  while (pauses_ == 0 && !held_.empty()) {
    const Delivery first = std::move(held_.front());
    held_.pop_front();
    absl::Status taken = Decode(first.packet(), handle);
    if (!taken.ok()) return taken;
  }
  return absl::OkStatus();
}

}  // namespace ringdist
