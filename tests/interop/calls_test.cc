// Functions and servers of a real node, called by ours.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/distribution_flags.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/proto/term_text.h"
#include "ringdist/runtime/call_result.h"
#include "ringdist/runtime/coroutine.h"
#include "ringdist/runtime/node.h"
#include "ringdist/tests/interop/scenario_test.h"
#include "ringdist/tests/testing/call_text.h"

namespace ringdist {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr absl::string_view kErl = "erl@localhost";
// Ends before the test stops waiting for it.
constexpr absl::Duration kLong = absl::Seconds(15);

// The parameter: flags that our node does without. Without SPAWN functions are
// called through rex.
class CallsTest : public ScenarioTest,
                  public ::testing::WithParamInterface<uint64_t> {
 protected:
  void SetUp() override {
    ScenarioTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    NodeOptions options;
    options.disabled_flags = GetParam();
    options.on_output = [this](absl::string_view text, const PidView& from) {
      absl::StrAppend(&printed_, text);
      EXPECT_EQ(from.node, AtomView::Utf8(kErl));
    };
    StartNodes(options);
    ASSERT_TRUE(LoadModule("m", {"node()"}));
  }

  template <typename Arguments>
  std::string Call(absl::string_view function, const Arguments& arguments,
                   absl::Duration timeout = kLong,
                   absl::string_view module = "m") {
    std::optional<CallResult> result;
    node().Call(kErl, module, function, arguments, timeout,
                [&](const CallResult& told) {
                  EXPECT_FALSE(result.has_value());
                  result = told;
                });
    EXPECT_FALSE(result.has_value()) << "told within the call";
    EXPECT_TRUE(RunUntil([&] { return result.has_value(); }));
    return result.has_value() ? CallText(*result) : "nothing";
  }
  template <typename Request>
  std::string CallServer(absl::string_view name, const Request& request,
                         absl::Duration timeout = kLong) {
    std::optional<CallResult> result;
    node().CallServer(NameAt{name, kErl}, request, timeout,
                      [&](const CallResult& told) { result = told; });
    EXPECT_TRUE(RunUntil([&] { return result.has_value(); }));
    return result.has_value() ? CallText(*result) : "nothing";
  }
  bool has_spawn() const { return (GetParam() & kDflagSpawn) == 0; }

  std::string printed_;
};

INSTANTIATE_TEST_SUITE_P(Flags, CallsTest,
                         ::testing::Values(0, kDflagSpawn,
                                           kDflagAlias | kDflagUnicodeIo,
                                           kOptionalNodeFlags),
                         WithoutName);

// The first call also connects.
TEST_P(CallsTest, AFunctionEndsInEveryWay) {
  EXPECT_EQ(Call("add", std::tuple(1, 2)), "3");
  EXPECT_EQ(Call("add", std::vector{3, 4}), "7");
  EXPECT_EQ(Call("node", std::tuple(), kLong, "erlang"), "erl@localhost");
  EXPECT_EQ(Call("echo", std::tuple(std::string(1'000'000, 'x'))),
            ToText(MakeTerm(std::string(1'000'000, 'x'))));
  EXPECT_EQ(Call("errors", std::tuple(Atom("failed"))),
            "error:failed in m:errors/1");
  EXPECT_THAT(Call("add", std::tuple(1, Atom("x"))),
              StartsWith("error:badarith in erlang:+/2"));
  EXPECT_EQ(Call("exits", std::make_tuple(std::tuple(Atom("gone"), 1))),
            "exit:{gone,1}");
  EXPECT_EQ(Call("nothing", std::tuple(1, 2, 3)), "error:undef in m:nothing/3");
  EXPECT_EQ(Call("throws", std::tuple(Atom("x"))),
            has_spawn() ? "throw:x" : "x");  // As rpc:call.
  EXPECT_THAT(Call("sleeps", std::tuple(1'000'000), absl::Milliseconds(50)),
              StartsWith("DEADLINE_EXCEEDED: timeout"));
  EXPECT_THAT(Call("", std::tuple()), HasSubstr("undef"));
  EXPECT_THAT(Call(std::string(300, 'x'), std::tuple()),
              StartsWith("INVALID_ARGUMENT: badarg"));
  EXPECT_EQ(node().statistics().open_calls, 0u);
}

TEST_P(CallsTest, AProcessThatIsKilledIsAnExit) {
  ASSERT_EQ(Call("add", std::tuple(1, 2)), "3");
  const std::string ended =
      Call("exit", std::tuple(EvalTo<Pid>("whereis(rex)"), Atom("normal")),
           kLong, "erlang");
  EXPECT_EQ(ended, "true");
  if (!has_spawn()) return;
  // apply(erlang, exit, [self(), kill]), with the pid of the called process.
  EXPECT_EQ(Call("apply",
                 std::tuple(EvalTerm("fun() -> exit(self(), kill),"
                                     " receive after infinity -> ok end end"),
                            Nil()),
                 kLong, "erlang"),
            "exit:{signal,killed}");
}

TEST_P(CallsTest, TenThousandAreInFlight) {
  constexpr int kMany = 10'000;
  ASSERT_EQ(Call("add", std::tuple(0, 0)), "0");
  int right = 0;
  for (int i = 0; i < kMany; ++i) {
    node().Call(kErl, "m", "add", std::tuple(i, 1), kLong,
                [&right, i](const CallResult& result) {
                  right += result.As<int>().value_or(0) == i + 1 ? 1 : 0;
                });
  }
  EXPECT_EQ(node().statistics().open_calls, uint64_t{kMany});
  EXPECT_TRUE(RunUntil([&] { return node().statistics().open_calls == 0; }));
  EXPECT_EQ(right, kMany);
}

TEST_P(CallsTest, WhatACalledFunctionPrintsComesHere) {
  EXPECT_EQ(Call("prints", std::tuple()), "printed");
  EXPECT_EQ(printed_, "{hello,1} and \xC3\xA4x\nab\xC3\xB6\nplain\n");
  printed_.clear();
  // As a real group leader that takes bytes only.
  const bool unicode = (GetParam() & kDflagUnicodeIo) == 0;
  EXPECT_EQ(Call("prints_unicode", std::tuple()),
            unicode ? "printed" : "error:badarg in io:format/2");
  EXPECT_EQ(printed_,
            unicode ? "{hello,1} and \xCE\xBBx\nab\xE2\x82\xAC\n" : "");
}

TEST_P(CallsTest, WhatAGroupLeaderCannotDoIsRefusedAtOnce) {
  EXPECT_EQ(Call("asks", std::tuple()),
            "{{error,enotsup},{error,enotsup},{error,enotsup}}");
}

TEST_P(CallsTest, AServerAnswers) {
  ASSERT_EQ(Call("add", std::tuple(1, 2)), "3");
  ASSERT_THAT(Eval("m:server(server)."), StartsWith("<"));
  EXPECT_EQ(CallServer("server", std::tuple(Atom("echo"), 5)), "5");
  std::optional<CallResult> by_pid;
  node().CallServer(EvalTo<Pid>("whereis(server)"),
                    std::tuple(Atom("echo"), Atom("pid")), kLong,
                    [&](const CallResult& result) { by_pid = result; });
  ASSERT_TRUE(RunUntil([&] { return by_pid.has_value(); }));
  EXPECT_EQ(CallText(*by_pid), "pid");
  EXPECT_THAT(CallServer("nobody", 1), StartsWith("NOT_FOUND: noproc"));
  EXPECT_EQ(CallServer("server", Atom("stop")), "exit:stopped");
}

// What answers too late finds nobody, and leaves nothing.
TEST_P(CallsTest, AServerAnswersTooLate) {
  ASSERT_EQ(Call("add", std::tuple(1, 2)), "3");
  Eval("m:server(server).");
  EXPECT_THAT(CallServer("server", std::tuple(Atom("late"), 200),
                         absl::Milliseconds(20)),
              StartsWith("DEADLINE_EXCEEDED: timeout"));
  EXPECT_EQ(CallServer("server", std::tuple(Atom("echo"), 1)), "1");
  EXPECT_EQ(node().statistics().open_calls, 0u);
  ASSERT_TRUE(node_->Ping(kErl).ok());  // All that we sent is there.
  EXPECT_EQ(Eval("process_info(whereis(server), monitored_by)."),
            "{monitored_by,[]}");
}

TEST_P(CallsTest, ACallIsCancelled) {
  ASSERT_EQ(Call("add", std::tuple(1, 2)), "3");
  std::vector<std::string> told;
  const auto note = [&](const CallResult& result) {
    told.push_back(CallText(result));
  };
  const CallId call =
      node().Call(kErl, "m", "sleeps", std::tuple(1'000'000), kLong, note);
  Eval("m:server(server).");
  const CallId server =
      node().CallServer(NameAt{"server", kErl}, Atom("silent"), kLong, note);
  EXPECT_TRUE(node().CancelCall(call));
  EXPECT_TRUE(node().CancelCall(server));
  EXPECT_FALSE(node().CancelCall(call));
  EXPECT_TRUE(told.empty());
  ASSERT_TRUE(RunUntil([&] { return told.size() == 2; }));
  EXPECT_EQ(told[0], "CANCELLED: cancelled: by the caller");
  EXPECT_EQ(told[1], told[0]);
  EXPECT_FALSE(node().CancelCall(server));
}

TEST_P(CallsTest, ANodeThatDiesEndsEachCallOnce) {
  constexpr int kMany = 1000;
  ASSERT_EQ(Call("add", std::tuple(1, 2)), "3");
  Eval("m:server(server).");
  std::vector<int> ended(2 * kMany, 0);
  int unavailable = 0;
  for (int i = 0; i < 2 * kMany; ++i) {
    const auto note = [&, i](const CallResult& result) {
      ++ended[i];
      unavailable +=
          absl::IsUnavailable(result.status()) &&
          absl::StartsWith(result.status().message(), "noconnection");
    };
    if (i < kMany) {
      node().Call(kErl, "m", "sleeps", std::tuple(1'000'000),
                  absl::InfiniteDuration(), note);
    } else {
      node().CallServer(NameAt{"server", kErl}, Atom("silent"),
                        absl::InfiniteDuration(), note);
    }
  }
  // All have been asked.
  ASSERT_TRUE(node_->Ping(kErl).ok());
  EXPECT_EQ(node().statistics().open_calls, uint64_t{2 * kMany});
  erlang_->Kill();
  ASSERT_TRUE(RunUntil([&] { return node().statistics().open_calls == 0; }));
  EXPECT_EQ(unavailable, 2 * kMany);
  for (const int times : ended) ASSERT_EQ(times, 1);
}

TEST_P(CallsTest, ANodeThatIsNotThereIsNoConnection) {
  erlang_->Kill();
  EXPECT_THAT(Call("add", std::tuple(1, 2)),
              StartsWith("UNAVAILABLE: noconnection: erl@localhost: "));
  EXPECT_THAT(CallServer("server", 1), StartsWith("UNAVAILABLE: noconnection"));
}

TEST_P(CallsTest, ANodeThatComesBackIsCalledAgain) {
  const auto call = [&] { return Call("node", std::tuple(), kLong, "erlang"); };
  ASSERT_EQ(call(), kErl);
  ASSERT_TRUE(erlang_->Restart().ok());
  ASSERT_TRUE(RunUntil([&] { return node_->Told("down erl@localhost"); }));
  EXPECT_EQ(call(), kErl);
}

Coroutine CallTwice(Node& node, std::string& told) {
  const CallResult sum =
      co_await CallAsync(node, kErl, "m", "add", std::tuple(1, 2), kLong);
  absl::StrAppend(&told, CallText(sum), " ");
  const CallResult echo =
      co_await CallServerAsync(node, NameAt{"server", kErl},
                               std::tuple(Atom("echo"), *sum.As<int>()), kLong);
  absl::StrAppend(&told, CallText(echo), " done");
}

TEST_P(CallsTest, ACoroutineAwaitsThem) {
  Eval("m:server(server).");
  std::string told;
  CallTwice(node(), told);
  EXPECT_EQ(told, "");
  ASSERT_TRUE(RunUntil([&] { return absl::EndsWith(told, "done"); }));
  EXPECT_EQ(told, "3 3 done");
}

}  // namespace
}  // namespace ringdist
