#include "ringdist/tools/ringdist_ping.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "ringdist/proto/node_name.h"
#include "ringdist/runtime/node.h"
#include "ringdist/runtime/reactor.h"
#include "ringdist/tools/ringdist_output.h"
#include "ringdist/tools/visit.h"

namespace ringdist {
namespace {

constexpr char kDescription[] =
    "Asks a node whether it is there.\n"
    "\n"
    "Connects, as a hidden node that does not listen, asks as net_adm:ping "
    "does,\n"
    "and tells how long each answer took.\n";

constexpr char kExamples[] =
    "Examples:\n"
    "  Is the node whose socket is /run/nodes/srv alive?\n"
    "    ringdist ping srv@localhost --dir=/run/nodes\n"
    "  Ten round trips, ten a second, for a program to read:\n"
    "    ringdist ping srv@localhost --dir=/run/nodes --count=10 \\\n"
    "        --interval=100ms --json\n"
    "\n"
    "Exit status: 0 if each ping was answered (pong), 1 if one was not "
    "(pang),\n"
    "2 if the command line is wrong.";

void ValidatePingFlags(PingFlags& flags) {
  if (flags.peer.empty()) {
    ThrowUsageError("NODE is missing; write, say, ringdist ping srv@localhost");
  }
  CompleteVisitor(flags.node, flags.peer);
}

// The round trips that were measured.
class RoundTrips {
 public:
  void Add(absl::Duration time) {
    ++count_;
    sum_ += time;
    shortest_ = std::min(shortest_, time);
    longest_ = std::max(longest_, time);
  }

  int count() const { return count_; }
  // These three only if there was one.
  absl::Duration shortest() const { return shortest_; }
  absl::Duration average() const { return sum_ / count_; }
  absl::Duration longest() const { return longest_; }

 private:
  int count_ = 0;
  absl::Duration sum_;
  absl::Duration shortest_ = absl::InfiniteDuration();
  absl::Duration longest_;
};

// The command while it runs.
class Pinger {
 public:
  // Its arguments outlive it.
  Pinger(Reactor& reactor, const PingFlags& flags);

  absl::Status Start();

  // OK, or why the output failed.
  const absl::Status& status() const { return output_.status(); }
  // Whether every ping was answered.
  ExitStatus exit_status() const {
    return round_trips_.count() == flags_.count ? kSuccess : kFailure;
  }

 private:
  void Ping();
  void OnOutcome(const absl::StatusOr<absl::Duration>& outcome);
  void PrintSummary();

  Reactor& reactor_;
  const PingFlags& flags_;
  const NodeName peer_;
  Output output_;
  int sent_ = 0;
  absl::Time last_sent_;
  RoundTrips round_trips_;
  Timer next_;
  // Goes first: until it is gone it may call back.
  std::unique_ptr<Node> node_;
};

Pinger::Pinger(Reactor& reactor, const PingFlags& flags)
    : reactor_(reactor),
      flags_(flags),
      peer_(*NodeName::Parse(flags.peer)),
      output_(flags.node.format, [&reactor] { reactor.Stop(); }),
      next_(reactor, ReactorCallback::To<&Pinger::Ping>(this)) {}

absl::Status Pinger::Start() {
  absl::StatusOr<std::unique_ptr<Node>> node =
      CreateVisitor(reactor_, flags_.node, {});
  if (!node.ok()) return node.status();
  node_ = *std::move(node);
  Ping();
  return absl::OkStatus();
}

void Pinger::Ping() {
  ++sent_;
  last_sent_ = reactor_.Now();
  node_->Ping(peer_, flags_.timeout,
              [this](const absl::StatusOr<absl::Duration>& outcome) {
                OnOutcome(outcome);
              });
}

void Pinger::OnOutcome(const absl::StatusOr<absl::Duration>& outcome) {
  if (outcome.ok()) {
    round_trips_.Add(*outcome);
    const double milliseconds = absl::ToDoubleMilliseconds(*outcome);
    output_.Print(absl::StrFormat("pong from %s: seq=%d time=%.3f ms",
                                  peer_.full(), sent_, milliseconds),
                  {{"event", "pong"},
                   {"node", peer_.full()},
                   {"seq", sent_},
                   {"time_ms", milliseconds}});
  } else {
    output_.Print(absl::StrCat("pang: ", outcome.status().message()),
                  {{"event", "pang"},
                   {"node", peer_.full()},
                   {"seq", sent_},
                   {"reason", std::string(outcome.status().message())}});
  }
  if (sent_ < flags_.count) {
    next_.Start(last_sent_ + flags_.interval);
  } else {
    PrintSummary();
    reactor_.Stop();
  }
}

void Pinger::PrintSummary() {
  std::string line = absl::StrFormat("%s: %d sent, %d answered", peer_.full(),
                                     sent_, round_trips_.count());
  Json event = {{"event", "summary"},
                {"node", peer_.full()},
                {"sent", sent_},
                {"answered", round_trips_.count()}};
  if (round_trips_.count() > 0) {
    const double min = absl::ToDoubleMilliseconds(round_trips_.shortest());
    const double avg = absl::ToDoubleMilliseconds(round_trips_.average());
    const double max = absl::ToDoubleMilliseconds(round_trips_.longest());
    absl::StrAppendFormat(&line, ", min/avg/max = %.3f/%.3f/%.3f ms", min, avg,
                          max);
    event.update({{"min_ms", min}, {"avg_ms", avg}, {"max_ms", max}});
  }
  output_.Print(line, event);
}

}  // namespace

CLI::App& AddPingCommand(CLI::App& app, PingFlags& flags) {
  CLI::App& ping = *app.add_subcommand("ping", kDescription);
  ping.group("Commands");
  AddFlag(ping, "NODE", "", "The node to ping, alive@host.",
          [&flags](const std::string& text) {
            return ParseNode(text, flags.peer);
          });
  AddFlag(ping, "--count", "N", "How many pings. Default: 1.",
          [&flags](const std::string& text) {
            return ParsePositive(text, flags.count);
          });
  AddFlag(ping, "--interval", "DURATION",
          "Time from one ping to the next. Default: 1s.",
          [&flags](const std::string& text) {
            return ParseDuration(text, flags.interval);
          });
  AddVisitorFlags(ping, flags.node, flags.timeout,
                  "How long a ping may take, connecting included.\n"
                  "Default: 7s.");
  AddNodeFlags(ping, flags.node);
  ping.footer(kExamples);
  ping.callback([&flags] { ValidatePingFlags(flags); });
  return ping;
}

int RunPing(const PingFlags& flags) { return RunVisit<Pinger>(flags); }

}  // namespace ringdist
