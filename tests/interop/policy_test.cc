// What a real node sees of what a policy refuses it: the same as when it asks
// another real node for what is not there.

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/distribution_flags.h"
#include "ringdist/runtime/node.h"
#include "ringdist/runtime/signal_policy.h"
#include "ringdist/tests/interop/scenario_test.h"

namespace ringdist {
namespace {

using ::testing::HasSubstr;

class PolicyTest : public ScenarioTest {
 protected:
  // Ours lets every peer do what `policy` says, has a process `secret` and
  // exports math:add/2; a second real node has neither.
  void Start(SignalPolicy policy) {
    NodeOptions options;
    options.policy = [policy](const PeerInfo&) { return policy; };
    StartNodes(options);
    if (IsSkipped()) return;
    other_ = StartErlang({.name = "other@localhost"});
    secret_.emplace(Record("secret"));
    ASSERT_TRUE(
        node().Export("math", "add", [](int a, int b) { return a + b; }).ok());
    // Not by a ping, which takes messages and a monitor.
    ASSERT_EQ(Eval("net_kernel:connect_node(N)."), "true");
    // Theirs: a pid that is dead, where ours lives.
    Eval(
        "Dead = erpc:call(other@localhost, erlang, spawn,"
        " [erlang, self, []]), MRef = monitor(process, Dead),"
        " receive {'DOWN', MRef, _, _, _} -> ok end, Ours = ",
        Literal(secret_->pid()), ", ok.");
  }

  // What an expression gives when `Node` and `Pid` are ours, and when they are
  // the other node's, who has no such process: equal but for these.
  void ExpectAsIfAbsent(absl::string_view expression) {
    const auto of = [&](absl::string_view node, absl::string_view pid) {
      return absl::StrReplaceAll(
          Eval("(fun(Node, Pid) -> try ", expression,
               " catch C:R:S -> {C, R, [{M, F, A} || {M, F, A, _} <- S,"
               " M =:= math]} end end)(",
               node, ", ", pid, ")."),
          {{"cpp@localhost", "NODE"}, {"other@localhost", "NODE"}});
    };
    const std::string theirs = of("other@localhost", "Dead");
    EXPECT_EQ(of("N", "Ours"), theirs) << expression;
    EXPECT_THAT(theirs, testing::Not(HasSubstr("timed out")));
  }

  uint64_t refused() { return node().statistics().signals_refused; }

  std::unique_ptr<ErlangNode> other_;
  std::optional<Recorder> secret_;
};

TEST_F(PolicyTest, NamesThatAreNotListedAreNobodys) {
  SignalPolicy policy;
  policy.names.emplace({"net_kernel", "open"});
  Start(policy);
  if (IsSkipped()) return;
  Recorder open = Record("open");
  ExpectAsIfAbsent("{secret, Node} ! hello");
  ExpectAsIfAbsent(
      "begin Ref = monitor(process, {secret, Node}),"
      " receive {'DOWN', Ref, process, Who, Why} -> {Who, Why} end end");
  ExpectAsIfAbsent("gen_server:call({secret, Node}, hello)");
  ExpectAsIfAbsent("rpc:block_call(Node, math, add, [1, 2], 2000) =/= 3");
  EXPECT_EQ(Eval("{open, N} ! hello, ok."), "ok");
  EXPECT_EQ(open.Next(), "hello");
  EXPECT_EQ(secret_->count(), 0);
  EXPECT_GE(refused(), 5);
  EXPECT_THAT(node_->log(),
              HasSubstr("erl@localhost: refused by its policy, 1 so far: "
                        "REG_SEND"));
}

// What gen_server:call needs may be refused one by one.
TEST_F(PolicyTest, AServerThatMayNotBeMonitoredIsNotThere) {
  SignalPolicy policy;
  policy.monitor = false;
  Start(policy);
  if (IsSkipped()) return;
  ExpectAsIfAbsent("gen_server:call({secret, Node}, hello, 5000)");
  ExpectAsIfAbsent(
      "try gen_server:call(Pid, hello, 5000) catch exit:{Why, _} -> Why end");
  ExpectAsIfAbsent("gen_server:multi_call([Node], secret, hello, 5000)");
  EXPECT_GE(refused(), 3);
}

TEST_F(PolicyTest, OperationsThatAreNotAllowedFindNobody) {
  SignalPolicy policy;
  policy.link = policy.monitor = policy.exit = false;
  Start(policy);
  if (IsSkipped()) return;
  ExpectAsIfAbsent(
      "begin link(Pid), receive {'EXIT', Pid, Why} -> Why end end");
  ExpectAsIfAbsent(
      "begin Ref = monitor(process, Pid),"
      " receive {'DOWN', Ref, process, Pid, Why} -> Why end end");
  ExpectAsIfAbsent("exit(Pid, kill)");
  EXPECT_EQ(Eval("Ours ! still_there, ok."), "ok");
  EXPECT_EQ(secret_->Next(), "still_there");
  EXPECT_EQ(refused(), 3);
}

TEST_F(PolicyTest, MessagesThatAreNotAllowedAreLost) {
  SignalPolicy policy;
  policy.send = false;
  Start(policy);
  if (IsSkipped()) return;
  ExpectAsIfAbsent("Pid ! hello");
  ExpectAsIfAbsent("{secret, Node} ! hello");
  // Whatever the other one sent has arrived when a link to it is answered.
  ExpectAsIfAbsent(
      "begin {_, Ref} = spawn_monitor(Node, math, add, [1]),"
      " receive {'DOWN', Ref, _, _, {Why, _}} -> Why end end");
  EXPECT_EQ(secret_->count(), 0);
  EXPECT_EQ(refused(), 2);
}

TEST_F(PolicyTest, FunctionsThatAreNotListedAreUndefined) {
  SignalPolicy policy;
  policy.functions.emplace({"math:sub/2"});
  Start(policy);
  if (IsSkipped()) return;
  ExpectAsIfAbsent("erpc:call(Node, math, add, [1, 2])");
  ExpectAsIfAbsent("rpc:call(Node, math, add, [1, 2])");
  ExpectAsIfAbsent("rpc:block_call(Node, math, add, [1, 2])");
  ExpectAsIfAbsent("erpc:multicall([Node], math, add, [1, 2])");
  ExpectAsIfAbsent("erpc:cast(Node, math, add, [1, 2])");
  ExpectAsIfAbsent("rpc:cast(Node, math, add, [1, 2])");
  ExpectAsIfAbsent(
      "begin {_, Ref} = spawn_monitor(Node, math, add, [1, 2]),"
      " receive {'DOWN', Ref, _, _, Why} -> Why end end");
  ExpectAsIfAbsent(
      "begin Id = spawn_request(Node, math, add, [1, 2], [link, {reply_tag,"
      " tag}]), receive {tag, Id, How, _} -> How end end");
  // What is allowed, and not there.
  ExpectAsIfAbsent("erpc:call(Node, math, sub, [1, 2])");
  EXPECT_EQ(refused(), 8);
  EXPECT_THAT(node_->log(), HasSubstr("call of math:add/2"));
}

// A real node that takes no spawn requests says so in its flags; to be told
// notsup is how whoever asks learns of it.
TEST_F(PolicyTest, SpawnsThatAreNotAllowedAreNotSupported) {
  SignalPolicy policy;
  policy.spawn = false;
  Start(policy);
  if (IsSkipped()) return;
  constexpr absl::string_view kCall =
      "try erpc:call(N, math, add, [1, 2]) catch C:R -> {C, R} end.";
  const std::string refused_call = Eval(kCall);
  EXPECT_EQ(refused(), 1);
  node_.reset();
  NodeOptions without;
  without.disabled_flags = kDflagSpawn;
  node_ = std::make_unique<RecordedNode>(*this, without);
  ASSERT_TRUE((*node_)->Listen().ok());
  EXPECT_EQ(refused_call, Eval(kCall));
  EXPECT_EQ(refused_call, "{error,{erpc,notsup}}");
}

TEST_F(PolicyTest, WhatIsNotExportedCannotBeSpawnedByDefault) {
  Start(SignalPolicy());
  if (IsSkipped()) return;
  EXPECT_EQ(Eval("erpc:call(N, math, add, [1, 2])."), "3");
  ExpectAsIfAbsent("erpc:call(Node, math, add, [1])");
}

}  // namespace
}  // namespace ringdist
