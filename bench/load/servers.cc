#include "ringdist/bench/load/servers.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "ringdist/bench/load/load_server.h"
#include "ringdist/bench/load/node_server_transport.h"
#include "ringdist/bench/load/packet_transport.h"
#include "ringdist/bench/load/socket_transport.h"
#include "ringdist/bench/load/uring_transport.h"
#include "ringdist/bench/peers/ei_server_transport.h"
#include "ringdist/tools/stop_signals.h"

namespace ringdist {
namespace {

template <template <typename, typename> class TransportOf>
absl::Status Run(const LoadSpec& spec, const std::function<void()>& on_ready) {
  LoadServer<TransportOf> server(spec, spec.server);
  absl::Status status = server.transport().Listen();
  if (status.ok()) on_ready();
  while (status.ok()) {
    status = server.transport().Turn(absl::InfiniteDuration());
  }
  return status;
}

}  // namespace

absl::Status Serve(const LoadSpec& spec,
                   const std::function<void()>& on_ready) {
  switch (spec.server) {
    case Peer::kRingdist:
      return spec.level == Level::kNode
                 ? Run<NodeServerTransport>(spec, on_ready)
                 : Run<PacketTransport>(spec, on_ready);
    case Peer::kEpoll:
    case Peer::kPlain:
    case Peer::kSpin:
      return Run<SocketTransport>(spec, on_ready);
    case Peer::kUring:
      return Run<UringTransport>(spec, on_ready);
    case Peer::kEi:
      return Run<EiServerTransport>(spec, on_ready);
    case Peer::kBeam:
    case Peer::kBeamTcp:
    case Peer::kNull:
      break;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("no server of C++ is called ", ToString(spec.server)));
}

absl::Status ServeUntilStopped(const LoadSpec& spec, const std::string& name,
                               const std::function<void()>& on_ready) {
  LoadServer<NodeServerTransport> server(spec, Peer::kRingdist);
  absl::Status status = server.transport().Listen(name);
  if (!status.ok()) return status;
  Reactor& reactor = server.transport().reactor();
  bool stopped = false;
  const StopSignals signals(
      [&](int) { reactor.Post([&] { stopped = true; }); });
  on_ready();
  while (status.ok() && !stopped) {
    status = server.transport().Turn(absl::InfiniteDuration());
  }
  return status;
}

}  // namespace ringdist
