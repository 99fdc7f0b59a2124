#include "ringdist/bench/load/run_load.h"

#include <sys/prctl.h>

#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "ringdist/bench/load/clients.h"
#include "ringdist/bench/load/process_usage.h"
#include "ringdist/bench/load/server_process.h"
#include "ringdist/bench/peers/temporary_directory.h"

namespace ringdist {
namespace {

template <typename... Parts>
absl::Status Invalid(const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat(parts...));
}

// What blocks cannot look after anything else meanwhile.
absl::Status CheckPlain(const LoadSpec& spec) {
  if (spec.client != Peer::kPlain && spec.server != Peer::kPlain) {
    return absl::OkStatus();
  }
  if (spec.connections > 1) {
    return Invalid("--connections: plain blocks on one connection; write 1");
  }
  if (spec.arrival != Arrival::kClosed) {
    return Invalid("--rate: plain blocks, and cannot send when it is time");
  }
  const bool echoes = spec.workload == Workload::kEcho && spec.window > 1;
  if (echoes || spec.workload == Workload::kMixed) {
    return Invalid("--workload=", ToString(spec.workload),
                   ": plain blocks, so that both ends could wait for the other "
                   "to read; write echo with --window=1, stream or fanout");
  }
  return absl::OkStatus();
}

absl::Status CheckSupported(const LoadSpec& spec) {
  if (spec.server == Peer::kNull && spec.target.empty()) {
    const bool sends = spec.workload != Workload::kConnect &&
                       spec.workload != Workload::kIdle &&
                       spec.workload != Workload::kFanOut;
    if (sends) return absl::OkStatus();
    return absl::UnimplementedError(
        absl::StrCat("--serve=null: --workload=", ToString(spec.workload),
                     " sends nothing that it could take"));
  }
  if (spec.workload == Workload::kFanOut && spec.payload.size() > 1) {
    return Invalid("--payload: --workload=fanout has messages of one size");
  }
  return CheckPlain(spec);
}

}  // namespace

absl::StatusOr<Measurement> RunLoad(const LoadSpec& asked,
                                    const RunHooks& hooks) {
  const absl::Status supported = CheckSupported(asked);
  if (!supported.ok()) return supported;
  LoadSpec spec = asked;
  std::optional<TemporaryDirectory> directory;
  if (spec.directory.empty()) spec.directory = directory.emplace().path();
  std::unique_ptr<ServerProcess> server;
  if (spec.target.empty() && spec.server != Peer::kNull) {
    auto started = ServerProcess::Start(spec);
    if (!started.ok()) return started.status();
    server = *std::move(started);
  }
  const PinnedThread pinned(spec.client_cpu);
  RaiseDescriptorLimit();
  // Waits for a message's time end then, and not 50 microseconds later.
  prctl(PR_SET_TIMERSLACK, 1UL);
  return RunClient(spec, hooks);
}

}  // namespace ringdist
