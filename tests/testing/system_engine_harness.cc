#include "ringdist/tests/testing/system_engine_harness.h"

#include <dirent.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/time/time.h"
#include "ringdist/proto/check.h"

namespace ringdist {
namespace {

constexpr int kType = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

// Of this process, by asking the kernel what each descriptor is.
int CountSockets() {
  DIR* const directory = opendir("/proc/self/fd");
  RINGDIST_CHECK(directory != nullptr);
  int count = 0;
  while (const dirent* const entry = readdir(directory)) {
    struct stat status;
    if (fstatat(dirfd(directory), entry->d_name, &status, 0) == 0 &&
        S_ISSOCK(status.st_mode)) {
      ++count;
    }
  }
  closedir(directory);
  return count;
}

}  // namespace

SystemEngineHarness::SystemEngineHarness(std::unique_ptr<IoEngine> engine)
    : engine_(std::move(engine)), sockets_before_(CountSockets()) {}

std::pair<int, int> SystemEngineHarness::ConnectedPair() {
  int fds[2];
  RINGDIST_CHECK_EQ(socketpair(AF_UNIX, kType, 0, fds), 0);
  return {fds[0], fds[1]};
}

int SystemEngineHarness::OpenSocket() {
  const int fd = socket(AF_UNIX, kType, 0);
  RINGDIST_CHECK_GE(fd, 0);
  return fd;
}

int SystemEngineHarness::Listen(int backlog, Address& address) {
  const int fd = OpenSocket();
  // The family alone: the kernel picks an abstract address that is free.
  const sockaddr family = {.sa_family = AF_UNIX, .sa_data = {}};
  RINGDIST_CHECK_EQ(bind(fd, &family, sizeof(family.sa_family)), 0);
  address.size = sizeof(address.bytes);
  RINGDIST_CHECK_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address.bytes),
                                &address.size),
                    0);
  RINGDIST_CHECK_EQ(listen(fd, backlog), 0);
  return fd;
}

EngineHarness::Address SystemEngineHarness::AddressOfNobody() {
  Address address;
  close(Listen(1, address));
  return address;
}

int SystemEngineHarness::open_sockets() const {
  return CountSockets() - sockets_before_;
}

absl::Status SystemEngineHarness::RunUntil(absl::FunctionRef<bool()> done) {
  const absl::Time deadline = engine_->Now() + absl::Seconds(20);
  while (!done()) {
    const absl::Duration left = deadline - engine_->Now();
    if (left <= absl::ZeroDuration()) {
      return absl::DeadlineExceededError("it did not happen within 20 s");
    }
    const absl::StatusOr<int> ran = engine_->Turn(left);
    if (!ran.ok()) return ran.status();
  }
  return absl::OkStatus();
}

}  // namespace ringdist
