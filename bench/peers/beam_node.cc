#include "ringdist/bench/peers/beam_node.h"

#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"

namespace ringdist {

std::string BeamArguments(const LoadSpec& spec) {
  // Nobody is told of the others: there is no traffic but the load's.
  std::string arguments =
      "-connect_all false -kernel prevent_overlapping_partitions false";
  if (spec.workload == Workload::kConnect) {
    // What OTP's race between two connections costs (README.md).
    absl::StrAppend(&arguments, " -kernel net_setuptime 1");
  }
  if (spec.beam_schedulers > 0) {
    absl::StrAppend(&arguments, " +S ", spec.beam_schedulers, ":",
                    spec.beam_schedulers, " +sbt db");
  }
  if (spec.busy_poll > absl::ZeroDuration()) {
    absl::StrAppend(&arguments, " +sbwt very_long +swt very_low");
  }
  return arguments;
}

absl::StatusOr<std::unique_ptr<ErlangNode>> StartBeam(const LoadSpec& spec,
                                                      const BeamPlace& place) {
  return ErlangNode::Start({
      .name = place.name,
      .cookie = spec.cookie,
      .directory = place.directory,
      .carrier = place.carrier,
      .epmd_port = place.epmd_port,
      .cpu = spec.beam_schedulers == 1 ? place.cpu : -1,
      .hidden = true,
      .arguments = BeamArguments(spec),
  });
}

void EndBeam(ErlangNode& node) {
  node.Kill();
  const std::pair<std::string, std::string> name =
      absl::StrSplit(node.name(), absl::MaxSplits('@', 1));
  std::error_code ignored;  // Over TCP there is none.
  std::filesystem::remove(absl::StrCat(node.directory(), "/", name.first),
                          ignored);
}

}  // namespace ringdist
