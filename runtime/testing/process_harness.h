// ProcessHarness: tests the handlers of an embedder's processes without a
// second node, in one thread and without waiting for anything that is not due.
//
//   ProcessHarness harness;
//   const Pid adder = harness.node().Spawn(HandleAdd);
//   ASSERT_TRUE(harness.Send(adder, std::tuple(harness.pid(), 1, 2)).ok());
//   EXPECT_EQ(harness.Await(), MakeTerm(std::tuple(Atom("sum"), 3)));
//
// It has a reactor, a node that does not listen, and a probe: a process that
// keeps what it is sent, and in whose name the harness sends. The probe traps
// exits, so that it can be linked to what is tested. For tests only, and no
// part of the library: depend on //:node_testing.

#ifndef RINGDIST_RUNTIME_TESTING_PROCESS_HARNESS_H_
#define RINGDIST_RUNTIME_TESTING_PROCESS_HARNESS_H_

#include <deque>
#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term.h"
#include "ringdist/runtime/node.h"
#include "ringdist/runtime/node_options.h"
#include "ringdist/runtime/process.h"
#include "ringdist/runtime/reactor.h"

namespace ringdist {

class ProcessHarness {
 public:
  // A node test@localhost, unless the options name it otherwise. Ends the
  // program if there is no io_uring here, or an option is bad: the message says
  // what.
  explicit ProcessHarness(NodeOptions options = {});
  ProcessHarness(const ProcessHarness&) = delete;
  ProcessHarness& operator=(const ProcessHarness&) = delete;

  Reactor& reactor() { return *reactor_; }
  Node& node() { return *node_; }

  // The probe, to link and monitor with, and its pid.
  Process& probe() { return probe_; }
  const Pid& pid() const { return pid_; }
  // Sends in the probe's name, as Process::Send.
  template <typename Value>
  absl::Status Send(const Destination& to, const Value& message) {
    return probe_.Send(to, message);
  }

  // Takes the next message that the probe was sent: waits for it, until
  // `timeout`. Empty if there is none.
  Term Await(absl::Duration timeout = absl::Seconds(10));
  // What it was sent and Await did not take.
  const std::deque<Term>& received() const { return received_; }

  // Until everybody waits for something: for messages, or for a time to come.
  void RunUntilIdle();

 private:
  std::unique_ptr<Reactor> reactor_;
  std::deque<Term> received_;
  Pid pid_;
  Process probe_;
  std::unique_ptr<Node> node_;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_TESTING_PROCESS_HARNESS_H_
