// The command line of tools/ringdist.cc.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ringdist/tests/testing/child_process.h"
#include "ringdist/tests/tools/ringdist_command.h"

namespace ringdist {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

using Arguments = std::vector<std::string>;

TEST(RingdistTest, HelpTellsEveryFlagAndGivesExamples) {
  const CommandResult help = RunRingdist({"--help"});
  EXPECT_EQ(help.exit_status, 0);
  EXPECT_THAT(help.output, HasSubstr("  serve   Runs a node"));
  EXPECT_THAT(help.output, HasSubstr("  ping    Asks a node"));
  EXPECT_THAT(help.output, HasSubstr("  send    Sends a message"));
  EXPECT_THAT(help.output, HasSubstr("  call    Calls a function"));
  EXPECT_THAT(help.output, HasSubstr("  info    Tells what a node is"));
  EXPECT_THAT(help.output, HasSubstr("  watch   Watches nodes"));
  EXPECT_THAT(help.output, HasSubstr("  dump    Prints a capture"));
  EXPECT_THAT(help.output, HasSubstr("Examples:"));

  const struct {
    std::string command;
    std::vector<std::string> says;
  } cases[] = {
      {"serve",
       {"--name=NODE", "--cookie=COOKIE", "--cookie_file=FILE", "--dir=DIR",
        "--net_ticktime=DURATION", "--setup_time=DURATION", "--visible ",
        "--overlapping_partitions ", "--protocol_version=VERSION",
        "--allow=NODE", "--connect=NODE", "--without=FLAG", "--capture=FILE",
        "see it\n"}},
      {"ping",
       {"ringdist ping [OPTIONS] NODE", "--count=N", "--interval=DURATION",
        "--timeout=DURATION", "--name=NODE", "--cookie=COOKIE", "--dir=DIR"}},
      {"send",
       {"ringdist send [OPTIONS] NODE REGISTERED_NAME TERM",
        "--timeout=DURATION", "--name=NODE", "--cookie=COOKIE", "--dir=DIR"}},
      {"call",
       {"ringdist call [OPTIONS] NODE MODULE FUNCTION [ARGS]",
        "--timeout=DURATION", "--name=NODE", "--cookie=COOKIE", "--dir=DIR"}},
      {"info",
       {"ringdist info [OPTIONS] NODE", "--timeout=DURATION", "--name=NODE",
        "--cookie=COOKIE", "--dir=DIR"}},
      {"watch",
       {"ringdist watch [OPTIONS] NODE...", "--interval=DURATION", "--count=N",
        "--duration=DURATION", "--timeout=DURATION", "--name=NODE",
        "--cookie=COOKIE", "--dir=DIR"}},
      {"dump", {"ringdist dump [OPTIONS] FILE", "--max_bytes=N"}},
  };
  for (const auto& [command, says] : cases) {
    const CommandResult its = RunRingdist({command, "--help"});
    EXPECT_EQ(its.exit_status, 0);
    for (const std::string& text : says) {
      EXPECT_THAT(its.output, HasSubstr(text));
    }
    EXPECT_THAT(its.output, HasSubstr("--json "));
    EXPECT_THAT(its.output, HasSubstr("Examples:"));
  }
}

TEST(RingdistTest, HelpFitsInATerminal) {
  for (const Arguments& arguments : {Arguments{"--help"},
                                     {"serve", "--help"},
                                     {"ping", "--help"},
                                     {"send", "--help"},
                                     {"call", "--help"},
                                     {"info", "--help"},
                                     {"watch", "--help"},
                                     {"dump", "--help"}}) {
    const std::string help = RunRingdist(arguments).output;
    size_t begin = 0;
    while (begin < help.size()) {
      const size_t end = help.find('\n', begin);
      ASSERT_NE(end, std::string::npos);
      EXPECT_LE(end - begin, 80u) << help.substr(begin, end - begin);
      begin = end + 1;
    }
  }
}

TEST(RingdistTest, VersionIsPrinted) {
  const CommandResult result = RunRingdist({"--version"});
  EXPECT_EQ(result.exit_status, 0);
  EXPECT_THAT(result.output, StartsWith("ringdist "));
}

TEST(RingdistTest, UsageErrorsSayWhatToWriteInstead) {
  const struct {
    Arguments arguments;
    std::string says;
  } cases[] = {
      {{},
       "there is no command; write ringdist serve, ping, send, call, info, "
       "watch or dump"},
      {{"sevre"}, "no command sevre; write ringdist serve"},
      {{"serve"}, "write, say, --name=cpp@localhost"},
      {{"serve", "--name=cpp"}, "--name: node name \"cpp\": has no '@'; write"},
      {{"serve", "--name=undefined@h"}, "--name=cpp@h"},
      {{"serve", "--name=a@h", "--bogus"}, "--bogus"},
      {{"serve", "--name=a@h", "more"}, "more"},
      {{"serve", "--name=a@h", "--net_ticktime=60"}, "such as 500ms, 7s"},
      {{"serve", "--name=a@h", "--setup_time=-1s"}, "such as 500ms, 7s"},
      {{"serve", "--name=a@h", "--net_ticktime=48h"},
       "--net_ticktime must be between 10 ms and 24 h"},
      {{"serve", "--name=a@h", "--protocol_version=7"}, "write 6, or 5"},
      {{"serve", "--name=a@h", "--allow=b"}, "--allow: node name \"b\""},
      {{"serve", "--name=a@h", "--connect=b"}, "--connect: node name \"b\""},
      {{"serve", "--name=a@h", "--connect=a@h"}, "name another"},
      {{"serve", "--name=a@h", "--without=V4_NC"},
       "--without: \"V4_NC\" is no flag that a node can do without; write one "
       "of ALTACT_SIG, ALIAS, SPAWN, FRAGMENTS, EXIT_PAYLOAD, SEND_SENDER, "
       "DIST_HDR_ATOM_CACHE"},
      {{"serve", "--name=a@h", "--cookie=\u0144"}, "--cookie: "},
      {{"serve", "--name=a@h", "--cookie=" + std::string(256, 'c')},
       "--cookie must have 1 to 255"},
      {{"serve", "--name=a@h", "--cookie=c", "--cookie_file=f"}, "excludes"},
      {{"ping"}, "write, say, ringdist ping srv@localhost"},
      {{"ping", "srv"},
       "NODE: node name \"srv\": has no '@'; write alive@host"},
      {{"ping", "a@h", "b@h"}, "b@h"},
      {{"ping", "a@h", "--count=0"}, "number from 1 on"},
      {{"ping", "a@h", "--count=x"}, "number from 1 on"},
      {{"ping", "a@h", "--interval=0s"}, "such as 500ms, 7s"},
      {{"ping", "a@h", "--timeout="}, "--timeout"},
      {{"ping", "a@h", "--name=b"}, "--name: node name \"b\""},
      {{"ping", "a@h", "--name=a@h"}, "name another"},
      {{"send"}, "NODE is missing; write, say, ringdist send srv@localhost"},
      {{"send", "a@h"}, "REGISTERED_NAME is missing; write, say, "},
      {{"send", "a@h", "b"}, "TERM is missing; write, say, "},
      {{"send", "a", "b", "c"}, "NODE: node name \"a\""},
      {{"send", "a@h", "", "c"}, "REGISTERED_NAME: \"\" is no name"},
      {{"send", "a@h", std::string(256, 'b'), "c"}, "at most 255 characters"},
      {{"send", "a@h", "b", "{c,\n  d"},
       "TERM: line 2, column 4: expected , or }, found the end"},
      {{"send", "a@h", "b", "c", "d"}, "d"},
      {{"send", "a@h", "b", "c", "--name=a@h"}, "name another"},
      {{"call"}, "NODE is missing; write, say, ringdist call srv@localhost"},
      {{"call", "a@h"}, "MODULE is missing; write, say, "},
      {{"call", "a@h", "m"}, "FUNCTION is missing; write, say, "},
      {{"call", "a", "m", "f"}, "NODE: node name \"a\""},
      {{"call", "a@h", "", "f"}, "MODULE: \"\" is no name"},
      {{"call", "a@h", "m", std::string(256, 'f')}, "FUNCTION: "},
      {{"call", "a@h", "m", "f", "1"},
       "ARGS: 1 is no list; write the arguments between brackets: '[1, 2]'"},
      {{"call", "a@h", "m", "f", "[1|2]"}, "ARGS: [1|2] is no list; write "},
      {{"call", "a@h", "m", "f", "[1"},
       "ARGS: line 1, column 3: expected , or | or ], found the end"},
      {{"call", "a@h", "m", "f", "[]", "more"}, "more"},
      {{"call", "a@h", "m", "f", "--timeout=5"}, "such as 500ms, 7s"},
      {{"call", "a@h", "m", "f", "--name=a@h"}, "name another"},
      {{"info"}, "NODE is missing; write, say, ringdist info srv@localhost"},
      {{"info", "a"}, "NODE: node name \"a\": has no '@'; write alive@host"},
      {{"info", "a@h", "b@h"}, "b@h"},
      {{"info", "a@h", "--name=a@h"}, "name another"},
      {{"watch"}, "NODE is missing; write, say, ringdist watch srv@localhost"},
      {{"watch", "a@h", "b"}, "NODE: node name \"b\": has no '@'; write"},
      {{"watch", "a@h", "b@h", "a@h"}, "NODE: a@h is written twice"},
      {{"watch", "a@h", "b@h", "--name=b@h"}, "name another"},
      {{"watch", "a@h", "--interval=0s"}, "such as 500ms, 7s"},
      {{"watch", "a@h", "--count=-1"}, "number from 1 on"},
      {{"watch", "a@h", "--duration=1"}, "such as 500ms, 7s"},
      {{"dump"}, "FILE is missing; write, say, ringdist dump serve.capture"},
      {{"dump", "a", "b"}, "b"},
      {{"dump", "a", "--max_bytes=0"}, "number from 1 on"},
  };
  for (const auto& [arguments, says] : cases) {
    const CommandResult result = RunRingdist(arguments);
    EXPECT_EQ(result.exit_status, 2) << result.output;
    EXPECT_THAT(result.output, StartsWith("ringdist: "));
    EXPECT_THAT(result.output, HasSubstr(says));
    EXPECT_THAT(result.output, EndsWith(" --help)\n"));
  }
}

TEST(RingdistTest, UsageErrorsGoToStandardError) {
  const absl::StatusOr<CommandResult> result = RunCommand(
      {.command = {"sh", "-c", "\"$0\" serve 2>/dev/null", RingdistPath()}},
      kCommandTimeout);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->exit_status, 2);
  EXPECT_EQ(result->output, "");
}

}  // namespace
}  // namespace ringdist
