#include "ringdist/bench/peers/child_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "ringdist/proto/check.h"

namespace ringdist {
namespace {

struct Pipe {
  int ours = -1;
  int theirs = -1;
};

// Everything the child needs between fork and exec, where it may not allocate.
struct Launch {
  std::vector<char*> arguments;    // Ends with a null pointer, as
  std::vector<char*> environment;  // does this.
  const char* directory;
  pid_t parent;
  int input_fd;
  int output_fd;
  int error_fd;  // Closed by exec, or told the errno that prevented it.
};

std::vector<std::string> MergeEnvironment(
    const std::vector<std::string>& changes) {
  std::vector<std::string> merged = changes;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const absl::string_view ours(*variable);
    const absl::string_view name = ours.substr(0, ours.find('=') + 1);
    const bool replaced = std::any_of(
        changes.begin(), changes.end(),
        [&](const std::string& c) { return absl::StartsWith(c, name); });
    if (!replaced) merged.emplace_back(ours);
  }
  return merged;
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (std::string& string : strings) pointers.push_back(string.data());
  pointers.push_back(nullptr);
  return pointers;
}

bool PrepareChild(const Launch& launch) {
  sigset_t none;
  sigemptyset(&none);
  return setpgid(0, 0) == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 &&
         // The parent may have died before the line above.
         getppid() == launch.parent && dup2(launch.input_fd, 0) >= 0 &&
         dup2(launch.output_fd, 1) >= 0 && dup2(launch.output_fd, 2) >= 0 &&
         chdir(launch.directory) == 0 && signal(SIGPIPE, SIG_DFL) != SIG_ERR &&
         sigprocmask(SIG_SETMASK, &none, nullptr) == 0;
}

[[noreturn]] void RunChild(const Launch& launch) {
  if (PrepareChild(launch)) {
    execvpe(launch.arguments[0], launch.arguments.data(),
            launch.environment.data());
  }
  const int error = errno;
  if (write(launch.error_fd, &error, sizeof(error)) < 0) _exit(126);
  _exit(127);
}

// Reads what RunChild has to tell: 0 if the program runs.
int ReadStartError(int fd) {
  int error = 0;
  ssize_t size;
  do {
    size = read(fd, &error, sizeof(error));
  } while (size < 0 && errno == EINTR);
  return size == sizeof(error) ? error : 0;
}

absl::Duration Remaining(absl::Time deadline) {
  return std::max(deadline - absl::Now(), absl::ZeroDuration());
}

// Waits until one of `fds` has something, or until the deadline.
bool PollUntil(std::vector<pollfd>& fds, absl::Time deadline) {
  for (;;) {
    // One more millisecond: rounded down, the last one would be spent spinning.
    const absl::Duration remaining = Remaining(deadline);
    const int64_t milliseconds = remaining == absl::ZeroDuration()
                                     ? 0
                                     : absl::ToInt64Milliseconds(remaining) + 1;
    const int ready =
        poll(fds.data(), fds.size(),
             static_cast<int>(std::min<int64_t>(milliseconds, 1000)));
    if (ready > 0) return true;
    if (ready < 0) RINGDIST_CHECK_EQ(errno, EINTR);
    if (absl::Now() >= deadline) return false;
  }
}

// Neither of the two fails but for want of descriptors: nobody goes on then.
Pipe MakeInputPipe() {
  // A socket, because writing to it can be told not to raise SIGPIPE.
  int fds[2];
  RINGDIST_CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
  return Pipe{.ours = fds[0], .theirs = fds[1]};
}

Pipe MakeOutputPipe() {
  int fds[2];
  RINGDIST_CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
  return Pipe{.ours = fds[0], .theirs = fds[1]};
}

}  // namespace

absl::StatusOr<std::unique_ptr<ChildProcess>> ChildProcess::Start(
    const Options& options) {
  RINGDIST_CHECK(!options.command.empty());
  std::vector<std::string> arguments = options.command;
  std::vector<std::string> environment = MergeEnvironment(options.environment);
  const Pipe input = MakeInputPipe();
  const Pipe output = MakeOutputPipe();
  const Pipe error = MakeOutputPipe();
  const Launch launch = {
      .arguments = Pointers(arguments),
      .environment = Pointers(environment),
      .directory = options.directory.empty() ? "." : options.directory.c_str(),
      .parent = getpid(),
      .input_fd = input.theirs,
      .output_fd = output.theirs,
      .error_fd = error.theirs,
  };
  const pid_t pid = fork();
  if (pid == 0) RunChild(launch);
  const int fork_error = pid < 0 ? errno : 0;
  close(input.theirs);
  close(output.theirs);
  close(error.theirs);
  const int start_error =
      fork_error != 0 ? fork_error : ReadStartError(error.ours);
  close(error.ours);
  if (start_error != 0) {
    close(input.ours);
    close(output.ours);
    if (pid > 0) waitpid(pid, nullptr, 0);
    return absl::ErrnoToStatus(
        start_error,
        absl::StrCat("start ", arguments[0], " in ", launch.directory));
  }
  // Not pidfd_open(): glibc 2.36 declares it as a C++ function.
  const int pid_fd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  RINGDIST_CHECK_GE(pid_fd, 0);
  return std::unique_ptr<ChildProcess>(
      new ChildProcess(arguments[0], pid, pid_fd, input.ours, output.ours));
}

ChildProcess::~ChildProcess() {
  if (!exit_status_.has_value()) {
    kill(-pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  CloseInput();
  close(output_fd_);
  close(pid_fd_);
}

absl::Status ChildProcess::WriteInput(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written =
        send(input_fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      return absl::UnavailableError(
          absl::StrCat(name_, " (pid ", pid_, ") does not read its input: ",
                       absl::ErrnoToStatus(errno, "send").message()));
    }
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

void ChildProcess::CloseInput() {
  if (input_fd_ >= 0) close(input_fd_);
  input_fd_ = -1;
}

absl::StatusOr<std::string> ChildProcess::ReadLine(absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  while (lines_.empty()) {
    if (output_ended_) {
      return absl::OutOfRangeError(
          absl::StrCat(name_, " (pid ", pid_, "): end of its output"));
    }
    std::vector<pollfd> fds = {{output_fd_, POLLIN, 0}};
    if (!PollUntil(fds, deadline)) {
      return absl::DeadlineExceededError(
          absl::StrCat(name_, " (pid ", pid_, "): no line of output within ",
                       absl::FormatDuration(timeout)));
    }
    ReadOutput();
  }
  std::string line = std::move(lines_.front());
  lines_.pop_front();
  return line;
}

// Reads what is there, once; blocks if nothing is.
void ChildProcess::ReadOutput() {
  char bytes[65536];
  const ssize_t size = read(output_fd_, bytes, sizeof(bytes));
  if (size < 0) {
    RINGDIST_CHECK_EQ(errno, EINTR);
    return;
  }
  output_ended_ = size == 0;
  for (ssize_t i = 0; i < size; ++i) {
    if (bytes[i] == '\n') {
      lines_.push_back(std::move(last_line_));
      last_line_.clear();
    } else {
      last_line_.push_back(bytes[i]);
    }
  }
  if (output_ended_ && !last_line_.empty()) lines_.push_back(last_line_);
}

absl::Status ChildProcess::Signal(int signal) {
  if (exit_status_.has_value()) {
    return absl::FailedPreconditionError(absl::StrCat(
        name_, " (pid ", pid_, ") has ended: no signal ", signal, " to it"));
  }
  if (kill(-pid_, signal) != 0) return absl::ErrnoToStatus(errno, "kill");
  return absl::OkStatus();
}

absl::Status ChildProcess::Suspend() {
  const absl::Status sent = Signal(SIGSTOP);
  if (!sent.ok()) return sent;
  siginfo_t info;
  int result;
  do {
    result = waitid(P_PID, static_cast<id_t>(pid_), &info, WSTOPPED);
  } while (result != 0 && errno == EINTR);
  if (result == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(name_, " (pid ", pid_, ") ended instead of stopping"));
}

absl::Status ChildProcess::Resume() { return Signal(SIGCONT); }

absl::StatusOr<int> ChildProcess::Wait(absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  while (!exit_status_.has_value()) {
    std::vector<pollfd> fds = {{pid_fd_, POLLIN, 0}};
    if (!output_ended_) fds.push_back({output_fd_, POLLIN, 0});
    if (!PollUntil(fds, deadline)) {
      return absl::DeadlineExceededError(
          absl::StrCat(name_, " (pid ", pid_, ") has not ended within ",
                       absl::FormatDuration(timeout)));
    }
    if (fds.size() == 2 && fds[1].revents != 0) ReadOutput();
    if (fds[0].revents == 0) continue;
    // Not reaped yet, it still holds its pid and with it the group's number.
    kill(-pid_, SIGKILL);
    int status = 0;
    RINGDIST_CHECK_EQ(waitpid(pid_, &status, 0), pid_);
    exit_status_ =
        WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  return *exit_status_;
}

absl::StatusOr<CommandResult> RunCommand(const ChildProcess::Options& options,
                                         absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  absl::StatusOr<std::unique_ptr<ChildProcess>> process =
      ChildProcess::Start(options);
  if (!process.ok()) return process.status();
  (*process)->CloseInput();
  const absl::StatusOr<int> exit_status = (*process)->Wait(timeout);
  if (!exit_status.ok()) return exit_status.status();
  CommandResult result = {.exit_status = *exit_status, .output = {}};
  for (;;) {
    const absl::StatusOr<std::string> line =
        (*process)->ReadLine(Remaining(deadline));
    if (!line.ok()) return result;
    absl::StrAppend(&result.output, *line, "\n");
  }
}

}  // namespace ringdist
