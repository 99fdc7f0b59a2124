// ringdist watch, of nodes of ringdist serve; in lines and on a terminal.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "ringdist/tests/testing/child_process.h"
#include "ringdist/tests/tools/command_fixture.h"
#include "ringdist/tests/tools/ringdist_command.h"

namespace ringdist {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

class RingdistWatchTest : public CommandTest {
 protected:
  // Ten times a second.
  std::unique_ptr<RingdistCommand> Watch(
      const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"watch", "cpp@localhost",
                                          "--interval=100ms"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Start(arguments);
  }
  ChildProcess::Options WatchOnTerminal(int columns, int rows,
                                        std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "watch");
    return OnTerminal(columns, rows, Arguments(std::move(arguments)));
  }
};

// In lines.

TEST_F(RingdistWatchTest, TellsInLines) {
  const auto serve = Serve();
  const auto watch = Watch();
  EXPECT_THAT(watch->LineWith("node"),
              MatchesRegex("..:..:.. nodeup cpp@localhost \\(hidden\\)"));
  EXPECT_THAT(watch->LineWith("round trip"),
              MatchesRegex("..:..:.. cpp@localhost: round trip [0-9.]+ ms, "
                           "connection [0-9]+ packets/s in, [0-9]+ out"));
  EXPECT_EQ(serve->Stop(SIGTERM), 0);
  EXPECT_THAT(watch->LineWith("node"),
              HasSubstr(" nodedown cpp@localhost: connection_closed"));
  EXPECT_THAT(watch->LineWith("again"),
              HasSubstr(" connecting to cpp@localhost again in "));
  EXPECT_EQ(watch->Stop(SIGTERM), 0);
}

TEST_F(RingdistWatchTest, TellsEventsAsJson) {
  const auto watch = Watch({"--json"});
  const nlohmann::json failed = watch->Event("setup_failed");
  EXPECT_EQ(failed["node"], "cpp@localhost");
  EXPECT_THAT(failed["reason"].get<std::string>(),
              HasSubstr("no node listens there"));
  EXPECT_GE(watch->Event("reconnecting")["wait_seconds"].get<double>(), 0.5);

  const auto serve = Start({"serve", "--name=cpp@localhost", "--json"});
  const nlohmann::json up = watch->Event("nodeup");
  EXPECT_EQ(up["node"], "cpp@localhost");
  EXPECT_EQ(up["hidden"], true);
  EXPECT_EQ(up["creation"], serve->Event("listening")["creation"]);
  EXPECT_THAT(up["time"].get<std::string>(),
              MatchesRegex("....-..-..T..:..:..\\....Z"));

  const nlohmann::json sample = watch->Event("sample");
  EXPECT_EQ(sample["node"], "cpp@localhost");
  EXPECT_GT(sample["time_ms"].get<double>(), 0);
  EXPECT_GT(sample["packets_in_per_second"].get<double>(), 0);
  EXPECT_GT(sample["bytes_out_per_second"].get<double>(), 0);
  // It does not know the questions.
  EXPECT_TRUE(sample["run_queue"].is_null());
  EXPECT_TRUE(sample["io_bytes_in_per_second"].is_null());

  EXPECT_EQ(serve->Stop(SIGTERM), 0);
  EXPECT_THAT(watch->Event("nodedown")["reason"].get<std::string>(),
              StartsWith("connection_closed"));
  EXPECT_EQ(watch->Stop(SIGINT), 0);
}

TEST_F(RingdistWatchTest, SeesANodeComeBack) {
  const auto watch = Watch();
  for (int round = 0; round < 2; ++round) {
    const auto serve = Serve();
    watch->LineWith("nodeup cpp@localhost");
    watch->LineWith("round trip");
    EXPECT_EQ(serve->Stop(SIGTERM), 0);
    watch->LineWith("nodedown cpp@localhost");
  }
}

TEST_F(RingdistWatchTest, TellsThatANodeDoesNotAnswer) {
  const auto serve = Serve();
  const auto watch = Watch({"--json"});
  watch->Event("sample");
  ASSERT_TRUE(serve->process().Suspend().ok());
  const nlohmann::json silent = watch->Event("no_answer");
  EXPECT_EQ(silent["node"], "cpp@localhost");
  EXPECT_GE(silent["silent_seconds"].get<double>(), 0.1);
  ASSERT_TRUE(serve->process().Resume().ok());
  // The answer that was late.
  EXPECT_GT(watch->Event("sample")["time_ms"].get<double>(), 0);
}

TEST_F(RingdistWatchTest, AsksAgainIfAnAnswerIsLost) {
  const auto serve = Serve();
  const auto watch = Watch({"--json", "--timeout=200ms"});
  watch->Event("sample");
  ASSERT_TRUE(serve->process().Suspend().ok());
  watch->Event("no_answer");
  while (watch->Event("no_answer")["silent_seconds"].get<double>() < 0.5) {
  }
  ASSERT_TRUE(serve->process().Resume().ok());
  watch->Event("sample");
}

TEST_F(RingdistWatchTest, WatchesSeveralNodes) {
  const auto serve = Serve();
  const auto other = Start({"serve", "--name=other@localhost"});
  const auto watch = Watch({"other@localhost", "none@localhost"});
  const std::string up = watch->LineWith("nodeup") + watch->LineWith("nodeup");
  EXPECT_THAT(up, HasSubstr("cpp@localhost"));
  EXPECT_THAT(up, HasSubstr("other@localhost"));
  watch->LineWith("no connection to none@localhost");
  EXPECT_EQ(other->Stop(SIGTERM), 0);
  EXPECT_THAT(watch->LineWith("nodedown"), HasSubstr("other@localhost"));
  watch->LineWith("cpp@localhost: round trip");
}

TEST_F(RingdistWatchTest, EndsAfterSoManyIntervalsOrSoLong) {
  EXPECT_EQ(Watch({"--count=2"})->Wait(), 0);
  EXPECT_EQ(Watch({"--duration=300ms"})->Wait(), 0);
}

TEST_F(RingdistWatchTest, MayBeNamedByOneOfThem) {
  const auto serve = Serve();
  const auto watch = Watch({"none@localhost", "--name=undefined@localhost"});
  watch->LineWith("nodeup cpp@localhost");
  EXPECT_THAT(serve->LineWith("nodeup"),
              MatchesRegex("ringdist: nodeup [0-9A-Z]+@localhost .*"));
  watch->LineWith("no connection to none@localhost");
}

TEST_F(RingdistWatchTest, EndsWhenNobodyReadsItsOutput) {
  ChildProcess::Options shell;
  shell.command = {"sh", "-c",
                   "{ \"$0\" \"$@\"; echo \"status $?\" >&2; } | head -n 1",
                   RingdistPath()};
  for (const std::string& argument :
       Arguments({"watch", "none@localhost", "--interval=10ms"})) {
    shell.command.push_back(argument);
  }
  RingdistCommand watch(shell);
  watch.LineWith("no connection to none@localhost");
  watch.LineWith("standard output: Broken pipe");
  watch.LineWith("status 1");
}

// On a terminal.

constexpr char kOtherPage[] = "\x1b[?1049h";
constexpr char kFirstPage[] = "\x1b[?1049l";
constexpr char kTopLeft[] = "\x1b[H";

// The lines of each picture that a terminal was sent.
std::vector<std::vector<std::string>> PicturesIn(const std::string& output) {
  std::vector<std::vector<std::string>> pictures;
  std::vector<std::string> parts = absl::StrSplit(output, kTopLeft);
  for (size_t i = 1; i < parts.size(); ++i) {
    const std::string text =
        absl::StrReplaceAll(parts[i].substr(0, parts[i].find("\x1b[?")),
                            {{"\x1b[K", ""}, {"\x1b[J", ""}, {"\r", ""}});
    pictures.push_back(absl::StrSplit(text, '\n'));
  }
  return pictures;
}

TEST_F(RingdistWatchTest, ATerminalShowsATable) {
  const auto serve = Serve();
  RingdistCommand watch(WatchOnTerminal(
      80, 24, {"cpp@localhost", "none@localhost", "--interval=100ms"}));
  watch.LineWith("ringdist watch: 0 of 2 nodes up, every 100ms, for 0s");
  watch.LineWith("NODE              ROUND TRIP  RUN Q  PROCESSES    MEMORY");
  watch.LineWith("none@localhost    down for 0s, again in 0s");
  watch.LineWith("    connect " + directory_.Join("none"));
  watch.LineWith("ringdist watch: 1 of 2 nodes up");
  EXPECT_THAT(watch.LineWith(" ms "),
              HasSubstr(" ms      -          -         -           -"));
  EXPECT_EQ(serve->Stop(SIGTERM), 0);
  watch.LineWith("cpp@localhost     down for 0s, again in 0s");
  watch.LineWith("    connection_closed");
  watch.LineWith("none@localhost    down for ");
  watch.LineWith("nodeup cpp@localhost (hidden)");
  watch.LineWith("nodedown cpp@localhost: connection_closed");
}

TEST_F(RingdistWatchTest, NoPictureIsLargerThanItsTerminal) {
  const auto serve = Serve();
  for (const auto& [columns, rows] :
       {std::pair(80, 24), std::pair(60, 12), std::pair(20, 3)}) {
    const absl::StatusOr<CommandResult> result =
        RunCommand(WatchOnTerminal(columns, rows,
                                   {"cpp@localhost", "none@localhost",
                                    "--interval=100ms", "--count=5"}),
                   kCommandTimeout);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->exit_status, 0) << result->output;
    const auto pictures = PicturesIn(result->output);
    EXPECT_GE(pictures.size(), 5u);
    for (const std::vector<std::string>& picture : pictures) {
      EXPECT_LE(picture.size(), static_cast<size_t>(rows));
      for (const std::string& line : picture) {
        EXPECT_LE(line.size(), static_cast<size_t>(columns)) << line;
      }
    }
  }
}

TEST_F(RingdistWatchTest, TheTerminalIsGivenBackWithTheLastPicture) {
  const absl::StatusOr<CommandResult> result = RunCommand(
      WatchOnTerminal(80, 24, {"cpp@localhost", "--count=1"}), kCommandTimeout);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(result->output, HasSubstr(kOtherPage));
  const std::vector<std::string> parts =
      absl::StrSplit(result->output, kFirstPage);
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_THAT(parts[1], Not(HasSubstr("\x1b")));
  EXPECT_THAT(parts[1], StartsWith("ringdist watch: 0 of 1 nodes up"));
  EXPECT_THAT(parts[1], EndsWith(" listens there\r\n"));
}

TEST_F(RingdistWatchTest, FollowsTheSizeOfTheTerminal) {
  const auto serve = Serve();
  RingdistCommand watch(
      WatchOnTerminal(80, 24, {"cpp@localhost", "--interval=1h"}));
  const std::string terminal(
      absl::StripTrailingAsciiWhitespace(watch.LineWith("/dev/")));
  watch.LineWith("ringdist watch: 1 of 1 nodes up, every 1h, for ");
  const absl::StatusOr<CommandResult> resized = RunCommand(
      {.command = {"stty", "-F", terminal, "columns", "40", "rows", "10"}},
      kCommandTimeout);
  ASSERT_TRUE(resized.ok()) << resized.status();
  ASSERT_EQ(resized->exit_status, 0) << resized->output;
  watch.LineWith("ringdist watch: 1 of 1 nodes up, every ~\r");
}

}  // namespace
}  // namespace ringdist
