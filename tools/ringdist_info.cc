#include "ringdist/tools/ringdist_info.h"

#include <algorithm>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "ringdist/proto/node_name.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/proto/term_text.h"
#include "ringdist/runtime/node.h"
#include "ringdist/runtime/reactor.h"
#include "ringdist/tools/node_report.h"
#include "ringdist/tools/ringdist_output.h"

namespace ringdist {
namespace {

constexpr char kDescription[] =
    "Tells what a node is and how it is.\n"
    "\n"
    "Connects, as a hidden node that does not listen, and prints what the "
    "handshake\n"
    "said (name, creation, flags), and what the node tells when asked: "
    "release,\n"
    "uptime, memory, processes, registered names. What it does not tell, as a "
    "node\n"
    "that is not Erlang's may not, is not available.\n";

constexpr char kExamples[] =
    "Examples:\n"
    "    ringdist info srv@localhost --dir=/run/nodes\n"
    "  The bytes that the node uses:\n"
    "    ringdist info srv@localhost --json --dir=/run/nodes \\\n"
    "        | jq .memory.total\n"
    "\n"
    "Exit status: 0, 1 if there is no connection or no answer, 2 if the "
    "command\n"
    "line is wrong.";

void ValidateInfoFlags(InfoFlags& flags) {
  if (flags.peer.empty()) {
    ThrowUsageError("NODE is missing; write, say, ringdist info srv@localhost");
  }
  CompleteVisitor(flags.node, flags.peer);
}

// Whether that an answer failed so means that the node does not tell; anything
// else means that there are no answers.
bool IsRefusal(const CallResult& result) {
  return result.exception() != nullptr ||
         absl::IsUnimplemented(result.status());
}

absl::Status WhyRefused(const CallResult& result) {
  return absl::UnimplementedError(result.exception() != nullptr
                                      ? ToText(result.exception()->reason)
                                      : std::string(result.status().message()));
}

template <typename T>
void Read(const Term& value, absl::StatusOr<T>& answer) {
  answer = ReadValue<T>(value);
}

// Atoms become strings.
void Read(const Term& value, absl::StatusOr<std::vector<std::string>>& answer) {
  const auto atoms = ReadValue<std::vector<Atom>>(value);
  if (!atoms.ok()) {
    answer = atoms.status();
    return;
  }
  answer.emplace();
  for (const Atom& atom : *atoms) answer->push_back(atom.text);
}

void Read(
    const Term& value,
    absl::StatusOr<std::vector<std::pair<std::string, uint64_t>>>& answer) {
  const auto pairs = ReadValue<std::vector<std::pair<Atom, uint64_t>>>(value);
  if (!pairs.ok()) {
    answer = pairs.status();
    return;
  }
  answer.emplace();
  for (const auto& [atom, number] : *pairs) {
    answer->emplace_back(atom.text, number);
  }
}

// The command while it runs. A ping first, which connects and tells why if it
// cannot; then all questions at once.
class Informer {
 public:
  // Its arguments outlive it.
  Informer(Reactor& reactor, const InfoFlags& flags);

  absl::Status Start();

  // OK, or why there is no report, or that it could not be told.
  const absl::Status& status() const {
    return status_.ok() ? output_.status() : status_;
  }

 private:
  void OnNodeUp(const PeerInfo& peer);
  void OnConnected(const absl::StatusOr<absl::Duration>& pong);
  void AskAll();
  // Calls a function of the module erlang, whose value goes into `answer`.
  template <typename Arguments, typename T>
  void Ask(absl::string_view function, const Arguments& arguments,
           absl::StatusOr<T>& answer);
  void OnAnswer();
  void ComputeUptime();
  void End(absl::Status status);

  Reactor& reactor_;
  const InfoFlags& flags_;
  const NodeName peer_;
  const absl::Time deadline_;
  Output output_;
  absl::Status status_;
  NodeReport report_;
  // Of the node's clock, in its own unit.
  absl::StatusOr<int64_t> start_;
  absl::StatusOr<int64_t> now_;
  absl::StatusOr<int64_t> second_;
  int open_ = 0;  // Questions without an answer.
  // Goes first: until it is gone it may call back.
  std::unique_ptr<Node> node_;
};

Informer::Informer(Reactor& reactor, const InfoFlags& flags)
    : reactor_(reactor),
      flags_(flags),
      peer_(*NodeName::Parse(flags.peer)),
      deadline_(reactor.Now() + flags.timeout),
      output_(flags.node.format, [&reactor] { reactor.Stop(); }) {}

absl::Status Informer::Start() {
  absl::StatusOr<DistributionOptions> distribution = NodeOptionsOf(flags_.node);
  if (!distribution.ok()) return distribution.status();
  NodeOptions options;
  options.distribution = *std::move(distribution);
  options.on_node_up = [this](const PeerInfo& peer) { OnNodeUp(peer); };
  absl::StatusOr<std::unique_ptr<Node>> node =
      Node::Create(reactor_, std::move(options));
  if (!node.ok()) return node.status();
  node_ = *std::move(node);
  node_->Ping(peer_, flags_.timeout,
              [this](const absl::StatusOr<absl::Duration>& pong) {
                OnConnected(pong);
              });
  return absl::OkStatus();
}

void Informer::OnNodeUp(const PeerInfo& peer) {
  report_.name = peer.name.full();
  report_.creation = peer.creation;
  report_.hidden = peer.hidden;
  report_.protocol_version = peer.protocol_version;
  report_.flags = peer.peer_flags;
}

void Informer::OnConnected(const absl::StatusOr<absl::Duration>& pong) {
  if (!pong.ok()) return End(pong.status());
  report_.round_trip = *pong;
  AskAll();
}

void Informer::AskAll() {
  const auto item = [](absl::string_view name) {
    return std::make_tuple(Atom(name));
  };
  Ask("system_info", item("otp_release"), report_.otp_release);
  Ask("system_info", item("version"), report_.erts_version);
  // Not statistics(wall_clock), which changes what it tells its next caller.
  Ask("system_info", item("start_time"), start_);
  Ask("monotonic_time", std::tuple<>(), now_);
  Ask("convert_time_unit", std::tuple(1, Atom("second"), Atom("native")),
      second_);
  Ask("memory", std::tuple<>(), report_.memory);
  Ask("system_info", item("process_count"), report_.processes);
  Ask("system_info", item("process_limit"), report_.process_limit);
  Ask("registered", std::tuple<>(), report_.registered);
}

template <typename Arguments, typename T>
void Informer::Ask(absl::string_view function, const Arguments& arguments,
                   absl::StatusOr<T>& answer) {
  ++open_;
  const absl::Duration left =
      std::max(deadline_ - reactor_.Now(), absl::ZeroDuration());
  node_->Call(flags_.peer, "erlang", function, arguments, left,
              [this, &answer](const CallResult& result) {
                if (result.ok()) {
                  Read(result.value(), answer);
                } else if (IsRefusal(result)) {
                  answer = WhyRefused(result);
                } else if (status_.ok()) {
                  return End(result.status());
                }
                OnAnswer();
              });
}

void Informer::OnAnswer() {
  if (--open_ > 0 || !status_.ok()) return;
  ComputeUptime();
  if (report_.registered.ok()) {
    std::sort(report_.registered->begin(), report_.registered->end());
  }
  output_.Print(ReportText(report_), ReportJson(report_));
  End(absl::OkStatus());
}

void Informer::ComputeUptime() {
  for (const absl::StatusOr<int64_t>* answer : {&start_, &now_, &second_}) {
    if (answer->ok()) continue;
    report_.uptime = answer->status();
    return;
  }
  if (*second_ <= 0) {
    report_.uptime = absl::InvalidArgumentError("its clock has no unit");
    return;
  }
  const double ticks =
      static_cast<double>(*now_) - static_cast<double>(*start_);
  report_.uptime = absl::Seconds(ticks / static_cast<double>(*second_));
}

void Informer::End(absl::Status status) {
  status_ = std::move(status);
  reactor_.Stop();
}

}  // namespace

CLI::App& AddInfoCommand(CLI::App& app, InfoFlags& flags) {
  CLI::App& info = *app.add_subcommand("info", kDescription);
  info.group("Commands");
  AddFlag(info, "NODE", "", "The node to tell of, alive@host.",
          [&flags](const std::string& text) {
            return ParseNode(text, flags.peer);
          });
  AddVisitorFlags(info, flags.node, flags.timeout,
                  "How long it may take, connecting included.\n"
                  "Default: 7s.");
  AddNodeFlags(info, flags.node);
  info.footer(kExamples);
  info.callback([&flags] { ValidateInfoFlags(flags); });
  return info;
}

int RunInfo(const InfoFlags& flags) {
  IgnoreSigpipe();
  absl::StatusOr<std::unique_ptr<Reactor>> reactor = Reactor::Create();
  if (!reactor.ok()) return Fail(reactor.status());
  Informer informer(**reactor, flags);
  absl::Status status = informer.Start();
  if (!status.ok()) return Fail(status);
  status = (*reactor)->Run();
  if (status.ok()) status = informer.status();
  return status.ok() ? kSuccess : Fail(status);
}

}  // namespace ringdist
