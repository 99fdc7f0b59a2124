// BlockingCalls: calls from other threads than the reactor's, which wait for
// the result.
//
//   BlockingCalls calls(*reactor, *node);          // the reactor is running
//   std::thread([&] {
//     const CallResult result = calls.Call("srv@localhost", "erlang", "+",
//                                          std::tuple(1, 2), absl::Seconds(5));
//   });
//
// From any number of threads at once. On the reactor's own thread, which would
// wait for itself, a call fails with FailedPrecondition. When the node or the
// reactor is destroyed, calls that are waiting end as Cancelled. So do those
// that begin later, as long as there is a reactor.

#ifndef RINGDIST_RUNTIME_BLOCKING_CALLS_H_
#define RINGDIST_RUNTIME_BLOCKING_CALLS_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/proto/term_writer.h"
#include "ringdist/runtime/call_result.h"
#include "ringdist/runtime/calls.h"
#include "ringdist/runtime/node.h"
#include "ringdist/runtime/reactor.h"

namespace ringdist {

class BlockingCalls {
 public:
  // On the reactor's thread, or before it has one. `node` turns `reactor`.
  BlockingCalls(Reactor& reactor, Node& node)
      : reactor_(reactor), node_(node), lifetime_(node.lifetime()) {}

  // As Node::Call and Node::CallServer. The timeout is the reactor's business:
  // while that does not run, nothing ends.
  template <typename Arguments>
  CallResult Call(absl::string_view node, absl::string_view module,
                  absl::string_view function, const Arguments& arguments,
                  absl::Duration timeout) {
    StringWriter bytes;
    TermWriter writer(bytes);
    WriteArguments(writer, arguments);
    return Wait([peer = std::string(node), module = std::string(module),
                 function = std::string(function),
                 list = Term::Trusted(std::string(bytes.view())),
                 timeout](Node& own, CallCallback done) {
      own.Call(peer, module, function, list, timeout, std::move(done));
    });
  }
  template <typename Request>
  CallResult CallServer(const NameAt& server, const Request& request,
                        absl::Duration timeout) {
    return Wait([name = std::string(server.name),
                 peer = std::string(server.node), term = MakeTerm(request),
                 timeout](Node& own, CallCallback done) {
      own.CallServer(NameAt{name, peer}, term, timeout, std::move(done));
    });
  }
  template <typename Request>
  CallResult CallServer(const PidView& server, const Request& request,
                        absl::Duration timeout) {
    return Wait([pid = Pid(server), term = MakeTerm(request), timeout](
                    Node& own, CallCallback done) {
      own.CallServer(PidView(pid), term, timeout, std::move(done));
    });
  }

 private:
  // Runs `start` on the reactor's thread, and waits for what it is given to be
  // called, or dropped.
  CallResult Wait(absl::AnyInvocable<void(Node& own, CallCallback done)> start);

  Reactor& reactor_;
  Node& node_;
  const std::weak_ptr<const void> lifetime_;  // Of the node.
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_BLOCKING_CALLS_H_
