// InboundLink: what arrives from one peer, as signals, one at a time, unless it
// is paused. Internal to //runtime:node.
//
// While it is paused, packets wait as deliveries, which hold their credit: ten
// of them, and the connection stops receiving. Nothing is lost or reordered.

#ifndef RINGDIST_RUNTIME_INBOUND_LINK_H_
#define RINGDIST_RUNTIME_INBOUND_LINK_H_

#include <cstdint>
#include <deque>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/control_message.h"
#include "ringdist/proto/distribution_decoder.h"
#include "ringdist/runtime/channel.h"

namespace ringdist {

class InboundLink {
 public:
  // Told of each signal, and what is wrong with its payload, if anything: that
  // matters only to who would receive it. An error ends the connection.
  using SignalHandler = absl::FunctionRef<absl::Status(
      const ControlMessage& signal, const absl::Status& payload)>;

  InboundLink(uint64_t negotiated, DistributionLimits limits)
      : decoder_(negotiated, limits) {}

  // A packet that the channel delivers.
  absl::Status Take(Channel& channel, absl::string_view packet,
                    SignalHandler handle) {
    if (pauses_ == 0 && held_.empty()) return Decode(packet, handle);
    held_.push_back(channel.TakeDelivery());
    return absl::OkStatus();
  }
  // What was held, until it is paused again.
  absl::Status TakeHeld(SignalHandler handle);

  // Counted: it goes on after as many resumes.
  void Pause() { ++pauses_; }
  void Resume() { --pauses_; }

  AtomCacheStatistics atom_cache() const { return decoder_.statistics(); }

 private:
  absl::Status Decode(absl::string_view packet, SignalHandler handle);

  DistributionDecoder decoder_;
  int pauses_ = 0;
  std::deque<Delivery> held_;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_INBOUND_LINK_H_
