#include "ringdist/bench/peers/peer_server.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ringdist/bench/load/transport.h"
#include "ringdist/bench/peers/beam_node.h"
#include "ringdist/bench/peers/load_module.h"

namespace ringdist {

absl::StatusOr<std::unique_ptr<PeerServer>> PeerServer::Start(
    const LoadSpec& spec) {
  BeamPlace place = {
      .name = kServerNode, .directory = spec.directory, .cpu = spec.server_cpu};
  std::unique_ptr<Epmd> epmd;
  if (spec.server == Peer::kBeamTcp) {
    absl::StatusOr<std::unique_ptr<Epmd>> started = Epmd::Start();
    if (!started.ok()) return started.status();
    epmd = *std::move(started);
    place.carrier = ErlangCarrier::kTcp;
    place.epmd_port = epmd->port();
  } else if (spec.server != Peer::kBeam) {
    return absl::InvalidArgumentError(
        absl::StrCat("--serve=", ToString(spec.server), ": is no Erlang node"));
  }
  absl::StatusOr<std::unique_ptr<ErlangNode>> node = StartBeam(spec, place);
  if (!node.ok()) return node.status();
  std::unique_ptr<PeerServer> server(
      new PeerServer(std::move(epmd), *std::move(node)));
  const auto call = [&](absl::string_view module, absl::string_view function,
                        const Term& arguments) {
    return CallIn(*server->node_, module, function, arguments);
  };
  const absl::StatusOr<bool> takes_load = StartLoadModule(call, spec);
  if (!takes_load.ok()) return takes_load.status();
  return server;
}

PeerServer::PeerServer(std::unique_ptr<Epmd> epmd,
                       std::unique_ptr<ErlangNode> node)
    : epmd_(std::move(epmd)), node_(std::move(node)) {}

PeerServer::~PeerServer() { EndBeam(*node_); }

}  // namespace ringdist
