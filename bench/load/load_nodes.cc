#include "ringdist/bench/load/load_nodes.h"

#include <unistd.h>

#include "absl/strings/str_cat.h"

namespace ringdist {

NodeName ServerNodeOf(const LoadSpec& spec) {
  if (spec.target.empty()) return *NodeName::Parse(kServerNode);
  // Of nobody if it is no name: then connecting says so.
  return NodeName::Parse(spec.target).value_or(NodeName());
}

std::string ClientNode(const LoadSpec& spec, int index) {
  return absl::StrCat("load_", getpid(), "_", index, "@",
                      ServerNodeOf(spec).host());
}

DistributionOptions NodeOptionsOf(const LoadSpec& spec,
                                  const std::string& name) {
  DistributionOptions options;
  options.name = name;
  options.cookie = spec.cookie;
  options.directory = spec.directory;
  options.send_queue_bytes = SendQueueBytes(spec);
  return options;
}

absl::StatusOr<std::unique_ptr<Reactor>> MakeReactor(const LoadSpec& spec) {
  ReactorOptions options;
  options.busy_poll = spec.busy_poll;
  return Reactor::Create(options);
}

EngineCounts CountsOf(Reactor& reactor) {
  const IoEngineStatistics statistics = reactor.engine().statistics();
  return {.enters = statistics.enters, .completions = statistics.completions};
}

}  // namespace ringdist
