// ringdist call, info and watch, of a real Erlang node.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "ringdist/tests/testing/child_process.h"
#include "ringdist/tests/tools/erlang_command_fixture.h"
#include "ringdist/tests/tools/ringdist_command.h"

namespace ringdist {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

class RingdistQuestionsTest : public ErlangCommandTest {
 protected:
  CommandResult Call(const std::string& module, const std::string& function,
                     const std::string& arguments,
                     const std::vector<std::string>& more = {}) {
    std::vector<std::string> call = {"call", "srv@localhost", module, function,
                                     arguments};
    call.insert(call.end(), more.begin(), more.end());
    return RunToEnd(call);
  }
  nlohmann::json Info() {
    return nlohmann::json::parse(
        RunToEnd({"info", "srv@localhost", "--json"}).output);
  }
};

// call.

TEST_F(RingdistQuestionsTest, CallPrintsWhatAFunctionReturns) {
  const CommandResult seq = Call("lists", "seq", "[1, 10]");
  EXPECT_EQ(seq.exit_status, 0);
  EXPECT_EQ(seq.output, "[1,2,3,4,5,6,7,8,9,10]\n");
  EXPECT_EQ(Call("erlang", "node", "[]").output, "srv@localhost\n");
  EXPECT_EQ(Call("unicode", "characters_to_list", "[<<\"t\xc3\xabxt\"/utf8>>]")
                .output,
            "\"t\xc3\xabxt\"\n");
  EXPECT_EQ(Call("binary", "copy", "[<<7>>, 100000]", {"--json"}).exit_status,
            0);
}

TEST_F(RingdistQuestionsTest, CallCallsServers) {
  Eval(
      "register(counter, spawn(fun() -> receive {'$gen_call', From, get} -> "
      "gen_server:reply(From, {count, 7}) end end)).");
  EXPECT_EQ(Call("gen_server", "call", "[counter, get]").output, "{count,7}\n");
}

TEST_F(RingdistQuestionsTest, CallTellsEachClassOfExceptions) {
  const CommandResult error = Call("lists", "seq", "[1, a]");
  EXPECT_EQ(error.exit_status, 1);
  EXPECT_THAT(
      error.output,
      MatchesRegex("ringdist: error:function_clause in lists:seq/2\n"
                   "  lists:seq\\(1,a\\) \\(lists.erl, line [0-9]+\\)\n"));
  const CommandResult undef = Call("lists", "no_such", "[\"ab\"]");
  EXPECT_EQ(undef.exit_status, 1);
  EXPECT_EQ(undef.output,
            "ringdist: error:undef in lists:no_such/1\n"
            "  lists:no_such(\"ab\")\n");
  const CommandResult exit = Call("erlang", "exit", "[{bye, 1}]");
  EXPECT_EQ(exit.exit_status, 1);
  EXPECT_EQ(exit.output, "ringdist: exit:{bye,1}\n");
  const CommandResult thrown = Call("erlang", "throw", "[{ball, \"b\"}]");
  EXPECT_EQ(thrown.exit_status, 1);
  EXPECT_EQ(thrown.output, "ringdist: throw:{ball,\"b\"}\n");
}

TEST_F(RingdistQuestionsTest, CallPrintsWhatTheFunctionPrints) {
  EXPECT_EQ(Call("io", "format", "[\"~p~n\", [{a, 1}]]").output,
            "{a,1}\n"
            "ok\n");
  // A line that the function began is ended before anything else is told.
  EXPECT_EQ(Call("io", "format", "[\"half\"]").output,
            "half\n"
            "ok\n");
}

TEST_F(RingdistQuestionsTest, CallEndsALineBeforeAnException) {
  // Prints "half" and raises.
  const CommandResult raised =
      Call("lists", "foreach", "[fun io:put_chars/1, [\"half\", not_chars]]");
  EXPECT_EQ(raised.exit_status, 1);
  EXPECT_THAT(raised.output, StartsWith("half\nringdist: error:badarg in "));
}

TEST_F(RingdistQuestionsTest, CallTellsOutputAsJson) {
  RingdistCommand call(Arguments(
      {"call", "srv@localhost", "io", "format", "[\"hi\"]", "--json"}));
  EXPECT_EQ(call.Event("output")["text"], "hi");
  EXPECT_EQ(call.Event("result")["result"], "ok");
  EXPECT_EQ(call.Wait(), 0);
}

TEST_F(RingdistQuestionsTest, CallEndsAfterItsTimeout) {
  const CommandResult late =
      Call("timer", "sleep", "[60000]", {"--timeout=300ms"});
  EXPECT_EQ(late.exit_status, 1);
  EXPECT_EQ(late.output,
            "ringdist: timeout: no answer from srv@localhost within 300ms; the "
            "function may still run, a longer --timeout waits for it\n");
}

TEST_F(RingdistQuestionsTest, CallTellsThatTheNodeIsGone) {
  const CommandResult gone = Call("erlang", "halt", "[]");
  EXPECT_EQ(gone.exit_status, 1);
  EXPECT_THAT(gone.output, StartsWith("ringdist: noconnection: "));
}

// info.

TEST_F(RingdistQuestionsTest, InfoTellsWhatTheNodeTellsOfItself) {
  Eval("register('a name', self()).");
  const nlohmann::json info = Info();
  EXPECT_EQ(info["node"], "srv@localhost");
  EXPECT_EQ(info["hidden"], false);
  EXPECT_EQ(absl::StrCat(info["creation"].get<uint64_t>()),
            Eval("erlang:system_info(creation)."));
  for (const char* flag : {"PUBLISHED", "SPAWN", "V4_NC", "FRAGMENTS"}) {
    EXPECT_THAT(info["flags"], Contains(flag));
  }
  EXPECT_EQ(absl::StrCat("\"", info["otp_release"].get<std::string>(), "\""),
            Eval("erlang:system_info(otp_release)."));
  EXPECT_EQ(absl::StrCat("\"", info["erts_version"].get<std::string>(), "\""),
            Eval("erlang:system_info(version)."));
  EXPECT_EQ(absl::StrCat(info["process_limit"].get<uint64_t>()),
            Eval("erlang:system_info(process_limit)."));
  EXPECT_GT(info["processes"].get<uint64_t>(), 20u);
  EXPECT_GT(info["memory"]["total"].get<uint64_t>(), 1'000'000u);
  EXPECT_GT(info["memory"]["binary"].get<uint64_t>(), 0u);
  EXPECT_THAT(info["registered"], Contains("net_kernel"));
  EXPECT_THAT(info["registered"], Contains("a name"));
  EXPECT_TRUE(
      std::is_sorted(info["registered"].begin(), info["registered"].end()));
}

TEST_F(RingdistQuestionsTest, InfoTellsHowLongTheNodeIsUp) {
  // By the node's own clock, before and after.
  const std::string uptime =
      "float_to_list((erlang:monotonic_time() - "
      "erlang:system_info(start_time)) / "
      "erlang:convert_time_unit(1, second, native)).";
  const auto seconds = [&] {
    const std::string text = Eval(uptime);
    return std::stod(text.substr(1));
  };
  const double before = seconds();
  const double told = Info()["uptime_seconds"].get<double>();
  const double after = seconds();
  EXPECT_LE(before, told);
  EXPECT_LE(told, after);
}

TEST_F(RingdistQuestionsTest, InfoIsReadable) {
  const CommandResult info = RunToEnd({"info", "srv@localhost"});
  EXPECT_EQ(info.exit_status, 0);
  EXPECT_THAT(info.output, StartsWith("node          srv@localhost\n"
                                      "creation      "));
  for (const char* line :
       {"\nOTP release   ", "\nuptime        ", "\nmemory        total ",
        "\nprocesses     ", "\nregistered    application_controller, "}) {
    EXPECT_THAT(info.output, HasSubstr(line));
  }
  EXPECT_THAT(info.output, ::testing::Not(HasSubstr("not available")));
}

TEST_F(RingdistQuestionsTest, InfoAndCallWorkUnderANameThatTheNodeGives) {
  const CommandResult info =
      RunToEnd({"info", "srv@localhost", "--name=undefined@localhost"});
  EXPECT_EQ(info.exit_status, 0);
  EXPECT_THAT(info.output, HasSubstr("\nOTP release "));
  EXPECT_EQ(Call("erlang", "node", "[]", {"--name=undefined@localhost"}).output,
            "srv@localhost\n");
}

// watch.

TEST_F(RingdistQuestionsTest, WatchSeesANodeDieAndComeBack) {
  RingdistCommand watch(
      Arguments({"watch", "srv@localhost", "--interval=100ms", "--json"}));
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(watch.Event("nodeup")["node"], "srv@localhost");
    nlohmann::json sample = watch.Event("sample");
    // Rates need two samples.
    while (!sample.is_discarded() &&
           sample["io_bytes_in_per_second"].is_null()) {
      sample = watch.Event("sample");
    }
    EXPECT_GT(sample["time_ms"].get<double>(), 0);
    EXPECT_GT(sample["processes"].get<uint64_t>(), 20u);
    EXPECT_GT(sample["memory"].get<uint64_t>(), 1'000'000u);
    EXPECT_TRUE(sample["run_queue"].is_number());
    EXPECT_TRUE(sample["io_bytes_out_per_second"].is_number());
    node_->Kill();
    EXPECT_THAT(watch.Event("nodedown")["reason"].get<std::string>(),
                StartsWith("connection_closed"));
    watch.Event("setup_failed");
    if (round > 0) continue;
    const absl::Status restarted = node_->Restart();
    ASSERT_TRUE(restarted.ok()) << restarted;
  }
  EXPECT_EQ(watch.Stop(SIGTERM), 0);
}

TEST_F(RingdistQuestionsTest, WatchDoesNotChangeWhatOthersAreTold) {
  RingdistCommand watch(
      Arguments({"watch", "srv@localhost", "--interval=100ms", "--json"}));
  watch.Event("sample");  // A handshake does.
  // Both tell how much it was since somebody asked last.
  Eval(
      "Ask = fun() -> {erlang:statistics(wall_clock), "
      "erlang:statistics(reductions)} end, "
      "{{Wall, _}, {Reductions, _}} = Ask().");
  for (int i = 0; i < 3; ++i) watch.Event("sample");
  EXPECT_EQ(
      Eval("{{NewWall, Since}, {NewReductions, More}} = Ask(), "
           "{NewWall - Since - Wall, NewReductions - More - Reductions}."),
      "{0,0}");
}

TEST_F(RingdistQuestionsTest, WatchMeasuresWhatPortsWrite) {
  RingdistCommand watch(
      Arguments({"watch", "srv@localhost", "--interval=100ms", "--json"}));
  watch.Event("sample");
  Eval(
      "spawn(fun() -> Null = open_port({spawn, \"cat >/dev/null\"}, [binary]), "
      "Bytes = binary:copy(<<7>>, 1000000), "
      "(fun Write() -> port_command(Null, Bytes), Write() end)() end).");
  double rate = 0;
  while (rate < 1e6) {
    const nlohmann::json sample = watch.Event("sample");
    ASSERT_FALSE(sample.is_discarded());
    if (sample["io_bytes_out_per_second"].is_number()) {
      rate = sample["io_bytes_out_per_second"].get<double>();
    }
  }
}

TEST_F(RingdistQuestionsTest, WatchShowsARealNodeOnATerminal) {
  RingdistCommand watch(OnTerminal(
      80, 24, Arguments({"watch", "srv@localhost", "--interval=100ms"})));
  watch.LineWith("ringdist watch: 1 of 1 nodes up");
  std::string row;
  do {
    row = watch.LineWith("srv@localhost  ");
    ASSERT_FALSE(row.empty());
  } while (!absl::StrContains(row, "B/s"));
  EXPECT_THAT(row, HasSubstr(" ms "));
  EXPECT_THAT(row, HasSubstr(" MB "));
  node_->Kill();
  watch.LineWith("srv@localhost     down for 0s, again in 0s");
  watch.LineWith("nodedown srv@localhost: connection_closed");
  const absl::Status restarted = node_->Restart();
  ASSERT_TRUE(restarted.ok()) << restarted;
  watch.LineWith("ringdist watch: 1 of 1 nodes up");
}

}  // namespace
}  // namespace ringdist
