#include "ringdist/bench/load/run_load.h"

#include <sys/prctl.h>

#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "ringdist/bench/load/clients.h"
#include "ringdist/bench/load/process_usage.h"
#include "ringdist/bench/load/server_process.h"
#include "ringdist/bench/load/transport.h"
#include "ringdist/bench/peers/peer_client.h"
#include "ringdist/bench/peers/peer_server.h"
#include "ringdist/bench/peers/target_module.h"
#include "ringdist/bench/peers/temporary_directory.h"

namespace ringdist {
namespace {

template <typename... Parts>
absl::Status Invalid(const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat(parts...));
}

// What blocks cannot look after anything else meanwhile.
absl::Status CheckPlain(const LoadSpec& spec) {
  if (spec.client != Peer::kPlain && spec.server != Peer::kPlain) {
    return absl::OkStatus();
  }
  if (spec.connections > 1) {
    return Invalid("--connections: plain blocks on one connection; write 1");
  }
  if (spec.arrival != Arrival::kClosed) {
    return Invalid("--rate: plain blocks, and cannot send when it is time");
  }
  const bool echoes = spec.workload == Workload::kEcho && spec.window > 1;
  if (echoes || spec.workload == Workload::kMixed) {
    return Invalid("--workload=", ToString(spec.workload),
                   ": plain blocks, so that both ends could wait for the other "
                   "to read; write echo with --window=1, stream or fanout");
  }
  return absl::OkStatus();
}

absl::Status CheckSupported(const LoadSpec& spec) {
  if (spec.server == Peer::kNull && spec.target.empty()) {
    const bool sends = spec.workload != Workload::kConnect &&
                       spec.workload != Workload::kIdle &&
                       spec.workload != Workload::kFanOut;
    if (sends) return absl::OkStatus();
    return absl::UnimplementedError(
        absl::StrCat("--serve=null: --workload=", ToString(spec.workload),
                     " sends nothing that it could take"));
  }
  if (spec.workload == Workload::kFanOut && spec.payload.size() > 1) {
    return Invalid("--payload: --workload=fanout has messages of one size");
  }
  return CheckPlain(spec);
}

bool IsBeam(Peer peer) { return peer == Peer::kBeam || peer == Peer::kBeamTcp; }

// What runs as long as a run does: one of them, or none.
struct Server {
  std::unique_ptr<ServerProcess> process;
  std::unique_ptr<PeerServer> beam;
  std::unique_ptr<TargetModule> module;  // In somebody else's node.
};

template <typename T>
absl::Status Take(absl::StatusOr<std::unique_ptr<T>> started,
                  std::unique_ptr<T>& to) {
  if (!started.ok()) return started.status();
  to = *std::move(started);
  return absl::OkStatus();
}

absl::Status StartServer(const LoadSpec& spec, Server& server) {
  if (!spec.target.empty()) {
    // A BEAM that is the client sees to it itself.
    if (IsBeam(spec.client)) return absl::OkStatus();
    return Take(TargetModule::Load(spec), server.module);
  }
  if (spec.server == Peer::kNull) return absl::OkStatus();
  if (spec.server == Peer::kBeamTcp) {
    return Invalid("--serve=beam_tcp: takes --client=beam_tcp only");
  }
  if (spec.server == Peer::kBeam) {
    return Take(PeerServer::Start(spec), server.beam);
  }
  return Take(ServerProcess::Start(spec), server.process);
}

}  // namespace

absl::StatusOr<Measurement> RunLoad(const LoadSpec& asked,
                                    const RunHooks& hooks) {
  const absl::Status supported = CheckSupported(asked);
  if (!supported.ok()) return supported;
  LoadSpec spec = asked;
  std::optional<TemporaryDirectory> directory;
  if (spec.directory.empty()) spec.directory = directory.emplace().path();
  if (IsBeam(spec.client) && IsBeam(spec.server) && spec.target.empty()) {
    return RunPeerClient(spec, hooks);
  }
  Server server;
  const absl::Status started = StartServer(spec, server);
  if (!started.ok()) return started;
  if (IsBeam(spec.client)) {
    if (spec.target.empty()) spec.target = kServerNode;
    return RunPeerClient(spec, hooks);
  }
  const PinnedThread pinned(spec.client_cpu);
  RaiseDescriptorLimit();
  // Waits for a message's time end then, and not 50 microseconds later.
  prctl(PR_SET_TIMERSLACK, 1UL);
  return RunClient(spec, hooks);
}

}  // namespace ringdist
