// What a real node's processes see of a node that has no processes: answers,
// and none of them late.

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/tests/interop/interop_test.h"
#include "ringdist/tests/testing/erlang_node.h"

namespace ringdist {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ObligationsTest : public InteropTest {
 protected:
  // What the evaluations use: N, the name of our node; P and Old, pids of it
  // that name nobody, of its life and of one before; Next, which waits for a
  // message.
  void SetUp() override {
    InteropTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    erlang_ = StartErlang();
    node_ = std::make_unique<RecordedNode>(*this);
    ASSERT_TRUE((*node_)->Listen().ok());
    const uint32_t creation = (*node_)->creation();
    ASSERT_EQ(
        Eval("N = cpp@localhost, process_flag(trap_exit, true),"
             "Next = fun() -> receive Any -> Any after 5000 -> none end"
             " end,"
             // NEW_PID_EXT: 88, the node as an atom, id, serial, creation.
             "Pid = fun(Id, Creation) -> binary_to_term(<<131, 88, 119,"
             " 13, \"cpp@localhost\", Id:32, 0:32, Creation:32>>) end,"
             "P = Pid(77, ",
             creation, "), Old = Pid(77, ", creation - 1,
             "), net_adm:ping(N)."),
        "pong");
  }

  // Whatever was done, the connection is the first one, and works.
  void TearDown() override {
    if (node_ == nullptr) return;
    EXPECT_EQ(Eval("{net_adm:ping(N), process_info(self(), messages)}."),
              "{pong,{messages,[]}}");
    EXPECT_THAT(node_->events(), ElementsAre("up erl@localhost"));
  }

  template <typename... Parts>
  std::string Eval(const Parts&... parts) {
    return EvalRunning(*erlang_, absl::StrCat(parts...));
  }

  std::unique_ptr<ErlangNode> erlang_;
  std::unique_ptr<RecordedNode> node_;
};

TEST_F(ObligationsTest, ALinkToNobodyEndsWithNoproc) {
  EXPECT_EQ(Eval("link(P), {'EXIT', P, Reason} = Next(), Reason."), "noproc");
  EXPECT_EQ(Eval("link(Old), {'EXIT', Old, noproc} = Next(), ok."), "ok");
}

TEST_F(ObligationsTest, AMonitorOfNobodyEndsWithNoproc) {
  EXPECT_EQ(Eval("M1 = monitor(process, P), element(5, {'DOWN', M1, process, P,"
                 " _} = Next())."),
            "noproc");
  EXPECT_EQ(Eval("M2 = monitor(process, Old), element(5, {'DOWN', M2, process,"
                 " Old, _} = Next())."),
            "noproc");
  EXPECT_EQ(Eval("M3 = monitor(process, {nobody, N}), element(5, {'DOWN', M3,"
                 " process, {nobody, N}, _} = Next())."),
            "noproc");
}

TEST_F(ObligationsTest, WhatANodeAlwaysHasIsThereUntilItIsNot) {
  EXPECT_EQ(Eval("M = monitor(process, {net_kernel, N}),"
                 "receive Early -> Early after 200 -> nothing end."),
            "nothing");
  EXPECT_EQ(Eval("demonitor(M), ok."), "ok");
}

// Between an unlink and its acknowledgement the end of a link goes unnoticed:
// the second link would never be heard of again.
TEST_F(ObligationsTest, EveryUnlinkIsAcknowledged) {
  EXPECT_EQ(Eval("lists:usort([begin link(P), unlink(P), link(P), Next() end"
                 " || _ <- lists:seq(1, 1000)]) =:= [{'EXIT', P, noproc}]."),
            "true");
  EXPECT_EQ(Eval("process_info(self(), links)."), "{links,[]}");
}

TEST_F(ObligationsTest, WhatIsSentToNobodyIsIgnored) {
  EXPECT_EQ(Eval("P ! hello, Old ! hello, {nobody, N} ! hello,"
                 "{rex, N} ! {self(), nonsense}, {user, N} ! nonsense,"
                 "exit(P, kill), exit(Old, kill), group_leader(self(), P),"
                 "[{nobody, N} ! binary:copy(<<1>>, 1000000)"
                 " || _ <- lists:seq(1, 20)], ok."),
            "ok");
}

TEST_F(ObligationsTest, CallsToNobodyFailAtOnce) {
  EXPECT_THAT(Eval("catch gen_server:call({nobody, N}, hello, infinity)."),
              HasSubstr("{noproc,{gen_server,call,[{nobody,cpp@localhost}"));
  EXPECT_THAT(Eval("catch gen_server:call(P, hello, infinity)."),
              HasSubstr("{noproc,{gen_server,call,"));
}

TEST_F(ObligationsTest, WhatIsNotExportedIsUndefined) {
  EXPECT_EQ(Eval("rpc:call(N, erlang, node, [])."),
            "{badrpc,{'EXIT',{undef,[{erlang,node,[],[]}]}}}");
  EXPECT_EQ(Eval("{_, Ref} = spawn_monitor(N, erlang, node, []),"
                 "{'DOWN', Ref, process, _, Why} = Next(), Why."),
            "{undef,[{erlang,node,[],[]}]}");
}

}  // namespace
}  // namespace ringdist
