// InboundLink: what arrives from one peer, as signals, one at a time, unless it
// is paused. Internal to //runtime:node.
//
// While it is paused, packets wait as deliveries, which hold their credit: ten
// of them, and the connection stops receiving. Nothing is lost or reordered.

#ifndef RINGDIST_RUNTIME_INBOUND_LINK_H_
#define RINGDIST_RUNTIME_INBOUND_LINK_H_

#include <cstdint>
#include <deque>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/control_message.h"
#include "ringdist/proto/distribution_decoder.h"
#include "ringdist/runtime/channel.h"

namespace ringdist {

class InboundLink {
 public:
  struct Arrival {
    const ControlMessage& signal;
    // What is wrong with the payload, if anything: that matters only to who
    // would receive it.
    const absl::Status& payload;
    // The signal differs from the one before in nothing but its payload.
    bool repeats = false;
  };
  // Told of each signal. An error ends the connection.
  using SignalHandler =
      absl::AnyInvocable<absl::Status(const Arrival& arrival)>;

  InboundLink(uint64_t negotiated, DistributionLimits limits,
              SignalHandler handle)
      : decoder_(negotiated, limits), handle_(std::move(handle)) {}

  // A packet that the channel delivers.
  absl::Status Take(Channel& channel, absl::string_view packet) {
    if (pauses_ == 0 && held_.empty()) {
      return Decode(packet, [&channel] { return channel.TakeMemory(); });
    }
    held_.push_back(channel.TakeDelivery());
    return absl::OkStatus();
  }
  // The same, if its signal differs in nothing but its payload from the last
  // one, and that is as it should be: then it is signal(), and nobody is told;
  // faster. False: nothing was done, call Take.
  bool TakeAgain(absl::string_view packet) {
    return pauses_ == 0 && held_.empty() && decoder_.DecodeAgain(packet);
  }
  const ControlMessage& signal() const { return decoder_.message(); }
  const TermView& payload() const { return decoder_.payload_again(); }
  // What was held, until it is paused again.
  absl::Status TakeHeld();

  // Counted: it goes on after as many resumes.
  void Pause() { ++pauses_; }
  void Resume() { --pauses_; }

  AtomCacheStatistics atom_cache() const { return decoder_.statistics(); }

 private:
  absl::Status Decode(absl::string_view packet, TakeMemory take_memory);

  DistributionDecoder decoder_;
  SignalHandler handle_;
  int pauses_ = 0;
  std::deque<Delivery> held_;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_INBOUND_LINK_H_
