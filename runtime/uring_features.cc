#include "ringdist/runtime/uring_features.h"

#include <liburing.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <memory>
#include <string>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "ringdist/runtime/receive_buffers.h"
#include "ringdist/runtime/system_error.h"
#include "ringdist/runtime/uring_abi.h"

namespace ringdist {
namespace {

// kernel.io_uring_disabled: 0 for everybody, 1 for a group only, 2 for nobody.
// Kernels before 6.6 do not have it.
std::string IoUringDisabled() {
  std::ifstream file("/proc/sys/kernel/io_uring_disabled");
  std::string value;
  file >> value;
  return value;
}

// Receives the one byte of `fd` by a multishot receive with a limit.
bool ReceivesWithLimit(io_uring* ring, int fd) {
  io_uring_sqe* const sqe = io_uring_get_sqe(ring);
  io_uring_prep_recv_multishot(sqe, fd, nullptr, 0, 0);
  sqe->flags |= IOSQE_BUFFER_SELECT;
  sqe->buf_group = ReceiveBuffers::kGroup;
  sqe->file_index = 1;  // optlen, see uring_abi.h
  io_uring_cqe* cqe = nullptr;
  if (io_uring_submit_and_wait(ring, 1) < 0) return false;
  if (io_uring_peek_cqe(ring, &cqe) != 0) return false;
  const bool worked = cqe->res == 1 && (cqe->flags & IORING_CQE_F_MORE) == 0;
  io_uring_cqe_seen(ring, cqe);
  return worked;
}

bool ProbeReceiveLimit(io_uring* ring) {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) {
    return false;
  }
  const absl::Cleanup clean = [&] {
    close(fds[0]);
    close(fds[1]);
  };
  if (write(fds[1], "x", 1) != 1) return false;
  auto buffers =
      ReceiveBuffers::Create(ring, {.initial = 1, .count = 1, .size = 64});
  return buffers.ok() && ReceivesWithLimit(ring, fds[0]);
}

bool ProbeIncrementalBuffers(io_uring* ring) {
  return ReceiveBuffers::Create(
             ring, {.initial = 1, .count = 1, .size = 64, .incremental = true})
      .ok();
}

}  // namespace

absl::Status UringSetupError(int error) {
  if (error == ENOSYS) {
    return absl::UnimplementedError(
        "io_uring_setup: this kernel has no io_uring, or a container's seccomp "
        "profile hides it; run on Linux 6.0 or later, with a profile that "
        "allows io_uring_setup, io_uring_enter and io_uring_register");
  }
  if (error == ENOMEM) {
    return absl::ResourceExhaustedError(
        "io_uring_setup: not enough locked memory for a ring; raise it with "
        "ulimit -l (RLIMIT_MEMLOCK), 64 KiB are enough for one");
  }
  if (error != EPERM && error != EACCES) {
    return SystemError("io_uring_setup", "", error);
  }
  const std::string disabled = IoUringDisabled();
  if (disabled == "1" || disabled == "2") {
    return absl::PermissionDeniedError(
        absl::StrCat("io_uring_setup: io_uring is switched off by the system "
                     "(kernel.io_uring_disabled = ",
                     disabled, "); an administrator allows it with: sysctl -w ",
                     "kernel.io_uring_disabled=0"));
  }
  return absl::PermissionDeniedError(
      "io_uring_setup: io_uring is forbidden for this process, most likely by "
      "a container's seccomp profile; use one that allows io_uring_setup, "
      "io_uring_enter and io_uring_register (docker run --security-opt "
      "seccomp=PROFILE)");
}

absl::StatusOr<UringFeatures> ProbeUringFeatures() {
  io_uring ring;
  const int error = io_uring_queue_init(4, &ring, 0);
  if (error != 0) return UringSetupError(-error);
  const absl::Cleanup clean = [&] { io_uring_queue_exit(&ring); };
  io_uring_probe* const probe = io_uring_get_probe_ring(&ring);
  // Multishot receive came with 6.0, as did this operation.
  const bool recent = probe != nullptr &&
                      io_uring_opcode_supported(probe, IORING_OP_SEND_ZC) != 0;
  io_uring_free_probe(probe);
  if (!recent) {
    return absl::UnimplementedError(
        "io_uring: this kernel is too old for multishot receive; run on Linux "
        "6.0 or later");
  }
  return UringFeatures{.incremental_buffers = ProbeIncrementalBuffers(&ring),
                       .receive_limit = ProbeReceiveLimit(&ring)};
}

}  // namespace ringdist
