// What rex answers, asked by a process of its own node. Who asks like this, and
// what they make of it, is in tests/interop/called_functions_test.cc.

#include "ringdist/runtime/rex.h"

#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/proto/term_text.h"
#include "ringdist/runtime/testing/process_harness.h"

namespace ringdist {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// One more than there are already.
NodeOptions FewProcesses() {
  NodeOptions options;
  options.max_processes = ProcessHarness().node().statistics().processes + 1;
  return options;
}

class RexTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto raise = [](ExceptionClass kind) {
      return [kind](IncomingCall call, const TermView& arguments) {
        TermView reason;
        ASSERT_TRUE(Matches(arguments, List(std::make_tuple(&reason))));
        call.Raise({kind, Term(reason), Term()});
      };
    };
    Export("add", 2, TypedFunction([](int a, int b) { return a + b; }));
    Export("throws", 1, raise(ExceptionClass::kThrow));
    Export("exits", 1, raise(ExceptionClass::kExit));
    Export("errors", 1, raise(ExceptionClass::kError));
    Export("keeps", 0, [this](IncomingCall call, const TermView&) {
      kept_.push_back(std::move(call));
    });
    Export("notes", 1, [this](IncomingCall call, const TermView& arguments) {
      noted_.push_back(ToText(arguments));
      leader_ = call.caller().group_leader;
      EXPECT_EQ(call.caller().pid.node, "test@localhost");
      call.Return(Atom("noted"));
    });
  }
  void Export(absl::string_view name, size_t arity, ExportedFunction run) {
    ASSERT_TRUE(harness_.node().Export("m", name, arity, std::move(run)).ok());
  }

  // What rex answers to a message, "" if nothing.
  template <typename Message>
  std::string Ask(const Message& message) {
    EXPECT_TRUE(harness_.Send(NameAt{"rex", "test@localhost"}, message).ok());
    harness_.RunUntilIdle();
    return Told();
  }
  std::string Told() {
    if (harness_.received().empty()) return "";
    std::string told = ToText(harness_.Await());
    EXPECT_THAT(harness_.received(), IsEmpty());
    return told;
  }
  // {call, m, Function, Arguments, GroupLeader}, and its like.
  template <typename Arguments>
  auto Request(absl::string_view kind, absl::string_view function,
               const Arguments& arguments) {
    return std::tuple(Atom(kind), Atom("m"), Atom(function), arguments,
                      harness_.pid());
  }
  // As C nodes and older ones ask.
  template <typename Arguments>
  std::string Call(absl::string_view function, const Arguments& arguments) {
    return Ask(
        std::tuple(harness_.pid(), Request("call", function, arguments)));
  }
  // As gen_server:call.
  template <typename Arguments>
  std::string ServerCall(absl::string_view kind, absl::string_view function,
                         const Arguments& arguments) {
    return Ask(std::tuple(Atom("$gen_call"),
                          std::tuple(harness_.pid(), Atom("tag")),
                          Request(kind, function, arguments)));
  }

  ProcessHarness harness_{FewProcesses()};
  std::vector<IncomingCall> kept_;
  std::vector<std::string> noted_;
  std::optional<Pid> leader_;
};

const std::vector<Atom> kX{Atom("x")};

TEST_F(RexTest, AResultIsTheValueOrWhatWasThrownOrABadrpc) {
  EXPECT_EQ(Call("add", std::vector{1, 2}), "{rex,3}");
  EXPECT_EQ(Call("throws", kX), "{rex,x}");
  EXPECT_EQ(Call("exits", kX), "{rex,{badrpc,{'EXIT',x}}}");
  EXPECT_EQ(Call("errors", kX),
            "{rex,{badrpc,{'EXIT',{x,[{m,errors,1,[]}]}}}}");
  EXPECT_EQ(Call("nothing", kX),
            "{rex,{badrpc,{'EXIT',{undef,[{m,nothing,[x],[]}]}}}}");
  EXPECT_EQ(Call("add", std::vector<int>(1024, 1)),
            "{rex,{badrpc,{'EXIT',system_limit}}}");
}

TEST_F(RexTest, AServerCallIsAnsweredAsOne) {
  EXPECT_EQ(ServerCall("call", "add", std::vector{1, 2}), "{tag,3}");
  EXPECT_EQ(ServerCall("block_call", "add", std::vector{1, 2}), "{tag,3}");
  EXPECT_EQ(ServerCall("block_call", "exits", kX), "{tag,{badrpc,{'EXIT',x}}}");
}

TEST_F(RexTest, ACastIsRunAndNotAnswered) {
  EXPECT_EQ(Ask(std::tuple(Atom("$gen_cast"), Request("cast", "notes", kX))),
            "");
  EXPECT_THAT(noted_, ElementsAre("[x]"));
}

TEST_F(RexTest, TheGroupLeaderNeedNotBeAProcess) {
  EXPECT_EQ(Call("notes", kX), "{rex,noted}");
  EXPECT_EQ(leader_, harness_.pid());
  for (const absl::string_view leader : {"user", "send_stdout_to_caller"}) {
    EXPECT_EQ(Ask(std::tuple(harness_.pid(),
                             std::tuple(Atom("call"), Atom("m"), Atom("notes"),
                                        kX, Atom(leader)))),
              "{rex,noted}");
    EXPECT_EQ(leader_, Pid());
  }
}

TEST_F(RexTest, AnAnswerMayComeLater) {
  EXPECT_EQ(Call("keeps", Nil()), "");
  ASSERT_EQ(kept_.size(), 1u);
  kept_[0].Return(Atom("late"));
  harness_.RunUntilIdle();
  EXPECT_EQ(Told(), "{rex,late}");
}

// As OTP's rex, which monitors the process.
TEST_F(RexTest, AProcessThatEndsBeforeTheAnswerIsABadrpc) {
  EXPECT_EQ(ServerCall("call", "keeps", Nil()), "");
  kept_.at(0).process().Exit(MakeTerm(Atom("killed")));
  harness_.RunUntilIdle();
  EXPECT_EQ(Told(), "{tag,{badrpc,{'EXIT',killed}}}");
  kept_[0].Return(Atom("too_late"));
  harness_.RunUntilIdle();
  EXPECT_EQ(Told(), "");
}

TEST_F(RexTest, TooManyCallsAtOnceAreASystemLimit) {
  EXPECT_EQ(Call("keeps", Nil()), "");
  EXPECT_EQ(Call("add", std::vector{1, 2}),
            "{rex,{badrpc,{'EXIT',system_limit}}}");
  kept_.clear();
  harness_.RunUntilIdle();
  EXPECT_EQ(Told(), "{rex,{badrpc,{'EXIT',{no_answer,[{m,keeps,0,[]}]}}}}");
  EXPECT_EQ(Call("add", std::vector{1, 2}), "{rex,3}");
}

TEST_F(RexTest, TellsItsFeatures) {
  EXPECT_EQ(Ask(std::tuple(harness_.pid(), Atom("features_request"))),
            "{features_reply,test@localhost,[erpc]}");
}

TEST_F(RexTest, ABroadcastFindsNobody) {
  EXPECT_EQ(Ask(std::tuple(harness_.pid(),
                           std::tuple(Atom("sbcast"), Atom("rex"), 1))),
            "{rex,test@localhost,{nonexisting_name,rex}}");
}

TEST_F(RexTest, WhatItDoesNotKnowIsIgnored) {
  const auto from = std::tuple(harness_.pid(), Atom("tag"));
  const Atom call("$gen_call"), cast("$gen_cast");
  EXPECT_EQ(Ask(1), "");
  EXPECT_EQ(Ask(std::tuple(harness_.pid(), 1)), "");
  EXPECT_EQ(Ask(std::tuple(1, Request("call", "notes", kX))), "");
  EXPECT_EQ(Ask(std::tuple(call, 1, Request("call", "notes", kX))), "");
  EXPECT_EQ(Ask(std::tuple(call, from, Atom("stop"))), "");
  EXPECT_EQ(Ask(std::tuple(call, from, Request("cast", "notes", kX))), "");
  EXPECT_EQ(Ask(std::tuple(cast, Request("call", "notes", kX))), "");
  EXPECT_EQ(Ask(std::tuple(harness_.pid(), Request("block_call", "notes", kX))),
            "");
  EXPECT_THAT(noted_, IsEmpty());
  EXPECT_EQ(Call("notes", kX), "{rex,noted}");
}

}  // namespace
}  // namespace ringdist
