// Exported functions, run in processes of a node of ours as spawn requests ask.
// What real nodes make of it is in tests/interop/called_functions_test.cc.

#include "ringdist/runtime/exports.h"

#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/control_message.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/proto/term_text.h"
#include "ringdist/runtime/testing/process_harness.h"
#include "ringdist/runtime/typed_function.h"
#include "ringdist/tests/testing/recorder.h"

namespace ringdist {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ExportsTest : public ::testing::Test {
 protected:
  ExportsTest() {
    exports_.emplace([this](absl::string_view function) {
      asked_.emplace_back(function);
      return !absl::StrContains(function, "secret");
    });
    const auto raise = [](ExceptionClass kind) {
      return [kind](IncomingCall call, const TermView& arguments) {
        TermView reason;
        ASSERT_TRUE(Matches(arguments, List(std::make_tuple(&reason))));
        call.Raise({kind, Term(reason), Term()});
      };
    };
    Add("add", 2, TypedFunction([](int a, int b) { return a + b; }));
    Add("throws", 1, raise(ExceptionClass::kThrow));
    Add("exits", 1, raise(ExceptionClass::kExit));
    Add("errors", 1, raise(ExceptionClass::kError));
    Add("secret", 0, TypedFunction([] {}));
    Add("keeps", 0, [this](IncomingCall call, const TermView&) {
      kept_.push_back(std::move(call));
    });
  }

  void Add(absl::string_view name, size_t arity, ExportedFunction run) {
    ASSERT_TRUE(exports_->Add("m", name, arity, std::move(run)).ok());
  }

  // Runs what a spawn request asks for in the process.
  template <typename Arguments>
  void Spawn(const Process& process, absl::string_view module,
             absl::string_view function, const Arguments& arguments) {
    const Reference id("peer@localhost", 7, {1, 2, 3});
    const Term list = MakeTerm(arguments);
    exports_->RunSpawned(
        process, control::SpawnRequest{.id = id,
                                       .from = caller_,
                                       .group_leader = leader_,
                                       .module = AtomView::Utf8(module),
                                       .function = AtomView::Utf8(function),
                                       .arity = 0,
                                       .options = {},
                                       .token = {},
                                       .arguments = list});
  }
  // The same in one of its own: why it ends.
  template <typename Arguments>
  std::string Reason(absl::string_view module, absl::string_view function,
                     const Arguments& arguments) {
    Recorder process(harness_.node());
    Spawn(process.process, module, function, arguments);
    harness_.RunUntilIdle();
    return process.death.empty() ? "lives" : process.death;
  }
  // With the arguments of erpc:execute_call/4 and execute_cast/3.
  template <typename Arguments>
  std::string ExecuteCall(absl::string_view function,
                          const Arguments& arguments) {
    return Reason(
        "erpc", "execute_call",
        List(std::tuple(Atom("mark"), Atom("m"), Atom(function), arguments)));
  }
  template <typename Arguments>
  std::string ExecuteCast(absl::string_view function,
                          const Arguments& arguments) {
    return Reason("erpc", "execute_cast",
                  List(std::tuple(Atom("m"), Atom(function), arguments)));
  }

  const Pid caller_{"peer@localhost", 7, 0, 7};
  const Pid leader_{"peer@localhost", 8, 0, 7};
  ProcessHarness harness_;
  std::vector<std::string> asked_;
  std::vector<IncomingCall> kept_;
  std::optional<Exports> exports_;
};

const std::vector<Atom> kX{Atom("x")};

TEST_F(ExportsTest, ASpawnedFunctionEndsItsProcessAsItEnds) {
  EXPECT_EQ(Reason("m", "add", std::vector{1, 2}), "normal");
  EXPECT_EQ(Reason("m", "throws", kX), "{{nocatch,x},[{m,throws,1,[]}]}");
  EXPECT_EQ(Reason("m", "errors", kX), "{x,[{m,errors,1,[]}]}");
  EXPECT_EQ(Reason("m", "exits", kX), "x");
}

TEST_F(ExportsTest, ACallsResultIsTheExitReason) {
  EXPECT_EQ(ExecuteCall("add", std::vector{1, 2}), "{mark,return,3}");
  EXPECT_EQ(ExecuteCall("throws", kX), "{mark,throw,x}");
  EXPECT_EQ(ExecuteCall("exits", kX), "{mark,exit,x}");
  EXPECT_EQ(ExecuteCall("errors", kX), "{mark,error,x,[{m,errors,1,[]}]}");
}

TEST_F(ExportsTest, ACastRaisesErrorsAnew) {
  EXPECT_EQ(ExecuteCast("add", std::vector{1, 2}), "normal");
  EXPECT_EQ(ExecuteCast("exits", kX), "x");
  EXPECT_EQ(ExecuteCast("throws", kX), "{{nocatch,x},[{m,throws,1,[]}]}");
  EXPECT_EQ(ExecuteCast("errors", kX),
            "{{exception,{x,[{m,errors,1,[]}]}},[{erpc,execute_cast,3,[]}]}");
}

TEST_F(ExportsTest, WhatIsNotExportedIsUndefined) {
  EXPECT_EQ(Reason("m", "nothing", kX), "{undef,[{m,nothing,[x],[]}]}");
  EXPECT_EQ(ExecuteCall("add", kX), "{mark,error,undef,[{m,add,[x],[]}]}");
  EXPECT_EQ(Reason("erpc", "execute_call", kX),
            "{undef,[{erpc,execute_call,[x],[]}]}");
  EXPECT_EQ(Reason("erlang", "halt", Nil()), "{undef,[{erlang,halt,[],[]}]}");
  EXPECT_THAT(asked_, IsEmpty());
}

TEST_F(ExportsTest, WhatMayNotBeCalledIsUndefined) {
  EXPECT_EQ(Reason("m", "secret", Nil()), "{undef,[{m,secret,[],[]}]}");
  EXPECT_EQ(ExecuteCall("add", std::vector{1, 2}), "{mark,return,3}");
  EXPECT_THAT(asked_, ElementsAre("m:secret/0", "m:add/2"));
}

TEST_F(ExportsTest, WhatCannotBeAppliedIsABadarg) {
  EXPECT_EQ(Reason("m", "add", Atom("x")),
            "{badarg,[{erlang,apply,[m,add,x],[{error_info,#{module => "
            "erl_erts_errors}}]}]}");
  EXPECT_EQ(ExecuteCall("add", List(std::make_tuple(1), 2)),
            "{mark,error,badarg,[{erlang,apply,[m,add,[1|2]],[{error_info,"
            "#{module => erl_erts_errors}}]}]}");
  EXPECT_EQ(Reason("erpc", "execute_call",
                   List(std::tuple(Atom("mark"), 1, Atom("add"), Nil()))),
            "{mark,error,badarg,[{erlang,apply,[1,add,[]],[{error_info,"
            "#{module => erl_erts_errors}}]},{1,add,0,[]}]}");
}

TEST_F(ExportsTest, TooManyArgumentsAreASystemLimit) {
  std::vector<int> many(1023, 1000);
  EXPECT_THAT(ExecuteCall("add", many), HasSubstr("{mark,error,undef,"));
  many.push_back(1000);
  EXPECT_EQ(ExecuteCall("add", many), "{mark,error,{erpc,system_limit}}");
  EXPECT_EQ(ExecuteCast("add", many),
            "{{erpc,system_limit},[{erpc,execute_cast,3,[]}]}");
  EXPECT_EQ(Reason("m", "add", many), "{system_limit,[]}");
}

// They might become a hundred times as long as they were sent.
TEST_F(ExportsTest, VeryLongArgumentsAreNotShown) {
  const std::string long_text(2 * 1024 * 1024, 'x');
  const std::vector<std::string> arguments{long_text, "x"};
  EXPECT_EQ(Reason("m", "nothing", arguments), "{undef,[{m,nothing,2,[]}]}");
  EXPECT_EQ(Reason("m", "add", arguments),
            "{badarg,[{m,add,2,[{error_info,#{cause => <<\"argument 1: "
            "expected an integer of 32 bits, found a binary\">>}}]}]}");
  EXPECT_EQ(Reason("m", "add", long_text), "{badarg,[]}");
}

TEST_F(ExportsTest, AFunctionKnowsWhoCalls) {
  Add("asks", 1, [&](IncomingCall call, const TermView& arguments) {
    EXPECT_EQ(call.caller().pid, caller_);
    EXPECT_EQ(call.caller().group_leader, leader_);
    EXPECT_TRUE(call.process().IsAlive());
    call.BadArgument(arguments, "why");
  });
  EXPECT_EQ(Reason("m", "asks", kX),
            "{badarg,[{m,asks,[x],[{error_info,#{cause => <<\"why\">>}}]}]}");
}

TEST_F(ExportsTest, AnAnswerMayComeLater) {
  Recorder process(harness_.node());
  Spawn(process.process, "erpc", "execute_call",
        List(std::tuple(1, Atom("m"), Atom("keeps"), Nil())));
  harness_.RunUntilIdle();
  EXPECT_EQ(process.death, "");
  ASSERT_EQ(kept_.size(), 1u);
  // Also when the function is not there any more.
  ASSERT_TRUE(exports_->Remove("m", "keeps", 0).ok());
  kept_[0].Return(Atom("late"));
  harness_.RunUntilIdle();
  EXPECT_EQ(process.death, "{1,return,late}");
  // Once.
  kept_[0].Return(Atom("again"));
  kept_.clear();
}

TEST_F(ExportsTest, ACallThatIsDroppedIsAnError) {
  Recorder process(harness_.node());
  Spawn(process.process, "m", "keeps", Nil());
  kept_.clear();
  harness_.RunUntilIdle();
  EXPECT_EQ(process.death, "{no_answer,[{m,keeps,0,[]}]}");
}

TEST_F(ExportsTest, ACallThatIsOverwrittenIsDropped) {
  Recorder first(harness_.node());
  Recorder second(harness_.node());
  Spawn(first.process, "m", "keeps", Nil());
  Spawn(second.process, "m", "keeps", Nil());
  kept_[0] = std::move(kept_[1]);
  kept_.pop_back();
  harness_.RunUntilIdle();
  EXPECT_EQ(first.death, "{no_answer,[{m,keeps,0,[]}]}");
  kept_[0].Exit(Atom("second"));
  harness_.RunUntilIdle();
  EXPECT_EQ(second.death, "second");
}

TEST_F(ExportsTest, AnAnswerMeansNothingWhenItsProcessOrTheNodeIsGone) {
  Recorder killed(harness_.node());
  Recorder outlives(harness_.node());
  Spawn(killed.process, "m", "keeps", Nil());
  Spawn(outlives.process, "m", "keeps", Nil());
  killed->Exit(MakeTerm(Atom("killed")));
  kept_[0].Return(1);
  exports_.reset();
  kept_[1].Return(1);
  harness_.RunUntilIdle();
  EXPECT_EQ(killed.death, "killed");
  EXPECT_EQ(outlives.death, "");
}

TEST_F(ExportsTest, AFunctionMayRemoveItself) {
  auto alive = std::make_shared<int>(7);
  Add("once", 0, [this, alive](IncomingCall call, const TermView&) {
    EXPECT_TRUE(exports_->Remove("m", "once", 0).ok());
    call.Return(*alive);
  });
  EXPECT_EQ(ExecuteCall("once", Nil()), "{mark,return,7}");
  EXPECT_EQ(ExecuteCall("once", Nil()), "{mark,error,undef,[{m,once,[],[]}]}");
  EXPECT_EQ(alive.use_count(), 1);
}

TEST_F(ExportsTest, ErrorsTellWhatIsWrong) {
  const auto add = [&](absl::string_view module, absl::string_view function,
                       size_t arity) {
    return exports_->Add(module, function, arity,
                         [](IncomingCall, const TermView&) {});
  };
  const absl::Status twice = add("m", "add", 2);
  EXPECT_TRUE(absl::IsAlreadyExists(twice));
  EXPECT_EQ(twice.message(), "export m:add/2: it is exported already");
  EXPECT_TRUE(add("m", "add", 3).ok());
  EXPECT_TRUE(add("m", "most", 255).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(add("m", "more", 256)));
  EXPECT_TRUE(absl::IsInvalidArgument(add("m", "\xFF", 0)));
  EXPECT_TRUE(absl::IsInvalidArgument(add(std::string(256, 'x'), "f", 0)));
  const absl::Status none = exports_->Remove("m", "nothing", 1);
  EXPECT_TRUE(absl::IsNotFound(none));
  EXPECT_EQ(none.message(), "unexport m:nothing/1: it is not exported");
}

}  // namespace
}  // namespace ringdist
