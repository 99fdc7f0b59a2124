// RingdistCommand: the program `ringdist`, as a user starts it.
//
//   RingdistCommand serve({"serve", "--name=cpp@localhost", ...});
//   serve.LineWith("listening");
//   EXPECT_EQ(RunRingdist({"ping", "cpp@localhost", ...}).exit_status, 0);
//   EXPECT_EQ(serve.Stop(SIGTERM), 0);
//
// What it prints on standard output and standard error comes as one stream.

#ifndef RINGDIST_TESTS_TOOLS_RINGDIST_COMMAND_H_
#define RINGDIST_TESTS_TOOLS_RINGDIST_COMMAND_H_

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "ringdist/tests/testing/child_process.h"

namespace ringdist {

// How long anything may take.
inline constexpr absl::Duration kCommandTimeout = absl::Seconds(30);

// The program's absolute path.
std::string RingdistPath();

// Runs it to its end. Its environment is ours with these changes.
CommandResult RunRingdist(const std::vector<std::string>& arguments,
                          const std::vector<std::string>& environment = {});

// The program on a terminal of this size, to be run or started. First comes the
// terminal's name, then what it is sent: "\r\n" for a new line.
ChildProcess::Options OnTerminal(int columns, int rows,
                                 const std::vector<std::string>& arguments);

// One that goes on running; ends with its scope at the latest.
class RingdistCommand {
 public:
  explicit RingdistCommand(const std::vector<std::string>& arguments,
                           const std::vector<std::string>& environment = {});
  // As another program starts it: a shell, or a terminal.
  explicit RingdistCommand(const ChildProcess::Options& starter);

  // The next line that contains `text`; those before it are skipped. If none
  // comes the test has failed, and the line is empty.
  std::string LineWith(absl::string_view text);
  // As LineWith, for --json: the next event of that kind, as an object.
  nlohmann::json Event(absl::string_view kind);

  // Sends a signal and waits for the end; the exit status.
  int Stop(int signal);
  // Waits for the end; the exit status.
  int Wait();

  ChildProcess& process() { return *process_; }

 private:
  std::unique_ptr<ChildProcess> process_;
  std::string printed_;  // So far.
};

}  // namespace ringdist

#endif  // RINGDIST_TESTS_TOOLS_RINGDIST_COMMAND_H_
