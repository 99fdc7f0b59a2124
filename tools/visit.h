// What the commands that visit a node have in common: ping, send, call, info.
//
//   class Pinger {
//    public:
//     Pinger(Reactor& reactor, const PingFlags& flags);  // Both outlive it.
//     absl::Status Start();           // It ends by Reactor::Stop.
//     absl::Status status() const;    // Then: OK, or why it failed.
//     ExitStatus exit_status() const; // If that is OK.
//   };
//   int RunPing(const PingFlags& flags) { return RunVisit<Pinger>(flags); }

#ifndef RINGDIST_TOOLS_VISIT_H_
#define RINGDIST_TOOLS_VISIT_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ringdist/runtime/node.h"
#include "ringdist/runtime/reactor.h"
#include "ringdist/tools/ringdist_flags.h"
#include "ringdist/tools/ringdist_output.h"

namespace ringdist {

// The node that the flags describe, with the callbacks of `options`; it does
// not listen. Errors: there is no cookie, or those of Node::Create.
absl::StatusOr<std::unique_ptr<Node>> CreateVisitor(Reactor& reactor,
                                                    const NodeFlags& flags,
                                                    NodeOptions options);

// Runs a command to its end; an ExitStatus. Once per process.
template <typename Command, typename Flags>
int RunVisit(const Flags& flags) {
  IgnoreSigpipe();
  absl::StatusOr<std::unique_ptr<Reactor>> reactor = Reactor::Create();
  if (!reactor.ok()) return Fail(reactor.status());
  Command command(**reactor, flags);
  absl::Status status = command.Start();
  if (status.ok()) status = (*reactor)->Run();
  if (status.ok()) status = command.status();
  return status.ok() ? command.exit_status() : Fail(status);
}

}  // namespace ringdist

#endif  // RINGDIST_TOOLS_VISIT_H_
