// SimulatedCarrier: nodes that find each other in a SimulatedNetwork. A node's
// alive name is its address there.
//
//   auto engine = std::make_unique<SimulatedEngine>(network);
//   SimulatedEngine& process = *engine;
//   Reactor reactor(std::move(engine), ReactorOptions());
//   options.carrier = std::make_shared<SimulatedCarrier>(reactor, process);
//   options.entropy = [&] { return simulation.Random(); };
//
// It connects with the SocketDial of the real carriers. Creations come from the
// simulation; Fault::kPeerRefused makes CheckPeer refuse.

#ifndef RINGDIST_TESTS_SIMULATION_SIMULATED_CARRIER_H_
#define RINGDIST_TESTS_SIMULATION_SIMULATED_CARRIER_H_

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "ringdist/proto/node_name.h"
#include "ringdist/runtime/carrier.h"
#include "ringdist/runtime/reactor.h"
#include "ringdist/runtime/socket_options.h"
#include "ringdist/tests/simulation/simulated_engine.h"

namespace ringdist {

class SimulatedCarrier final : public Carrier {
 public:
  // `engine` is the reactor's.
  SimulatedCarrier(Reactor& reactor, SimulatedEngine& engine,
                   size_t backlog = 128)
      : reactor_(reactor), engine_(engine), backlog_(backlog) {}

  absl::StatusOr<std::unique_ptr<ListeningSocket>> Listen(
      const NodeName& name) override;
  std::unique_ptr<DialAttempt> Dial(const NodeName& peer, absl::Time deadline,
                                    DialCallback done) override;
  absl::Status CheckPeer(int fd) override;
  // Options are remembered and have no effect; one that was not set is 0.
  absl::Status Configure(int fd,
                         absl::Span<const SocketOption> options) override;
  absl::StatusOr<std::vector<SocketOption>> Configuration(
      int fd, absl::Span<const std::string> names) override;
  NetAddress AddressOf(const NodeName& peer) const override;
  NetAddress AddressWithoutListening() const override;

 private:
  Reactor& reactor_;
  SimulatedEngine& engine_;
  const size_t backlog_;
  std::map<std::pair<int, std::string>, int> options_;
};

}  // namespace ringdist

#endif  // RINGDIST_TESTS_SIMULATION_SIMULATED_CARRIER_H_
