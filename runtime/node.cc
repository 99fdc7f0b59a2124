#include "ringdist/runtime/node.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "ringdist/proto/distribution_flags.h"
#include "ringdist/runtime/global_messages.h"
#include "ringdist/runtime/net_kernel.h"
#include "ringdist/runtime/rex.h"

namespace ringdist {

absl::StatusOr<std::unique_ptr<Node>> Node::Create(Reactor& reactor,
                                                   NodeOptions options) {
  absl::Status valid = options.Validate();
  if (!valid.ok()) return valid;
  std::unique_ptr<Node> node(new Node(reactor, std::move(options)));
  absl::Status started = node->links_.Start();
  if (!started.ok()) return started;
  node->BecomeSelf();
  return node;
}

Node::Node(Reactor& reactor, NodeOptions options)
    : options_(std::move(options)),
      links_(reactor, options_, processes_, *this),
      processes_(reactor, links_),
      exports_([this](absl::string_view function) {
        return links_.MayCall(function);
      }),
      pings_(reactor, processes_),
      calls_(reactor, processes_, options_.peer_queue_bytes,
             (options_.disabled_flags & kDflagAlias) == 0,
             [this](absl::string_view node) {
               const PeerLinks::Way way = links_.WayTo(node);
               return Calls::Way{.is_up = way.is_up,
                                 .has_spawn = (way.flags & kDflagSpawn) != 0,
                                 .connecting = way.connecting};
             }) {
  processes_.SetRunSpawned(
      options_.max_processes, options_.max_processes_per_peer,
      [this](Process self, const control::SpawnRequest& request) {
        exports_.RunSpawned(self, request);
      });
}

Node::~Node() {
  lifetime_.reset();
  if (global_.has_value()) global_->Stop();
  // No handler may run any more: what it refers to may be gone.
  calls_.Clear();
  processes_.Clear();
  links_.Stop();
}

// Who the node is, and the processes that every node has, with pids that say
// so.
void Node::BecomeSelf() {
  const Term normal = MakeTerm(Atom("normal"));
  for (Process process :
       {net_kernel_, rex_, group_leader_, global_name_server_}) {
    process.Exit(normal);
  }
  processes_.SetSelf(name(), creation());
  net_kernel_ = SpawnNamed("net_kernel", HandleNetKernelMessage);
  const auto spawn = [this](DeathHandler on_death) {
    return processes_.SpawnForPeer(links_.Sender(), std::move(on_death));
  };
  rex_ = SpawnNamed("rex", Rex(exports_, spawn));
  const auto is_sender = [this](absl::string_view node) {
    return links_.Sender() == node;
  };
  group_leader_ =
      SpawnNamed("user", GroupLeader(calls_, options_.on_output, is_sender));
  processes_.SetGroupLeader(group_leader_.pid());
  calls_.BecomeSelf();
  if (options_.visible) JoinGlobal();
}

void Node::JoinGlobal() {
  global_name_server_ =
      SpawnNamed(kGlobalNameServer, [this](Process&, const TermView& message) {
        global_->OnMessage(message);
      });
  // A message that is lost would stop the cluster.
  processes_.Find(global_name_server_.pid())->owes_messages = true;
  global_.emplace(processes_.reactor(), options_, links_, calls_,
                  global_name_server_);
  for (const Channel& channel : distribution().Channels()) {
    global_->OnPeerUp(channel.peer());
  }
}

Process Node::SpawnNamed(absl::string_view name, MessageHandler handler) {
  Process process = processes_.SpawnForNode(std::move(handler));
  processes_.Register(name, process.pid()).IgnoreError();
  return process;
}

absl::Status Node::Listen() {
  absl::Status listening = distribution().Listen();
  if (listening.ok() && options_.distribution.protocol_version != 6) {
    BecomeSelf();
  }
  return listening;
}

void Node::Close(absl::AnyInvocable<void()> done) {
  if (global_.has_value()) global_->Stop();
  distribution().Close(std::move(done));
}

// Connections.

absl::Status Node::Disconnect(const NodeName& peer) {
  Channel channel = distribution().Find(peer);
  if (!channel.IsUp()) {
    return absl::NotFoundError(absl::StrCat(peer.full(), " is not connected"));
  }
  channel.Disconnect(absl::CancelledError("disconnect: by this node"));
  return absl::OkStatus();
}

std::vector<NodeName> Node::Nodes() const {
  std::vector<NodeName> nodes;
  for (const Channel& channel : distribution().Channels()) {
    nodes.push_back(channel.peer().name);
  }
  return nodes;
}

void Node::Ping(const NodeName& peer, absl::Duration timeout,
                PingCallback done) {
  absl::Status connecting = Connect(peer);
  if (!connecting.ok()) return pings_.Fail(peer, connecting, std::move(done));
  pings_.Start(peer, distribution().Find(peer).IsUp(), timeout,
               std::move(done));
}

void Node::OnPeerUp(const PeerInfo& peer) {
  pings_.OnUp(peer.name);
  calls_.OnWritable(peer.name.full());
  if (global_.has_value()) global_->OnPeerUp(peer);
}

void Node::OnPeerWritable(const NodeName& peer) {
  calls_.OnWritable(peer.full());
}

bool Node::AwaitsAnswers(const NodeName& peer) const {
  return calls_.IsOpen(peer.full());
}

void Node::OnPeerLost(const NodeName& peer, const absl::Status& reason) {
  pings_.OnLost(peer, reason);
  calls_.OnLost(peer.full(), reason);
  if (global_.has_value()) global_->OnPeerLost(peer.full());
}

void Node::OnNamed(const NodeName& named, uint32_t creation) {
  BecomeSelf();
  if (options_.on_named) options_.on_named(named, creation);
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

Pid Node::WhereIsGlobal(const Term& name) const {
  return global_.has_value() ? global_->WhereIs(name) : Pid();
}

NodeStatistics Node::statistics() const {
  NodeStatistics statistics;
  statistics.processes = processes_.size();
  statistics.open_calls = calls_.open();
  links_.AddTo(statistics);
  return statistics;
}

}  // namespace ringdist
