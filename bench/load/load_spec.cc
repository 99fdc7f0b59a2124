#include "ringdist/bench/load/load_spec.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace ringdist {
namespace {

// What the runtime takes by default.
constexpr size_t kMaxPayloadBytes = 128 * 1024 * 1024;
constexpr size_t kMaxPayloadShares = 1024;
constexpr int kMaxConnections = 1'000'000;
constexpr int kMaxRepeat = 1000;
constexpr int kMaxCpu = 1023;

constexpr NamedValue<Workload> kWorkloads[] = {
    {Workload::kStream, "stream"},   {Workload::kEcho, "echo"},
    {Workload::kConnect, "connect"}, {Workload::kCall, "call"},
    {Workload::kFanIn, "fanin"},     {Workload::kFanOut, "fanout"},
    {Workload::kMixed, "mixed"},     {Workload::kIdle, "idle"},
};
constexpr NamedValue<Level> kLevels[] = {
    {Level::kPacket, "packet"},
    {Level::kNode, "node"},
};
constexpr NamedValue<Peer> kPeers[] = {
    {Peer::kRingdist, "ringdist"}, {Peer::kBeam, "beam"},
    {Peer::kBeamTcp, "beam_tcp"},  {Peer::kEi, "ei"},
    {Peer::kEpoll, "epoll"},       {Peer::kUring, "uring"},
    {Peer::kPlain, "plain"},       {Peer::kSpin, "spin"},
    {Peer::kNull, "null"},
};
constexpr NamedValue<Arrival> kArrivals[] = {
    {Arrival::kClosed, "closed"},
    {Arrival::kConstant, "constant"},
    {Arrival::kPoisson, "poisson"},
    {Arrival::kBurst, "burst"},
};
constexpr NamedValue<Verify> kVerifies[] = {
    {Verify::kNumbers, "numbers"},
    {Verify::kEnds, "ends"},
    {Verify::kFull, "full"},
};

template <typename Enum>
absl::string_view NameOf(Enum value) {
  for (const NamedValue<Enum>& named : NamesOf<Enum>()) {
    if (named.value == value) return named.name;
  }
  return "?";
}

template <typename... Parts>
absl::Status Invalid(const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat(parts...));
}

bool IsBeam(Peer peer) { return peer == Peer::kBeam || peer == Peer::kBeamTcp; }

bool IsForeignNode(Peer peer) { return IsBeam(peer) || peer == Peer::kEi; }

absl::Status CheckPayload(const LoadSpec& spec) {
  if (spec.payload.empty() || spec.payload.size() > kMaxPayloadShares) {
    return Invalid("--payload: write 1 to ", kMaxPayloadShares, " sizes");
  }
  for (const PayloadShare& share : spec.payload) {
    if (share.bytes > kMaxPayloadBytes) {
      return Invalid("--payload: ", share.bytes, " bytes are more than ",
                     kMaxPayloadBytes);
    }
    if (!std::isfinite(share.weight) || share.weight <= 0) {
      return Invalid("--payload: a weight is above 0");
    }
  }
  if (spec.workload != Workload::kMixed) return absl::OkStatus();
  if (spec.large_bytes == 0 || spec.large_bytes > kMaxPayloadBytes) {
    return Invalid("--large: write 1 to ", kMaxPayloadBytes, " bytes");
  }
  return absl::OkStatus();
}

absl::Status CheckCounts(const LoadSpec& spec) {
  if (spec.connections < 1 || spec.connections > kMaxConnections) {
    return Invalid("--connections: write 1 to ", kMaxConnections);
  }
  if (spec.window < 0) return Invalid("--window: write 0 or more messages");
  if (spec.repeat < 1 || spec.repeat > kMaxRepeat) {
    return Invalid("--repeat: write 1 to ", kMaxRepeat);
  }
  if (spec.client_cpu < -1 || spec.client_cpu > kMaxCpu) {
    return Invalid("--client_cpu: write the number of a CPU, or -1");
  }
  if (spec.server_cpu < -1 || spec.server_cpu > kMaxCpu) {
    return Invalid("--server_cpu: write the number of a CPU, or -1");
  }
  return absl::OkStatus();
}

absl::Status CheckNotNegative(absl::string_view flag, absl::Duration value) {
  if (value >= absl::ZeroDuration() && value < absl::InfiniteDuration()) {
    return absl::OkStatus();
  }
  return Invalid(flag, ": write a time of 0 or more");
}

absl::Status CheckTimes(const LoadSpec& spec) {
  for (const auto& [flag, value] :
       std::initializer_list<std::pair<absl::string_view, absl::Duration>>{
           {"--warmup", spec.warmup},
           {"--slow_consumer", spec.slow_consumer},
           {"--stall", spec.stall},
           {"--busy_poll", spec.busy_poll}}) {
    const absl::Status valid = CheckNotNegative(flag, value);
    if (!valid.ok()) return valid;
  }
  if (spec.duration <= absl::ZeroDuration() ||
      spec.duration == absl::InfiniteDuration()) {
    return Invalid("--duration: write a time above 0");
  }
  if (spec.interval <= absl::ZeroDuration()) {
    return Invalid("--interval: write a time above 0");
  }
  if (spec.stall >= spec.duration) {
    return Invalid("--stall: must be shorter than --duration");
  }
  return absl::OkStatus();
}

absl::Status CheckArrival(const LoadSpec& spec) {
  if (spec.arrival == Arrival::kClosed) {
    if (spec.rate != 0) return Invalid("--rate: a closed loop has none");
    return absl::OkStatus();
  }
  if (!std::isfinite(spec.rate) || spec.rate <= 0) {
    return Invalid("--rate: write the messages per second of the open loop");
  }
  if (spec.arrival == Arrival::kBurst && spec.burst < 1) {
    return Invalid("--burst: write 1 or more messages");
  }
  if (spec.workload == Workload::kFanOut || spec.workload == Workload::kIdle) {
    return Invalid("--rate: --workload=", ToString(spec.workload),
                   " has no open loop");
  }
  if (IsBeam(spec.client)) {
    return Invalid("--rate: --client=", ToString(spec.client),
                   " has no open loop");
  }
  return absl::OkStatus();
}

// Where the ends are: what can talk with what.
absl::Status CheckEnds(const LoadSpec& spec) {
  const bool to_null = spec.server == Peer::kNull && spec.target.empty();
  if (spec.client == Peer::kNull) {
    return Invalid("--client: null takes messages, it cannot send any");
  }
  if (!spec.target.empty()) {
    if (IsBare(spec.client)) {
      return Invalid("--client=", ToString(spec.client),
                     ": is no node, which --target needs");
    }
    return absl::OkStatus();
  }
  if (!to_null && IsBare(spec.client) != IsBare(spec.server)) {
    return Invalid("--client=", ToString(spec.client), ": cannot talk with ",
                   "--serve=", ToString(spec.server),
                   ": one is a node, the other only moves framed bytes");
  }
  return absl::OkStatus();
}

// What the ends can do at this level.
absl::Status CheckLevel(const LoadSpec& spec) {
  const bool has_target = !spec.target.empty();
  const bool handshakes =
      spec.workload == Workload::kConnect || spec.workload == Workload::kIdle;
  if (IsBare(spec.client)) {
    if (spec.level == Level::kNode) {
      return Invalid("--level=node: --client=", ToString(spec.client),
                     " only moves framed bytes; write --level=packet");
    }
    if (spec.workload == Workload::kConnect) {
      return Invalid("--workload=connect: --client=", ToString(spec.client),
                     " has no handshake");
    }
  }
  if (spec.workload == Workload::kCall && spec.level == Level::kPacket) {
    return Invalid(
        "--workload=call: packets make no calls; write --level=node");
  }
  if (spec.level == Level::kNode || handshakes) return absl::OkStatus();
  if (has_target) {
    return Invalid(
        "--level=packet: --target would take our packets for "
        "Erlang messages; write --level=node");
  }
  for (const Peer peer : {spec.client, spec.server}) {
    if (!IsForeignNode(peer)) continue;
    return Invalid("--level=packet: ", ToString(peer),
                   " knows Erlang messages only; write --level=node");
  }
  return absl::OkStatus();
}

absl::Status CheckBeam(const LoadSpec& spec) {
  const bool serves_tcp = spec.target.empty() && spec.server == Peer::kBeamTcp;
  if (serves_tcp != (spec.client == Peer::kBeamTcp)) {
    return Invalid("--client=", ToString(spec.client),
                   ": only beam_tcp talks with beam_tcp, over TCP");
  }
  if (spec.beam_schedulers == 0) return absl::OkStatus();
  if (spec.beam_schedulers < 0) {
    return Invalid("--beam_schedulers: write 0 (the default) or more");
  }
  const bool serves = spec.target.empty() && IsBeam(spec.server);
  if (serves || IsBeam(spec.client)) return absl::OkStatus();
  return Invalid("--beam_schedulers: neither end is a BEAM that is started");
}

absl::Status CheckEi(const LoadSpec& spec) {
  const bool serves = spec.target.empty() && spec.server == Peer::kEi;
  if (!spec.ei_buffered || serves || spec.client == Peer::kEi) {
    return absl::OkStatus();
  }
  return Invalid("--ei_buffered: neither end is an ei node that is started");
}

}  // namespace

absl::Status LoadSpec::Validate() const {
  using Check = absl::Status (*)(const LoadSpec&);
  for (const Check check : {CheckPayload, CheckCounts, CheckTimes, CheckArrival,
                            CheckEnds, CheckLevel, CheckBeam, CheckEi}) {
    absl::Status valid = check(*this);
    if (!valid.ok()) return valid;
  }
  return absl::OkStatus();
}

bool IsBare(Peer peer) {
  return peer == Peer::kEpoll || peer == Peer::kUring || peer == Peer::kPlain ||
         peer == Peer::kSpin;
}

template <>
absl::Span<const NamedValue<Workload>> NamesOf() {
  return kWorkloads;
}
template <>
absl::Span<const NamedValue<Level>> NamesOf() {
  return kLevels;
}
template <>
absl::Span<const NamedValue<Peer>> NamesOf() {
  return kPeers;
}
template <>
absl::Span<const NamedValue<Arrival>> NamesOf() {
  return kArrivals;
}
template <>
absl::Span<const NamedValue<Verify>> NamesOf() {
  return kVerifies;
}

absl::string_view ToString(Workload workload) { return NameOf(workload); }
absl::string_view ToString(Level level) { return NameOf(level); }
absl::string_view ToString(Peer peer) { return NameOf(peer); }
absl::string_view ToString(Arrival arrival) { return NameOf(arrival); }
absl::string_view ToString(Verify verify) { return NameOf(verify); }

template <typename Enum>
absl::Status ParseName(absl::string_view name, Enum& value) {
  for (const NamedValue<Enum>& named : NamesOf<Enum>()) {
    if (named.name != name) continue;
    value = named.value;
    return absl::OkStatus();
  }
  const auto append = [](std::string* out, const NamedValue<Enum>& named) {
    absl::StrAppend(out, named.name);
  };
  return Invalid("\"", name, "\" is none of ",
                 absl::StrJoin(NamesOf<Enum>(), ", ", append));
}

template absl::Status ParseName(absl::string_view, Workload&);
template absl::Status ParseName(absl::string_view, Level&);
template absl::Status ParseName(absl::string_view, Peer&);
template absl::Status ParseName(absl::string_view, Arrival&);
template absl::Status ParseName(absl::string_view, Verify&);

std::string ToString(const std::vector<PayloadShare>& payload) {
  if (payload.size() == 1) return absl::StrCat(payload.front().bytes);
  return absl::StrJoin(payload, "+",
                       [](std::string* out, const PayloadShare& share) {
                         absl::StrAppend(out, share.bytes, "x", share.weight);
                       });
}

}  // namespace ringdist
