// The program itself, with real loads, briefly: that everything fits together.
// What it measures here means nothing.

#include <signal.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/bench/load/file_text.h"
#include "ringdist/bench/load/result_json.h"
#include "ringdist/tests/bench/terminal_program.h"
#include "ringdist/tests/testing/child_process.h"
#include "ringdist/tests/testing/temporary_directory.h"

namespace ringdist {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr absl::Duration kTimeout = absl::Minutes(1);

// Bazel runs a test in the directory of its data.
std::string DistLoadPath() {
  return std::filesystem::absolute("bench/load/dist_load");
}

CommandResult RunDistLoad(const std::vector<std::string>& arguments) {
  ChildProcess::Options options;
  options.command = {DistLoadPath()};
  options.command.insert(options.command.end(), arguments.begin(),
                         arguments.end());
  absl::StatusOr<CommandResult> result = RunCommand(options, kTimeout);
  if (result.ok()) return *std::move(result);
  ADD_FAILURE() << result.status();
  return {-1, ""};
}

class DistLoadProgramTest : public testing::Test {
 protected:
  // What the last run wrote with JsonFlag().
  LoadResults Results() {
    absl::StatusOr<LoadResults> results =
        ResultsFromJson(ReadFile(path_).value_or(""));
    if (results.ok()) return *std::move(results);
    ADD_FAILURE() << results.status();
    return {};
  }
  std::string JsonFlag() const { return absl::StrCat("--json=", path_); }

  const TemporaryDirectory directory_;
  const std::string path_ = directory_.Join("load.json");
};

TEST_F(DistLoadProgramTest, TheCanonicalRun) {
  const CommandResult result =
      RunDistLoad({"--duration=100ms", "--warmup=20ms", JsonFlag()});
  EXPECT_EQ(result.exit_status, 0);
  EXPECT_THAT(result.output,
              AllOf(HasSubstr("stream, node level, 16 B, 1 connection\n"),
                    HasSubstr("stream, node level, 64 KiB, 1 connection\n"),
                    HasSubstr("echo, node level, 64 B, 1 connection\n"),
                    HasSubstr("the generator itself takes ")));
  const LoadResults results = Results();
  ASSERT_THAT(results.runs, SizeIs(3));
  for (const LoadRun& run : results.runs) {
    ASSERT_THAT(run.measurements, SizeIs(1)) << run.name;
    EXPECT_GT(run.measurements[0].messages, 0u) << run.name;
    EXPECT_GT(run.measurements[0].duration, absl::ZeroDuration());
    EXPECT_EQ(TotalFaults(run).Total(), 0u) << run.name;
    EXPECT_GT(run.generator.nanoseconds, 0) << run.name;
  }
  EXPECT_GT(MergedLatency(results.runs[2]).min(), 0);
}

TEST_F(DistLoadProgramTest, AnOpenLoopThatIsEasilyReached) {
  const CommandResult result = RunDistLoad(
      {"--workload=echo", "--level=packet", "--rate=500", "--arrival=poisson",
       "--duration=400ms", "--warmup=50ms", "--repeat=2", JsonFlag()});
  EXPECT_THAT(result.output, HasSubstr("open loop, poisson 500/s"));
  for (const Measurement& measurement : Results().runs[0].measurements) {
    EXPECT_GT(measurement.asked_rate, 0);
    EXPECT_GT(measurement.latency.count(), 0u);
    // What is due at the very end may not be sent any more.
    EXPECT_LE(measurement.latency.count(), measurement.blocked.count());
    EXPECT_EQ(measurement.faults.Total(), 0u);
  }
}

TEST_F(DistLoadProgramTest, ALoadThatTheEndsDoNotHave) {
  const CommandResult result =
      RunDistLoad({"--workload=connect", "--serve=null"});
  EXPECT_EQ(result.exit_status, 2);
  EXPECT_THAT(result.output, HasSubstr("dist_load: --serve=null: "));
}

TEST_F(DistLoadProgramTest, ServesForLoadsOfOtherProcesses) {
  const auto server = ChildProcess::Start(
      {.command = {DistLoadPath(), "serve", "srv@localhost", "--cookie=secret",
                   absl::StrCat("--dir=", directory_.path())}});
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_EQ((*server)->ReadLine(kTimeout).value_or(""), "srv@localhost is up");
  const CommandResult result =
      RunDistLoad({"--workload=echo", "--target=srv@localhost",
                   absl::StrCat("--dir=", directory_.path()), "--cookie=secret",
                   "--duration=100ms", "--warmup=20ms", JsonFlag()});
  EXPECT_EQ(result.exit_status, 0) << result.output;
  EXPECT_THAT(Results().runs, SizeIs(1));
  ASSERT_TRUE((*server)->Signal(SIGTERM).ok());
  EXPECT_EQ((*server)->Wait(kTimeout).value_or(-1), 0);
}

// As a user sees it, who does not want to wait for the end.
TEST_F(DistLoadProgramTest, OnATerminalItTellsHowItGoesAndCanBeInterrupted) {
  TerminalProgram program({DistLoadPath(), "--workload=echo", "--duration=1h",
                           "--warmup=20ms", JsonFlag()});
  ASSERT_TRUE(program.AwaitText("p50 ")) << program.shown();
  ASSERT_TRUE(program.AwaitText("0 errors")) << program.shown();
  program.Type("\x03");
  EXPECT_EQ(program.Wait(), 0);
  EXPECT_THAT(program.shown(),
              AllOf(HasSubstr("\r\x1b[Kecho: warming up"),
                    HasSubstr("WARNING: interrupted: these are the results "
                              "so far")));
  const LoadResults results = Results();
  ASSERT_THAT(results.runs[0].measurements, SizeIs(1));
  EXPECT_TRUE(results.runs[0].measurements[0].interrupted);
  EXPECT_GT(results.runs[0].measurements[0].messages, 0u);
}

}  // namespace
}  // namespace ringdist
