#include "ringdist/bench/load/clients.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "ringdist/bench/load/load_client.h"
#include "ringdist/bench/load/node_client_transport.h"
#include "ringdist/bench/load/null_transport.h"
#include "ringdist/bench/load/packet_transport.h"
#include "ringdist/bench/load/socket_transport.h"
#include "ringdist/bench/load/uring_transport.h"
#include "ringdist/bench/peers/ei_client_transport.h"

namespace ringdist {
namespace {

template <template <typename, typename> class TransportOf>
absl::StatusOr<Measurement> Run(const LoadSpec& spec, const RunHooks& hooks) {
  return LoadClient<TransportOf>(spec, spec.client, hooks).Run();
}

}  // namespace

absl::StatusOr<Measurement> RunClient(const LoadSpec& spec,
                                      const RunHooks& hooks) {
  if (spec.server == Peer::kNull && spec.target.empty()) {
    return Run<NullTransport>(spec, hooks);
  }
  switch (spec.client) {
    case Peer::kRingdist:
      return spec.level == Level::kNode ? Run<NodeClientTransport>(spec, hooks)
                                        : Run<PacketTransport>(spec, hooks);
    case Peer::kEpoll:
    case Peer::kPlain:
    case Peer::kSpin:
      return Run<SocketTransport>(spec, hooks);
    case Peer::kUring:
      return Run<UringTransport>(spec, hooks);
    case Peer::kEi:
      return Run<EiClientTransport>(spec, hooks);
    case Peer::kBeam:
    case Peer::kBeamTcp:
    case Peer::kNull:
      break;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("no client of C++ is called ", ToString(spec.client)));
}

}  // namespace ringdist
