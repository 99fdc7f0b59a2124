#include "ringdist/tests/tools/ringdist_command.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "ringdist/proto/check.h"

namespace ringdist {
namespace {

ChildProcess::Options CommandLine(const std::vector<std::string>& arguments,
                                  const std::vector<std::string>& environment) {
  ChildProcess::Options options;
  options.command = {RingdistPath()};
  options.command.insert(options.command.end(), arguments.begin(),
                         arguments.end());
  options.environment = environment;
  return options;
}

}  // namespace

std::string RingdistPath() {
  // Bazel runs a test in the directory of its data.
  return std::filesystem::absolute("tools/ringdist");
}

CommandResult RunRingdist(const std::vector<std::string>& arguments,
                          const std::vector<std::string>& environment) {
  absl::StatusOr<CommandResult> result =
      RunCommand(CommandLine(arguments, environment), kCommandTimeout);
  if (result.ok()) return *std::move(result);
  ADD_FAILURE() << result.status();
  return CommandResult{.exit_status = -1, .output = ""};
}

ChildProcess::Options OnTerminal(int columns, int rows,
                                 const std::vector<std::string>& arguments) {
  // Of util-linux, which each Debian has; its terminal has no size yet.
  return {.command = {"script", "--quiet", "--return", "--flush", "--command",
                      absl::StrCat("tty && stty columns ", columns, " rows ",
                                   rows, " && exec '", RingdistPath(), "' '",
                                   absl::StrJoin(arguments, "' '"), "'"),
                      "/dev/null"},
          .environment = {"TERM=xterm"}};
}

RingdistCommand::RingdistCommand(const std::vector<std::string>& arguments,
                                 const std::vector<std::string>& environment)
    : RingdistCommand(CommandLine(arguments, environment)) {}

RingdistCommand::RingdistCommand(const ChildProcess::Options& starter) {
  absl::StatusOr<std::unique_ptr<ChildProcess>> process =
      ChildProcess::Start(starter);
  // Only if it was not built.
  RINGDIST_CHECK(process.ok());
  process_ = *std::move(process);
}

std::string RingdistCommand::LineWith(absl::string_view text) {
  const absl::Time deadline = absl::Now() + kCommandTimeout;
  while (true) {
    const absl::StatusOr<std::string> line =
        process_->ReadLine(deadline - absl::Now());
    if (!line.ok()) {
      ADD_FAILURE() << "no line with \"" << text << "\": " << line.status()
                    << "; it printed:\n"
                    << printed_;
      return "";
    }
    absl::StrAppend(&printed_, *line, "\n");
    if (absl::StrContains(*line, text)) return *line;
  }
}

nlohmann::json RingdistCommand::Event(absl::string_view kind) {
  const std::string line = LineWith(absl::StrCat("{\"event\":\"", kind, "\""));
  return nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
}

int RingdistCommand::Stop(int signal) {
  const absl::Status sent = process_->Signal(signal);
  if (!sent.ok()) ADD_FAILURE() << sent;
  return Wait();
}

int RingdistCommand::Wait() {
  const absl::StatusOr<int> status = process_->Wait(kCommandTimeout);
  if (status.ok()) return *status;
  ADD_FAILURE() << status.status() << "; it printed:\n" << printed_;
  return -1;
}

}  // namespace ringdist
