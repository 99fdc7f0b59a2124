#include "ringdist/runtime/node.h"

#include <optional>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "ringdist/proto/distribution_flags.h"
#include "ringdist/runtime/inbound_link.h"
#include "ringdist/runtime/net_kernel.h"
#include "ringdist/runtime/outbound_link.h"

namespace ringdist {

// A peer that is connected, or that signals wait for.
struct Node::Peer {
  Peer(Node& its_node, const NodeName& its_name)
      : node(its_node),
        name(its_name),
        out(its_node.reactor_, its_node.options_.peer_queue_bytes,
            [this] { node.OnProgress(*this); }),
        take_held(its_node.reactor_,
                  ReactorCallback::To<&Peer::OnTakeHeld>(this)),
        unread(its_node.reactor_, ReactorCallback::To<&Peer::OnUnread>(this)) {}

  void OnTakeHeld() { node.TakeHeld(*this); }
  void OnUnread() {
    const uint64_t sent = channel.statistics().bytes_out;
    if (std::exchange(sent_before, sent) != sent) {
      return unread.Start(node.reactor_.Now() + unread_time());
    }
    channel.Disconnect(absl::UnavailableError(
        absl::StrCat("net_tick_timeout: does not read the ", out.owed_bytes(),
                     " bytes that it is owed")));
  }

  absl::Duration unread_time() const {
    return node.options_.distribution.net_ticktime;
  }

  Node& node;
  const NodeName name;
  Channel channel;  // Once it is up, as `in`.
  OutboundLink out;
  std::optional<InboundLink> in;
  Task take_held;
  // Runs while it is not read because it does not read.
  Timer unread;
  uint64_t sent_before = 0;  // When that began.
};

absl::StatusOr<std::unique_ptr<Node>> Node::Create(Reactor& reactor,
                                                   NodeOptions options) {
  absl::Status valid = options.Validate();
  if (!valid.ok()) return valid;
  DistributionOptions distribution_options = options.distribution;
  distribution_options.flags |= kOptionalNodeFlags & ~options.disabled_flags;
  if (options.visible) distribution_options.flags |= kDflagPublished;
  std::unique_ptr<Node> node(new Node(reactor, std::move(options)));
  absl::StatusOr<std::unique_ptr<Distribution>> distribution =
      Distribution::Create(reactor, std::move(distribution_options), *node);
  if (!distribution.ok()) return distribution.status();
  node->distribution_ = *std::move(distribution);
  node->BecomeSelf();
  return node;
}

Node::Node(Reactor& reactor, NodeOptions options)
    : options_(std::move(options)),
      reactor_(reactor),
      processes_(reactor, *this),
      local_(reactor, options_.local_queue_bytes,
             [this](const ControlMessage& signal) {
               processes_.Deliver(processes_.self(), signal);
             }),
      tell_unreachable_(reactor,
                        ReactorCallback::To<&Node::TellUnreachable>(this)),
      pings_(reactor, processes_) {}

Node::~Node() {
  // No handler may run any more: what it refers to may be gone.
  processes_.Clear();
  distribution_.reset();
}

// Who the node is, and its net_kernel with a pid that says so.
void Node::BecomeSelf() {
  net_kernel_.Exit(MakeTerm(Atom("normal")));
  processes_.SetSelf(name(), creation());
  const Pid pid = processes_.Spawn(HandleNetKernelMessage, {});
  net_kernel_ = processes_.HandleOf(pid);
  processes_.Register("net_kernel", pid).IgnoreError();
}

absl::Status Node::Listen() {
  absl::Status listening = distribution_->Listen();
  if (listening.ok() && options_.distribution.protocol_version != 6) {
    BecomeSelf();
  }
  return listening;
}

// Connections.

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
  pings_.Start(peer, distribution_->Find(peer).IsUp(), timeout,
               std::move(done));
}

void Node::OnUp(Channel& channel, const PeerInfo& info) {
  Peer* known = FindPeer(info.name.full());
  Peer& peer = known != nullptr ? *known : AddPeer(info.name);
  peer.channel = channel;
  peer.in.emplace(
      info.flags, options_.fragments,
      [this, &peer](const ControlMessage& signal, const absl::Status& payload) {
        return Dispatch(peer, signal, payload);
      });
  peers_by_channel_[channel.id()] = &peer;
  processes_.OnNodeUp(info.name.full());
  if (options_.on_node_up) options_.on_node_up(info);
  if ((info.flags & kDflagUnlinkId) == 0) {
    processes_.ForgetUnlinks(info.name.full());
  }
  peer.out.Up(channel);
  pings_.OnUp(info.name);
}

void Node::OnDown(Channel& channel, const PeerInfo& info,
                  const absl::Status& reason) {
  const std::string name = info.name.full();
  peers_by_channel_.erase(channel.id());
  peers_.erase(name);
  processes_.OnNodeLost(name, /*was_up=*/true);
  pings_.OnLost(info.name, reason);
  if (options_.on_node_down) options_.on_node_down(info, reason);
}

void Node::OnSetupFailed(const NodeName& peer, const absl::Status& reason) {
  peers_.erase(peer.full());
  processes_.OnNodeLost(peer.full(), /*was_up=*/false);
  pings_.OnLost(peer, reason);
  if (options_.on_setup_failed) options_.on_setup_failed(peer, reason);
}

void Node::OnNamed(const NodeName& named, uint32_t creation) {
  BecomeSelf();
  if (options_.on_named) options_.on_named(named, creation);
}

Node::Peer* Node::FindPeer(absl::string_view node) const {
  const auto found = peers_.find(node);
  return found == peers_.end() ? nullptr : found->second.get();
}

Node::Peer& Node::AddPeer(const NodeName& name) {
  auto peer = std::make_unique<Peer>(*this, name);
  return *peers_.emplace(name.full(), std::move(peer)).first->second;
}

absl::StatusOr<Node::Peer*> Node::ConnectedPeer(absl::string_view node) {
  if (Peer* const peer = FindPeer(node)) return peer;
  const absl::StatusOr<NodeName> name = NodeName::Parse(node);
  if (!name.ok()) return name.status();
  absl::Status connecting = Connect(*name);
  if (!connecting.ok()) return connecting;
  return &AddPeer(*name);
}

// Signals that come in.

void Node::OnPacket(Channel& channel, absl::string_view packet) {
  const auto found = peers_by_channel_.find(channel.id());
  if (found == peers_by_channel_.end()) return;
  AfterTaking(*found->second, found->second->in->Take(channel, packet));
}

void Node::TakeHeld(Peer& peer) {
  if (!peer.channel.IsUp()) return;
  AfterTaking(peer, peer.in->TakeHeld());
}

void Node::AfterTaking(Peer& peer, const absl::Status& taken) {
  if (!taken.ok()) {
    peer.channel.Disconnect(absl::Status(
        taken.code(), absl::StrCat("bad message from ", peer.name.full(), ": ",
                                   taken.message())));
  }
  CheckOwed(peer);
}

absl::Status Node::Dispatch(Peer& peer, const ControlMessage& signal,
                            const absl::Status& payload) {
  if (!payload.ok() && processes_.HasReceiver(signal)) return payload;
  absl::Status good =
      CheckControlMessage(signal, peer.name.full(), processes_.self());
  if (!good.ok()) return good;
  ++signals_in_;
  if (payload.ok()) processes_.Deliver(peer.name.full(), signal);
  return absl::OkStatus();
}

void Node::CheckOwed(Peer& peer) {
  const size_t owed = peer.out.owed_bytes();
  if (!peer.unread.running() && owed > options_.peer_owed_bytes) {
    peer.in->Pause();
    peer.sent_before = peer.channel.statistics().bytes_out;
    peer.unread.Start(reactor_.Now() + peer.unread_time());
  } else if (peer.unread.running() && owed <= options_.peer_owed_bytes / 2) {
    peer.unread.Stop();
    peer.in->Resume();
    peer.take_held.Schedule();
  }
}

std::shared_ptr<void> Node::PausePeer(absl::string_view node) {
  Peer* const peer = FindPeer(node);
  if (peer == nullptr || !peer->in.has_value()) return nullptr;
  peer->in->Pause();
  // The connection may be another one, or none, by the time it ends.
  const uint64_t channel = peer->channel.id();
  return std::shared_ptr<void>(peer, [this, channel](void*) {
    const auto found = peers_by_channel_.find(channel);
    if (found == peers_by_channel_.end()) return;
    found->second->in->Resume();
    found->second->take_held.Schedule();
  });
}

// Signals that go out.

absl::Status Node::RouteMessage(absl::string_view node,
                                const ControlMessage& signal,
                                MessageWriter payload) {
  if (node == processes_.self()) return local_.SendMessage(signal, payload);
  const absl::StatusOr<Peer*> peer = ConnectedPeer(node);
  if (!peer.ok()) return peer.status();
  if (std::holds_alternative<control::AliasSend>(signal) &&
      (*peer)->out.is_up() &&
      ((*peer)->channel.peer().flags & kDflagAlias) == 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("send to an alias: ", node, " does not know aliases"));
  }
  ++signals_out_;
  return (*peer)->out.SendMessage(signal, payload);
}

void Node::RouteSignal(absl::string_view node, const ControlMessage& signal,
                       bool connect) {
  if (node == processes_.self()) return local_.SendSignal(signal);
  Peer* peer = FindPeer(node);
  if (peer == nullptr && connect) {
    const absl::StatusOr<Peer*> connecting = ConnectedPeer(node);
    if (connecting.ok()) {
      peer = *connecting;
    } else {
      unreachable_.emplace_back(node);
      tell_unreachable_.Schedule();
    }
  }
  if (peer == nullptr) return;
  ++signals_out_;
  peer->out.SendSignal(signal);
  const auto* unlink = std::get_if<control::UnlinkId>(&signal);
  if (unlink != nullptr && peer->out.is_up() &&
      (peer->channel.peer().flags & kDflagUnlinkId) == 0) {
    // Such a peer acknowledges nothing.
    local_.SendSignal(control::UnlinkIdAck{
        .id = unlink->id, .from = unlink->to, .to = unlink->from});
  }
}

void Node::TellUnreachable() {
  for (const std::string& node : std::exchange(unreachable_, {})) {
    processes_.OnNodeLost(node, /*was_up=*/false);
  }
}

void Node::OnWritable(Channel& channel) {
  const auto found = peers_by_channel_.find(channel.id());
  if (found != peers_by_channel_.end()) found->second->out.OnWritable();
}

void Node::OnProgress(Peer& peer) {
  CheckOwed(peer);
  if (peer.out.TakeRefused() && options_.on_writable) {
    options_.on_writable(peer.name);
  }
}

// Processes.

Pid Node::Spawn(MessageHandler handler, ProcessOptions options) {
  return processes_.Spawn(std::move(handler), std::move(options));
}

Process Node::Find(const PidView& pid) { return processes_.HandleOf(pid); }

absl::Status Node::Register(absl::string_view name, const PidView& pid) {
  return processes_.Register(name, pid);
}

absl::Status Node::Unregister(absl::string_view name) {
  return processes_.Unregister(name);
}

Process Node::WhereIs(absl::string_view name) {
  ProcessState* const process = processes_.FindName(name);
  return process == nullptr ? Process() : processes_.HandleOf(process->key);
}

std::vector<std::string> Node::Registered() const { return processes_.Names(); }

NodeStatistics Node::statistics() const {
  NodeStatistics statistics;
  const auto add = [](AtomCacheStatistics& to,
                      const AtomCacheStatistics& more) {
    to.references += more.references;
    to.hits += more.hits;
  };
  statistics.processes = processes_.size();
  statistics.signals_in = signals_in_;
  statistics.signals_out = signals_out_;
  for (const auto& [name, peer] : peers_) {
    statistics.waiting_bytes += peer->out.waiting_bytes();
    add(statistics.atoms_out, peer->out.atom_cache());
    if (peer->in.has_value()) add(statistics.atoms_in, peer->in->atom_cache());
  }
  statistics.distribution = distribution_->statistics();
  return statistics;
}

}  // namespace ringdist
