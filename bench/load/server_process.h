// ServerProcess: a C++ server of a load, in a process and on a processor of its
// own, for as long as this lives.
//
//   absl::StatusOr<std::unique_ptr<ServerProcess>> server =
//       ServerProcess::Start(spec);    // it takes connections now

#ifndef RINGDIST_BENCH_LOAD_SERVER_PROCESS_H_
#define RINGDIST_BENCH_LOAD_SERVER_PROCESS_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "ringdist/bench/load/load_spec.h"
#include "ringdist/bench/peer_process.h"

namespace ringdist {

class ServerProcess {
 public:
  // Starts spec.server in spec.directory, and waits until it listens. Errors
  // are why it does not. Before anything that does not survive a fork.
  static absl::StatusOr<std::unique_ptr<ServerProcess>> Start(
      const LoadSpec& spec);
  // Kills it, and removes its socket.
  ~ServerProcess();

 private:
  ServerProcess(std::unique_ptr<PeerProcess> process, std::string directory)
      : process_(std::move(process)), directory_(std::move(directory)) {}

  std::unique_ptr<PeerProcess> process_;
  const std::string directory_;
};

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_SERVER_PROCESS_H_
