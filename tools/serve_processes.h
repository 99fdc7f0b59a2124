// ServeProcesses: the processes that `ringdist serve` registers, for Erlang's
// processes to try their messages on, and the functions that can be called.
//
//   echo   to {Pid, Term} it sends Term to Pid
//   sink   counts what it gets; to {Pid, count} it sends {count, Messages,
//          Bytes} and starts again
//
//   ringdist:echo(Term)    returns Term
//   ringdist:sum(Numbers)  returns the sum of a list, a float
//
//   ServeProcesses processes(reactor, *node);
//   ... tell it OnWritable and OnLost
//
// Neither loses an answer because too much waits to be sent: the process then
// pauses until the answer is out, what comes for it meanwhile waits in its
// mailbox, and when that is full the connections it comes from are not read.
//
// Everything on the reactor's thread.

#ifndef RINGDIST_TOOLS_SERVE_PROCESSES_H_
#define RINGDIST_TOOLS_SERVE_PROCESSES_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/node_name.h"
#include "ringdist/proto/term.h"
#include "ringdist/proto/term_view.h"
#include "ringdist/runtime/node.h"
#include "ringdist/runtime/process.h"
#include "ringdist/runtime/reactor.h"

namespace ringdist {

// The answers of one process. One that is refused is kept, and its process
// paused, until it is sent.
class PatientSender {
 public:
  // `node` outlives its last call.
  PatientSender(Reactor& reactor, Node& node);

  // From the process's handler.
  void Send(Process& self, const PidView& to, const TermView& answer);

  // Messages for this node would not be refused any more.
  void OnWritable(absl::string_view node);
  // What waited for this node is lost, as what was on its way to it is.
  void OnLost(absl::string_view node);

 private:
  void Retry();
  void GoOn();

  Node& node_;
  Task retry_;
  Process process_;  // Paused; or nothing.
  Pid to_;
  Term answer_;
};

class ServeProcesses {
 public:
  // `reactor` outlives it, and `node` its last call.
  ServeProcesses(Reactor& reactor, Node& node);

  // For NodeOptions::on_writable.
  void OnWritable(const NodeName& peer);
  // For NodeOptions::on_node_down and on_setup_failed.
  void OnLost(const NodeName& peer);

 private:
  void Echo(Process& self, const TermView& message);
  void Count(Process& self, const TermView& message);

  PatientSender echo_sender_;
  PatientSender sink_sender_;
  // What sink got since it was asked last. A term's bytes are those that
  // arrived, an atom that the connection's cache holds being a few of them.
  uint64_t messages_ = 0;
  uint64_t bytes_ = 0;
};

}  // namespace ringdist

#endif  // RINGDIST_TOOLS_SERVE_PROCESSES_H_
