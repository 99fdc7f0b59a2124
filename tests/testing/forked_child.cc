#include "ringdist/tests/testing/forked_child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "absl/functional/function_ref.h"
#include "ringdist/proto/check.h"

namespace ringdist {

ForkedChild::ForkedChild(absl::FunctionRef<int()> body) {
  // What is buffered would be printed by both.
  fflush(nullptr);
  const pid_t parent = getpid();
  pid_ = fork();
  RINGDIST_CHECK_GE(pid_, 0);
  if (pid_ > 0) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(128 + SIGKILL);
  const int exit_status = body();
  fflush(nullptr);
  _exit(exit_status);
}

ForkedChild::ForkedChild(ForkedChild&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      exit_status_(std::exchange(other.exit_status_, 0)) {}

ForkedChild::~ForkedChild() { Kill(); }

void ForkedChild::Kill() {
  if (exit_status_.has_value()) return;
  kill(pid_, SIGKILL);
  Wait();
}

int ForkedChild::Wait() {
  if (exit_status_.has_value()) return *exit_status_;
  int status = 0;
  pid_t reaped = 0;
  do {
    reaped = waitpid(pid_, &status, 0);
  } while (reaped < 0 && errno == EINTR);
  RINGDIST_CHECK_EQ(reaped, pid_);
  exit_status_ =
      WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return *exit_status_;
}

bool BecomeNobody() { return setuid(kNobody) == 0; }

bool CanBecomeNobody() {
  return ForkedChild([] { return BecomeNobody() ? 0 : 1; }).Wait() == 0;
}

Gate::Gate() {
  int fds[2];
  RINGDIST_CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
  read_fd_ = fds[0];
  write_fd_ = fds[1];
}

Gate::~Gate() {
  close(read_fd_);
  close(write_fd_);
}

void Gate::Open() { RINGDIST_CHECK_EQ(write(write_fd_, "", 1), 1); }

void Gate::Wait() {
  pollfd readable = {read_fd_, POLLIN, 0};
  int ready = 0;
  do {
    ready = poll(&readable, 1, -1);
  } while (ready < 0 && errno == EINTR);
  RINGDIST_CHECK_EQ(ready, 1);
}

}  // namespace ringdist
