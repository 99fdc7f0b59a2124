#include "ringdist/tools/ringdist_info.h"

#include <algorithm>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "ringdist/proto/distribution_flags.h"
#include "ringdist/proto/node_name.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/proto/term_text.h"
#include "ringdist/runtime/node.h"
#include "ringdist/runtime/reactor.h"
#include "ringdist/tools/node_report.h"
#include "ringdist/tools/ringdist_output.h"
#include "ringdist/tools/visit.h"

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
    "that is not Erlang's may not, comes last, with the reason.\n";

constexpr char kExamples[] =
    "Examples:\n"
    "    ringdist info srv@localhost --dir=/run/nodes\n"
    "  The bytes that the node uses:\n"
    "    ringdist info srv@localhost --json --dir=/run/nodes \\\n"
    "        | jq .memory.total\n"
    "\n"
    "Exit status: 0, 1 if there is no connection, 2 if the command line is "
    "wrong.";

void ValidateInfoFlags(InfoFlags& flags) {
  if (flags.peer.empty()) {
    ThrowUsageError("NODE is missing; write, say, ringdist info srv@localhost");
  }
  CompleteVisitor(flags.node, flags.peer);
}

// The command while it runs. A ping, which connects and tells why if it cannot;
// once it is connected, all questions at once.
class Informer {
 public:
  // Its arguments outlive it.
  Informer(Reactor& reactor, const InfoFlags& flags);

  absl::Status Start();

  // OK, or why there is no report, or that it could not be told.
  const absl::Status& status() const {
    return status_.ok() ? output_.status() : status_;
  }
  ExitStatus exit_status() const { return kSuccess; }

 private:
  void OnNodeUp(const PeerInfo& peer);
  void AskAll();
  // Calls a function of the module erlang, whose value goes into `answer`.
  template <typename Arguments, typename T>
  void Ask(absl::string_view function, const Arguments& arguments,
           absl::StatusOr<T>& answer);
  void OnPong(const absl::StatusOr<absl::Duration>& pong);
  void OnAnswer();
  absl::Status NoAnswer() const;
  absl::StatusOr<absl::Duration> Uptime() const;
  void End(absl::Status status);

  Reactor& reactor_;
  const InfoFlags& flags_;
  const absl::Time deadline_;
  Output output_;
  absl::Status status_;
  NodeReport report_;  // Without a name: there is no connection yet.
  // Of the node's clock, in its own unit.
  absl::StatusOr<int64_t> start_;
  absl::StatusOr<int64_t> now_;
  absl::StatusOr<int64_t> second_;
  bool takes_calls_ = false;
  int open_ = 1;  // Answers that are awaited, the ping's among them.
  Task ask_;      // Behind the ping, not before it.
  // Goes first: until it is gone it may call back.
  std::unique_ptr<Node> node_;
};

Informer::Informer(Reactor& reactor, const InfoFlags& flags)
    : reactor_(reactor),
      flags_(flags),
      deadline_(reactor.Now() + flags.timeout),
      output_(flags.node.format, [&reactor] { reactor.Stop(); }),
      ask_(reactor, ReactorCallback::To<&Informer::AskAll>(this)) {}

absl::Status Informer::Start() {
  NodeOptions options;
  options.on_node_up = [this](const PeerInfo& peer) { OnNodeUp(peer); };
  absl::StatusOr<std::unique_ptr<Node>> node =
      CreateVisitor(reactor_, flags_.node, std::move(options));
  if (!node.ok()) return node.status();
  node_ = *std::move(node);
  node_->Ping(
      *NodeName::Parse(flags_.peer), flags_.timeout,
      [this](const absl::StatusOr<absl::Duration>& pong) { OnPong(pong); });
  return absl::OkStatus();
}

void Informer::OnNodeUp(const PeerInfo& peer) {
  report_.name = peer.name.full();
  report_.creation = peer.creation;
  report_.hidden = peer.hidden;
  report_.protocol_version = peer.protocol_version;
  report_.flags = peer.peer_flags;
  // Every Erlang node can be monitored so. One that cannot, as those of ei, has
  // none of what calls need, and might take being monitored for an error.
  takes_calls_ = (peer.flags & kDflagDistMonitorName) != 0;
  ask_.Schedule();
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
  if (!takes_calls_) {
    answer = absl::UnimplementedError("it takes no calls");
    return;
  }
  ++open_;
  const absl::Duration left =
      std::max(deadline_ - reactor_.Now(), absl::ZeroDuration());
  node_->Call(
      flags_.peer, "erlang", function, arguments, left,
      [this, &answer](const CallResult& result) {
        if (absl::IsUnavailable(result.status())) {
          return End(result.status());
        }
        if (result.exception() != nullptr) {
          answer = absl::AbortedError(ToText(result.exception()->reason));
        } else {
          answer = absl::IsDeadlineExceeded(result.status()) ? NoAnswer()
                                                             : result.As<T>();
        }
        OnAnswer();
      });
}

void Informer::OnPong(const absl::StatusOr<absl::Duration>& pong) {
  // A node need not have a net_kernel, as those of ei have not.
  const bool is_silent = absl::IsDeadlineExceeded(pong.status());
  if (!pong.ok() && (report_.name.empty() || !is_silent)) {
    return End(pong.status());
  }
  report_.round_trip = is_silent ? NoAnswer() : pong;
  OnAnswer();
}

void Informer::OnAnswer() {
  if (--open_ > 0 || !status_.ok()) return;
  report_.uptime = Uptime();
  if (report_.registered.ok()) {
    std::sort(report_.registered->begin(), report_.registered->end());
  }
  output_.Print(ReportText(report_), ReportJson(report_));
  End(absl::OkStatus());
}

absl::Status Informer::NoAnswer() const {
  return absl::DeadlineExceededError(
      absl::StrCat("no answer within ", absl::FormatDuration(flags_.timeout)));
}

absl::StatusOr<absl::Duration> Informer::Uptime() const {
  for (const absl::StatusOr<int64_t>* answer : {&start_, &now_, &second_}) {
    if (!answer->ok()) return answer->status();
  }
  if (*second_ <= 0) return absl::InvalidArgumentError("its clock has no unit");
  const double ticks =
      static_cast<double>(*now_) - static_cast<double>(*start_);
  return absl::Seconds(ticks / static_cast<double>(*second_));
}

void Informer::End(absl::Status status) {
  if (status_.ok()) status_ = std::move(status);
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
                  "How long it may take, connecting included; then it\n"
                  "tells what it knows. Default: 7s.");
  AddNodeFlags(info, flags.node);
  info.footer(kExamples);
  info.callback([&flags] { ValidateInfoFlags(flags); });
  return info;
}

int RunInfo(const InfoFlags& flags) { return RunVisit<Informer>(flags); }

}  // namespace ringdist
