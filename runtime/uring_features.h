// What the running kernel's io_uring can do beyond the constants that its
// header has: found by trying, on a ring of its own that is thrown away.

#ifndef RINGDIST_RUNTIME_URING_FEATURES_H_
#define RINGDIST_RUNTIME_URING_FEATURES_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace ringdist {

struct UringFeatures {
  bool incremental_buffers = false;
  bool receive_limit = false;
};

// Errors: Unimplemented or PermissionDenied as UringEngine::Create gives them.
absl::StatusOr<UringFeatures> ProbeUringFeatures();

// What io_uring_setup's errno means to the user, and what to do about it.
absl::Status UringSetupError(int error);

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_URING_FEATURES_H_
