#include "ringdist/tests/bench/terminal_program.h"

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/strings/match.h"
#include "ringdist/proto/check.h"

namespace ringdist {
namespace {

constexpr int kPatienceMs = 30'000;

[[noreturn]] void Execute(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  for (const std::string& argument : command) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  setenv("TERM", "xterm", 1);
  execv(arguments[0], arguments.data());
  _exit(127);
}

}  // namespace

TerminalProgram::TerminalProgram(const std::vector<std::string>& command) {
  winsize size = {.ws_row = 24, .ws_col = 100, .ws_xpixel = 0, .ws_ypixel = 0};
  pid_ = forkpty(&terminal_, nullptr, nullptr, &size);
  RINGDIST_CHECK(pid_ >= 0);
  if (pid_ == 0) Execute(command);
}

TerminalProgram::~TerminalProgram() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  close(terminal_);
}

bool TerminalProgram::AwaitText(absl::string_view text) {
  while (!absl::StrContains(shown_, text)) {
    if (!Read()) return false;
  }
  return true;
}

void TerminalProgram::Type(absl::string_view keys) {
  RINGDIST_CHECK_EQ(write(terminal_, keys.data(), keys.size()),
                    static_cast<ssize_t>(keys.size()));
}

int TerminalProgram::Wait() {
  while (Read()) {
  }
  int status = 0;
  RINGDIST_CHECK_EQ(waitpid(pid_, &status, 0), pid_);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool TerminalProgram::Read() {
  pollfd ready = {.fd = terminal_, .events = POLLIN, .revents = 0};
  if (poll(&ready, 1, kPatienceMs) != 1) return false;
  char part[4096];
  // EIO when nobody has the terminal open any more.
  const ssize_t size = read(terminal_, part, sizeof(part));
  if (size <= 0) return false;
  shown_.append(part, size);
  return true;
}

}  // namespace ringdist
