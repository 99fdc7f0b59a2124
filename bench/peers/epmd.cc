#include "ringdist/bench/peers/epmd.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "ringdist/runtime/file_descriptor.h"
#include "ringdist/runtime/system_error.h"

namespace ringdist {
namespace {

constexpr absl::Duration kStartTimeout = absl::Seconds(10);
constexpr absl::Duration kRetryAfter = absl::Milliseconds(2);
// Somebody may take the port between our look at it and epmd's.
constexpr int kAttempts = 3;

sockaddr_in LoopbackAddress(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

absl::StatusOr<int> FindFreePort() {
  const FileDescriptor fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return SystemError("socket", "tcp", errno);
  sockaddr_in address = LoopbackAddress(0);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(fd.get(), generic, size) != 0) {
    return SystemError("bind", "127.0.0.1", errno);
  }
  if (getsockname(fd.get(), generic, &size) != 0) {
    return SystemError("getsockname", "127.0.0.1", errno);
  }
  return ntohs(address.sin_port);
}

bool Listens(int port) {
  const FileDescriptor fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = LoopbackAddress(port);
  return fd.valid() &&
         connect(fd.get(), reinterpret_cast<const sockaddr*>(&address),
                 sizeof(address)) == 0;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Epmd>> Epmd::Start() {
  absl::Status status;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const absl::StatusOr<int> port = FindFreePort();
    if (!port.ok()) return port.status();
    absl::StatusOr<std::unique_ptr<ChildProcess>> process =
        ChildProcess::Start({.command = {"epmd", "-port", absl::StrCat(*port),
                                         "-address", "127.0.0.1"}});
    if (absl::IsNotFound(process.status())) {
      return absl::FailedPreconditionError(
          "no program named epmd: install the Debian package erlang-base "
          "(tools/setup does)");
    }
    if (!process.ok()) return process.status();
    std::unique_ptr<Epmd> epmd(new Epmd(*port, *std::move(process)));
    status = epmd->WaitUntilItListens();
    if (status.ok()) return epmd;
  }
  return status;
}

// It says nothing when it is ready, so it is tried.
absl::Status Epmd::WaitUntilItListens() {
  const absl::Time deadline = absl::Now() + kStartTimeout;
  while (!Listens(port_)) {
    const absl::StatusOr<int> ended = process_->Wait(kRetryAfter);
    if (ended.ok()) {
      return absl::UnavailableError(
          absl::StrCat("epmd -port ", port_, " has ended (status ", *ended,
                       "): ", process_->ReadLine(kRetryAfter).value_or("")));
    }
    if (absl::Now() > deadline) {
      return absl::DeadlineExceededError(
          absl::StrCat("epmd does not listen on 127.0.0.1:", port_, " within ",
                       absl::FormatDuration(kStartTimeout)));
    }
  }
  return absl::OkStatus();
}

}  // namespace ringdist
