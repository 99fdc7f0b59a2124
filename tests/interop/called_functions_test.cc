// Functions of ours, called by a real node in every way it has. What each gives
// is what the same function of another real node gives.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/distribution_flags.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/runtime/node.h"
#include "ringdist/tests/interop/compared_nodes_test.h"

namespace ringdist {
namespace {

using ::testing::HasSubstr;

class CalledFunctionsTest : public ComparedNodesTest {};

TEST_F(CalledFunctionsTest, ErpcCallGivesWhatARealNodeGives) {
  for (const absl::string_view expression : {
           "erpc:call(Node, m, add, [1, 2])",
           "erpc:call(Node, m, add, [1, 2], 5000)",
           "erpc:call(Node, m, echo, [{[], self(), #{a => <<1:3>>}, 1.5}])",
           "erlang:phash2(erpc:call(Node, m, echo, [lists:seq(1, 100000)]))",
           "erpc:call(Node, m, throws, [{thrown, 1}])",
           "erpc:call(Node, m, exits, [{exited, 1}])",
           "erpc:call(Node, m, exits, [normal])",
           "erpc:call(Node, m, errors, [{failed, 1}])",
           "erpc:call(Node, m, errors, [{erpc, x}])",
           "erpc:call(Node, m, sleeps, [1], 5000)",
           "erpc:call(Node, m, sleeps, [1000000], 50)",
           "erpc:call(Node, m, nothing, [1])",
           "erpc:call(Node, m, add, [1])",
           "erpc:call(Node, nomodule, add, [1, 2])",
           "erpc:call(Node, m, add, [1 | 2])",
           "erpc:call(Node, m, add, lists:seq(1, 256))",
           "erpc:receive_response(erpc:send_request(Node, m, add, [1, 2]))",
           "erpc:receive_response(erpc:send_request(Node, m, exits, [x]))",
           "erpc:multicall([Node, node()], m, add, [1, 2])",
           "erpc:multicall([Node, node()], m, throws, [x])",
           "erpc:multicall([Node, node()], m, exits, [x])",
           "erpc:multicall([Node, node()], m, errors, [x])",
           "erpc:multicall([Node, no@where], m, add, [1, 2], 2000)",
       }) {
    ExpectSame(expression);
  }
}

TEST_F(CalledFunctionsTest, RpcCallGivesWhatARealNodeGives) {
  for (const absl::string_view expression : {
           "rpc:call(Node, m, add, [1, 2])",
           "rpc:call(Node, m, add, [1, 2], 5000)",
           "rpc:call(Node, m, throws, [x])",
           "rpc:call(Node, m, exits, [x])",
           "rpc:call(Node, m, errors, [x])",
           "rpc:call(Node, m, nothing, [])",
           "rpc:call(Node, m, sleeps, [1000000], 50)",
           "rpc:yield(rpc:async_call(Node, m, add, [1, 2]))",
           "rpc:multicall([Node, node()], m, add, [1, 2])",
           "rpc:multicall([Node, no@where], m, add, [1, 2])",
           "rpc:pmap({m, add}, [1], [1, 2, 3])",
       }) {
    ExpectSame(expression);
  }
}

// Through rex.
TEST_F(CalledFunctionsTest, BlockCallGivesWhatARealNodeGives) {
  for (const absl::string_view expression : {
           "rpc:block_call(Node, m, add, [1, 2])",
           "rpc:block_call(Node, m, add, [1, 2], 5000)",
           "rpc:block_call(Node, m, throws, [x])",
           "rpc:block_call(Node, m, exits, [x])",
           "rpc:block_call(Node, m, errors, [x])",
           "rpc:block_call(Node, m, nothing, [])",
           "rpc:block_call(Node, m, sleeps, [10])",
           "gen_server:call({rex, Node},"
           " {call, m, add, [1, 2], group_leader()})",
           "begin {rex, Node} ! {self(), {call, m, add, [1, 2],"
           " group_leader()}}, Next() end",
           "begin {rex, Node} ! {self(), features_request}, Next() end",
           "begin gen_server:cast({rex, Node}, {cast, m, tells,"
           " [self(), hi], group_leader()}), Next() end",
       }) {
    ExpectSame(expression);
  }
}

TEST_F(CalledFunctionsTest, CastsRunTheFunction) {
  for (const absl::string_view expression : {
           "{erpc:cast(Node, m, tells, [self(), hi]), Next()}",
           "{rpc:cast(Node, m, tells, [self(), hi]), Next()}",
           "{rpc:eval_everywhere([Node], m, tells, [self(), hi]), Next()}",
           "{erpc:multicast([Node], m, tells, [self(), hi]), Next()}",
       }) {
    ExpectSame(expression);
  }
}

TEST_F(CalledFunctionsTest, SpawnedFunctionsAreProcesses) {
  for (const absl::string_view expression : {
           "{spawn(Node, m, tells, [self(), hi]), Next()}",
           "begin spawn_monitor(Node, m, tells, [self(), hi]),"
           " {Next(), Next()} end",
           "begin spawn_link(Node, m, tells, [self(), hi]),"
           " {Next(), Next()} end",
           "begin spawn_link(Node, m, exits, [x]), Next() end",
           "begin spawn_monitor(Node, m, exits, [x]), Next() end",
           "begin spawn_monitor(Node, m, throws, [x]), Next() end",
           "begin spawn_monitor(Node, m, errors, [x]), Next() end",
           "begin spawn_monitor(Node, m, nothing, [x]), Next() end",
           "begin spawn_opt(Node, m, exits, [x], [link, monitor]),"
           " lists:sort([Next(), Next()]) end",
           "begin {P, _} = spawn_opt(Node, m, waits, [], [monitor]),"
           " exit(P, stop), Next() end",
           "begin {P, _} = spawn_opt(Node, m, waits, [], [monitor]),"
           " exit(P, kill), Next() end",
           "begin {P, _} = spawn_opt(Node, m, waits, [], [link, monitor]),"
           " unlink(P), exit(P, stop), Next() end",
           "begin {P, Ref} = spawn_monitor(Node, m, waits, []),"
           " demonitor(Ref), exit(P, kill), net_adm:ping(Node) end",
           "begin spawn_opt(Node, m, exits, [x], [{priority, high},"
           " {min_heap_size, 1000}, {message_queue_data, off_heap}, monitor]),"
           " Next() end",
           "begin spawn_request(Node, m, waits, []), Next() end",
           "begin spawn_request(Node, m, waits, [], [link]), Next() end",
           "begin spawn_request(Node, m, exits, [x], [monitor]),"
           " {Next(), Next()} end",
           "begin spawn_request(Node, m, exits, [x],"
           " [monitor, {reply, no}]), Next() end",
           "begin spawn_request(Node, m, exits, [x],"
           " [monitor, {reply, error_only}]), Next() end",
           "begin spawn_request(Node, m, exits, [x],"
           " [monitor, {reply, success_only}]), {Next(), Next()} end",
           "begin spawn_request(Node, m, exits, [x], [{reply_tag, tag},"
           " {monitor, [{tag, down}]}]), {Next(), Next()} end",
           "begin spawn_request(Node, m, exits, [x], [nonsense, monitor]),"
           " Next() end",
           "begin spawn_request(Node, m, exits, [x], [{priority, nonsense},"
           " monitor]), Next() end",
           "begin spawn_request(Node, m, exits, [x], [{monitor, [{alias,"
           " demonitor}]}, {fullsweep_after, 5}, {max_heap_size, 0}]),"
           " {Next(), Next()} end",
           "begin spawn_request(Node, m, exits, [x],"
           " [{min_heap_size, -1}]), Next() end",
           "begin spawn_request(Node, m, exits, [x],"
           " [{message_queue_data, nonsense}]), Next() end",
           "begin spawn_request(Node, m, exits, [x], [{name, x}]), Next() end",
           "begin spawn_request(Node, m, exits, [x], [link | monitor]),"
           " Next() end",
           "begin Id = spawn_request(Node, m, waits, [], [monitor]),"
           " spawn_request_abandon(Id) end",
       }) {
    ExpectSame(expression);
  }
}

TEST_F(CalledFunctionsTest, TenThousandCallsAreInFlight) {
  EXPECT_EQ(Eval("Ids = [erpc:send_request(N, m, add, [I, 1])"
                 " || I <- lists:seq(1, 10000)],"
                 "[erpc:receive_response(Id) || Id <- Ids] =:="
                 " lists:seq(2, 10001)."),
            "true");
  // All at once in our node, as none is answered before all were asked.
  EXPECT_EQ(Eval("Sleeping = [erpc:send_request(N, m, sleeps, [2000])"
                 " || _ <- lists:seq(1, 10000)],"
                 "[slept = erpc:receive_response(Id) || Id <- Sleeping], ok."),
            "ok");
  EXPECT_TRUE(RunUntil([&] { return node().statistics().processes < 10; }));
}

TEST_F(CalledFunctionsTest, AWrongArgumentIsABadargThatSaysWhich) {
  constexpr absl::string_view kCause =
      "argument 2: expected an integer of 64 bits, found x";
  EXPECT_THAT(Eval("try erpc:call(N, m, add, [1, x]) catch error:R -> R end."),
              testing::AllOf(HasSubstr("{exception,badarg,[{m,add,[1,x],"),
                             HasSubstr(kCause)));
  EXPECT_THAT(Eval("rpc:call(N, m, add, [1, x])."),
              testing::AllOf(HasSubstr("{badrpc,{'EXIT',{badarg,[{m,add,[1,x]"),
                             HasSubstr(kCause)));
  // As OTP shows errors whose module has format_error/2.
  EXPECT_EQ(Eval("{badrpc, {'EXIT', {badarg, Stack}}} ="
                 " rpc:call(N, m, add, [1, x]), lists:flatten("
                 "erl_error:format_exception(error, badarg, Stack))."),
            absl::StrCat("\"exception error: bad argument\\n"
                         "  in function  m:add/2\\n"
                         "     called as m:add(1,x)\\n"
                         "     *** ",
                         kCause, "\""));
}

TEST_F(CalledFunctionsTest, TypedFunctionsTakeAndGiveWhatErlangHas) {
  absl::Status status =
      node().Export("t", "join", [](const std::vector<std::string>& parts) {
        std::string all;
        for (const std::string& part : parts) all += part + ".";
        return all;
      });
  status.Update(node().Export(
      "t", "count", [](const std::map<Atom, std::vector<int>>& lists) {
        std::map<std::string, size_t> sizes;
        for (const auto& [name, list] : lists) sizes[name.text] = list.size();
        return sizes;
      }));
  status.Update(node().Export("t", "check", [](int value) -> absl::Status {
    return value > 0 ? absl::OkStatus()
                     : absl::InvalidArgumentError("not positive");
  }));
  status.Update(
      node().Export("t", "half", [](int value) -> absl::StatusOr<int> {
        if (value % 2 == 0) return value / 2;
        return absl::OutOfRangeError("odd");
      }));
  int done = 0;
  status.Update(node().Export("t", "note", [&done] { ++done; }));
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(Eval("erpc:call(N, t, join, [[<<\"a\">>, \"b\", [$c]]])."),
            "<<\"a.b.c.\">>");
  EXPECT_EQ(Eval("erpc:call(N, t, count, [#{a => [1, 2], b => []}])."),
            "#{<<\"a\">> => 2,<<\"b\">> => 0}");
  EXPECT_EQ(Eval("erpc:call(N, t, check, [1])."), "ok");
  EXPECT_EQ(Eval("{badrpc, {'EXIT', {Why, _}}} = rpc:call(N, t, check, [0]),"
                 " Why."),
            "{invalid_argument,<<\"not positive\">>}");
  EXPECT_EQ(Eval("erpc:call(N, t, half, [4])."), "2");
  EXPECT_THAT(Eval("rpc:call(N, t, half, [5])."),
              HasSubstr("{{out_of_range,<<\"odd\">>},[{t,half,1,[]}]}"));
  EXPECT_EQ(Eval("erpc:call(N, t, note, [])."), "ok");
  EXPECT_EQ(done, 1);
}

TEST_F(CalledFunctionsTest, ACallThatIsDroppedIsAnError) {
  ASSERT_TRUE(node()
                  .Export("t", "drops", 0, [](IncomingCall, const TermView&) {})
                  .ok());
  EXPECT_EQ(Eval("try erpc:call(N, t, drops, []) catch error:R -> R end."),
            "{exception,no_answer,[{t,drops,0,[]}]}");
}

// What is kept is answered even when it is not exported any more, and means
// nothing when the node is gone.
TEST_F(CalledFunctionsTest, ACallIsAnsweredLater) {
  std::vector<IncomingCall> kept;
  const auto keep = [&](IncomingCall call, const TermView&) {
    kept.push_back(std::move(call));
  };
  ASSERT_TRUE(node().Export("t", "later", 1, keep).ok());
  ASSERT_EQ(Eval("Early = erpc:send_request(N, t, later, [1]),"
                 " Late = erpc:send_request(N, t, later, [2]), ok."),
            "ok");
  ASSERT_TRUE(RunUntil([&] { return kept.size() == 2; }));
  EXPECT_EQ(kept[0].caller().pid, Tester());
  ASSERT_TRUE(node().Unexport("t", "later", 1).ok());
  kept[0].Return(Atom("at_last"));
  EXPECT_EQ(Eval("erpc:receive_response(Early)."), "at_last");
  node_.reset();
  kept[1].Return(Atom("too_late"));
  EXPECT_EQ(Eval("try erpc:receive_response(Late) catch error:R -> R end."),
            "{erpc,noconnection}");
}

TEST_F(CalledFunctionsTest, TheCallersDeathDoesNotEndTheFunction) {
  EXPECT_EQ(Eval("Self = self(),"
                 "{_, Ref} = spawn_monitor(fun() ->"
                 " erpc:call(N, m, tells, [Self, hi], 0) end),"
                 "{'DOWN', Ref, _, _, _} = receive {'DOWN', Ref, _, _, _} = D"
                 " -> D end, Next()."),
            "hi");
}

// Calls of a node that takes no spawn requests still find rex.
TEST_F(CalledFunctionsTest, WithoutSpawnsThereIsRex) {
  NodeOptions options;
  options.disabled_flags = kDflagSpawn;
  Start(options);
  EXPECT_EQ(Eval("rpc:call(N, m, add, [1, 2])."), "{badrpc,notsup}");
  ExpectSame("rpc:block_call(Node, m, add, [1, 2])");
}

}  // namespace
}  // namespace ringdist
