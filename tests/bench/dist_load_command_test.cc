// The command as a user starts it, but that the load is a FakeLoad.

#include <signal.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/bench/load/file_text.h"
#include "ringdist/bench/load/result_json.h"
#include "ringdist/tests/testing/child_process.h"
#include "ringdist/tests/testing/temporary_directory.h"

namespace ringdist {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr absl::Duration kTimeout = absl::Seconds(30);

ChildProcess::Options CommandLine(const std::vector<std::string>& arguments) {
  ChildProcess::Options options;
  // Bazel runs a test in the directory of its data.
  options.command = {std::filesystem::absolute("tests/bench/fake_dist_load")};
  options.command.insert(options.command.end(), arguments.begin(),
                         arguments.end());
  return options;
}

CommandResult RunDistLoad(const std::vector<std::string>& arguments) {
  absl::StatusOr<CommandResult> result =
      RunCommand(CommandLine(arguments), kTimeout);
  if (result.ok()) return *std::move(result);
  ADD_FAILURE() << result.status();
  return {-1, ""};
}

TEST(DistLoadTest, WithoutArgumentsItIsTheCanonicalRun) {
  const CommandResult result = RunDistLoad({});
  EXPECT_EQ(result.exit_status, 0);
  EXPECT_THAT(result.output, StartsWith("stream, node level, 16 B, 1 "));
  EXPECT_THAT(result.output,
              AllOf(HasSubstr("\nstream, node level, 64 KiB, 1 connection\n"),
                    HasSubstr("\necho, node level, 64 B, 1 connection\n"),
                    HasSubstr("; closed loop; 2.5s after 500ms of warm-up\n"),
                    HasSubstr("the generator itself takes 14.0 us for each"),
                    HasSubstr("\nMeasured on Linux ")));
  // No live line where there is no terminal.
  EXPECT_THAT(result.output, Not(HasSubstr("\r")));
}

TEST(DistLoadTest, TheCanonicalRunTakesItsEndsAndTimesFromFlags) {
  const CommandResult result = RunDistLoad(
      {"--serve=uring", "--duration=100ms", "--warmup=0", "--repeat=2"});
  EXPECT_EQ(result.exit_status, 0);
  EXPECT_THAT(result.output,
              AllOf(HasSubstr("echo, packet level, 64 B"),
                    HasSubstr("uring (cpu 0) to uring (cpu 1); closed loop; "
                              "100ms, 2 times")));
}

TEST(DistLoadTest, HelpTellsEveryFlagAndExamples) {
  const CommandResult help = RunDistLoad({"--help"});
  EXPECT_EQ(help.exit_status, 0);
  for (const char* flag : {"--workload=",      "--level=",
                           "--payload=",       "--large=",
                           "--connections=",   "--window=",
                           "--slow_consumer=", "--stall=",
                           "--verify=",        "--target=",
                           "--serve=",         "--client=",
                           "--client_cpu=",    "--server_cpu=",
                           "--busy_poll=",     "--beam_schedulers=",
                           "--ei_buffered",    "--cookie=",
                           "--dir=",           "--mode=",
                           "--rate=",          "--arrival=",
                           "--burst=",         "--seed=",
                           "--find_max",       "--slo=",
                           "--warmup=",        "--duration=",
                           "--repeat=",        "--interval=",
                           "--json=",          "--csv=",
                           "--percentiles=",   "--report=",
                           "--fail_if=",       "compare",
                           "Examples:",        "Exit status:"}) {
    EXPECT_THAT(help.output, HasSubstr(flag));
  }
  const CommandResult compare = RunDistLoad({"compare", "--help"});
  EXPECT_EQ(compare.exit_status, 0);
  EXPECT_THAT(compare.output,
              AllOf(HasSubstr("--tolerance=PERCENT"),
                    HasSubstr("Mann and Whitney"), HasSubstr("Exit status:")));
}

struct UsageError {
  std::vector<std::string> arguments;
  const char* message;
};

class UsageErrorTest : public testing::TestWithParam<UsageError> {};

TEST_P(UsageErrorTest, IsToldAndIsStatus2) {
  const CommandResult result = RunDistLoad(GetParam().arguments);
  EXPECT_EQ(result.exit_status, 2);
  EXPECT_THAT(result.output,
              StartsWith(absl::StrCat("dist_load: ", GetParam().message)));
  EXPECT_THAT(result.output, EndsWith("--help)\n"));
}

INSTANTIATE_TEST_SUITE_P(
    Values, UsageErrorTest,
    testing::Values(
        UsageError{{"--workload=shout"},
                   "--workload: \"shout\" is none of stream, echo, connect, "},
        UsageError{{"--workload=echo", "--payload=big"},
                   "--payload: \"big\" is no size"},
        UsageError{{"--workload=echo", "--rate=0"},
                   "--rate: \"0\" is no number above 0"},
        UsageError{{"--duration=5"}, "--duration: \"5\" is no time"},
        UsageError{{"--duration=0s"}, "--duration: write a time above 0"},
        UsageError{{"--repeat=many"}, "--repeat: \"many\" is no whole number"},
        UsageError{{"--repeat=0"}, "--repeat: write 1 to 1000"},
        UsageError{{"--target=srv"}, "--target: "},
        UsageError{{"--workload=echo", "--rate=1k", "--arrival=closed"},
                   "--arrival: \"closed\" is none of constant, poisson, "},
        UsageError{{"--fail_if=p99"}, "--fail_if: \"p99\" compares nothing"},
        UsageError{{"--report=load.pdf"}, "--report: \"load.pdf\" is no FILE."},
        UsageError{{"--wrokload=echo"}, "The following argument was not "},
        UsageError{{"compare", "a.json"}, "B is required"},
        UsageError{{"compare", "a", "b", "--tolerance=-1"},
                   "--tolerance: \"-1\" is no number from 0 to 100"}));

INSTANTIATE_TEST_SUITE_P(
    Conflicts, UsageErrorTest,
    testing::Values(
        UsageError{{"--target=a@b", "--serve=beam"},
                   "--target excludes --serve"},
        UsageError{{"--payload=64"}, "--payload: give a --workload, too"},
        UsageError{{"--rate=10k"}, "--rate: give a --workload, too"},
        UsageError{{"--percentiles=x"}, "--percentiles: give a --workload"},
        UsageError{{"--workload=echo", "--mode=open"},
                   "--mode=open: give the --rate, or --find_max"},
        UsageError{{"--workload=echo", "--mode=closed", "--rate=1k"},
                   "--rate: a closed loop has none"},
        UsageError{{"--workload=echo", "--arrival=poisson"},
                   "--arrival: give the --rate, too"},
        UsageError{{"--workload=echo", "--rate=1k", "--burst=5"},
                   "--burst: give --arrival=burst, too"},
        UsageError{{"--workload=echo", "--find_max"},
                   "--find_max: give the --slo to keep"},
        UsageError{{"--workload=echo", "--slo=p99<1ms"},
                   "--slo: give --find_max, too"},
        UsageError{
            {"--workload=echo", "--mode=closed", "--find_max", "--slo=p99<1ms"},
            "--find_max: needs an open loop"},
        UsageError{{"--workload=echo", "--large=1M"},
                   "--large: give --workload=mixed, too"},
        UsageError{{"--workload=stream", "--fail_if=p99>1ms"},
                   "--fail_if: this load has no latencies"},
        UsageError{{"--workload=stream", "--percentiles=x"},
                   "--percentiles: this load has no latencies"},
        UsageError{{"--workload=echo", "--json=-", "--csv=-"},
                   "only one of --json, --csv and --percentiles can be -"},
        UsageError{{"--workload=stream", "--client=uring"},
                   "--client=uring: cannot talk with --serve=ringdist"},
        UsageError{{"--workload=echo", "--serve=beam", "--level=packet"},
                   "--level=packet: beam knows Erlang messages only"},
        UsageError{{"--workload=echo", "--target=a@b", "--client=spin"},
                   "--client=spin: is no node"},
        UsageError{{"--workload=echo", "--client=beam", "--rate=1k"},
                   "--rate: --client=beam has no open loop"},
        UsageError{{"--workload=idle", "--find_max", "--slo=rate>1"},
                   "--rate: --workload=idle has no open loop"}));

TEST(DistLoadTest, AnOpenLoopTellsWhatWasAskedAndReached) {
  const CommandResult result =
      RunDistLoad({"--workload=echo", "--rate=10k", "--duration=200ms"});
  EXPECT_EQ(result.exit_status, 0);
  EXPECT_THAT(result.output,
              AllOf(HasSubstr("open loop, constant 10.0 k/s"),
                    HasSubstr("asked for 10.0 k/s, reached 100.0 % of it"),
                    HasSubstr("blocked p99")));
}

TEST(DistLoadTest, ARateThatIsNotReachedIsStatus3) {
  const CommandResult result =
      RunDistLoad({"--workload=echo", "--rate=100k", "--duration=200ms"});
  EXPECT_EQ(result.exit_status, 3);
  EXPECT_THAT(result.output,
              AllOf(HasSubstr("WARNING: the target did not keep up"),
                    HasSubstr("asked for 100 k/s, reached 71.")));
}

TEST(DistLoadTest, AConditionThatShouldNotHoldIsStatus1) {
  const std::vector<std::string> common = {"--workload=echo",
                                           "--duration=100ms"};
  const auto status = [&](std::vector<std::string> more) {
    more.insert(more.end(), common.begin(), common.end());
    return RunDistLoad(more).exit_status;
  };
  EXPECT_EQ(status({"--fail_if=p99>1ms"}), 0);
  EXPECT_EQ(status({"--fail_if=p99>10us"}), 1);
  EXPECT_EQ(status({"--fail_if=p99>1ms", "--fail_if=rate<1M"}), 1);
  // More important than the rate.
  EXPECT_EQ(status({"--rate=100k", "--fail_if=p99>1ms"}), 1);
  EXPECT_THAT(RunDistLoad({"--workload=echo", "--fail_if=rate<1M"}).output,
              HasSubstr("dist_load: --fail_if: echo: rate<1000000 holds\n"));
}

TEST(DistLoadTest, FaultsAndFailuresAreStatus1) {
  const CommandResult lossy =
      RunDistLoad({"--workload=echo", "--target=lossy@fake"});
  EXPECT_EQ(lossy.exit_status, 1);
  EXPECT_THAT(lossy.output,
              HasSubstr("WARNING: messages lost: 1, duplicated: 1, reordered: "
                        "0, corrupted: 0\n"));
  const CommandResult broken =
      RunDistLoad({"--workload=echo", "--target=broken@fake"});
  EXPECT_EQ(broken.exit_status, 1);
  EXPECT_THAT(broken.output,
              HasSubstr("WARNING: 1 failed; first: no answer within 7s\n"));
}

TEST(DistLoadTest, AnErrorIsToldAndStatus1) {
  const CommandResult result =
      RunDistLoad({"--workload=echo", "--target=down@fake"});
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_THAT(result.output,
              HasSubstr("dist_load: down@fake: no node listens there\n"));
}

TEST(DistLoadTest, ALoadThatTheEndsDoNotHaveIsAUsageError) {
  const CommandResult result =
      RunDistLoad({"--workload=echo", "--target=other@fake"});
  EXPECT_EQ(result.exit_status, 2);
  EXPECT_THAT(result.output,
              HasSubstr("dist_load: other@fake has no such load\n"));
}

TEST(DistLoadTest, FindsTheHighestRate) {
  const CommandResult result = RunDistLoad(
      {"--workload=echo", "--find_max", "--slo=p99<200us", "--duration=1s"});
  EXPECT_EQ(result.exit_status, 0);
  EXPECT_THAT(result.output,
              AllOf(HasSubstr(" is the highest rate at which p99<200us holds."),
                    HasSubstr("no: p99 is ")));
  EXPECT_EQ(RunDistLoad({"--workload=echo", "--find_max", "--slo=p99<1us",
                         "--duration=10ms"})
                .exit_status,
            1);
}

TEST(DistLoadTest, WritesWhatItIsAskedTo) {
  const TemporaryDirectory directory;
  const auto flag = [&](absl::string_view name, absl::string_view file) {
    return absl::StrCat("--", name, "=", directory.Join(file));
  };
  const CommandResult result = RunDistLoad(
      {"--workload=echo", "--duration=300ms", "--repeat=2",
       flag("json", "load.json"), flag("csv", "load.csv"),
       flag("percentiles", "load.txt"), flag("report", "load.html")});
  EXPECT_EQ(result.exit_status, 0) << result.output;
  const absl::StatusOr<LoadResults> read =
      ResultsFromJson(ReadFile(directory.Join("load.json")).value());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->arguments[0], "--workload=echo");
  EXPECT_THAT(read->runs[0].measurements, SizeIs(2));
  EXPECT_EQ(read->runs[0].spec.duration, absl::Milliseconds(300));
  EXPECT_THAT(ReadFile(directory.Join("load.csv")).value(),
              HasSubstr("\necho,2,0.200,"));
  EXPECT_THAT(ReadFile(directory.Join("load.txt")).value(),
              AllOf(StartsWith("       Value     Percentile TotalCount 1/(1-"),
                    HasSubstr("#[Mean    = ")));
  EXPECT_THAT(ReadFile(directory.Join("load.html")).value(),
              HasSubstr("data:image/png;base64,"));
  EXPECT_TRUE(std::filesystem::exists(directory.Join("load-echo-latency.png")));
}

TEST(DistLoadTest, AFileCanBeStandardOutput) {
  const CommandResult result =
      RunDistLoad({"--workload=echo", "--duration=100ms", "--json=-"});
  EXPECT_EQ(result.exit_status, 0);
  const absl::StatusOr<LoadResults> read = ResultsFromJson(result.output);
  ASSERT_TRUE(read.ok()) << read.status() << result.output;
  EXPECT_EQ(read->runs[0].name, "echo");
}

TEST(DistLoadTest, TheCookieIsNotInTheResults) {
  for (const std::vector<std::string>& cookie :
       std::vector<std::vector<std::string>>{{"--cookie=hush"},
                                             {"--cookie", "hush"}}) {
    std::vector<std::string> arguments = {"--workload=echo", "--json=-"};
    arguments.insert(arguments.end(), cookie.begin(), cookie.end());
    const CommandResult result = RunDistLoad(arguments);
    EXPECT_EQ(result.exit_status, 0);
    EXPECT_THAT(result.output,
                AllOf(HasSubstr("--cookie"), Not(HasSubstr("hush"))));
  }
}

TEST(DistLoadTest, AFileThatCannotBeWrittenIsToldBeforeItMeasures) {
  const CommandResult result = RunDistLoad({"--json=/nowhere/load.json"});
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_EQ(result.output,
            "dist_load: open /nowhere/load.json: No such file or directory "
            "(ENOENT)\n");
}

TEST(DistLoadTest, InterruptedItTellsTheResultsSoFar) {
  const TemporaryDirectory directory;
  const std::string path = directory.Join("load.json");
  absl::StatusOr<std::unique_ptr<ChildProcess>> process = ChildProcess::Start(
      CommandLine({"--workload=echo", "--repeat=5", "--duration=100ms",
                   "--target=endless@fake", absl::StrCat("--json=", path)}));
  ASSERT_TRUE(process.ok()) << process.status();
  ASSERT_EQ((*process)->ReadLine(kTimeout).value(), "running");
  ASSERT_TRUE((*process)->Signal(SIGINT).ok());
  EXPECT_EQ((*process)->Wait(kTimeout).value(), 0);
  std::string output;
  for (absl::StatusOr<std::string> line = (*process)->ReadLine(kTimeout);
       line.ok(); line = (*process)->ReadLine(kTimeout)) {
    absl::StrAppend(&output, *line, "\n");
  }
  EXPECT_THAT(output,
              AllOf(HasSubstr("round trips         71.8 k/s\n"),
                    HasSubstr("WARNING: interrupted: these are the results "
                              "so far\n")));
  const absl::StatusOr<LoadResults> read =
      ResultsFromJson(ReadFile(path).value());
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_THAT(read->runs[0].measurements, SizeIs(1));
  EXPECT_TRUE(read->runs[0].measurements[0].interrupted);
}

class CompareTest : public testing::Test {
 protected:
  // Measures into a file.
  std::string Result(const std::string& name,
                     const std::vector<std::string>& more = {}) {
    const std::string path = directory_.Join(name);
    std::vector<std::string> arguments = {"--workload=echo", "--duration=100ms",
                                          absl::StrCat("--json=", path)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    EXPECT_EQ(RunDistLoad(arguments).exit_status, 0);
    return path;
  }

  const TemporaryDirectory directory_;
};

TEST_F(CompareTest, TheSameIsNotWorse) {
  const std::string a = Result("a", {"--repeat=5"});
  const CommandResult result = RunDistLoad({"compare", a, a});
  EXPECT_EQ(result.exit_status, 0);
  EXPECT_THAT(result.output, AllOf(HasSubstr("no difference"),
                                   EndsWith("Nothing has got worse.\n")));
}

TEST_F(CompareTest, WorseIsStatus1) {
  const std::string a = Result("a", {"--repeat=5", "--rate=1k"});
  const std::string b = Result("b", {"--repeat=5", "--rate=65k"});
  EXPECT_EQ(RunDistLoad({"compare", a, b}).exit_status, 1);
  EXPECT_EQ(RunDistLoad({"compare", b, a}).exit_status, 0);
  const CommandResult json = RunDistLoad({"compare", a, b, "--json=-"});
  EXPECT_EQ(json.exit_status, 1);
  EXPECT_THAT(json.output, StartsWith("{\"schema\":\"dist_load_compare\""));
}

TEST_F(CompareTest, WhatCannotBeComparedIsStatus2) {
  const std::string once = Result("once");
  EXPECT_EQ(RunDistLoad({"compare", once, once}).exit_status, 2);
  const std::string broken = directory_.Join("broken");
  ASSERT_TRUE(WriteFile(broken, "{}").ok());
  const CommandResult result = RunDistLoad({"compare", once, broken});
  EXPECT_EQ(result.exit_status, 2);
  EXPECT_THAT(result.output,
              StartsWith(absl::StrCat("dist_load: ", broken, ": not as a ")));
  EXPECT_EQ(RunDistLoad({"compare", once, "/nowhere"}).exit_status, 2);
}

}  // namespace
}  // namespace ringdist
