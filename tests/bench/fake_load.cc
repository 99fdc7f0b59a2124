#include "ringdist/tests/bench/fake_load.h"

#include <cstdio>

#include "ringdist/bench/load/load_client.h"
#include "ringdist/tests/bench/virtual_transport.h"

namespace ringdist {

absl::StatusOr<Measurement> FakeLoad(const LoadSpec& spec,
                                     const RunHooks& hooks) {
  if (spec.target == "down@fake") {
    return absl::UnavailableError("down@fake: no node listens there");
  }
  if (spec.target == "other@fake") {
    return absl::UnimplementedError("other@fake has no such load");
  }
  LoadClient<VirtualTransport> client(spec, spec.client, hooks);
  absl::StatusOr<Measurement> measurement = client.Run();
  if (!measurement.ok()) return measurement;
  if (spec.target == "lossy@fake") {
    measurement->faults.lost = 1;
    measurement->faults.duplicated = 1;
  }
  if (spec.target == "broken@fake") {
    measurement->errors = 1;
    measurement->first_error = "no answer within 7s";
  }
  if (spec.target == "endless@fake") {
    fputs("running\n", stderr);
    hooks.interrupted->wait(false);
    measurement->interrupted = true;
  }
  return measurement;
}

}  // namespace ringdist
