// The examples for embedders, with real Erlang and Elixir nodes around them.
// What they print is part of what they teach, so it is looked at as a whole.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "ringdist/tests/testing/child_process.h"
#include "ringdist/tests/testing/erlang_node.h"

namespace ringdist {
namespace {

using ::testing::StartsWith;

constexpr absl::Duration kTimeout = absl::Seconds(30);

// The text that a call gave, or why it gave none.
std::string TextOf(const absl::StatusOr<std::string>& text) {
  return text.ok() ? *text : text.status().ToString();
}

// The program's absolute path: Bazel runs a test in the directory of its data.
std::string PathOf(absl::string_view example) {
  return std::filesystem::absolute(absl::StrCat("tests/embedding/", example));
}

// An Erlang node, and one example in its directory.
class ExamplesTest : public ErlangTest {
 protected:
  void SetUp() override {
    ErlangTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    absl::StatusOr<std::unique_ptr<ErlangNode>> erlang =
        ErlangNode::Start({.name = "srv@localhost"});
    ASSERT_TRUE(erlang.ok()) << erlang.status();
    erlang_ = *std::move(erlang);
  }

  std::vector<std::string> CommandLine(
      absl::string_view example, const std::vector<std::string>& more = {}) {
    std::vector<std::string> command = {PathOf(example), "cpp@localhost",
                                        "ringdist", erlang_->directory()};
    command.insert(command.end(), more.begin(), more.end());
    return command;
  }
  void StartExample(absl::string_view example,
                    const std::vector<std::string>& more = {}) {
    absl::StatusOr<std::unique_ptr<ChildProcess>> process =
        ChildProcess::Start({.command = CommandLine(example, more)});
    ASSERT_TRUE(process.ok()) << process.status();
    example_ = *std::move(process);
  }
  // The next line that it prints.
  std::string Line() { return TextOf(example_->ReadLine(kTimeout)); }
  // Its exit status.
  int End() {
    const absl::StatusOr<int> status = example_->Wait(kTimeout);
    EXPECT_TRUE(status.ok()) << status.status();
    return status.value_or(-1);
  }

  std::string Eval(absl::string_view expressions) {
    return TextOf(erlang_->Eval(expressions));
  }
  // What an Elixir node of its own prints, run to its end.
  std::string Elixir(const std::string& script) {
    // The carrier, to where it finds it.
    Eval("file:copy(code:which(erl_uds_dist), \"erl_uds_dist.beam\").");
    const absl::StatusOr<CommandResult> result = RunCommand(
        {.command = {"elixir", "--sname", "ex@localhost", "--cookie",
                     "ringdist", "--erl", "-proto_dist erl_uds -no_epmd -pa .",
                     "-e", script},
         .directory = erlang_->directory(),
         .environment = {"HOME=" + erlang_->directory(), "LC_ALL=C.UTF-8"}},
        kTimeout);
    return result.ok() ? result->output : result.status().ToString();
  }

  std::unique_ptr<ErlangNode> erlang_;
  std::unique_ptr<ChildProcess> example_;
};

TEST_F(ExamplesTest, TheEchoServerSendsBackWhatItIsSent) {
  StartExample("echo_server");
  EXPECT_EQ(Line(), "echo is at cpp@localhost");
  EXPECT_EQ(Eval("{echo, cpp@localhost} ! junk,"
                 " {echo, cpp@localhost} ! {self(), #{a => [1, 2.5]}},"
                 " receive Answer -> Answer after 20000 -> none end."),
            "#{a => [1,2.5]}");
  EXPECT_EQ(Line(), "nodeup srv@localhost");
  EXPECT_EQ(Line(), "not {Pid, Term}: junk");
  EXPECT_EQ(Line(), "#{a => [1,2.5]}: OK");
  ASSERT_TRUE(erlang_->Stop().ok());
  EXPECT_THAT(Line(), StartsWith("nodedown srv@localhost: "));
}

TEST_F(ExamplesTest, TheEchoServerEndsInOrderOnSignals) {
  for (const int signal : {SIGTERM, SIGINT}) {
    StartExample("echo_server");
    EXPECT_EQ(Line(), "echo is at cpp@localhost");
    ASSERT_EQ(Eval("monitor_node(cpp@localhost, true)."), "true");
    EXPECT_EQ(Line(), "nodeup srv@localhost");
    ASSERT_TRUE(example_->Signal(signal).ok());
    EXPECT_EQ(End(), 0);
    EXPECT_EQ(Eval("receive {nodedown, Node} -> Node"
                   " after 20000 -> none end."),
              "cpp@localhost");
    EXPECT_FALSE(std::filesystem::exists(erlang_->directory() + "/cpp"));
  }
}

TEST_F(ExamplesTest, ErlangCallsTheCounter) {
  StartExample("counter_server");
  EXPECT_EQ(Line(), "counter is at cpp@localhost");
  Eval("Counter = {counter, cpp@localhost}.");
  EXPECT_EQ(Eval("gen_server:call(Counter, {add, 2})."), "2");
  EXPECT_EQ(Line(), "count 2: OK");
  EXPECT_EQ(Eval("gen_server:cast(Counter, reset),"
                 " gen_server:call(Counter, {add, 3})."),
            "3");
  EXPECT_EQ(Line(), "count 3: OK");
  EXPECT_EQ(Eval("erpc:call(cpp@localhost, numbers, gcd, [12, 18])."), "6");
  EXPECT_THAT(Eval("erpc:call(cpp@localhost, numbers, gcd, [12, x])."),
              StartsWith("error: {error,{exception,badarg,[{numbers,gcd,"));
}

TEST_F(ExamplesTest, TheCounterIsStartedAgainWhenItEnds) {
  StartExample("counter_server");
  EXPECT_EQ(Line(), "counter is at cpp@localhost");
  Eval("Counter = {counter, cpp@localhost}.");
  EXPECT_THAT(Eval("gen_server:call(Counter, {add, two})."),
              StartsWith("error: {exit,{{bad_call,{add,two}},"));
  EXPECT_EQ(Line(), "counter ended: {bad_call,{add,two}}");
  EXPECT_EQ(Line(), "started again: OK");
  EXPECT_EQ(Eval("gen_server:stop(Counter)."), "ok");
  EXPECT_EQ(Line(), "counter ended: normal");
  EXPECT_EQ(Line(), "started again: OK");
  EXPECT_EQ(Eval("gen_server:call(Counter, {add, 2})."), "2");
}

TEST_F(ExamplesTest, ElixirCallsTheCounter) {
  StartExample("counter_server");
  EXPECT_EQ(Line(), "counter is at cpp@localhost");
  EXPECT_EQ(Elixir("counter = {:counter, :cpp@localhost}\n"
                   "IO.inspect(GenServer.call(counter, {:add, 2}))\n"
                   "IO.inspect(GenServer.cast(counter, :reset))\n"
                   "IO.inspect(GenServer.call(counter, {:add, 3}))\n"
                   "IO.inspect(:erpc.call(:cpp@localhost, :numbers, :gcd,"
                   " [12, 18]))\n"),
            "2\n:ok\n3\n6\n");
  EXPECT_EQ(Line(), "count 2: OK");
  EXPECT_EQ(Line(), "count 3: OK");
}

TEST_F(ExamplesTest, TheClientCallsAndSeesAProcessEnd) {
  const std::string release = Eval("erlang:system_info(otp_release).");
  Eval(
      "register(worker, spawn(fun() -> receive stop -> exit(stopped) end"
      " end)).");
  StartExample("client", {"srv@localhost", "worker"});
  EXPECT_EQ(Line(), absl::StrCat("OTP release: ", release));
  EXPECT_EQ(Line(), "hd([]): ABORTED: error:badarg in erlang:hd/1");
  EXPECT_EQ(Line(), "waiting for worker to end");
  Eval("worker ! stop.");
  EXPECT_EQ(Line(), "{worker,srv@localhost} is down: stopped");
  EXPECT_EQ(End(), 0);
}

TEST_F(ExamplesTest, TheClientSeesANodeEnd) {
  Eval("register(worker, spawn(fun() -> receive stop -> ok end end)).");
  StartExample("client", {"srv@localhost", "worker"});
  Line();
  Line();
  EXPECT_EQ(Line(), "waiting for worker to end");
  erlang_->Kill();
  EXPECT_EQ(Line(), "{worker,srv@localhost} is down: noconnection");
  EXPECT_EQ(End(), 0);
}

TEST_F(ExamplesTest, EachTellsWhyItCannotRun) {
  StartExample("client", {"nobody@localhost", "worker"});
  EXPECT_THAT(Line(), StartsWith("client: UNAVAILABLE: noconnection: "));
  EXPECT_EQ(End(), 1);
  ASSERT_TRUE(std::filesystem::create_directory(erlang_->directory() + "/cpp"));
  for (const std::string example : {"echo_server", "counter_server"}) {
    StartExample(example);
    EXPECT_THAT(Line(), StartsWith(example + ": FAILED_PRECONDITION: "));
    EXPECT_EQ(End(), 1);
  }
}

TEST_F(ExamplesTest, EachTellsHowItIsUsed) {
  for (const std::string example :
       {"client", "counter_server", "echo_server"}) {
    const absl::StatusOr<CommandResult> result =
        RunCommand({.command = {PathOf(example)}}, kTimeout);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->exit_status, 2);
    EXPECT_THAT(result->output, StartsWith("usage: " + example + " NODE "));
  }
}

}  // namespace
}  // namespace ringdist
