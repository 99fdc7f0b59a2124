// Pings: net_adm:ping from our side. Each asks a peer's net_kernel whether it
// knows us, {'$gen_call', {Pid, Ref}, {is_auth, Node}}, and waits for
// {Ref, yes} at Pid, a process of its own. Internal to //runtime:node.

#ifndef RINGDIST_RUNTIME_PINGS_H_
#define RINGDIST_RUNTIME_PINGS_H_

#include <cstdint>
#include <memory>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "ringdist/proto/node_name.h"
#include "ringdist/proto/term_view.h"
#include "ringdist/runtime/process.h"
#include "ringdist/runtime/process_table.h"
#include "ringdist/runtime/reactor.h"

namespace ringdist {

class Pings {
 public:
  // The round trip, or why there was none.
  using Callback = absl::AnyInvocable<void(absl::StatusOr<absl::Duration>)>;

  // Both outlive it.
  Pings(Reactor& reactor, ProcessTable& processes);
  // What is open then is dropped.
  ~Pings();

  // Waits for the connection to `peer`: the question goes out with OnUp, or at
  // once if it `is_up`. `done` runs on a later turn.
  void Start(const NodeName& peer, bool is_up, absl::Duration timeout,
             Callback done);
  // Tells a failure that is known already, on a later turn.
  void Fail(const NodeName& peer, const absl::Status& reason, Callback done);

  // The connection to `peer` came up; it is gone, or cannot be had.
  void OnUp(const NodeName& peer);
  void OnLost(const NodeName& peer, const absl::Status& reason);

 private:
  struct Ping;

  void Ask(Ping& ping);
  void OnAnswer(uint64_t number, const TermView& answer);
  void Finish(Ping& ping, absl::StatusOr<absl::Duration> outcome);
  void OnTimer(Ping& ping);

  Reactor& reactor_;
  ProcessTable& processes_;
  uint64_t last_number_ = 0;
  absl::flat_hash_map<uint64_t, std::unique_ptr<Ping>> pings_;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_PINGS_H_
