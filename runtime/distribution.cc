#include "ringdist/runtime/distribution.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ringdist/proto/check.h"
#include "ringdist/proto/creation.h"
#include "ringdist/proto/dynamic_name.h"
#include "ringdist/runtime/erl_uds_carrier.h"

namespace ringdist {
namespace {

void Add(const ChannelStatistics& from, ChannelStatistics& to) {
  to.packets_in += from.packets_in;
  to.packets_out += from.packets_out;
  to.bytes_in += from.bytes_in;
  to.bytes_out += from.bytes_out;
  to.pending_bytes += from.pending_bytes;
}

}  // namespace

// Set-up.

absl::StatusOr<std::unique_ptr<Distribution>> Distribution::Create(
    Reactor& reactor, DistributionOptions options,
    DistributionHandler& handler) {
  absl::Status valid = options.Validate();
  if (!valid.ok()) return valid;
  if (options.entropy == nullptr) options.entropy = SystemEntropy;
  if (options.carrier == nullptr) {
    ErlUdsOptions uds;
    uds.directory = options.directory;
    uds.socket_mode = options.socket_mode;
    uds.protocol_version = options.protocol_version;
    uds.allow_other_users = options.allow_other_users;
    absl::StatusOr<std::unique_ptr<ErlUdsCarrier>> carrier =
        ErlUdsCarrier::Create(reactor, uds, options.entropy);
    if (!carrier.ok()) return carrier.status();
    options.carrier = *std::move(carrier);
  }
  return std::unique_ptr<Distribution>(
      new Distribution(reactor, std::move(options), handler));
}

Distribution::Distribution(Reactor& reactor, DistributionOptions options,
                           DistributionHandler& handler)
    : reactor_(reactor),
      options_(std::move(options)),
      handler_(handler),
      table_(NodeName()),
      shared_({.reactor = reactor,
               .carrier = *options_.carrier,
               .options = options_,
               .entropy = options_.entropy,
               .handler = handler,
               .owner = *this}),
      end_(reactor, ReactorCallback::To<&Distribution::ContinueClosing>(this)) {
  if (options_.HasDynamicName()) {
    local_.host = options_.DynamicNameHost();
  } else {
    local_.name = *NodeName::Parse(options_.name);
  }
  table_.SetOwnName(local_.name);
  const uint64_t entropy = options_.entropy();
  local_.creation = options_.protocol_version == 6
                        ? BigCreation(entropy)
                        : RandomSmallCreation(entropy);
  local_.flags = options_.flags;
  local_.mandatory_flags = options_.mandatory_flags;
  local_.cookie = options_.cookie;
  local_.protocol_version = options_.protocol_version;
  for (const std::string& allowed : options_.allowed) {
    local_.allowed.push_back(*NodeName::Parse(allowed));
  }
}

absl::Status Distribution::Listen() {
  // Nor later: its peers know it by the creation that it was given.
  if (options_.HasDynamicName()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "listen: ", options_.name,
        " is named by the first node it connects to; give it a name of its "
        "own to listen under"));
  }
  if (phase_ != Phase::kOpen || listener_ != nullptr) {
    return absl::FailedPreconditionError(absl::StrCat(
        "listen: ", local_.name.full(),
        phase_ == Phase::kOpen ? " listens already" : " is closing"));
  }
  absl::StatusOr<std::unique_ptr<ListeningSocket>> socket =
      options_.carrier->Listen(local_.name);
  if (!socket.ok()) return socket.status();
  absl::Status configured =
      options_.carrier->Configure((*socket)->fd(), shared_.socket_options);
  if (!configured.ok()) return configured;
  // In version 6 any random one is as good as another, and pids may have been
  // made with this node's.
  if (options_.protocol_version != 6) {
    local_.creation = (*socket)->creation();
  }
  listener_ = std::make_unique<Listener>(
      reactor_, *std::move(socket), [this](int fd) { OnAccepted(fd); },
      options_.log);
  return absl::OkStatus();
}

// Connections.

Controller& Distribution::AddController() {
  const uint64_t id = ++last_id_;
  std::unique_ptr<Controller>& controller = controllers_[id];
  controller = std::make_unique<Controller>(shared_, id);
  return *controller;
}

Controller* Distribution::FindController(uint64_t id) const {
  const auto found = controllers_.find(id);
  return found == controllers_.end() ? nullptr : found->second.get();
}

absl::Status Distribution::Setup(const NodeName& peer) {
  if (phase_ != Phase::kOpen) {
    return absl::FailedPreconditionError("the node is closing");
  }
  if (peer.empty() || peer == local_.name) {
    return absl::InvalidArgumentError(
        absl::StrCat("connect to \"", peer.full(), "\": that is this node"));
  }
  if (up_.contains(peer)) {
    return absl::AlreadyExistsError(absl::StrCat(peer.full(), " is connected"));
  }
  if (local_.name.empty() && !awaited_.empty() && !awaited_.contains(peer)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "connect to ", peer.full(),
        ": this node has no name yet and is being named by another; wait for "
        "OnNamed"));
  }
  if (!awaited_.insert(peer).second) return absl::OkStatus();
  if (controllers_.size() >= options_.max_connections) {
    awaited_.erase(peer);
    return absl::ResourceExhaustedError(
        absl::StrCat("connect to ", peer.full(), ": ", options_.max_connections,
                     " connections are open (max_connections)"));
  }
  // If the peer is dialling us at this moment, that attempt has an outcome too.
  if (table_.StartOutgoing(peer, last_id_ + 1)) {
    AddController().Dial(local_, peer);
  }
  return absl::OkStatus();
}

void Distribution::OnAccepted(int fd) {
  const bool full = controllers_.size() >= options_.max_connections;
  if (phase_ == Phase::kOpen && !full) {
    return AddController().Accept(local_, fd);
  }
  reactor_.engine().Close(fd);
  if (!full) return;
  Log(options_.log, LogLevel::kWarning,
      absl::StrCat("refused a connection: ", options_.max_connections,
                   " are open (max_connections)"));
}

ConnectionDecision Distribution::DecideInbound(Controller& controller,
                                               const NodeName& peer) {
  const ConnectionTable::InboundAnswer answer =
      table_.Inbound(peer, controller.id());
  if (answer.drop.has_value()) {
    Controller* const dropped = FindController(*answer.drop);
    RINGDIST_CHECK(dropped != nullptr);
    dropped->GoDown(absl::CancelledError(
        absl::StrCat("gave way to the connection from ", peer.full())));
  }
  return answer.decision;
}

absl::StatusOr<NodeName> Distribution::InventName(Controller& controller,
                                                  const std::string& host) {
  while (true) {
    absl::StatusOr<NodeName> name =
        ringdist::InventName(options_.entropy(), host);
    if (!name.ok()) return name;
    if (table_.StateOf(*name) != ConnectionTable::State::kNone) continue;
    const ConnectionTable::InboundAnswer answer =
        table_.Inbound(*name, controller.id());
    RINGDIST_CHECK(answer.decision == ConnectionDecision::kOk);
    return name;
  }
}

bool Distribution::IsStillPending(Controller& controller) {
  return table_.IsStillPending(controller.id());
}

absl::Status Distribution::TakeName(const HandshakeResult& result) {
  if (!local_.name.empty()) {
    return absl::FailedPreconditionError(absl::StrCat(
        result.peer.full(), " named this node ", result.own_name.full(),
        ", but by now it is ", local_.name.full()));
  }
  local_.name = result.own_name;
  local_.creation = result.own_creation;
  table_.SetOwnName(local_.name);
  handler_.OnNamed(local_.name, local_.creation);
  return absl::OkStatus();
}

void Distribution::OnControllerUp(Controller& controller,
                                  const HandshakeResult& result) {
  const absl::StatusOr<std::optional<uint64_t>> old =
      table_.Up(controller.id());
  if (!old.ok()) return controller.GoDown(old.status());
  if (old->has_value()) {
    Controller* const replaced = FindController(**old);
    RINGDIST_CHECK(replaced != nullptr);
    replaced->GoDown(absl::UnavailableError(absl::StrCat(
        "connection_closed: ", result.peer.full(), " connected anew")));
  }
  if (result.named_by_peer) {
    absl::Status named = TakeName(result);
    if (!named.ok()) return controller.GoDown(std::move(named));
  }
  ++past_.handshakes_done;
  awaited_.erase(result.peer);
  up_[result.peer] = controller.channel();
  handler_.OnUp(controller.channel(), controller.peer());
}

void Distribution::OnControllerDown(Controller& controller,
                                    const absl::Status& reason, bool was_up) {
  table_.Gone(controller.id());
  const NodeName& peer = controller.peer_name();
  const auto found = up_.find(peer);
  if (found != up_.end() && found->second == controller.channel()) {
    up_.erase(found);
    return handler_.OnDown(controller.channel(), controller.peer(), reason);
  }
  if (!was_up) ++past_.handshakes_failed;
  // Another attempt for the same peer may have taken this one's place.
  if (table_.StateOf(peer) == ConnectionTable::State::kNone &&
      awaited_.erase(peer) > 0) {
    return handler_.OnSetupFailed(peer, reason);
  }
  if (phase_ == Phase::kOpen && !absl::IsCancelled(reason)) {
    Log(options_.log, LogLevel::kWarning, std::string(reason.message()));
  }
}

void Distribution::OnControllerClosed(Controller& controller) {
  ChannelStatistics last = controller.statistics();
  last.pending_bytes = 0;
  Add(last, past_.traffic);
  controllers_.erase(controller.id());
  if (phase_ == Phase::kClosing) end_.Schedule();
}

// The end.

void Distribution::Close(absl::AnyInvocable<void()> done) {
  if (done != nullptr) when_closed_.push_back(std::move(done));
  if (phase_ == Phase::kOpen) phase_ = Phase::kCloseAsked;
  end_.Schedule();
}

void Distribution::CloseAll() {
  if (listener_ != nullptr) {
    listener_->Close([this] {
      listener_.reset();
      end_.Schedule();
    });
  }
  std::vector<uint64_t> ids;
  for (const auto& [id, controller] : controllers_) ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  for (const uint64_t id : ids) {
    FindController(id)->GoDown(
        absl::CancelledError("disconnect: this node closes"));
  }
}

void Distribution::ContinueClosing() {
  if (phase_ == Phase::kCloseAsked) {
    phase_ = Phase::kClosing;
    CloseAll();
  }
  if (listener_ != nullptr || !controllers_.empty()) return;
  phase_ = Phase::kClosed;
  std::vector<absl::AnyInvocable<void()>> callbacks;
  callbacks.swap(when_closed_);
  for (absl::AnyInvocable<void()>& callback : callbacks) callback();
}

Distribution::~Distribution() {
  if (phase_ == Phase::kOpen) Close(nullptr);
  while (phase_ != Phase::kClosed) {
    const absl::Status turned = reactor_.RunOnce(absl::InfiniteDuration());
    RINGDIST_CHECK(turned.ok());
  }
}

// What can be asked.

Channel Distribution::Find(const NodeName& peer) const {
  const auto found = up_.find(peer);
  return found == up_.end() ? Channel() : found->second;
}

std::vector<Channel> Distribution::Channels() const {
  std::vector<Channel> channels;
  channels.reserve(up_.size());
  for (const auto& [name, channel] : up_) channels.push_back(channel);
  return channels;
}

bool Distribution::Select(const NodeName& name) {
  static_cast<void>(name);
  return true;
}

NetAddress Distribution::Address() const {
  return listener_ == nullptr ? options_.carrier->AddressWithoutListening()
                              : listener_->socket().address();
}

absl::Status Distribution::SetOptions(absl::Span<const SocketOption> options) {
  absl::Status valid = ValidateSocketOptions(options);
  if (!valid.ok()) return valid;
  if (listener_ != nullptr) {
    // What the system refuses no connection is to have. The listening socket
    // also shows what the system makes of the others.
    absl::Status set =
        options_.carrier->Configure(listener_->socket().fd(), options);
    if (!set.ok()) return set;
  }
  std::vector<SocketOption>& all = shared_.socket_options;
  for (const SocketOption& option : options) {
    const auto same = std::find_if(
        all.begin(), all.end(),
        [&](const SocketOption& set) { return set.name == option.name; });
    if (same == all.end()) {
      all.push_back(option);
    } else {
      same->value = option.value;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<SocketOption>> Distribution::GetOptions(
    absl::Span<const std::string> names) const {
  if (listener_ == nullptr) {
    return absl::FailedPreconditionError(
        "socket options are read from the listening socket; call Listen first");
  }
  return options_.carrier->Configuration(listener_->socket().fd(), names);
}

DistributionStatistics Distribution::statistics() const {
  DistributionStatistics statistics = past_;
  statistics.connections = controllers_.size();
  statistics.connections_up = up_.size();
  for (const auto& [id, controller] : controllers_) {
    Add(controller->statistics(), statistics.traffic);
  }
  statistics.engine = reactor_.engine().statistics();
  return statistics;
}

}  // namespace ringdist
