#include "ringdist/runtime/peer_links.h"

#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "ringdist/proto/distribution_flags.h"
#include "ringdist/runtime/inbound_link.h"
#include "ringdist/runtime/log.h"
#include "ringdist/runtime/outbound_link.h"

namespace ringdist {
namespace {

// Refused signals are logged as long as there are few, and then each time that
// there are twice as many.
bool IsWorthALine(uint64_t count) {
  return count <= 16 || (count & (count - 1)) == 0;
}

// Allocates nothing if there was as long a text before.
void Assign(std::string& text, absl::string_view value) {
  text.assign(value.data(), value.size());
}

}  // namespace

// A peer that is connected, or that signals wait for.
struct PeerLinks::Peer {
  Peer(PeerLinks& its_links, const NodeName& its_name)
      : links(its_links),
        name(its_name),
        out(its_links.reactor_, its_links.options_.peer_queue_bytes,
            [this] { links.OnProgress(*this); }),
        take_held(its_links.reactor_,
                  ReactorCallback::To<&Peer::OnTakeHeld>(this)),
        unread(its_links.reactor_, ReactorCallback::To<&Peer::OnUnread>(this)) {
  }

  void OnTakeHeld() { links.TakeHeld(*this); }
  void OnUnread() {
    const uint64_t sent = channel.statistics().bytes_out;
    if (std::exchange(sent_before, sent) != sent) {
      return unread.Start(links.reactor_.Now() + unread_time());
    }
    channel.Disconnect(absl::UnavailableError(
        absl::StrCat("net_tick_timeout: does not read the ", out.owed_bytes(),
                     " bytes that it is owed")));
  }

  absl::Duration unread_time() const {
    return links.options_.distribution.net_ticktime;
  }

  PeerLinks& links;
  const NodeName name;
  Channel channel;  // Once it is up, as `in`.
  OutboundLink out;
  std::optional<InboundLink> in;
  SignalPolicy policy;
  // Of the last signal that came: whether it is allowed by that; and who it
  // went to, in a version of the table's names, 0 if that was not looked for.
  bool allowed = true;
  uint64_t receiver = 0;
  uint64_t receiver_version = 0;
  Task take_held;
  // Runs while it is not read because it does not read.
  Timer unread;
  uint64_t sent_before = 0;  // When that began.
};

PeerLinks::PeerLinks(Reactor& reactor, const NodeOptions& options,
                     ProcessTable& processes, Owner& owner)
    : options_(options),
      reactor_(reactor),
      processes_(processes),
      owner_(owner),
      local_(reactor, options.local_queue_bytes,
             [this](const ControlMessage& signal) {
               processes_.Deliver(processes_.self(), signal);
             }),
      tell_unreachable_(
          reactor, ReactorCallback::To<&PeerLinks::TellUnreachable>(this)) {}

PeerLinks::~PeerLinks() = default;

absl::Status PeerLinks::Start() {
  DistributionOptions options = options_.distribution;
  options.flags |= kOptionalNodeFlags & ~options_.disabled_flags;
  if (options_.visible) options.flags |= kDflagPublished;
  absl::StatusOr<std::unique_ptr<Distribution>> distribution =
      Distribution::Create(reactor_, std::move(options), *this);
  if (!distribution.ok()) return distribution.status();
  distribution_ = *std::move(distribution);
  return absl::OkStatus();
}

void PeerLinks::Stop() { distribution_.reset(); }

// Connections.

absl::Status PeerLinks::Connect(const NodeName& peer) {
  if (distribution_ == nullptr) {
    return absl::CancelledError("the node is being destroyed");
  }
  if (distribution_->Find(peer).IsUp()) return absl::OkStatus();
  return distribution_->Setup(peer);
}

PeerLinks::Way PeerLinks::WayTo(absl::string_view node) {
  constexpr uint64_t kAll = ~uint64_t{0};
  if (node == processes_.self()) return {.is_up = true, .flags = kAll};
  const absl::StatusOr<Peer*> peer = ConnectedPeer(node);
  if (!peer.ok()) return {.connecting = peer.status()};
  if (!(*peer)->out.is_up()) return {};
  return {.is_up = true, .flags = (*peer)->channel.peer().flags};
}

void PeerLinks::OnUp(Channel& channel, const PeerInfo& info) {
  const std::string name = info.name.full();
  Peer* known = FindPeer(name);
  Peer& peer = known != nullptr ? *known : AddPeer(info.name);
  peer.channel = channel;
  peer.in.emplace(info.flags, options_.fragments,
                  [this, &peer](const InboundLink::Arrival& arrival) {
                    return Dispatch(peer, arrival.signal, arrival.payload,
                                    arrival.repeats);
                  });
  if (options_.policy) peer.policy = options_.policy(info);
  peers_by_channel_[channel.id()] = &peer;
  processes_.OnNodeUp(name);
  if (options_.on_node_up) options_.on_node_up(info);
  if ((info.flags & kDflagUnlinkId) == 0) processes_.ForgetUnlinks(name);
  if ((info.flags & kDflagSpawn) == 0) processes_.FailSpawns(name, "notsup");
  peer.out.Up(channel);
  owner_.OnPeerUp(info);
}

void PeerLinks::OnDown(Channel& channel, const PeerInfo& info,
                       const absl::Status& reason) {
  const std::string name = info.name.full();
  peers_by_channel_.erase(channel.id());
  ForgetPeer(name);
  processes_.OnNodeLost(name, /*was_up=*/true);
  owner_.OnPeerLost(info.name, reason);
  if (options_.on_node_down) options_.on_node_down(info, reason);
}

void PeerLinks::OnSetupFailed(const NodeName& peer,
                              const absl::Status& reason) {
  ForgetPeer(peer.full());
  processes_.OnNodeLost(peer.full(), /*was_up=*/false);
  owner_.OnPeerLost(peer, reason);
  if (options_.on_setup_failed) options_.on_setup_failed(peer, reason);
}

void PeerLinks::OnNamed(const NodeName& named, uint32_t creation) {
  owner_.OnNamed(named, creation);
}

PeerLinks::Peer* PeerLinks::FindPeer(absl::string_view node) const {
  if (last_by_name_ != nullptr && last_by_name_->name.full() == node) {
    return last_by_name_;
  }
  const auto found = peers_.find(node);
  if (found == peers_.end()) return nullptr;
  last_by_name_ = found->second.get();
  return last_by_name_;
}

PeerLinks::Peer* PeerLinks::FindPeer(const Channel& channel) const {
  if (last_by_channel_ != nullptr && last_by_channel_->channel == channel) {
    return last_by_channel_;
  }
  const auto found = peers_by_channel_.find(channel.id());
  if (found == peers_by_channel_.end()) return nullptr;
  last_by_channel_ = found->second;
  return last_by_channel_;
}

void PeerLinks::ForgetPeer(const std::string& node) {
  peers_.erase(node);
  last_by_name_ = nullptr;
  last_by_channel_ = nullptr;
  route_.peer = nullptr;
}

PeerLinks::Peer& PeerLinks::AddPeer(const NodeName& name) {
  auto peer = std::make_unique<Peer>(*this, name);
  return *peers_.emplace(name.full(), std::move(peer)).first->second;
}

absl::StatusOr<PeerLinks::Peer*> PeerLinks::ConnectedPeer(
    absl::string_view node) {
  if (Peer* const peer = FindPeer(node)) return peer;
  const absl::StatusOr<NodeName> name = NodeName::Parse(node);
  if (!name.ok()) return name.status();
  absl::Status connecting = Connect(*name);
  if (!connecting.ok()) return connecting;
  return &AddPeer(*name);
}

// Signals that come in.

void PeerLinks::OnPacket(Channel& channel, absl::string_view packet) {
  Peer* const peer = FindPeer(channel);
  if (peer == nullptr) return;
  if (peer->in->TakeAgain(packet)) {
    DispatchAgain(*peer);
    if (peer->out.owed_bytes() > 0) CheckOwed(*peer);
  } else {
    AfterTaking(*peer, peer->in->Take(channel, packet));
  }
}

void PeerLinks::DispatchAgain(Peer& peer) {
  const ControlMessage& signal = peer.in->signal();
  CountIn(peer, signal);
  if (peer.receiver_version != processes_.names_version()) {
    peer.receiver_version = processes_.names_version();
    peer.receiver = peer.allowed ? processes_.ReceiverOf(signal) : 0;
  }
  current_ = &peer;
  ProcessState* const receiver =
      peer.receiver == 0 ? nullptr : processes_.Find(peer.receiver);
  if (receiver != nullptr) {
    processes_.DeliverMessage(*receiver, peer.name.full(), peer.in->payload());
  } else {
    processes_.Deliver(peer.name.full(), signal, peer.allowed);
  }
  current_ = nullptr;
}

void PeerLinks::TakeHeld(Peer& peer) {
  if (!peer.channel.IsUp()) return;
  AfterTaking(peer, peer.in->TakeHeld());
}

void PeerLinks::AfterTaking(Peer& peer, const absl::Status& taken) {
  if (!taken.ok()) {
    peer.channel.Disconnect(absl::Status(
        taken.code(), absl::StrCat("bad message from ", peer.name.full(), ": ",
                                   taken.message())));
  }
  CheckOwed(peer);
}

absl::Status PeerLinks::Dispatch(Peer& peer, const ControlMessage& signal,
                                 const absl::Status& payload, bool repeats) {
  // What goes by all but the payload was found out the last time.
  if (!repeats) {
    peer.allowed = peer.policy.Allows(signal);
    peer.receiver_version = 0;
  }
  const bool allowed = peer.allowed;
  if (!payload.ok() && allowed && processes_.HasReceiver(signal)) {
    return payload;
  }
  if (!repeats) {
    absl::Status good =
        CheckControlMessage(signal, peer.name.full(), processes_.self());
    if (!good.ok()) return good;
  }
  CountIn(peer, signal);
  if (!payload.ok()) return absl::OkStatus();
  current_ = &peer;
  processes_.Deliver(peer.name.full(), signal, allowed);
  current_ = nullptr;
  return absl::OkStatus();
}

void PeerLinks::CountIn(const Peer& peer, const ControlMessage& signal) {
  ++signals_in_;
  if (!peer.allowed) OnRefused(peer, ToString(signal));
}

bool PeerLinks::MayCall(absl::string_view function) {
  if (current_ == nullptr || current_->policy.AllowsFunction(function)) {
    return true;
  }
  OnRefused(*current_, absl::StrCat("call of ", function));
  return false;
}

absl::string_view PeerLinks::Sender() const {
  return current_ == nullptr ? processes_.self() : current_->name.full();
}

void PeerLinks::OnRefused(const Peer& peer, absl::string_view what) {
  if (!IsWorthALine(++signals_refused_)) return;
  Log(options_.distribution.log, LogLevel::kWarning,
      absl::StrCat(peer.name.full(), ": refused by its policy, ",
                   signals_refused_, " so far: ", what));
}

// Two nodes that call each other may each owe the other answers, and each would
// wait for the other to read: they go on while they wait for answers.
size_t PeerLinks::OwedLimit(const Peer& peer) const {
  constexpr size_t kPatience = 16;
  const size_t limit = options_.peer_owed_bytes;
  if (peer.out.owed_bytes() <= limit / 2) return limit;
  return owner_.AwaitsAnswers(peer.name) ? limit * kPatience : limit;
}

void PeerLinks::CheckOwed(Peer& peer) {
  const size_t owed = peer.out.owed_bytes();
  const size_t limit = OwedLimit(peer);
  if (!peer.unread.running() && owed > limit) {
    peer.in->Pause();
    peer.sent_before = peer.channel.statistics().bytes_out;
    peer.unread.Start(reactor_.Now() + peer.unread_time());
  } else if (peer.unread.running() && owed <= limit / 2) {
    peer.unread.Stop();
    peer.in->Resume();
    peer.take_held.Schedule();
  }
}

std::shared_ptr<void> PeerLinks::PausePeer(absl::string_view node) {
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

absl::Status PeerLinks::RouteMessage(absl::string_view node,
                                     const ControlMessage& signal,
                                     MessageWriter payload, bool owed) {
  if (node == processes_.self()) {
    return local_.SendMessage(signal, payload, owed);
  }
  Peer* peer = FindPeer(node);
  if (peer == nullptr) {
    const absl::StatusOr<Peer*> connecting = ConnectedPeer(node);
    if (!connecting.ok()) return connecting.status();
    peer = *connecting;
  }
  if (std::holds_alternative<control::AliasSend>(signal) && peer->out.is_up() &&
      (peer->channel.peer().flags & kDflagAlias) == 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("send to an alias: ", node, " does not know aliases"));
  }
  const auto* spawn = std::get_if<control::SpawnRequest>(&signal);
  if (spawn != nullptr && peer->out.is_up() &&
      (peer->channel.peer().flags & kDflagSpawn) == 0) {
    local_.SendSignal(control::SpawnReply{.id = spawn->id,
                                          .to = spawn->from,
                                          .flags = 0,
                                          .result = AtomView::Utf8("notsup"),
                                          .token = {}});
    return absl::OkStatus();
  }
  ++signals_out_;
  const absl::Status sent = peer->out.SendMessage(signal, payload, owed);
  if (peer->out.repeated() != 0) NoteRoute(*peer);
  return sent;
}

bool PeerLinks::Route::Is(uint64_t key, const Destination& destination) const {
  if (key != from_key) return false;
  if (const auto* to = std::get_if<NameAt>(&destination)) {
    return to->name == name && to->node == peer->name.full();
  }
  const auto* to = std::get_if<PidView>(&destination);
  return to != nullptr && name.empty() && *to == PidView(pid);
}

// Of the message that was encoded last, which is not always the one that was
// sent last: that one may have to wait.
void PeerLinks::NoteRoute(Peer& peer) {
  if (route_.peer == &peer && route_.repeated == peer.out.repeated()) return;
  route_.peer = nullptr;
  const ControlMessage& message = peer.out.repeated_message();
  if (const auto* send = std::get_if<control::RegSend>(&message)) {
    route_.from_key = ProcessTable::KeyOf(send->from);
    Assign(route_.name, send->to.bytes());
  } else if (const auto* to_pid = std::get_if<control::Send>(&message);
             to_pid != nullptr && to_pid->from.has_value()) {
    route_.from_key = ProcessTable::KeyOf(*to_pid->from);
    const PidView& to = to_pid->to;
    route_.name.clear();
    Assign(route_.pid.node, to.node.bytes());
    route_.pid.id = to.id;
    route_.pid.serial = to.serial;
    route_.pid.creation = to.creation;
  } else {
    return;
  }
  route_.repeated = peer.out.repeated();
  route_.peer = &peer;
}

bool PeerLinks::RouteAgain(uint64_t from_key, const Destination& to,
                           MessageWriter payload) {
  if (route_.peer == nullptr || !route_.Is(from_key, to) ||
      !route_.peer->out.SendAgain(route_.repeated, payload)) {
    return false;
  }
  ++signals_out_;
  return true;
}

void PeerLinks::RouteSignal(absl::string_view node,
                            const ControlMessage& signal, bool connect) {
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

void PeerLinks::TellUnreachable() {
  for (const std::string& node : std::exchange(unreachable_, {})) {
    processes_.OnNodeLost(node, /*was_up=*/false);
  }
}

void PeerLinks::OnWritable(Channel& channel) {
  Peer* const peer = FindPeer(channel);
  if (peer != nullptr) peer->out.OnWritable();
}

void PeerLinks::OnProgress(Peer& peer) {
  CheckOwed(peer);
  if (!peer.out.TakeRefused()) return;
  owner_.OnPeerWritable(peer.name);
  if (options_.on_writable) options_.on_writable(peer.name);
}

void PeerLinks::AddTo(NodeStatistics& statistics) const {
  const auto add = [](AtomCacheStatistics& to,
                      const AtomCacheStatistics& more) {
    to.references += more.references;
    to.hits += more.hits;
  };
  statistics.signals_in = signals_in_;
  statistics.signals_out = signals_out_;
  statistics.signals_refused = signals_refused_;
  for (const auto& [name, peer] : peers_) {
    statistics.waiting_bytes += peer->out.waiting_bytes();
    add(statistics.atoms_out, peer->out.atom_cache());
    if (peer->in.has_value()) add(statistics.atoms_in, peer->in->atom_cache());
  }
  statistics.distribution = distribution_->statistics();
}

}  // namespace ringdist
