// KeptConnection: a peer that `ringdist serve --connect` and `ringdist watch`
// stay connected with. It dials at the start, and again after a while when that
// failed or the connection was lost, until it is destroyed.
//
//   KeptConnection peer(reactor, *node, *NodeName::Parse("srv@localhost"),
//                       [&](absl::Duration wait, const absl::Status& refused)
//                       {...});
//   peer.Dial();
//   ... tell it OnUp and OnLost
//
// Everything on the reactor's thread.

#ifndef RINGDIST_TOOLS_KEPT_CONNECTION_H_
#define RINGDIST_TOOLS_KEPT_CONNECTION_H_

#include <functional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "ringdist/proto/node_name.h"
#include "ringdist/runtime/node.h"
#include "ringdist/runtime/reactor.h"
#include "ringdist/tools/backoff.h"

namespace ringdist {

class KeptConnection {
 public:
  // Told how long it waits before it dials again, and, if it could not even
  // begin to, why; otherwise that is OK. Runs in OnLost and Dial.
  using OnWait =
      std::function<void(absl::Duration wait, const absl::Status& refused)>;

  // `reactor` outlives it, and `node` its last call.
  KeptConnection(Reactor& reactor, Node& node, NodeName peer, OnWait on_wait);

  const NodeName& peer() const { return peer_; }

  // Begins to connect. What comes of it are OnUp or OnLost.
  void Dial();

  // The connection is up, whoever began it.
  void OnUp();
  // It could not be set up, or is down: dials again, later.
  void OnLost() { Wait(absl::OkStatus()); }

 private:
  void Wait(const absl::Status& refused);

  Node& node_;
  const NodeName peer_;
  const OnWait on_wait_;
  Reactor& reactor_;
  Backoff backoff_;
  Timer timer_;  // Runs until it is time to dial again.
};

}  // namespace ringdist

#endif  // RINGDIST_TOOLS_KEPT_CONNECTION_H_
