#include "ringdist/bench/peers/ei_calls.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "ringdist/proto/term.h"
#include "ringdist/proto/term_text.h"

namespace ringdist {
namespace {

constexpr absl::string_view kCaller = "#Pid<a@localhost.5.0.77>";

// The answer as text; empty if there is none.
std::string AnswerTo(absl::string_view name, const std::string& request) {
  EiBuffer answer;
  erlang_pid to = {};
  if (!AnswerCall(name, ParseTerm(request)->ToExternal(), answer, to)) {
    return "";
  }
  EXPECT_STREQ(to.node, "a@localhost");
  EXPECT_EQ(to.num, 5u);
  return ToText(Term::FromExternal(answer.view()).value());
}

std::string Call(absl::string_view call) {
  return absl::StrCat("{", kCaller, ", ", call, "}");
}

TEST(EiCallsTest, EchoesForRpcOfOldNodes) {
  EXPECT_EQ(AnswerTo("rex", Call("{call, ringdist_load, echo, [<<1>>], user}")),
            "{rex,<<1>>}");
}

TEST(EiCallsTest, EchoesForGenServerCallsWithTheirTag) {
  EXPECT_EQ(AnswerTo("rex", absl::StrCat("{'$gen_call', {", kCaller,
                                         ", [alias | #Ref<a@localhost.7.1.2>]},"
                                         " {block_call, ringdist_load, echo, "
                                         "[{a, \"term\"}], user}}")),
            "{[alias|#Ref<a@localhost.7.1.2>],{a,\"term\"}}");
}

TEST(EiCallsTest, AnswersPings) {
  EXPECT_EQ(AnswerTo("net_kernel", absl::StrCat("{'$gen_call', {", kCaller,
                                                ", 1}, {is_auth, "
                                                "a@localhost}}")),
            "{1,yes}");
}

TEST(EiCallsTest, ThereAreNoOtherFunctions) {
  for (const absl::string_view call :
       {"{call, ringdist_load, echo, [], user}",
        "{call, ringdist_load, echo, [1, 2], user}",
        "{call, ringdist_load, stop, [1], user}",
        "{call, lists, echo, [1], user}", "{hello}"}) {
    EXPECT_EQ(AnswerTo("rex", Call(call)), "{rex,{badrpc,{'EXIT',{undef,[]}}}}")
        << call;
  }
}

TEST(EiCallsTest, WhatIsNoCallHasNoAnswer) {
  EXPECT_EQ(AnswerTo("rex", "hello"), "");
  EXPECT_EQ(AnswerTo("rex", "{1, {call, ringdist_load, echo, [1], user}}"), "");
  EXPECT_EQ(AnswerTo("rex", "{'$gen_cast', {1, 2}, 3}"), "");
  EXPECT_EQ(AnswerTo("other", Call("{call, ringdist_load, echo, [1], user}")),
            "");
}

}  // namespace
}  // namespace ringdist
