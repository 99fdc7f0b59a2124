// Epmd: Erlang's port mapper, for nodes over TCP that belong together. It
// listens on the loopback interface, on a port that nobody else uses.
//
//   absl::StatusOr<std::unique_ptr<Epmd>> epmd = Epmd::Start();
//   ErlangNode::Start({.carrier = ErlangCarrier::kTcp,
//                      .epmd_port = (*epmd)->port()});
//
// It ends when it is destroyed, and with our process.

#ifndef RINGDIST_BENCH_PEERS_EPMD_H_
#define RINGDIST_BENCH_PEERS_EPMD_H_

#include <sys/types.h>

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ringdist/bench/peers/child_process.h"

namespace ringdist {

class Epmd {
 public:
  // Returns when it listens. FailedPrecondition if it is not installed.
  static absl::StatusOr<std::unique_ptr<Epmd>> Start();

  int port() const { return port_; }
  pid_t pid() const { return process_->pid(); }

 private:
  Epmd(int port, std::unique_ptr<ChildProcess> process)
      : port_(port), process_(std::move(process)) {}

  absl::Status WaitUntilItListens();

  const int port_;
  const std::unique_ptr<ChildProcess> process_;
};

}  // namespace ringdist

#endif  // RINGDIST_BENCH_PEERS_EPMD_H_
