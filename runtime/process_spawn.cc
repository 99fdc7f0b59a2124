// Processes that one node asks another one for (OTP, erts/doc: "Distribution
// Protocol", SPAWN_REQUEST and SPAWN_REPLY).

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "ringdist/proto/bytes.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/proto/term_writer.h"
#include "ringdist/runtime/process_table.h"

namespace ringdist {
namespace {

// What of a spawn request's options matters here.
struct SpawnOptions {
  bool link = false;
  bool monitor = false;
};

// The least heap of a process of an Erlang node, in words, which is the least
// maximum, too.
constexpr uint64_t kMinHeapSize = 233;
// Sizes are small integers there.
constexpr uint64_t kMaxSize = (uint64_t{1} << 59) - 1;
// Schedulers that one can be bound to: 1, or 0 for none.
constexpr uint64_t kSchedulers = 1;

bool IsOneOf(const TermView& value,
             std::initializer_list<absl::string_view> atoms) {
  return std::any_of(atoms.begin(), atoms.end(), [&](absl::string_view atom) {
    return value.IsAtom(atom);
  });
}

bool IsUpTo(const TermView& value, uint64_t limit) {
  return value.AsUint64().has_value() && *value.AsUint64() <= limit;
}

// Size, or #{size := Size, kill => boolean(), error_logger => boolean()}.
bool IsMaxHeapSize(const TermView& value) {
  if (value.type() != TermType::kMap) {
    return IsUpTo(value, 0) ||
           (IsUpTo(value, kMaxSize) && *value.AsUint64() >= kMinHeapSize);
  }
  bool has_size = false;
  TermElements pairs = value.elements();
  for (TermView key, part; pairs.Next(key) && pairs.Next(part);) {
    if (key.IsAtom("size")) {
      has_size = part.type() != TermType::kMap && IsMaxHeapSize(part);
      if (!has_size) return false;
    } else if (IsOneOf(key, {"kill", "error_logger"}) &&
               !IsOneOf(part, {"true", "false"})) {
      return false;
    }
  }
  return has_size;
}

// Options of a monitor, which are the asking node's business.
bool AreMonitorOptions(const TermView& options) {
  if (options.type() == TermType::kNil) return true;
  TermElements elements = options.elements();
  for (TermView option; elements.Next(option);) {
    AtomView name;
    if (!Matches(option, std::tuple(&name, Any())) ||
        !(name == AtomView::Utf8("tag") || name == AtomView::Utf8("alias"))) {
      return false;
    }
  }
  return elements.Tail().type() == TermType::kNil;
}

// Whether it is an option of spawn_opt/5 that has no meaning here.
bool IsIgnored(const TermView& option) {
  AtomView name;
  TermView value;
  if (!Matches(option, std::tuple(&name, &value))) return false;
  const std::string is = name.ToString();
  if (is == "priority") return IsOneOf(value, {"low", "normal", "high", "max"});
  if (is == "message_queue_data") {
    return IsOneOf(value, {"on_heap", "off_heap"});
  }
  if (is == "max_heap_size") return IsMaxHeapSize(value);
  if (is == "scheduler") return IsUpTo(value, kSchedulers);
  return (is == "fullsweep_after" || is == "min_heap_size" ||
          is == "min_bin_vheap_size") &&
         IsUpTo(value, kMaxSize);
}

// Nullopt: no options of a spawn (OTP, erl_process.c: erts_parse_spawn_opts).
std::optional<SpawnOptions> ReadSpawnOptions(const TermView& options) {
  SpawnOptions read;
  if (options.type() == TermType::kNil) return read;
  TermElements elements = options.elements();
  for (TermView option; elements.Next(option);) {
    TermView of_monitor;
    if (option.IsAtom("link")) {
      read.link = true;
    } else if (option.IsAtom("monitor")) {
      read.monitor = true;
    } else if (Matches(option, std::tuple(Atom("monitor"), &of_monitor)) &&
               AreMonitorOptions(of_monitor)) {
      read.monitor = true;
    } else if (!IsIgnored(option)) {
      return std::nullopt;
    }
  }
  if (elements.Tail().type() != TermType::kNil) return std::nullopt;
  return read;
}

// What a called function is sent, and does not await.
void IgnoreMessage(Process&, const TermView&) {}

void ReplyToSpawn(ProcessTable& table, absl::string_view node,
                  const control::SpawnRequest& request, uint32_t flags,
                  PidOrName result) {
  table.router().RouteSignal(node,
                             control::SpawnReply{.id = request.id,
                                                 .to = request.from,
                                                 .flags = flags,
                                                 .result = result,
                                                 .token = {}},
                             /*connect=*/false);
}

}  // namespace

// Asked by others.

void ProcessTable::SetRunSpawned(size_t max_processes,
                                 size_t max_processes_per_peer,
                                 RunSpawned run) {
  max_processes_ = max_processes;
  max_processes_per_peer_ = max_processes_per_peer;
  run_spawned_ = std::move(run);
}

void ProcessTable::DeliverSpawnRequest(absl::string_view node,
                                       const control::SpawnRequest& request,
                                       bool allowed) {
  const auto refuse = [&](absl::string_view why) {
    ReplyToSpawn(*this, node, request, 0, AtomView::Utf8(why));
  };
  if (!allowed || !run_spawned_) return refuse("notsup");
  const std::optional<SpawnOptions> options = ReadSpawnOptions(request.options);
  if (!options.has_value()) return refuse("badopt");
  const Pid pid = SpawnForPeer(node, nullptr).pid();
  ProcessState* const spawned = Find(pid);
  if (spawned == nullptr) return refuse("system_limit");
  ProcessState& process = *spawned;
  uint32_t flags = 0;
  if (options->link) {
    flags |= control::SpawnReply::kLinked;
    process.links.try_emplace(Pid(request.from));
  }
  if (options->monitor) {
    flags |= control::SpawnReply::kMonitored;
    process.watchers[Reference(request.id)] = {Pid(request.from), ""};
  }
  if (flags != 0) Relate(process, node);
  ReplyToSpawn(*this, node, request, flags, pid);
  MessageHandler run = [this, &request](Process& self, const TermView&) {
    run_spawned_(self, request);
  };
  RunHandler(process, run, TermView());
}

Process ProcessTable::SpawnForPeer(absl::string_view node,
                                   DeathHandler on_death) {
  size_t& spawned = spawned_[node];
  if (processes_.size() >= max_processes_ ||
      spawned >= max_processes_per_peer_) {
    if (spawned == 0) spawned_.erase(node);
    return Process();
  }
  ++spawned;
  ProcessOptions options;
  options.on_death = std::move(on_death);
  const Pid pid = Spawn(IgnoreMessage, std::move(options));
  Find(pid)->spawned_for = std::string(node);
  return HandleOf(pid);
}

// Asked by us.

absl::StatusOr<Reference> ProcessTable::RequestSpawn(
    ProcessState& process, const SpawnFunction& function,
    MessageWriter arguments, const SpawnRequestOptions& options) {
  Reference id = NewReference();
  StringWriter list;
  TermWriter writer(list);
  const size_t count = (options.link ? 1 : 0) + (options.monitor ? 1 : 0);
  if (count > 0) writer.WriteListHeader(count);
  if (options.link) writer.WriteAtom("link");
  if (options.monitor) writer.WriteAtom("monitor");
  writer.WriteNil();
  const control::SpawnRequest request{
      .id = id,
      .from = process.pid,
      .group_leader = options.group_leader.value_or(group_leader_),
      .module = AtomView::Utf8(function.module),
      .function = AtomView::Utf8(function.function),
      .arity = static_cast<int64_t>(function.arity),
      .options = TermView::Trusted(list.view(), AtomTable()),
      .token = {},
      .arguments = {}};
  absl::Status sent = router_.RouteMessage(function.node, request, arguments,
                                           process.owes_messages);
  if (!sent.ok()) return sent;
  Relate(process, function.node);
  process.spawns[id] = {std::string(function.node), options.link,
                        options.monitor};
  return id;
}

void ProcessTable::DeliverSpawnReply(absl::string_view node,
                                     const control::SpawnReply& reply) {
  const auto* pid = std::get_if<PidView>(&reply.result);
  ProcessState* const process = Find(reply.to);
  const auto requested = process == nullptr
                             ? decltype(process->spawns)::iterator()
                             : process->spawns.find(Reference(reply.id));
  if (process == nullptr || requested == process->spawns.end()) {
    return DisownSpawned(node, reply);
  }
  if (requested->second.node != node && node != self_) return;
  const RequestedSpawn spawn = std::move(requested->second);
  process->spawns.erase(requested);
  if (pid != nullptr && (reply.flags & control::SpawnReply::kLinked) != 0) {
    process->links.try_emplace(Pid(*pid));
  }
  if (pid != nullptr && spawn.monitor) {
    process->monitors[Reference(reply.id)] = {Pid(*pid), "", spawn.node};
  }
  TellSpawned(*process, reply.id, reply.result);
}

void ProcessTable::ForgetOrphans(absl::string_view node) {
  absl::erase_if(orphans_,
                 [&](const auto& entry) { return entry.second.node == node; });
}

// Nobody waits for it any more, or ever did.
void ProcessTable::DisownSpawned(absl::string_view node,
                                 const control::SpawnReply& reply) {
  const auto orphan = orphans_.find(Reference(reply.id));
  std::optional<Term> reason;
  if (orphan != orphans_.end() && orphan->second.node == node) {
    reason = std::move(orphan->second.reason);
    orphans_.erase(orphan);
  }
  const auto* pid = std::get_if<PidView>(&reply.result);
  const bool is_ours =
      reply.to.creation == creation_ && reply.id.creation == creation_;
  if (pid == nullptr || !is_ours) return;
  if ((reply.flags & control::SpawnReply::kMonitored) != 0) {
    router_.RouteSignal(
        node,
        control::DemonitorP{
            .from = reply.to, .to = *pid, .reference = reply.id},
        /*connect=*/false);
  }
  if (!reason.has_value() ||
      (reply.flags & control::SpawnReply::kLinked) == 0) {
    return;
  }
  router_.RouteSignal(node,
                      control::Exit{.from = reply.to,
                                    .to = *pid,
                                    .token = {},
                                    .reason = *reason,
                                    .reason_is_payload = true},
                      /*connect=*/false);
}

void ProcessTable::TellSpawned(ProcessState& process, const ReferenceView& id,
                               const PidOrName& result) {
  StringWriter bytes;
  TermWriter writer(bytes);
  writer.WriteTupleHeader(4);
  writer.WriteAtom("spawn_reply");
  writer.WriteReference(id);
  if (const auto* pid = std::get_if<PidView>(&result)) {
    writer.WriteAtom("ok");
    writer.WritePid(*pid);
  } else {
    writer.WriteAtom("error");
    writer.WriteAtom(std::get<AtomView>(result));
  }
  DeliverMessage(process, self_, TermView::Trusted(bytes.view(), AtomTable()));
}

void ProcessTable::FailSpawns(absl::string_view node, absl::string_view why) {
  ForgetOrphans(node);
  const auto related = related_.find(node);
  if (related == related_.end()) return;
  const std::vector<uint64_t> keys(related->second.begin(),
                                   related->second.end());
  for (const uint64_t key : keys) {
    ProcessState* process = Find(key);
    if (process != nullptr) FailSpawnsOf(*process, node, why);
  }
}

void ProcessTable::FailSpawnsOf(ProcessState& process, absl::string_view node,
                                absl::string_view why) {
  const uint64_t key = process.key;
  std::vector<Reference> failed;
  for (const auto& [id, spawn] : process.spawns) {
    if (spawn.node == node) failed.push_back(id);
  }
  for (const Reference& id : failed) {
    ProcessState* const still = Find(key);
    if (still == nullptr) return;
    still->spawns.erase(id);
    TellSpawned(*still, id, AtomView::Utf8(why));
  }
}

}  // namespace ringdist
