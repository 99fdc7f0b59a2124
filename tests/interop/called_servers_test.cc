// gen_servers of ours, called by a real node in every way it has: they give
// what the same gen_server of another real node gives.

#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/distribution_flags.h"
#include "ringdist/runtime/node.h"
#include "ringdist/tests/interop/compared_nodes_test.h"

namespace ringdist {
namespace {

using ::testing::HasSubstr;

class CalledServersTest : public ComparedNodesTest {
 protected:
  void SetUp() override {
    ComparedNodesTest::SetUp();
    if (!IsSkipped() && !HasFatalFailure()) StartServers();
  }
};

TEST_F(CalledServersTest, CallsGiveWhatARealServerGives) {
  for (const absl::string_view expression : {
           "gen_server:call({s1, Node}, {echo, {1, self(), [<<\"x\">>]}})",
           "gen_server:call(gen_server:call({s1, Node}, self), {echo, 1})",
           "gen_server:call({s1, Node}, {elsewhere, 1})",
           "gen_server:call({s1, Node}, {echo, 1}, infinity)",
           "gen_server:call({s1, Node}, keep, 50)",
           "gen_server:call({nobody, Node}, {echo, 1})",
           "gen_server:receive_response(gen_server:send_request({s1, Node},"
           " {echo, 1}))",
           "gen_server:receive_response(gen_server:send_request({s1, Node},"
           " keep), 50)",
           "gen_server:wait_response(gen_server:send_request({s1, Node},"
           " {echo, 1}), infinity)",
           "begin Id = gen_server:send_request({s1, Node}, {echo, 1}),"
           " gen_server:check_response(Next(), Id) end",
           "begin Ids = gen_server:send_request({s1, Node}, {echo, 1}, label,"
           " gen_server:reqids_new()), gen_server:receive_response(Ids, 5000,"
           " true) end",
           "gen_statem:call({s1, Node}, {echo, 1})",
           "gen_statem:call({s1, Node}, keep, 50)",
       }) {
    ExpectSame(expression);
  }
}

// What comes too late is nowhere, and nothing else is left.
TEST_F(CalledServersTest, ALateReplyLeavesNoLitter) {
  for (const absl::string_view expression : {
           "begin {'EXIT', {timeout, _}} = (catch gen_server:call({s1, Node},"
           " keep, 20)), Released = gen_server:call({s1, Node}, release),"
           " {Released, process_info(self(), [messages, monitors])} end",
           "begin timeout = "
           "gen_server:receive_response(gen_server:send_request("
           "{s1, Node}, keep), 20), Released = gen_server:call({s1, Node},"
           " release), {Released, process_info(self(), [messages, monitors])}"
           " end",
           "begin {[], [Node]} = gen_server:multi_call([Node], s1, keep, 20),"
           " Released = gen_server:call({s1, Node}, release),"
           " {Released, process_info(self(), [messages, monitors])} end",
       }) {
    ExpectSame(expression);
  }
}

TEST_F(CalledServersTest, AServersEndIsTheCallersExit) {
  for (const absl::string_view expression : {
           "gen_server:call({s1, Node}, {crash, {why, 1}})",
           "gen_server:call({s1, Node}, {echo, 1})",
           "gen_server:call({s2, Node}, {crash, normal})",
           "gen_server:call({s3, Node}, {stop, normal})",
           "gen_server:call({s3, Node}, {echo, 1})",
           "begin Id = gen_server:send_request({s4, Node}, keep),"
           " gen_server:cast({s4, Node}, {tell, self(), x}), Next(),"
           " (catch gen_server:call({s4, Node}, {crash, gone})),"
           " gen_server:receive_response(Id) end",
           "gen_server:stop({s5, Node})",
           "gen_server:stop({s6, Node}, {shutdown, x}, 5000)",
           "gen_server:call({s6, Node}, {echo, 1})",
           "begin Pid = gen_server:call({s7, Node}, self), link(Pid),"
           " (catch gen_server:call(Pid, {crash, gone})), Next() end",
           "begin Pid = gen_server:call({s8, Node}, self),"
           " Ref = monitor(process, {s8, Node}), exit(Pid, stop),"
           " {Next(), whereis(s8)} end",
       }) {
    ExpectSame(expression);
  }
}

TEST_F(CalledServersTest, CastsAndMessagesAreHandled) {
  for (const absl::string_view expression : {
           "{gen_server:cast({s1, Node}, {tell, self(), x}), Next()}",
           "{gen_server:abcast([Node], s1, {tell, self(), x}), Next()}",
           "begin {s1, Node} ! {tell, self(), x}, Next() end",
           "gen_server:cast({nobody, Node}, x)",
       }) {
    ExpectSame(expression);
  }
}

TEST_F(CalledServersTest, MultiCallsGiveWhatARealServerGives) {
  ASSERT_THAT(Eval("gs:start(s1)."), HasSubstr("{ok,"));
  for (const absl::string_view expression : {
           "gen_server:multi_call([Node], s1, {echo, 1})",
           "gen_server:multi_call([node(), Node], s1, {echo, {a, [b]}})",
           "gen_server:multi_call([Node], nobody, {echo, 1})",
           "gen_server:multi_call([node(), Node, no@where], s1, {echo, 1},"
           " 5000)",
           "gen_server:multi_call([node(), Node], s1, keep, 50)",
           "gen_server:multi_call([Node], s9, {crash, gone})",
       }) {
    ExpectSame(expression);
  }
}

// It is no OTP process: it says so, and nobody waits.
TEST_F(CalledServersTest, SysFindsNoOtpProcess) {
  EXPECT_THAT(Eval("(catch sys:get_state({s1, N}, 5000))."),
              HasSubstr("{'EXIT',{{unknown_system_msg,get_state},"));
  EXPECT_EQ(Eval("gen_server:call({s1, N}, {echo, 1})."), "1");
}

TEST_F(CalledServersTest, TenThousandCallsAreInFlight) {
  EXPECT_EQ(
      Eval("Ids = [gen_server:send_request({s1, N}, keep)"
           " || _ <- lists:seq(1, 10000)],"
           "Released = gen_server:call({s1, N}, release, 20000),"
           "{Released, lists:usort([gen_server:receive_response(Id, 20000)"
           " || Id <- Ids])}."),
      "{10000,[{reply,late}]}");
}

// A caller's node that knows no aliases of ours: replies go to the process.
TEST_F(CalledServersTest, WithoutAliasesItIsTheSame) {
  NodeOptions options;
  options.disabled_flags = kDflagAlias;
  Start(options);
  StartServers();
  ExpectSame("gen_server:call({s1, Node}, {echo, 1})");
  ExpectSame("gen_server:multi_call([Node], s1, {echo, 1})");
  ExpectSame("gen_server:call({s2, Node}, {crash, x})");
}

}  // namespace
}  // namespace ringdist
