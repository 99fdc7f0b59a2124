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
// wait for itself, a call fails with FailedPrecondition. Calls that are waiting
// when the node or the reactor is destroyed end as Cancelled; none may begin
// any more then.

#ifndef RINGDIST_RUNTIME_BLOCKING_CALLS_H_
#define RINGDIST_RUNTIME_BLOCKING_CALLS_H_

#include <string>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "ringdist/proto/bytes.h"
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
  BlockingCalls(Reactor& reactor, Node& node)
      : reactor_(reactor), node_(node) {}

  // As Node::Call and Node::CallServer.
  template <typename Arguments>
  CallResult Call(absl::string_view node, absl::string_view module,
                  absl::string_view function, const Arguments& arguments,
                  absl::Duration timeout) {
    StringWriter bytes;
    TermWriter writer(bytes);
    WriteArguments(writer, arguments);
    return Wait([this, node = std::string(node), module = std::string(module),
                 function = std::string(function),
                 list = Term::Trusted(std::string(bytes.view())),
                 timeout](CallCallback done) {
      node_.Call(node, module, function, list, timeout, std::move(done));
    });
  }
  template <typename Request>
  CallResult CallServer(const NameAt& server, const Request& request,
                        absl::Duration timeout) {
    return Wait([this, name = std::string(server.name),
                 node = std::string(server.node), term = MakeTerm(request),
                 timeout](CallCallback done) {
      node_.CallServer(NameAt{name, node}, term, timeout, std::move(done));
    });
  }

 private:
  // Runs `start` on the reactor's thread, and waits for what it is given to be
  // called, or dropped.
  CallResult Wait(absl::AnyInvocable<void(CallCallback done)> start);

  Reactor& reactor_;
  Node& node_;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_BLOCKING_CALLS_H_
