// Pings: net_adm:ping from our side. Each asks a peer's net_kernel whether it
// knows us, {'$gen_call', {Pid, Ref}, {is_auth, Node}}, and waits for
// {Ref, yes} at Pid. Internal to //runtime:node.

#ifndef RINGDIST_RUNTIME_PINGS_H_
#define RINGDIST_RUNTIME_PINGS_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/node_name.h"
#include "ringdist/proto/term_view.h"
#include "ringdist/runtime/channel.h"
#include "ringdist/runtime/reactor.h"

namespace ringdist {

class Pings {
 public:
  // The round trip, or why there was none.
  using Callback = absl::AnyInvocable<void(absl::StatusOr<absl::Duration>)>;

  // Who asks.
  struct OwnName {
    NodeName name;
    uint32_t creation = 0;
  };

  explicit Pings(Reactor& reactor);
  // What is open then is dropped.
  ~Pings();

  // Waits for the connection to `peer`: the question goes out with OnUp, or at
  // once over `channel` if that is up. `done` runs on a later turn.
  void Start(const OwnName& own, const NodeName& peer, Channel channel,
             absl::Duration timeout, Callback done);
  // Tells a failure that is known already, on a later turn.
  void Fail(const NodeName& peer, const absl::Status& reason, Callback done);

  // The connection to `peer` came up; it is gone, or cannot be had.
  void OnUp(const OwnName& own, const NodeName& peer, Channel& channel);
  void OnLost(const NodeName& peer, const absl::Status& reason);

  // Whether messages to that process of ours are for a ping.
  bool Awaits(const PidView& to) const { return pings_.contains(to.id); }
  // A message came for a process of ours: true if it was an answer.
  bool OnMessage(const PidView& to, const TermView& message);

 private:
  struct Ping;

  void Ask(Ping& ping, const OwnName& own, Channel& channel);
  void Finish(Ping& ping, absl::StatusOr<absl::Duration> outcome);
  void OnTimer(Ping& ping);

  Reactor& reactor_;
  uint32_t last_number_ = 0;
  absl::flat_hash_map<uint32_t, std::unique_ptr<Ping>> pings_;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_PINGS_H_
