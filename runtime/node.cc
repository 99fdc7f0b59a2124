#include "ringdist/runtime/node.h"

#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "ringdist/proto/distribution_flags.h"
#include "ringdist/runtime/node_duties.h"

namespace ringdist {

absl::StatusOr<std::unique_ptr<Node>> Node::Create(Reactor& reactor,
                                                   NodeOptions options) {
  DistributionOptions distribution_options = options.distribution;
  if (options.visible) distribution_options.flags |= kDflagPublished;
  std::unique_ptr<Node> node(new Node(reactor, std::move(options)));
  absl::StatusOr<std::unique_ptr<Distribution>> distribution =
      Distribution::Create(reactor, std::move(distribution_options), *node);
  if (!distribution.ok()) return distribution.status();
  node->distribution_ = *std::move(distribution);
  return node;
}

Node::Node(Reactor& reactor, NodeOptions options)
    : options_(std::move(options)), pings_(reactor) {}

Node::~Node() = default;

absl::Status Node::Connect(const NodeName& peer) {
  if (distribution_->Find(peer).IsUp()) return absl::OkStatus();
  return distribution_->Setup(peer);
}

absl::Status Node::Disconnect(const NodeName& peer) {
  Channel channel = distribution_->Find(peer);
  if (!channel.IsUp()) {
    return absl::NotFoundError(absl::StrCat(peer.full(), " is not connected"));
  }
  channel.Disconnect(absl::CancelledError("disconnect: by this node"));
  return absl::OkStatus();
}

std::vector<NodeName> Node::Nodes() const {
  std::vector<NodeName> nodes;
  for (const Channel& channel : distribution_->Channels()) {
    nodes.push_back(channel.peer().name);
  }
  return nodes;
}

void Node::Ping(const NodeName& peer, absl::Duration timeout,
                PingCallback done) {
  absl::Status connecting = Connect(peer);
  if (!connecting.ok()) return pings_.Fail(peer, connecting, std::move(done));
  pings_.Start({name(), creation()}, peer, distribution_->Find(peer), timeout,
               std::move(done));
}

void Node::OnUp(Channel& channel, const PeerInfo& peer) {
  pings_.OnUp({name(), creation()}, peer.name, channel);
  if (options_.on_node_up) options_.on_node_up(peer);
}

void Node::OnPacket(Channel& channel, absl::string_view packet) {
  std::deque<Delivery>* waiting = nullptr;
  if (!waiting_.empty()) {
    const auto found = waiting_.find(channel.id());
    if (found != waiting_.end()) waiting = &found->second;
  }
  if (waiting == nullptr) {
    const absl::Status done = Dispatch(channel, packet);
    if (!absl::IsResourceExhausted(done)) return;
    waiting = &waiting_[channel.id()];
  }
  waiting->push_back(channel.TakeDelivery());
}

void Node::OnWritable(Channel& channel) {
  const auto found = waiting_.find(channel.id());
  if (found == waiting_.end()) return;
  std::deque<Delivery>& waiting = found->second;
  while (!waiting.empty()) {
    if (absl::IsResourceExhausted(
            Dispatch(channel, waiting.front().packet()))) {
      return;
    }
    waiting.pop_front();
  }
  waiting_.erase(found);
}

bool Node::HasReceiver(const ControlMessage& message) const {
  const auto* send = std::get_if<control::Send>(&message);
  return send != nullptr ? pings_.Awaits(send->to)
                         : AnswerNeedsPayload(message);
}

absl::Status Node::Dispatch(Channel& channel, absl::string_view packet) {
  ControlMessage message;
  absl::Status status = DecodePassThrough(packet, message);
  // A broken payload harms only who would receive it.
  if (absl::IsDataLoss(status) && !HasReceiver(message)) {
    status = absl::OkStatus();
  }
  if (status.ok()) {
    status =
        CheckControlMessage(message, channel.peer().name.full(), name().full());
  }
  if (!status.ok()) {
    channel.Disconnect(absl::Status(
        status.code(),
        absl::StrCat("bad message from ", channel.peer().name.full(), ": ",
                     status.message())));
    return status;
  }
  if (const auto* send = std::get_if<control::Send>(&message)) {
    pings_.OnMessage(send->to, send->message);
    return absl::OkStatus();
  }
  return AnswerDuties(message, channel);
}

void Node::OnDown(Channel& channel, const PeerInfo& peer,
                  const absl::Status& reason) {
  waiting_.erase(channel.id());
  pings_.OnLost(peer.name, reason);
  if (options_.on_node_down) options_.on_node_down(peer, reason);
}

void Node::OnSetupFailed(const NodeName& peer, const absl::Status& reason) {
  pings_.OnLost(peer, reason);
  if (options_.on_setup_failed) options_.on_setup_failed(peer, reason);
}

void Node::OnNamed(const NodeName& named, uint32_t creation) {
  if (options_.on_named) options_.on_named(named, creation);
}

}  // namespace ringdist
