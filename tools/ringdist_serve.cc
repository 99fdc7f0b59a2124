#include "ringdist/tools/ringdist_serve.h"

#include <string.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "ringdist/proto/distribution_flags.h"
#include "ringdist/proto/node_name.h"
#include "ringdist/runtime/node.h"
#include "ringdist/runtime/reactor.h"
#include "ringdist/tools/capture_file.h"
#include "ringdist/tools/kept_connection.h"
#include "ringdist/tools/ringdist_output.h"
#include "ringdist/tools/serve_processes.h"
#include "ringdist/tools/stop_signals.h"

namespace ringdist {
namespace {

constexpr char kDescription[] =
    "Runs a node that listens.\n"
    "\n"
    "Erlang nodes in the same directory connect to it, and it connects to "
    "them.\n"
    "Prints a line when it listens, and one for each node that comes up, goes\n"
    "down, or cannot be connected to. SIGINT or SIGTERM ends it.\n"
    "\n"
    "It has two registered processes. To {Pid, Term} echo sends Term to Pid. "
    "sink\n"
    "counts what it gets; to {Pid, count} it sends {count, Messages, Bytes} "
    "and\n"
    "starts again. ringdist:echo(Term) can be called, and returns Term;\n"
    "ringdist:sum(Numbers) returns the sum of a list.\n";

constexpr char kExamples[] =
    "Examples:\n"
    "  A node beside the Erlang nodes of /run/nodes, with the cookie of this\n"
    "  user's Erlang nodes:\n"
    "    ringdist serve --name=cpp@localhost --dir=/run/nodes\n"
    "  An Erlang node there, to which it stays connected:\n"
    "    cd /run/nodes && erl -proto_dist erl_uds -no_epmd -sname "
    "srv@localhost\n"
    "    ringdist serve --name=cpp@localhost --dir=/run/nodes \\\n"
    "        --connect=srv@localhost\n"
    "  What two nodes say to each other, to be read with ringdist dump:\n"
    "    ringdist serve --name=cpp@localhost --capture=cpp.capture\n"
    "\n"
    "Exit status: 0 after SIGINT or SIGTERM, 1 if it cannot serve, 2 if the\n"
    "command line is wrong.";

void ValidateServeFlags(const ServeFlags& flags) {
  const DistributionOptions& options = flags.node.distribution;
  if (options.name.empty()) {
    ThrowUsageError("--name is missing; write, say, --name=cpp@localhost");
  }
  if (options.HasDynamicName()) {
    ThrowUsageError(absl::StrCat(
        "--name: a node named ", options.name,
        " gets its name from another and cannot listen; write, say, "
        "--name=cpp@",
        options.DynamicNameHost()));
  }
  if (std::count(flags.connect.begin(), flags.connect.end(), options.name)) {
    ThrowUsageError("--connect: that is this node; name another one");
  }
  const absl::Status valid = ValidateNodeFlags(flags.node);
  if (!valid.ok()) ThrowUsageError(valid.message());
}

absl::Status ParseOptionalFlag(absl::string_view text, uint64_t& flags) {
  for (uint64_t left = kOptionalNodeFlags; left != 0; left &= left - 1) {
    const uint64_t flag = left & (~left + 1);  // The lowest one.
    if (FlagNames(flag) != text) continue;
    flags |= flag;
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", text, "\" is no flag that a node can do without; write one of ",
      FlagNames(kOptionalNodeFlags)));
}

// The command while it runs.
class Server {
 public:
  // Its arguments outlive it.
  Server(Reactor& reactor, const ServeFlags& flags);

  absl::Status Start();

  // Closes everything, then stops the reactor. On the reactor's thread.
  void Stop() { stop_.Schedule(); }
  void OnSignal(int signal);

  // OK, or why it stopped by itself.
  const absl::Status& status() const {
    return capture_status_.ok() ? output_.status() : capture_status_;
  }

 private:
  void OnStop();
  void OnNodeUp(const PeerInfo& peer);
  void OnNodeDown(const PeerInfo& peer, const absl::Status& reason);
  void OnSetupFailed(const NodeName& peer, const absl::Status& reason);
  void OnWait(const NodeName& peer, absl::Duration wait,
              const absl::Status& refused);
  void OnListening();
  // Has all bytes captured, if that was asked for.
  absl::Status StartCapture(DistributionOptions& options);
  void OnCaptured();
  // Null if it is not one of --connect, or if the end has begun.
  KeptConnection* FindKept(const NodeName& peer);

  Reactor& reactor_;
  const ServeFlags& flags_;
  Task stop_;
  Output output_;
  std::vector<std::unique_ptr<KeptConnection>> kept_;
  std::optional<ServeProcesses> processes_;
  std::unique_ptr<CaptureWriter> capture_;  // Null: nothing is captured.
  Task captured_;                           // Writes what this turn brought.
  absl::Status capture_status_;
  // Goes first: until it is gone it may call back.
  std::unique_ptr<Node> node_;
};

Server::Server(Reactor& reactor, const ServeFlags& flags)
    : reactor_(reactor),
      flags_(flags),
      stop_(reactor, ReactorCallback::To<&Server::OnStop>(this)),
      output_(flags.node.format, [this] { Stop(); }),
      captured_(reactor, ReactorCallback::To<&Server::OnCaptured>(this)) {}

absl::Status Server::Start() {
  absl::StatusOr<DistributionOptions> distribution = NodeOptionsOf(flags_.node);
  if (!distribution.ok()) return distribution.status();
  NodeOptions options;
  options.distribution = *std::move(distribution);
  options.visible = flags_.visible;
  options.prevent_overlapping_partitions =
      flags_.prevent_overlapping_partitions;
  options.disabled_flags = flags_.without;
  absl::Status capturing = StartCapture(options.distribution);
  if (!capturing.ok()) return capturing;
  options.on_node_up = [this](const PeerInfo& peer) { OnNodeUp(peer); };
  options.on_node_down = [this](const PeerInfo& peer,
                                const absl::Status& reason) {
    OnNodeDown(peer, reason);
  };
  options.on_setup_failed = [this](const NodeName& peer,
                                   const absl::Status& reason) {
    OnSetupFailed(peer, reason);
  };
  options.on_writable = [this](const NodeName& peer) {
    processes_->OnWritable(peer);
  };
  absl::StatusOr<std::unique_ptr<Node>> node =
      Node::Create(reactor_, std::move(options));
  if (!node.ok()) return node.status();
  absl::Status listening = (*node)->Listen();
  if (!listening.ok()) return listening;
  node_ = *std::move(node);
  OnListening();
  return absl::OkStatus();
}

absl::Status Server::StartCapture(DistributionOptions& options) {
  if (flags_.capture_file.empty()) return absl::OkStatus();
  absl::StatusOr<std::unique_ptr<CaptureWriter>> file =
      CaptureWriter::Create(flags_.capture_file);
  if (!file.ok()) return file.status();
  capture_ = *std::move(file);
  options.capture = [this](uint64_t connection, CaptureDirection direction,
                           absl::string_view bytes) {
    capture_->Write(absl::Now(), connection, direction, bytes);
    captured_.Schedule();
  };
  return capture_->Flush();
}

void Server::OnCaptured() {
  const absl::Status written = capture_->Flush();
  if (written.ok() || !capture_status_.ok()) return;
  capture_status_ = written;
  Stop();
}

void Server::OnListening() {
  processes_.emplace(reactor_, *node_);
  const std::string path = node_->distribution().Address().address;
  output_.Print(
      absl::StrCat("ringdist: ", node_->name().full(), " listening on ", path,
                   " (creation ", node_->creation(), ")"),
      {{"event", "listening"},
       {"node", node_->name().full()},
       {"path", path},
       {"creation", node_->creation()}});
  for (const std::string& name : flags_.connect) {
    const NodeName peer = *NodeName::Parse(name);
    kept_.push_back(std::make_unique<KeptConnection>(
        reactor_, *node_, peer,
        [this, peer](absl::Duration wait, const absl::Status& refused) {
          OnWait(peer, wait, refused);
        }));
    kept_.back()->Dial();
  }
}

void Server::OnWait(const NodeName& peer, absl::Duration wait,
                    const absl::Status& refused) {
  if (!refused.ok()) PrintError(absl::StrCat("warning: ", refused.message()));
  const double seconds = absl::ToDoubleSeconds(wait);
  output_.Print(absl::StrFormat("ringdist: connecting to %s again in %.1f s",
                                peer.full(), seconds),
                {{"event", "reconnecting"},
                 {"node", peer.full()},
                 {"wait_seconds", seconds}});
}

KeptConnection* Server::FindKept(const NodeName& peer) {
  const auto found =
      std::find_if(kept_.begin(), kept_.end(),
                   [&](const auto& kept) { return kept->peer() == peer; });
  return found == kept_.end() ? nullptr : found->get();
}

void Server::OnNodeUp(const PeerInfo& peer) {
  output_.Print(
      absl::StrCat("ringdist: nodeup ", peer.name.full(), " (",
                   peer.hidden ? "hidden" : "visible", ", connected by ",
                   peer.dialled_by_us ? "this node" : "the other", ")"),
      {{"event", "nodeup"},
       {"node", peer.name.full()},
       {"hidden", peer.hidden},
       {"dialled", peer.dialled_by_us},
       {"creation", peer.creation},
       {"protocol_version", peer.protocol_version}});
  if (KeptConnection* const kept = FindKept(peer.name)) kept->OnUp();
}

void Server::OnNodeDown(const PeerInfo& peer, const absl::Status& reason) {
  output_.Print(absl::StrCat("ringdist: nodedown ", peer.name.full(), ": ",
                             reason.message()),
                {{"event", "nodedown"},
                 {"node", peer.name.full()},
                 {"reason", std::string(reason.message())}});
  processes_->OnLost(peer.name);
  if (KeptConnection* const kept = FindKept(peer.name)) kept->OnLost();
}

void Server::OnSetupFailed(const NodeName& peer, const absl::Status& reason) {
  output_.Print(absl::StrCat("ringdist: no connection to ", peer.full(), ": ",
                             reason.message()),
                {{"event", "setup_failed"},
                 {"node", peer.full()},
                 {"reason", std::string(reason.message())}});
  processes_->OnLost(peer);
  if (KeptConnection* const kept = FindKept(peer)) kept->OnLost();
}

void Server::OnSignal(int signal) {
  if (node_ == nullptr) return;  // It does not listen, and ends already.
  const std::string name = absl::StrCat("SIG", sigabbrev_np(signal));
  output_.Print(
      absl::StrCat("ringdist: closing ", node_->name().full(), " on ", name),
      {{"event", "closing"}, {"node", node_->name().full()}, {"signal", name}});
  Stop();
}

void Server::OnStop() {
  kept_.clear();
  node_->Close([this] { reactor_.Stop(); });
}

}  // namespace

CLI::App& AddServeCommand(CLI::App& app, ServeFlags& flags) {
  CLI::App& serve = *app.add_subcommand("serve", kDescription);
  serve.group("Commands");
  DistributionOptions& options = flags.node.distribution;
  AddFlag(serve, "--name", "NODE",
          "Name of the node, alive@host. Must be given.",
          [&options](const std::string& text) {
            return ParseNode(text, options.name);
          });
  AddNodeFlags(serve, flags.node);
  AddFlag(serve, "--net_ticktime", "DURATION",
          "A peer that is silent for about this long is down;\n"
          "the same for all nodes. Default: 60s.",
          [&options](const std::string& text) {
            return ParseDuration(text, options.net_ticktime);
          });
  CLI::Option& visible =
      *serve.add_flag("--visible", flags.visible,
                      "Be in nodes() of the others, and not only in\n"
                      "nodes(hidden): a member of their cluster, which\n"
                      "connects to all others, and takes part in global.");
  serve
      .add_flag_callback(
          "--overlapping_partitions",
          [&flags] { flags.prevent_overlapping_partitions = false; },
          "With --visible, in a cluster whose nodes have the\n"
          "kernel's prevent_overlapping_partitions false.")
      ->needs(&visible);
  AddRepeatableFlag(serve, "--allow", "NODE",
                    "Let only this node connect; repeat it for more.\n"
                    "Default: all that know the cookie.",
                    [&options](const std::string& text) {
                      return ParseNode(text, options.allowed.emplace_back());
                    });
  AddRepeatableFlag(serve, "--connect", "NODE",
                    "Connect to this node, and again whenever that\n"
                    "fails or ends; repeat it for more.",
                    [&flags](const std::string& text) {
                      return ParseNode(text, flags.connect.emplace_back());
                    });
  AddRepeatableFlag(serve, "--without", "FLAG",
                    "Do without this flag of the distribution protocol,\n"
                    "one of SEND_SENDER, EXIT_PAYLOAD, FRAGMENTS, ALIAS,\n"
                    "DIST_HDR_ATOM_CACHE and ALTACT_SIG; repeat it for\n"
                    "more.",
                    [&flags](const std::string& text) {
                      return ParseOptionalFlag(text, flags.without);
                    });
  serve
      .add_option("--capture", flags.capture_file,
                  "Write the bytes of all connections to this file,\n"
                  "for ringdist dump. The cookie could be guessed\n"
                  "with it: it is made for this user only.")
      ->type_name("FILE");
  serve.footer(kExamples);
  serve.callback([&flags] { ValidateServeFlags(flags); });
  return serve;
}

int RunServe(const ServeFlags& flags) {
  IgnoreSigpipe();
  absl::StatusOr<std::unique_ptr<Reactor>> reactor = Reactor::Create();
  if (!reactor.ok()) return Fail(reactor.status());
  Server server(**reactor, flags);
  const StopSignals signals([&](int signal) {
    (*reactor)->Post([&server, signal] { server.OnSignal(signal); });
  });
  absl::Status status = server.Start();
  if (!status.ok()) return Fail(status);
  status = (*reactor)->Run();
  if (status.ok()) status = server.status();
  return status.ok() ? kSuccess : Fail(status);
}

}  // namespace ringdist
