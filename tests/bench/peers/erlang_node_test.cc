#include "ringdist/bench/peers/erlang_node.h"

#include <poll.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "ringdist/bench/peers/temporary_directory.h"
#include "ringdist/tests/testing/erlang_test.h"

namespace ringdist {
namespace {

constexpr absl::Duration kShort = absl::Milliseconds(100);

class ErlangNodeTest : public ErlangTest {
 protected:
  std::unique_ptr<ErlangNode> StartOrDie(ErlangNodeOptions options) {
    options.directory = directory_.path();
    absl::StatusOr<std::unique_ptr<ErlangNode>> node =
        ErlangNode::Start(options);
    return std::move(node).value();
  }

  TemporaryDirectory directory_;
};

TEST_F(ErlangNodeTest, EvaluatesExpressions) {
  std::unique_ptr<ErlangNode> node = StartOrDie({.name = "a@localhost"});
  EXPECT_EQ(*node->Eval("node()."), "a@localhost");
  EXPECT_EQ(*node->Eval("lists:reverse(\n[1, 2, \"x\"])."), "[\"x\",2,1]");
  EXPECT_EQ(*node->Eval("length(\"\u00e9\")."), "1");
  EXPECT_EQ(*node->Eval("erlang:get_cookie()."), "ringdist");
}

TEST_F(ErlangNodeTest, KeepsProcessAndVariablesBetweenEvaluations) {
  std::unique_ptr<ErlangNode> node = StartOrDie({});
  EXPECT_EQ(*node->Eval("X = 40, self() ! hello, ok."), "ok");
  EXPECT_EQ(*node->Eval("X + 2."), "42");
  EXPECT_EQ(*node->Eval("receive Message -> Message after 0 -> none end."),
            "hello");
}

TEST_F(ErlangNodeTest, AnswersOfAnyLengthComeWhole) {
  std::unique_ptr<ErlangNode> node = StartOrDie({});
  const std::string bytes(300000, 'x');
  EXPECT_EQ(*node->Eval("binary:copy(<<\"x\">>, 300000)."),
            absl::StrCat("<<\"", bytes, "\">>"));
}

TEST_F(ErlangNodeTest, WhatAnEvaluationThrowsIsItsAnswer) {
  std::unique_ptr<ErlangNode> node = StartOrDie({});
  EXPECT_EQ(*node->Eval("1 / 0."), "error: {error,badarith}");
  EXPECT_EQ(*node->Eval("throw(ball)."), "error: {throw,ball}");
  EXPECT_TRUE(absl::StrContains(*node->Eval("1 +."), "syntax error"));
  EXPECT_TRUE(absl::StrContains(*node->Eval("no full stop"), "error: "));
  EXPECT_EQ(*node->Eval("fine."), "fine");
}

TEST_F(ErlangNodeTest, GoesOnAfterAnEvaluationEndedItsProcess) {
  std::unique_ptr<ErlangNode> node = StartOrDie({});
  EXPECT_EQ(*node->Eval("exit(self(), kill), receive after infinity -> x end."),
            "error: {exit,killed}");
  EXPECT_EQ(*node->Eval("fine."), "fine");
}

TEST_F(ErlangNodeTest, KeepsWhatTheNodePrints) {
  std::unique_ptr<ErlangNode> node = StartOrDie({});
  EXPECT_EQ(*node->Eval("io:format(\"whole~nin part\"), ok."), "ok");
  EXPECT_EQ(node->output(), "whole\nin part");
}

TEST_F(ErlangNodeTest, TwoNodesPingEachOther) {
  std::unique_ptr<ErlangNode> a = StartOrDie({.name = "a@localhost"});
  std::unique_ptr<ErlangNode> b =
      StartOrDie({.name = "b@localhost", .hidden = true});
  EXPECT_TRUE(std::filesystem::is_socket(directory_.Join("a")));
  EXPECT_EQ(*a->Eval("net_adm:ping(b@localhost)."), "pong");
  EXPECT_EQ(*b->Eval("net_adm:ping(a@localhost)."), "pong");
  EXPECT_EQ(*a->Eval("{nodes(), nodes(hidden)}."), "{[],[b@localhost]}");
  EXPECT_EQ(*a->Eval("net_adm:ping(nobody@localhost)."), "pang");
}

TEST_F(ErlangNodeTest, ADynamicNodeIsNamedByItsPeer) {
  std::unique_ptr<ErlangNode> a = StartOrDie({.name = "a@localhost"});
  std::unique_ptr<ErlangNode> dynamic =
      StartOrDie({.name = "undefined@localhost"});
  EXPECT_EQ(*dynamic->Eval("node()."), "nonode@nohost");
  EXPECT_EQ(*dynamic->Eval("net_kernel:connect_node(a@localhost)."), "true");
  EXPECT_TRUE(absl::EndsWith(*dynamic->Eval("node()."), "@localhost'"));
}

TEST_F(ErlangNodeTest, AsynchronousEvaluationsAreDoneInTheirOrder) {
  std::unique_ptr<ErlangNode> a = StartOrDie({.name = "a@localhost"});
  std::unique_ptr<ErlangNode> b = StartOrDie({.name = "b@localhost"});
  const int64_t waiting = a->EvalAsync(
      "register(waiting, self()), receive Message -> Message end.");
  const int64_t next = a->EvalAsync("next.");
  EXPECT_FALSE(a->Ready(waiting));
  EXPECT_FALSE(a->Ready(next));
  // The name may not be registered yet: send until the answer comes.
  while (!a->Ready(waiting)) {
    ASSERT_EQ(*b->Eval("{waiting, a@localhost} ! go."), "go");
  }
  EXPECT_EQ(*a->Wait(waiting), "go");
  while (!a->Ready(next)) {
    pollfd readable = {a->fd(), POLLIN, 0};
    ASSERT_EQ(poll(&readable, 1, 30000), 1);
  }
  EXPECT_EQ(*a->Wait(next, absl::ZeroDuration()), "next");
}

TEST_F(ErlangNodeTest, AnEvaluationThatTakesTooLongIsAnError) {
  std::unique_ptr<ErlangNode> node = StartOrDie({.name = "a@localhost"});
  const absl::Status status =
      node->Eval("receive never -> x end.", kShort).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(absl::StrContains(status.message(), "a@localhost")) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "receive never")) << status;
}

TEST_F(ErlangNodeTest, AKilledNodeIsDownForItsPeerAndForUs) {
  std::unique_ptr<ErlangNode> a = StartOrDie({.name = "a@localhost"});
  std::unique_ptr<ErlangNode> b = StartOrDie({.name = "b@localhost"});
  ASSERT_EQ(*a->Eval("monitor_node(b@localhost, true)."), "true");
  b->Kill();
  EXPECT_EQ(*a->Eval("receive {nodedown, Name} -> Name end."), "b@localhost");
  const absl::Status status = b->Eval("node().").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(absl::StrContains(status.message(), "137")) << status;
}

TEST_F(ErlangNodeTest, RestartsUnderItsNameAfterAKill) {
  std::unique_ptr<ErlangNode> a = StartOrDie({.name = "a@localhost"});
  const std::string first = *a->Eval("os:getpid().");
  a->Kill();
  EXPECT_TRUE(std::filesystem::exists(directory_.Join("a")));
  const absl::Status restarted = a->Restart();
  ASSERT_TRUE(restarted.ok()) << restarted;
  EXPECT_NE(*a->Eval("os:getpid()."), first);
}

TEST_F(ErlangNodeTest, StopsInOrder) {
  std::unique_ptr<ErlangNode> node = StartOrDie({});
  const absl::Status stopped = node->Stop();
  EXPECT_TRUE(stopped.ok()) << stopped;
}

TEST_F(ErlangNodeTest, ASuspendedNodeIsSilentUntilResumed) {
  std::unique_ptr<ErlangNode> a = StartOrDie({.name = "a@localhost"});
  ASSERT_TRUE(a->Suspend().ok());
  const int64_t evaluation = a->EvalAsync("awake.");
  EXPECT_EQ(a->Wait(evaluation, kShort).status().code(),
            absl::StatusCode::kDeadlineExceeded);
  ASSERT_TRUE(a->Resume().ok());
  EXPECT_EQ(*a->Wait(evaluation), "awake");
}

TEST_F(ErlangNodeTest, ASecondNodeOfTheNameFailsWithTheNodesWords) {
  std::unique_ptr<ErlangNode> a = StartOrDie({.name = "a@localhost"});
  const absl::Status status =
      ErlangNode::Start({.name = "a@localhost", .directory = directory_.path()})
          .status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(absl::StrContains(status.message(), "in use")) << status;
}

TEST_F(ErlangNodeTest, PassesMoreArgumentsOn) {
  std::unique_ptr<ErlangNode> node =
      StartOrDie({.arguments = "-kernel net_ticktime 8 -dist_listen false"});
  EXPECT_EQ(*node->Eval("net_kernel:get_net_ticktime()."), "8");
  EXPECT_FALSE(std::filesystem::exists(directory_.Join("erl")));
}

}  // namespace
}  // namespace ringdist
