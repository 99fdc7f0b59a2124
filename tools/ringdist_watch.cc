#include "ringdist/tools/ringdist_watch.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "ringdist/proto/node_name.h"
#include "ringdist/runtime/node.h"
#include "ringdist/runtime/reactor.h"
#include "ringdist/tools/kept_connection.h"
#include "ringdist/tools/node_probe.h"
#include "ringdist/tools/ringdist_output.h"
#include "ringdist/tools/screen.h"
#include "ringdist/tools/stop_signals.h"
#include "ringdist/tools/visit.h"
#include "ringdist/tools/watch_view.h"

namespace ringdist {
namespace {

constexpr char kDescription[] =
    "Watches nodes: when they come and go, and how they are.\n"
    "\n"
    "Connects to each, as a hidden node that does not listen, and again "
    "whenever\n"
    "that fails or ends. In each interval it measures a round trip and asks "
    "the\n"
    "node for its run queue (what answers is among it), processes, memory, and "
    "what\n"
    "its ports read and write. On a terminal this is a table that is kept up "
    "to\n"
    "date, until Ctrl-C; elsewhere, lines.\n";

constexpr char kExamples[] =
    "Examples:\n"
    "    ringdist watch srv@localhost db@localhost --dir=/run/nodes\n"
    "  Ten measurements for a program to read:\n"
    "    ringdist watch srv@localhost --count=10 --json --dir=/run/nodes\n"
    "\n"
    "Exit status: 0 after --count, --duration, SIGINT or SIGTERM, whether the "
    "nodes\n"
    "were up or not; 1 if it cannot watch, 2 if the command line is wrong.";

// What is kept for a terminal, which may become larger.
constexpr size_t kMaxEvents = 100;
// How often the terminal is drawn anew at the least: it shows times that pass,
// and may have been resized.
constexpr absl::Duration kMaxPictureAge = absl::Seconds(1);

void ParsePeers(const std::vector<std::string>& texts,
                std::vector<std::string>& peers) {
  for (const std::string& text : texts) {
    const absl::Status parsed = ParseNode(text, peers.emplace_back());
    if (!parsed.ok()) ThrowUsageError(absl::StrCat("NODE: ", parsed.message()));
    if (std::count(peers.begin(), peers.end(), text) > 1) {
      ThrowUsageError(absl::StrCat("NODE: ", text, " is written twice"));
    }
  }
}

void ValidateWatchFlags(WatchFlags& flags) {
  if (flags.peers.empty()) {
    ThrowUsageError(
        "NODE is missing; write, say, ringdist watch srv@localhost");
  }
  for (const std::string& peer : flags.peers) CompleteVisitor(flags.node, peer);
}

Json SampleJson(const std::string& node, const WatchSample& sample) {
  const auto or_null = [](const auto& value) {
    return value.has_value() ? Json(*value) : Json();
  };
  return {{"event", "sample"},
          {"node", node},
          {"time_ms", absl::ToDoubleMilliseconds(sample.round_trip)},
          {"run_queue", or_null(sample.run_queue)},
          {"processes", or_null(sample.processes)},
          {"memory", or_null(sample.memory)},
          {"io_bytes_in_per_second", or_null(sample.io_in)},
          {"io_bytes_out_per_second", or_null(sample.io_out)},
          {"packets_in_per_second", sample.packets_in},
          {"packets_out_per_second", sample.packets_out},
          {"bytes_in_per_second", sample.bytes_in},
          {"bytes_out_per_second", sample.bytes_out}};
}

// The command while it runs.
class Watcher {
 public:
  // Its arguments outlive it.
  Watcher(Reactor& reactor, const WatchFlags& flags);

  absl::Status Start();
  // Tells nothing any more, and gives the terminal back if it has one.
  void End();

  // OK, or why it stopped by itself.
  const absl::Status& status() const {
    return screen_status_.ok() ? output_.status() : screen_status_;
  }

 private:
  struct Watched {
    Watched(Watcher& watcher, const NodeName& peer);

    WatchedNode shown;
    absl::Time since;     // It is in its state.
    absl::Time dials_at;  // If it is down.
    KeptConnection kept;
    NodeProbe probe;
  };

  void OnNodeUp(const PeerInfo& peer);
  void OnNodeDown(const PeerInfo& peer, const absl::Status& reason);
  void OnSetupFailed(const NodeName& peer, const absl::Status& reason);
  void OnNoConnection(Watched& watched, const absl::Status& reason);
  void OnWait(Watched& watched, absl::Duration wait,
              const absl::Status& refused);
  void OnInterval();
  void OnDuration() { reactor_.Stop(); }

  // Null if it is none of them, or after End.
  Watched* Find(const NodeName& peer);
  void Enter(Watched& watched, WatchedNode::State state);
  void EnterDown(Watched& watched, const absl::Status& reason);
  void Measure(Watched& watched);
  // Tells of something that happened; on the screen among the events.
  void Tell(absl::string_view text, Json event);
  // The same, but the screen shows it elsewhere.
  void TellInLines(absl::string_view text, Json event);
  void Redraw();

  Reactor& reactor_;
  const WatchFlags& flags_;
  const absl::Time start_;
  absl::Time interval_start_;
  int intervals_ = 0;
  bool ended_ = false;
  Output output_;
  absl::Status screen_status_;
  Timer interval_;
  Timer end_;
  WatchState state_;  // Of the screen; its nodes are made when it is drawn.
  std::optional<Screen> screen_;  // None: it tells in lines.
  Timer redraw_;
  std::vector<std::unique_ptr<Watched>> watched_;
  // Goes first: until it is gone it may call back.
  std::unique_ptr<Node> node_;
};

Watcher::Watched::Watched(Watcher& watcher, const NodeName& peer)
    : since(watcher.reactor_.Now()),
      kept(watcher.reactor_, *watcher.node_, peer,
           [&watcher, this](absl::Duration wait, const absl::Status& refused) {
             watcher.OnWait(*this, wait, refused);
           }),
      probe(watcher.reactor_, *watcher.node_, peer, watcher.flags_.timeout) {
  shown.name = peer.full();
}

Watcher::Watcher(Reactor& reactor, const WatchFlags& flags)
    : reactor_(reactor),
      flags_(flags),
      start_(reactor.Now()),
      interval_start_(start_),
      output_(flags.node.format, [&reactor] { reactor.Stop(); }),
      interval_(reactor, ReactorCallback::To<&Watcher::OnInterval>(this)),
      end_(reactor, ReactorCallback::To<&Watcher::OnDuration>(this)),
      redraw_(reactor, ReactorCallback::To<&Watcher::Redraw>(this)) {
  state_.interval = flags.interval;
}

absl::Status Watcher::Start() {
  NodeFlags flags = flags_.node;
  const bool on_screen =
      flags.format == Output::Format::kText && Screen::IsThere();
  if (on_screen) {
    flags.distribution.log = [this](LogLevel level, absl::string_view line) {
      if (level != LogLevel::kInfo) Tell(line, Json::object());
    };
  }
  NodeOptions options;
  options.on_node_up = [this](const PeerInfo& peer) { OnNodeUp(peer); };
  options.on_node_down = [this](const PeerInfo& peer,
                                const absl::Status& reason) {
    OnNodeDown(peer, reason);
  };
  options.on_setup_failed = [this](const NodeName& peer,
                                   const absl::Status& reason) {
    OnSetupFailed(peer, reason);
  };
  absl::StatusOr<std::unique_ptr<Node>> node =
      CreateVisitor(reactor_, flags, std::move(options));
  if (!node.ok()) return node.status();
  node_ = *std::move(node);
  if (on_screen) screen_.emplace();
  for (const std::string& peer : flags_.peers) {
    watched_.push_back(
        std::make_unique<Watched>(*this, *NodeName::Parse(peer)));
    watched_.back()->kept.Dial();
  }
  interval_.Start(interval_start_ + flags_.interval);
  if (flags_.duration < absl::InfiniteDuration()) {
    end_.Start(start_ + flags_.duration);
  }
  Redraw();
  return absl::OkStatus();
}

void Watcher::End() {
  ended_ = true;
  screen_.reset();
}

Watcher::Watched* Watcher::Find(const NodeName& peer) {
  if (ended_) return nullptr;
  const auto found = std::find_if(
      watched_.begin(), watched_.end(),
      [&](const auto& watched) { return watched->kept.peer() == peer; });
  return found == watched_.end() ? nullptr : found->get();
}

void Watcher::Enter(Watched& watched, WatchedNode::State state) {
  if (watched.shown.state != state) watched.since = reactor_.Now();
  watched.shown.state = state;
  watched.shown.sample.reset();
  watched.shown.silent = absl::ZeroDuration();
}

void Watcher::EnterDown(Watched& watched, const absl::Status& reason) {
  Enter(watched, WatchedNode::State::kDown);
  watched.shown.reason = std::string(reason.message());
}

// What happens.

void Watcher::OnNodeUp(const PeerInfo& peer) {
  Watched* const watched = Find(peer.name);
  if (watched == nullptr) return;
  Enter(*watched, WatchedNode::State::kUp);
  watched->kept.OnUp();
  watched->probe.OnUp();
  watched->probe.Ask();
  Tell(
      absl::StrCat("nodeup ", peer.name.full(), peer.hidden ? " (hidden)" : ""),
      {{"event", "nodeup"},
       {"node", peer.name.full()},
       {"hidden", peer.hidden},
       {"creation", peer.creation}});
}

void Watcher::OnNodeDown(const PeerInfo& peer, const absl::Status& reason) {
  Watched* const watched = Find(peer.name);
  if (watched == nullptr) return;
  EnterDown(*watched, reason);
  Tell(absl::StrCat("nodedown ", peer.name.full(), ": ", reason.message()),
       {{"event", "nodedown"},
        {"node", peer.name.full()},
        {"reason", watched->shown.reason}});
  watched->kept.OnLost();
}

void Watcher::OnSetupFailed(const NodeName& peer, const absl::Status& reason) {
  Watched* const watched = Find(peer);
  if (watched == nullptr) return;
  OnNoConnection(*watched, reason);
  watched->kept.OnLost();
}

void Watcher::OnWait(Watched& watched, absl::Duration wait,
                     const absl::Status& refused) {
  if (!refused.ok()) OnNoConnection(watched, refused);
  watched.dials_at = reactor_.Now() + wait;
  const double seconds = absl::ToDoubleSeconds(wait);
  TellInLines(absl::StrFormat("connecting to %s again in %.1f s",
                              watched.shown.name, seconds),
              {{"event", "reconnecting"},
               {"node", watched.shown.name},
               {"wait_seconds", seconds}});
  Redraw();
}

void Watcher::OnNoConnection(Watched& watched, const absl::Status& reason) {
  EnterDown(watched, reason);
  TellInLines(absl::StrCat("no connection to ", watched.shown.name, ": ",
                           reason.message()),
              {{"event", "setup_failed"},
               {"node", watched.shown.name},
               {"reason", watched.shown.reason}});
}

// Measuring.

void Watcher::OnInterval() {
  for (const auto& watched : watched_) {
    if (watched->shown.state == WatchedNode::State::kUp) Measure(*watched);
  }
  Redraw();
  if (++intervals_ == flags_.count) return reactor_.Stop();
  // Not one after the other if the computer had slept.
  interval_start_ = std::max(interval_start_ + flags_.interval,
                             reactor_.Now() - flags_.interval);
  interval_.Start(interval_start_ + flags_.interval);
}

void Watcher::Measure(Watched& watched) {
  WatchedNode& shown = watched.shown;
  const absl::Duration silent = reactor_.Now() - watched.probe.last_answer();
  if (std::optional<WatchSample> sample = watched.probe.TakeSample()) {
    shown.silent = absl::ZeroDuration();
    shown.sample = std::move(sample);
    TellInLines(absl::StrCat(shown.name, ": ", SampleText(*shown.sample)),
                SampleJson(shown.name, *shown.sample));
  } else if (silent >= flags_.interval) {
    shown.silent = silent;
    TellInLines(absl::StrFormat("%s: no answer for %.1f s", shown.name,
                                absl::ToDoubleSeconds(silent)),
                {{"event", "no_answer"},
                 {"node", shown.name},
                 {"silent_seconds", absl::ToDoubleSeconds(silent)}});
  }
  watched.probe.Ask();
}

// Telling.

void Watcher::Tell(absl::string_view text, Json event) {
  if (!screen_.has_value()) return TellInLines(text, std::move(event));
  state_.events.push_back(absl::StrCat(
      absl::FormatTime("%H:%M:%S ", absl::Now(), absl::LocalTimeZone()), text));
  if (state_.events.size() > kMaxEvents) state_.events.pop_front();
  Redraw();
}

void Watcher::TellInLines(absl::string_view text, Json event) {
  if (screen_.has_value()) return;
  const absl::Time now = absl::Now();
  event["time"] =
      absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", now, absl::UTCTimeZone());
  output_.Print(
      absl::StrCat(absl::FormatTime("%H:%M:%S ", now, absl::LocalTimeZone()),
                   text),
      event);
}

void Watcher::Redraw() {
  if (!screen_.has_value() || !screen_status_.ok()) return;
  const absl::Time now = reactor_.Now();
  redraw_.Start(now + kMaxPictureAge);
  state_.running = now - start_;
  state_.nodes.clear();
  for (const auto& watched : watched_) {
    WatchedNode& shown = state_.nodes.emplace_back(watched->shown);
    shown.in_state = now - watched->since;
    shown.dials_in = std::max(watched->dials_at - now, absl::ZeroDuration());
  }
  const Screen::Size size = screen_->size();
  screen_status_ = screen_->Draw(DrawWatch(state_, size.width, size.height));
  if (!screen_status_.ok()) reactor_.Stop();
}

}  // namespace

CLI::App& AddWatchCommand(CLI::App& app, WatchFlags& flags) {
  CLI::App& watch = *app.add_subcommand("watch", kDescription);
  watch.group("Commands");
  watch
      .add_option_function<std::vector<std::string>>(
          "NODE",
          [&flags](const std::vector<std::string>& texts) {
            ParsePeers(texts, flags.peers);
          },
          "The nodes to watch, each alive@host.")
      ->type_name("");
  AddFlag(watch, "--interval", "DURATION",
          "Time between two measurements. Default: 1s.",
          [&flags](const std::string& text) {
            return ParseDuration(text, flags.interval);
          });
  AddFlag(watch, "--count", "N", "End after so many intervals. Default: go on.",
          [&flags](const std::string& text) {
            return ParsePositive(text, flags.count);
          });
  AddFlag(watch, "--duration", "DURATION", "End after so long. Default: go on.",
          [&flags](const std::string& text) {
            return ParseDuration(text, flags.duration);
          });
  AddVisitorFlags(watch, flags.node, flags.timeout,
                  "How long a node may take for an answer before it is\n"
                  "asked anew. Default: 7s.");
  AddNodeFlags(watch, flags.node);
  watch.footer(kExamples);
  watch.callback([&flags] { ValidateWatchFlags(flags); });
  return watch;
}

int RunWatch(const WatchFlags& flags) {
  IgnoreSigpipe();
  absl::StatusOr<std::unique_ptr<Reactor>> reactor = Reactor::Create();
  if (!reactor.ok()) return Fail(reactor.status());
  Watcher watcher(**reactor, flags);
  const StopSignals signals([&](int) { (*reactor)->Stop(); });
  absl::Status status = watcher.Start();
  if (!status.ok()) return Fail(status);
  status = (*reactor)->Run();
  watcher.End();
  if (status.ok()) status = watcher.status();
  return status.ok() ? kSuccess : Fail(status);
}

}  // namespace ringdist
