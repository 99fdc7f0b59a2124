// ChildProcess: a child process whose output is read line by line.
//
//   absl::StatusOr<std::unique_ptr<ChildProcess>> child =
//       ChildProcess::Start({.command = {"cat"}});
//   (*child)->WriteInput("hello\n");
//   (*child)->ReadLine(absl::Seconds(5));  // "hello"
//   (*child)->CloseInput();
//   (*child)->Wait(absl::Seconds(5));      // 0
//
// A child never outlives its owner: it is killed and reaped when its
// ChildProcess is destroyed, and the kernel kills it when the thread that
// started it ends. It leads a process group of its own, so that what it starts
// ends with it and a Ctrl-C in the terminal is for the owner alone.
//
// Standard output and standard error come as one stream. Nothing is lost when
// nobody reads: Wait collects output while it waits.
//
// A ChildProcess is used by one thread at a time.

#ifndef RINGDIST_BENCH_PEERS_CHILD_PROCESS_H_
#define RINGDIST_BENCH_PEERS_CHILD_PROCESS_H_

#include <sys/types.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace ringdist {

class ChildProcess {
 public:
  struct Options {
    // The program, looked up in PATH, and its arguments.
    std::vector<std::string> command;
    // Its current directory; ours if empty.
    std::string directory;
    // "NAME=value", each added to or replacing one of ours.
    std::vector<std::string> environment;
  };

  // Starts the command. NotFound if there is no such program; other errors are
  // the system's, with the name of the call.
  static absl::StatusOr<std::unique_ptr<ChildProcess>> Start(
      const Options& options);

  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }

  // Writes all of `bytes` to standard input; blocks while the pipe is full.
  // Unavailable if the child has closed it.
  absl::Status WriteInput(absl::string_view bytes);
  // The child reads end of file.
  void CloseInput();

  // The next line of output, without its '\n'. DeadlineExceeded if none was
  // complete within `timeout` (zero: never blocks), OutOfRange at the end of
  // the output; a last line without '\n' is one as well.
  absl::StatusOr<std::string> ReadLine(absl::Duration timeout);
  // Readable when ReadLine may have more to give: for a poll of one's own.
  int output_fd() const { return output_fd_; }

  // Sends a signal to the child's process group. FailedPrecondition if the
  // child has ended.
  absl::Status Signal(int signal);
  // SIGSTOP; returns when the child has stopped.
  absl::Status Suspend();
  // SIGCONT.
  absl::Status Resume();

  // Waits for the child's end, takes what is left of its process group with it
  // and returns its exit status: 128 + N if signal N ended it, as in a shell.
  // DeadlineExceeded if it still runs. May be called again.
  absl::StatusOr<int> Wait(absl::Duration timeout);

 private:
  ChildProcess(std::string name, pid_t pid, int pid_fd, int input_fd,
               int output_fd)
      : name_(std::move(name)),
        pid_(pid),
        pid_fd_(pid_fd),
        input_fd_(input_fd),
        output_fd_(output_fd) {}

  void ReadOutput();

  const std::string name_;  // The program, for error messages.
  const pid_t pid_;
  const int pid_fd_;
  int input_fd_;  // -1 when closed.
  const int output_fd_;
  std::deque<std::string> lines_;  // Read and not yet taken.
  std::string last_line_;          // The beginning of the next one.
  bool output_ended_ = false;
  std::optional<int> exit_status_;  // Set when the child was reaped.
};

struct CommandResult {
  int exit_status;
  std::string output;
};

// Runs a command to its end, without input. The errors of ChildProcess::Start,
// and DeadlineExceeded if it takes longer than `timeout`.
absl::StatusOr<CommandResult> RunCommand(const ChildProcess::Options& options,
                                         absl::Duration timeout);

}  // namespace ringdist

#endif  // RINGDIST_BENCH_PEERS_CHILD_PROCESS_H_
