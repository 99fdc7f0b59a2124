// SignalRouter: the way of signals from this node's processes to the nodes of
// their receivers, this one included. Internal to //runtime:node.

#ifndef RINGDIST_RUNTIME_SIGNAL_ROUTER_H_
#define RINGDIST_RUNTIME_SIGNAL_ROUTER_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/control_message.h"
#include "ringdist/runtime/process_options.h"

namespace ringdist {

class SignalRouter {
 public:
  // A message, which may be refused unless it is `owed`; `signal` is without
  // its payload.
  virtual absl::Status RouteMessage(absl::string_view node,
                                    const ControlMessage& signal,
                                    MessageWriter payload, bool owed) = 0;
  // As the last RouteMessage to that receiver from the process with this key,
  // if it is known that this differs from it in nothing but its payload, and
  // can be sent at once; faster. False: nothing was done, call RouteMessage.
  virtual bool RouteAgain(uint64_t from_key, const Destination& to,
                          MessageWriter payload) = 0;
  // A signal that a process owes, which is never refused. If the node is not
  // connected it is dropped, or with `connect` waits for it to be; if that
  // fails OnNodeLost tells.
  virtual void RouteSignal(absl::string_view node, const ControlMessage& signal,
                           bool connect) = 0;
  // What waits for a process is more than it may be: nothing is read from the
  // node while what this returns lives.
  virtual std::shared_ptr<void> PausePeer(absl::string_view node) = 0;

 protected:
  ~SignalRouter() = default;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_SIGNAL_ROUTER_H_
