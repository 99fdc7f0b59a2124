// DistributionHandler: what the embedder of a Distribution is told.

#ifndef RINGDIST_RUNTIME_DISTRIBUTION_HANDLER_H_
#define RINGDIST_RUNTIME_DISTRIBUTION_HANDLER_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/node_name.h"
#include "ringdist/runtime/channel.h"

namespace ringdist {

// All of it on the reactor's thread. Per connection: OnUp, any number of
// OnPacket and OnWritable, OnDown. In a callback everything may be called but
// what turns the reactor or destroys the Distribution.
class DistributionHandler {
 public:
  virtual ~DistributionHandler() = default;

  virtual void OnUp(Channel& channel, const PeerInfo& peer) = 0;
  // `packet` is valid until this returns; see Channel::TakeDelivery.
  virtual void OnPacket(Channel& channel, absl::string_view packet) = 0;
  // The send queue, which had refused a packet, has room for kWritableRoom
  // again, or half its limit, if that is less. Soon: whoever fills it does so
  // in one go, and while that takes a receiver lives on what its socket holds.
  static constexpr size_t kWritableRoom = size_t{128} * 1024;
  virtual void OnWritable(Channel& channel) { static_cast<void>(channel); }
  // The reason's text begins with OTP's word for it, where there is one:
  // connection_closed, net_tick_timeout, disconnect.
  virtual void OnDown(Channel& channel, const PeerInfo& peer,
                      const absl::Status& reason) = 0;

  // A Setup came to nothing; why.
  virtual void OnSetupFailed(const NodeName& peer, const absl::Status& reason) {
    static_cast<void>(peer);
    static_cast<void>(reason);
  }
  // A node without a name got one, by the first node it connected to.
  virtual void OnNamed(const NodeName& name, uint32_t creation) {
    static_cast<void>(name);
    static_cast<void>(creation);
  }
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_DISTRIBUTION_HANDLER_H_
