// PeerServer: a real Erlang node that takes a load, kBeam or kBeamTcp. It is a
// process of its own, kServerNode as our own servers are.
//
//   absl::StatusOr<std::unique_ptr<PeerServer>> server =
//       PeerServer::Start(spec);
//   ... load it: (*server)->node() listens in (*server)->directory() ...
//
// It ends when it is destroyed, and so does the epmd of a node over TCP.

#ifndef RINGDIST_BENCH_PEERS_PEER_SERVER_H_
#define RINGDIST_BENCH_PEERS_PEER_SERVER_H_

#include <sys/types.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "ringdist/bench/load/load_spec.h"
#include "ringdist/bench/peers/epmd.h"
#include "ringdist/bench/peers/erlang_node.h"

namespace ringdist {

class PeerServer {
 public:
  // Starts what spec.server names, in spec.directory if there is one, and
  // returns when it takes the load. FailedPrecondition if Erlang is not
  // installed, or if the name is in use in that directory.
  static absl::StatusOr<std::unique_ptr<PeerServer>> Start(
      const LoadSpec& spec);
  ~PeerServer();

  const std::string& node() const { return node_->name(); }
  const std::string& directory() const { return node_->directory(); }
  pid_t pid() const { return node_->pid(); }
  // Null unless it is a node over TCP.
  const Epmd* epmd() const { return epmd_.get(); }

 private:
  PeerServer(std::unique_ptr<Epmd> epmd, std::unique_ptr<ErlangNode> node);

  const std::unique_ptr<Epmd> epmd_;
  const std::unique_ptr<ErlangNode> node_;
};

}  // namespace ringdist

#endif  // RINGDIST_BENCH_PEERS_PEER_SERVER_H_
