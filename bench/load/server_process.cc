#include "ringdist/bench/load/server_process.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ringdist/bench/load/process_usage.h"
#include "ringdist/bench/load/servers.h"
#include "ringdist/bench/load/transport.h"
#include "ringdist/runtime/file_descriptor.h"
#include "ringdist/runtime/system_error.h"

namespace ringdist {
namespace {

// What the process writes when it listens; else it writes why it does not.
constexpr absl::string_view kReady("\0", 1);

void Write(int fd, absl::string_view text) {
  [[maybe_unused]] const ssize_t written = write(fd, text.data(), text.size());
}

void RunServer(const LoadSpec& spec, int ready_fd) {
  // The terminal's interrupt is for who started it.
  signal(SIGINT, SIG_IGN);
  RaiseDescriptorLimit();
  const absl::Status status = Serve(spec, [&] { Write(ready_fd, kReady); });
  Write(ready_fd, status.message());
}

std::string ReadAll(int fd) {
  std::string text;
  char part[256];
  while (text != kReady) {
    const ssize_t size = read(fd, part, sizeof(part));
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;
    text.append(part, static_cast<size_t>(size));
  }
  return text;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ServerProcess>> ServerProcess::Start(
    const LoadSpec& spec) {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return SystemError("pipe2", "", errno);
  FileDescriptor read_end(fds[0]);
  FileDescriptor write_end(fds[1]);
  auto process = std::make_unique<PeerProcess>(
      [&] {
        read_end.Close();
        RunServer(spec, write_end.get());
      },
      /*own_processor=*/-1, spec.server_cpu);
  write_end.Close();
  const std::string text = ReadAll(read_end.get());
  if (text != kReady) {
    return absl::UnavailableError(
        absl::StrCat("--serve=", ToString(spec.server), ": ",
                     text.empty() ? "it ended before it listened" : text));
  }
  return std::unique_ptr<ServerProcess>(
      new ServerProcess(std::move(process), spec.directory));
}

ServerProcess::~ServerProcess() {
  process_.reset();
  for (const absl::string_view suffix : {"", ".lock"}) {
    unlink(absl::StrCat(directory_, "/", kServerAlive, suffix).c_str());
  }
}

}  // namespace ringdist
