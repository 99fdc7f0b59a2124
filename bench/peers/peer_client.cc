#include "ringdist/bench/peers/peer_client.h"

#include <unistd.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "ringdist/bench/load/histogram.h"
#include "ringdist/bench/load/payload_mix.h"
#include "ringdist/bench/peers/beam_node.h"
#include "ringdist/bench/peers/erlang_node.h"
#include "ringdist/bench/peers/load_module.h"
#include "ringdist/bench/peers/peer_server.h"
#include "ringdist/proto/term.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/proto/term_text.h"

namespace ringdist {
namespace {

// How long the client may be silent before it is asked again, and with it how
// long an interruption takes to be seen.
constexpr int kPollMilliseconds = 200;
// Messages on their way to a slow consumer: all else would only wait there.
constexpr int kSlowWindow = 64;
// PayloadMix deals so many sizes in turns.
constexpr uint64_t kDeckSize = 4096;

constexpr absl::string_view kInterruptedEarly = "interrupted_before_it_began";

template <typename... Parts>
absl::Status Unimplemented(const Parts&... parts) {
  return absl::UnimplementedError(absl::StrCat(parts...));
}

absl::Status CheckWorkload(const LoadSpec& spec) {
  const absl::string_view client = ToString(spec.client);
  if (spec.workload == Workload::kFanOut || spec.workload == Workload::kIdle) {
    return Unimplemented("--workload=", ToString(spec.workload), ": not by ",
                         client, ", as two nodes have one connection");
  }
  if (spec.workload == Workload::kConnect && spec.connections > 1) {
    return Unimplemented("--connections: ", client,
                         " makes one at a time to a node");
  }
  if (spec.arrival != Arrival::kClosed) {
    return Unimplemented("--rate: ", client, " generates closed loops only");
  }
  if (spec.stall > absl::ZeroDuration()) {
    return Unimplemented("--stall: not by ", client);
  }
  return absl::OkStatus();
}

absl::Status CheckPeers(const LoadSpec& spec) {
  if (spec.client != Peer::kBeam && spec.client != Peer::kBeamTcp) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--client=", ToString(spec.client), ": is no Erlang node"));
  }
  if (spec.client == Peer::kBeamTcp && !spec.target.empty()) {
    return Unimplemented("--client=beam_tcp: only to --serve=beam_tcp");
  }
  if (spec.target.empty() && spec.server != spec.client) {
    return Unimplemented("--client=", ToString(spec.client),
                         ": not to --serve=", ToString(spec.server));
  }
  return CheckWorkload(spec);
}

// Sizes as ringdist_load:payloads/1 takes them.
std::vector<uint64_t> Deck(const LoadSpec& spec) {
  if (spec.payload.size() == 1) return {spec.payload.front().bytes};
  const PayloadMix mix(spec.payload, spec.seed);
  std::vector<uint64_t> sizes;
  for (uint64_t i = 0; i < kDeckSize; ++i) sizes.push_back(mix.BytesOf(i));
  return sizes;
}

int WindowOf(const LoadSpec& spec) {
  const bool is_slow = spec.slow_consumer > absl::ZeroDuration();
  return spec.window == 0 && is_slow ? kSlowWindow : spec.window;
}

// What ringdist_load_client:run/1 takes.
std::string RunSpec(const LoadSpec& spec, const std::string& target) {
  const auto with = [](absl::string_view key, auto value) {
    return std::pair(Atom(key), std::move(value));
  };
  return ToText(MakeTerm(
      Map(with("workload", Atom(ToString(spec.workload))),
          with("target", Atom(target)), with("sizes", Deck(spec)),
          with("large_bytes", uint64_t{spec.large_bytes}),
          with("senders", spec.connections), with("window", WindowOf(spec)),
          with("warmup_ns", absl::ToInt64Nanoseconds(spec.warmup)),
          with("duration_ns", absl::ToInt64Nanoseconds(spec.duration)),
          with("interval_ns", absl::ToInt64Nanoseconds(spec.interval)))));
}

// One run on a client node that is up.
class BeamRun {
 public:
  BeamRun(ErlangNode& node, const RunHooks& hooks)
      : node_(node), hooks_(hooks) {}

  absl::StatusOr<Measurement> Run(const std::string& run_spec) {
    absl::Status status =
        Do(absl::StrCat("Run = ringdist_load_client:run(", run_spec, "), ok."));
    while (status.ok() && !done_) status = Step();
    if (!status.ok()) return status;
    if (measurement_.duration <= absl::ZeroDuration()) {
      return absl::UnavailableError(
          absl::StrCat(node_.name(), ": nothing was done in all the time"));
    }
    return std::move(measurement_);
  }

 private:
  using Buckets = std::vector<std::pair<int64_t, uint64_t>>;

  absl::Status Do(const std::string& expressions) {
    return node_.Eval(expressions).status();
  }

  // Takes the next event, if there is one.
  absl::Status Step() {
    if (hooks_.interrupted != nullptr && *hooks_.interrupted) {
      const absl::Status status = Do("ringdist_load_client:interrupt(Run).");
      if (!status.ok()) return status;
    }
    const absl::StatusOr<std::string> answer = node_.Eval(absl::StrCat(
        "ringdist_load_client:next(Run, ", kPollMilliseconds, ")."));
    if (!answer.ok()) return answer.status();
    const absl::StatusOr<Term> event = ParseTerm(*answer);
    if (!event.ok()) {
      return absl::InternalError(absl::StrCat(node_.name(), ": ", *answer));
    }
    return Take(*event);
  }

  absl::Status Take(const Term& event) {
    TermView map;
    std::string reason;
    if (event.view().IsAtom("none")) return absl::OkStatus();
    if (Matches(event, std::tuple(Atom("interval"), &map))) {
      return TakeInterval(map);
    }
    if (Matches(event, std::tuple(Atom("failed"), &reason))) {
      const std::string text = absl::StrCat(node_.name(), ": ", reason);
      return reason == kInterruptedEarly ? absl::CancelledError(text)
                                         : absl::UnavailableError(text);
    }
    const absl::Status matched =
        MatchTerm(event, std::tuple(Atom("done"), &map));
    return matched.ok() ? TakeResult(map) : matched;
  }

  absl::Status TakeInterval(const TermView& map) {
    Interval interval;
    int64_t start_ns = 0;
    Buckets buckets;
    const absl::Status matched =
        MatchTerm(map, Map(std::pair(Atom("start_ns"), &start_ns),
                           std::pair(Atom("messages"), &interval.messages),
                           std::pair(Atom("bytes"), &interval.bytes),
                           std::pair(Atom("histogram"), &buckets)));
    if (!matched.ok()) return matched;
    const Histogram latency = ToHistogram(buckets);
    interval.start = absl::Nanoseconds(start_ns);
    interval.p50_ns = latency.ValueAt(50);
    interval.p99_ns = latency.ValueAt(99);
    interval.max_ns = latency.max();
    measurement_.series.push_back(interval);
    if (hooks_.on_interval) hooks_.on_interval(interval);
    return absl::OkStatus();
  }

  absl::Status TakeResult(const TermView& map) {
    int64_t duration_ns = 0;
    Buckets buckets;
    std::map<Atom, double> counters;
    Faults& faults = measurement_.faults;
    const absl::Status matched = MatchTerm(
        map, Map(std::pair(Atom("duration_ns"), &duration_ns),
                 std::pair(Atom("messages"), &measurement_.messages),
                 std::pair(Atom("bytes"), &measurement_.bytes),
                 std::pair(Atom("histogram"), &buckets),
                 std::pair(Atom("lost"), &faults.lost),
                 std::pair(Atom("duplicated"), &faults.duplicated),
                 std::pair(Atom("reordered"), &faults.reordered),
                 std::pair(Atom("corrupted"), &faults.corrupted),
                 std::pair(Atom("interrupted"), &measurement_.interrupted),
                 std::pair(Atom("counters"), &counters)));
    if (!matched.ok()) return matched;
    done_ = true;
    measurement_.duration = absl::Nanoseconds(duration_ns);
    measurement_.latency = ToHistogram(buckets);
    for (const auto& [key, value] : counters) {
      measurement_.counters[key.text] = value;
    }
    return absl::OkStatus();
  }

  static Histogram ToHistogram(const Buckets& buckets) {
    Histogram histogram;
    for (const auto& [value, count] : buckets) histogram.Record(value, count);
    return histogram;
  }

  ErlangNode& node_;
  const RunHooks& hooks_;
  bool done_ = false;
  Measurement measurement_;
};

// On a client node that is up. The target is made to take the load if it does
// not yet.
absl::StatusOr<Measurement> RunOn(ErlangNode& node, const LoadSpec& spec,
                                  const std::string& target,
                                  const RunHooks& hooks) {
  const auto here = [&](absl::string_view module, absl::string_view function,
                        const Term& arguments) {
    return CallIn(node, module, function, arguments);
  };
  const auto there = [&](absl::string_view module, absl::string_view function,
                         const Term& arguments) {
    return here("ringdist_load_client", "call",
                MakeTerm(List(std::tuple(Atom(target), Atom(module),
                                         Atom(function), arguments))));
  };
  const absl::Status loaded = LoadClientModules(here);
  if (!loaded.ok()) return loaded;
  const absl::StatusOr<bool> is_ours = StartLoadModule(there, spec);
  if (!is_ours.ok()) return is_ours.status();
  const absl::Cleanup remove = [&] {
    // If the target is gone there is nothing to remove.
    if (*is_ours) RemoveLoadModule(there).IgnoreError();
  };
  return BeamRun(node, hooks).Run(RunSpec(spec, target));
}

}  // namespace

absl::StatusOr<Measurement> RunPeerClient(const LoadSpec& spec,
                                          const RunHooks& hooks) {
  const absl::Status valid = CheckPeers(spec);
  if (!valid.ok()) return valid;
  std::unique_ptr<PeerServer> server;
  BeamPlace place = {.name = absl::StrCat("load_", getpid(), "@localhost"),
                     .directory = spec.directory,
                     .cpu = spec.client_cpu};
  if (spec.target.empty()) {
    absl::StatusOr<std::unique_ptr<PeerServer>> started =
        PeerServer::Start(spec);
    if (!started.ok()) return started.status();
    server = *std::move(started);
    place.directory = server->directory();
  }
  if (server != nullptr && server->epmd() != nullptr) {
    place.carrier = ErlangCarrier::kTcp;
    place.epmd_port = server->epmd()->port();
  }
  absl::StatusOr<std::unique_ptr<ErlangNode>> node = StartBeam(spec, place);
  if (!node.ok()) return node.status();
  const absl::Cleanup end = [&] { EndBeam(**node); };
  return RunOn(**node, spec, server ? server->node() : spec.target, hooks);
}

}  // namespace ringdist
