// TargetModule: makes a real Erlang node that runs already take a load, for as
// long as this lives. It needs no code of ours on its disk.
//
//   spec.target = "srv@localhost";
//   absl::StatusOr<std::unique_ptr<TargetModule>> module =
//       TargetModule::Load(spec);

#ifndef RINGDIST_BENCH_PEERS_TARGET_MODULE_H_
#define RINGDIST_BENCH_PEERS_TARGET_MODULE_H_

#include <memory>

#include "absl/status/statusor.h"
#include "ringdist/bench/load/load_spec.h"

namespace ringdist {

class TargetModule {
 public:
  // Calls spec.target, in spec.directory, from a node of its own. A target that
  // takes a load already is left as it is. Errors say why it does not take one:
  // it cannot be connected to, or allows no such calls.
  static absl::StatusOr<std::unique_ptr<TargetModule>> Load(
      const LoadSpec& spec);
  // Removes the module, if the target is there to be called.
  ~TargetModule();

 private:
  TargetModule(const LoadSpec& spec, bool is_ours)
      : spec_(spec), is_ours_(is_ours) {}

  const LoadSpec spec_;
  const bool is_ours_;  // It was loaded here.
};

}  // namespace ringdist

#endif  // RINGDIST_BENCH_PEERS_TARGET_MODULE_H_
