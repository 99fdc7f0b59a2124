#include "ringdist/tests/simulation/simulated_carrier.h"

#include <sys/un.h>

#include <cstdint>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "ringdist/proto/creation.h"
#include "ringdist/runtime/dial.h"
#include "ringdist/tests/simulation/simulated_network.h"

namespace ringdist {
namespace {

class SimulatedListeningSocket final : public ListeningSocket {
 public:
  SimulatedListeningSocket(IoEngine& engine, int fd, NetAddress address,
                           uint32_t creation)
      : engine_(engine),
        fd_(fd),
        address_(std::move(address)),
        creation_(creation) {}
  ~SimulatedListeningSocket() override { engine_.Close(fd_); }

  int fd() const override { return fd_; }
  const NetAddress& address() const override { return address_; }
  uint32_t creation() const override { return creation_; }

 private:
  IoEngine& engine_;
  const int fd_;
  const NetAddress address_;
  const uint32_t creation_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ListeningSocket>> SimulatedCarrier::Listen(
    const NodeName& name) {
  SimulatedNetwork& network = engine_.network();
  const absl::StatusOr<int> fd =
      network.Listen(engine_.process(), name.alive(), backlog_);
  if (!fd.ok()) return fd.status();
  return std::make_unique<SimulatedListeningSocket>(
      engine_, *fd, AddressOf(name),
      BigCreation(network.simulation().Random()));
}

std::unique_ptr<DialAttempt> SimulatedCarrier::Dial(const NodeName& peer,
                                                    absl::Time deadline,
                                                    DialCallback done) {
  if (peer.alive().size() >= sizeof(sockaddr_un::sun_path)) {
    return std::make_unique<SocketDial>(
        reactor_,
        absl::InvalidArgumentError(absl::StrCat(
            "connect ", peer.alive(), ": the name is too long for an address")),
        std::move(done));
  }
  const sockaddr_un address = SimulatedAddress(peer.alive());
  DialTarget target;
  std::memcpy(&target.address, &address, sizeof(address));
  target.address_size = sizeof(address);
  target.text = std::string(peer.alive());
  return std::make_unique<SocketDial>(
      reactor_, engine_.network().OpenSocket(engine_.process()),
      std::move(target), deadline, std::move(done));
}

absl::Status SimulatedCarrier::CheckPeer(int) {
  if (!engine_.network().simulation().Happens(Fault::kPeerRefused)) {
    return absl::OkStatus();
  }
  return absl::PermissionDeniedError(
      "the peer's process belongs to another user");
}

absl::Status SimulatedCarrier::Configure(
    int fd, absl::Span<const SocketOption> options) {
  absl::Status valid = ValidateSocketOptions(options);
  if (!valid.ok()) return valid;
  for (const SocketOption& option : options) {
    options_[{fd, option.name}] = option.value;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<SocketOption>> SimulatedCarrier::Configuration(
    int fd, absl::Span<const std::string> names) {
  std::vector<SocketOption> options;
  for (const std::string& name : names) {
    const auto found = options_.find({fd, name});
    options.push_back({name, found == options_.end() ? 0 : found->second});
  }
  absl::Status valid = ValidateSocketOptions(options);
  if (!valid.ok()) return valid;
  return options;
}

NetAddress SimulatedCarrier::AddressOf(const NodeName& peer) const {
  NetAddress address = AddressWithoutListening();
  address.address = std::string(peer.alive());
  return address;
}

NetAddress SimulatedCarrier::AddressWithoutListening() const {
  return {"", "localhost", "local", "stream"};
}

}  // namespace ringdist
