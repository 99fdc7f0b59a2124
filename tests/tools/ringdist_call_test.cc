// ringdist call, of functions that ringdist serve has.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "ringdist/tests/testing/child_process.h"
#include "ringdist/tests/tools/command_fixture.h"
#include "ringdist/tests/tools/ringdist_command.h"

namespace ringdist {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class RingdistCallTest : public CommandTest {
 protected:
  CommandResult Echo(const std::string& arguments) {
    return RunToEnd({"call", "cpp@localhost", "ringdist", "echo", arguments});
  }
  // What the command prints on standard output alone.
  CommandResult StandardOutputOf(const std::vector<std::string>& arguments) {
    ChildProcess::Options shell;
    shell.command = {"sh", "-c", "exec \"$0\" \"$@\" 2>/dev/null",
                     RingdistPath()};
    for (const std::string& argument : Arguments(arguments)) {
      shell.command.push_back(argument);
    }
    return *RunCommand(shell, kCommandTimeout);
  }
};

TEST_F(RingdistCallTest, PrintsTheResultInErlangsSyntax) {
  const auto serve = Serve();
  const CommandResult called = Echo("[{hello, [1, 2.5], #{a => <<1:3>>}}]");
  EXPECT_EQ(called.exit_status, 0);
  EXPECT_EQ(called.output, "{hello,[1,2.5],#{a => <<1:3>>}}\n");
}

TEST_F(RingdistCallTest, EveryKindOfTermIsAnArgumentAndAResult) {
  const auto serve = Serve();
  for (const char* term :
       {"\"a text\"", "'An atom'", "[1,2]", "[]", "{}", "#{}", "-1", "-1.5e3",
        "<<\"t\xc3\xabxt\"/utf8>>", "fun lists:map/2",
        "123456789012345678901234567890", "[a|b]"}) {
    const CommandResult called = Echo(absl::StrCat("[", term, "]"));
    EXPECT_EQ(called.exit_status, 0) << called.output;
    EXPECT_EQ(called.output, absl::StrCat(term, "\n"));
  }
}

TEST_F(RingdistCallTest, ALargeResultIsWhole) {
  const auto serve = Serve();
  const std::string text(120'000, 'x');
  EXPECT_EQ(Echo(absl::StrCat("[<<\"", text, "\">>]")).output,
            absl::StrCat("<<\"", text, "\">>\n"));
}

TEST_F(RingdistCallTest, AnExceptionHasStatus1AndItsStack) {
  const auto serve = Serve();
  const CommandResult called =
      RunToEnd({"call", "cpp@localhost", "ringdist", "sum", "[[1, x]]"});
  EXPECT_EQ(called.exit_status, 1);
  EXPECT_EQ(called.output,
            "ringdist: error:badarg in ringdist:sum/1\n"
            "  ringdist:sum([1,x]): argument 1: element 2: expected a float, "
            "found x\n");
}

TEST_F(RingdistCallTest, AFunctionThatIsNotThereIsUndef) {
  const auto serve = Serve();
  const CommandResult called =
      RunToEnd({"call", "cpp@localhost", "no", "such"});
  EXPECT_EQ(called.exit_status, 1);
  EXPECT_EQ(called.output,
            "ringdist: error:undef in no:such/0\n"
            "  no:such()\n");
}

TEST_F(RingdistCallTest, OnlyAResultGoesToStandardOutput) {
  const auto serve = Serve();
  const CommandResult sum = StandardOutputOf(
      {"call", "cpp@localhost", "ringdist", "sum", "[[1, 2.5]]"});
  EXPECT_EQ(sum.exit_status, 0);
  EXPECT_EQ(sum.output, "3.5\n");
  const CommandResult raised =
      StandardOutputOf({"call", "cpp@localhost", "no", "such"});
  EXPECT_EQ(raised.exit_status, 1);
  EXPECT_EQ(raised.output, "");
  const CommandResult unreachable =
      StandardOutputOf({"call", "none@localhost", "no", "such"});
  EXPECT_EQ(unreachable.exit_status, 1);
  EXPECT_EQ(unreachable.output, "");
}

TEST_F(RingdistCallTest, TellsAsJson) {
  const auto serve = Serve();
  const CommandResult called = StandardOutputOf(
      {"call", "cpp@localhost", "ringdist", "echo", "[{a, \"b\"}]", "--json"});
  EXPECT_EQ(called.exit_status, 0);
  EXPECT_EQ(called.output,
            "{\"event\":\"result\",\"result\":\"{a,\\\"b\\\"}\"}\n");

  const CommandResult raised =
      StandardOutputOf({"call", "cpp@localhost", "no", "such", "--json"});
  EXPECT_EQ(raised.exit_status, 1);
  const nlohmann::json exception = nlohmann::json::parse(raised.output);
  EXPECT_EQ(exception["event"], "exception");
  EXPECT_EQ(exception["class"], "error");
  EXPECT_EQ(exception["reason"], "undef");
  EXPECT_EQ(exception["stack"][0]["module"], "no");
}

TEST_F(RingdistCallTest, TellsWhyThereIsNoConnection) {
  const CommandResult nobody = Echo("[x]");
  EXPECT_EQ(nobody.exit_status, 1);
  EXPECT_THAT(nobody.output, HasSubstr("no node listens there"));

  const auto serve = Serve();
  const CommandResult wrong =
      RunRingdist({"call", "cpp@localhost", "ringdist", "echo", "[x]",
                   "--dir=" + directory_.path(), "--cookie=wrong"});
  EXPECT_EQ(wrong.exit_status, 1);
  EXPECT_THAT(wrong.output, HasSubstr("cookie"));
}

TEST_F(RingdistCallTest, ANodeThatDoesNotAnswerIsTold) {
  const auto serve = Serve();
  ASSERT_TRUE(serve->process().Suspend().ok());
  const CommandResult called = RunToEnd(
      {"call", "cpp@localhost", "ringdist", "echo", "[x]", "--timeout=50ms"});
  EXPECT_EQ(called.exit_status, 1);
  EXPECT_THAT(called.output, MatchesRegex("ringdist: cpp@localhost .* within "
                                          "50ms\n"));
}

TEST_F(RingdistCallTest, MayWaitForEver) {
  const auto serve = Serve();
  EXPECT_EQ(RunToEnd({"call", "cpp@localhost", "ringdist", "echo", "[x]",
                      "--timeout=inf"})
                .output,
            "x\n");
}

TEST_F(RingdistCallTest, MayBeNamedByTheOther) {
  const auto serve = Serve();
  EXPECT_EQ(RunToEnd({"call", "cpp@localhost", "ringdist", "echo", "[x]",
                      "--name=undefined@localhost"})
                .output,
            "x\n");
}

}  // namespace
}  // namespace ringdist
