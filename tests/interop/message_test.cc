// Messages between processes of ours and of a real node: to pids, names and
// aliases, and to nodes that are not connected yet, or do not exist.

#include <cstdint>
#include <memory>
#include <string>
#include <tuple>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/runtime/node.h"
#include "ringdist/runtime/process.h"
#include "ringdist/tests/interop/scenario_test.h"

namespace ringdist {
namespace {

using ::testing::ElementsAre;

constexpr int kMany = 1000;

// Each kind of term, and what is special of each. Lists of them, in Erlang.
constexpr absl::string_view kTerms = R"erlang(
    [[0, 1, 255, 256, -1, 16#7FFFFFFF, -16#80000000, 16#80000000],
     [Sign * ((1 bsl Bits) + More) || Bits <- [31, 32, 59, 60, 63, 64, 65, 127,
          128, 2039, 2040, 2048, 100000], More <- [-1, 0, 1], Sign <- [1, -1]],
     [0.0, -0.0, 1.5, -1.0e-300, 1.7976931348623157e308, 5.0e-324],
     ['', a, true, nil, 'with blank', list_to_atom([233]),
      list_to_atom([20320, 16#1F600]), list_to_atom(lists:duplicate(255, $x)),
      list_to_atom(lists:duplicate(255, 16#1F600))],
     [[], "text", [255, 0], [256], [1 | 2], [a, b | c], [[[]]],
      lists:seq(1, 1000), lists:duplicate(65535, 7),
      lists:duplicate(65536, 7), lists:duplicate(65535, 7) ++ tail],
     [{}, {1}, {{}, {{}}}, list_to_tuple(lists:seq(1, 255)),
      list_to_tuple(lists:seq(1, 256)), list_to_tuple(lists:seq(1, 70000))],
     [<<>>, <<0>>, <<1:1>>, <<5:7>>, <<"abc", 1:3>>, binary:copy(<<7>>, 100000),
      binary:part(binary:copy(<<1, 2, 3>>, 1000), 100, 500),
      <<(binary:copy(<<9>>, 70000))/binary, 3:2>>],
     [#{}, #{a => 1}, #{1 => a, 1.0 => b}, #{#{} => #{[] => {}}},
      maps:from_list([{X, -X} || X <- lists:seq(1, 33)]),
      maps:from_list([{[X], <<X:32>>} || X <- lists:seq(1, 5000)])],
     [self(), make_ref(), alias(), hd(erlang:ports()), group_leader(),
      spawn(fun() -> ok end)],
     [binary_to_term(<<131, 88, 119, 3, "x@y", 16#FFFFFFFF:32, 16#FFFFFFFF:32,
                       16#FFFFFFFF:32>>),
      binary_to_term(<<131, 90, 3:16, 119, 3, "x@y", 7:32, 1:32, 2:32, 3:32>>),
      binary_to_term(<<131, 120, 119, 3, "x@y", 16#FFFFFFFFFFFFFFFF:64,
                       9:32>>)],
     [fun lists:map/2, fun no_such:'fun ction'/255,
      (fun(X) -> fun() -> X end end)(#{self() => "kept"})],
     [lists:foldl(fun(X, Inner) -> [X | Inner] end, [], lists:seq(1, 100000)),
      lists:foldl(fun(_, Inner) -> [Inner] end, [], lists:seq(1, 100000)),
      lists:foldl(fun(_, Inner) -> {Inner} end, {}, lists:seq(1, 100000)),
      lists:foldl(fun(X, Inner) -> [Inner | X] end, [], lists:seq(1, 1000)),
      lists:foldl(fun(X, Inner) -> #{X => Inner} end, x, lists:seq(1, 1000))]]
)erlang";

class MessageTest : public EitherConnectsTest {
 protected:
  // Sends all of kTerms to an expression, in the tuple that echo wants, and
  // tells which come back changed, by their value or by their bytes: as {List,
  // Term}, from 1 on.
  std::string Echo(absl::string_view to, absl::string_view from = "self()") {
    return Eval(
        "(fun(Echo) -> [{I, J} || {I, Terms} <- lists:enumerate(", kTerms,
        "), {J, Term} <- lists:enumerate(Terms), not Echo(Term)] end)("
        "fun(Term) -> ",
        to, " ! {", from, ", Term},", " Back = Next(), Back =:= Term andalso",
        " term_to_binary(Back) =:= term_to_binary(Term) end).");
  }
};

INSTANTIATE_TEST_SUITE_P(Connects, MessageTest, EitherConnects(), SideName);

TEST_P(MessageTest, EveryKindOfTermComesBackAsItWas) {
  ASSERT_TRUE(StartEcho(node()).ok());
  const Pid echo = node().WhereIs("echo").pid();
  const Reference alias = node().WhereIs("echo").CreateAlias();
  EXPECT_EQ(Echo("{echo, N}"), "[]");
  EXPECT_EQ(Echo(Literal(echo)), "[]");
  EXPECT_EQ(Echo(Literal(alias)), "[]");
  EXPECT_EQ(Echo("{echo, N}", "alias()"), "[]");
}

TEST_P(MessageTest, NobodyGetsWhatIsSentToNobody) {
  Recorder ours = Record();
  EXPECT_EQ(Eval("{nobody, N} ! hello, {'', N} ! hello,"
                 "{list_to_atom([20320]), N} ! hello, ok."),
            "ok");
  for (const absl::string_view name : {"nobody", "", "\u4f60", "undefined"}) {
    EXPECT_TRUE(ours->Send(NameAt{name, "erl@localhost"}, 1).ok()) << name;
  }
  Pid dead = EvalTo<Pid>("spawn(fun() -> ok end)");
  EXPECT_TRUE(ours->Send(dead, 2).ok());
  EXPECT_TRUE(ours->Send(EvalTo<Reference>("make_ref()"), 3).ok());
  ++dead.creation;
  EXPECT_TRUE(ours->Send(dead, 4).ok());
  // The connection goes on.
  EXPECT_TRUE(ours->Send(NameAt{"tester", "erl@localhost"}, 5).ok());
  EXPECT_EQ(Eval("Next()."), "5");
  EXPECT_TRUE(ErlangIsHeard());
  EXPECT_THAT(node_->events(), ElementsAre("up erl@localhost"));
}

TEST_P(MessageTest, WeSendToAPidANameAndAnAlias) {
  Recorder ours = Record();
  const Pid tester = Tester();
  const Reference alias = EvalTo<Reference>("Alias = alias()");
  const auto name = NameAt{"tester", "erl@localhost"};
  EXPECT_TRUE(ours->Send(tester, std::tuple(Atom("to"), "pid")).ok());
  EXPECT_TRUE(ours->Send(name, std::tuple(Atom("to"), "name")).ok());
  EXPECT_TRUE(ours->Send(alias, std::tuple(Atom("to"), "alias")).ok());
  EXPECT_TRUE(ours->Send(name, ours.pid()).ok());
  EXPECT_TRUE(node().Send(name, Atom("bye")).ok());
  EXPECT_EQ(Eval("[Next(), Next(), Next(), Next() =:= ", Literal(ours.pid()),
                 ", Next()]."),
            "[{to,<<\"pid\">>},{to,<<\"name\">>},{to,<<\"alias\">>},true,bye]");
}

TEST_P(MessageTest, NamesOfAnyCharactersReachTheirProcess) {
  Recorder ours = Record("\u4f60\u00e9");
  EXPECT_EQ(Eval("Name = list_to_atom([20320, 233]),"
                 "unregister(tester), register(Name, self()),"
                 "{Name, N} ! Name, ok."),
            "ok");
  EXPECT_EQ(ours.Next(), Text(Atom("\u4f60\u00e9")));
  EXPECT_TRUE(
      ours->Send(NameAt{"\u4f60\u00e9", "erl@localhost"}, Atom("back")).ok());
  EXPECT_EQ(Eval("Next()."), "back");
}

TEST_P(MessageTest, AnUnregisteredNameIsNobodys) {
  Recorder ours = Record("name");
  EXPECT_EQ(Eval("{name, N} ! 1, ok."), "ok");
  EXPECT_EQ(ours.Next(), "1");
  ASSERT_TRUE(node().Unregister("name").ok());
  EXPECT_EQ(Eval("{name, N} ! 2, ", Literal(ours.pid()), " ! 3, ok."), "ok");
  EXPECT_EQ(ours.Next(), "3");
}

// Nodes that are not connected.

class AutoConnectTest : public EitherConnectsTest {
 protected:
  // Both nodes, not connected.
  void SetUp() override {
    InteropTest::SetUp();
    if (!IsSkipped() && !HasFatalFailure()) StartNodes();
  }

  // Sends numbers, from one process, by pid and by name in turns.
  void SendNumbers(Recorder& from, const Pid& tester, int begin, int end) {
    const auto name = NameAt{"tester", "erl@localhost"};
    for (int i = begin; i < end; ++i) {
      const absl::Status sent =
          i % 2 == 0 ? from->Send(tester, i) : from->Send(name, i);
      ASSERT_TRUE(sent.ok()) << i << ": " << sent;
    }
  }

  std::string ReceiveNumbers(int count) {
    return Eval("[Next() || _ <- lists:seq(1, ", count, ")] =:= lists:seq(0, ",
                count - 1, ").");
  }
};

INSTANTIATE_TEST_SUITE_P(Connects, AutoConnectTest, EitherConnects(), SideName);

TEST_P(AutoConnectTest, TheFirstMessageConnectsAndTheOrderIsKept) {
  if (GetParam() == Side::kErlang) {
    Recorder ours = Record("numbers");
    EXPECT_EQ(
        Eval("[{numbers, N} ! I || I <- lists:seq(0, ", kMany - 1, ")], ok."),
        "ok");
    for (int i = 0; i < kMany; ++i) ASSERT_EQ(ours.Next(), absl::StrCat(i));
  } else {
    const Pid tester = Tester();
    Recorder ours = Record();
    SendNumbers(ours, tester, 0, kMany);
    EXPECT_THAT(node_->events(), ElementsAre());
    EXPECT_EQ(ReceiveNumbers(kMany), "true");
  }
  EXPECT_THAT(node_->events(), ElementsAre("up erl@localhost"));
}

// More is sent in each turn of the handshake, and when it is done.
TEST_P(AutoConnectTest, WhatIsSentWhileItConnectsKeepsItsPlace) {
  const Pid tester = Tester();
  Recorder ours = Record();
  int sent = 0;
  const int64_t connecting = GetParam() == Side::kErlang
                                 ? erlang_->EvalAsync("net_adm:ping(N).")
                                 : erlang_->EvalAsync("none.");
  ASSERT_TRUE(RunUntil([&] {
    SendNumbers(ours, tester, sent, sent + 20);
    sent += 20;
    return node_->Told("up erl@localhost") && sent >= kMany;
  }));
  ASSERT_TRUE(RunUntil([&] { return erlang_->Ready(connecting); }));
  EXPECT_EQ(ReceiveNumbers(sent), "true");
  EXPECT_EQ(node_->Count("up "), 1);
}

TEST_P(AutoConnectTest, ANodeThatIsNotThereYetGetsWhatIsSentWhenItIs) {
  Recorder ours = Record("ours");
  const auto late = NameAt{"late", "late@localhost"};
  EXPECT_TRUE(ours->Send(late, Atom("lost")).ok());
  EXPECT_TRUE(ours->Send(late, Atom("lost_too")).ok());
  ASSERT_TRUE(
      RunUntil([&] { return node_->Told("setup failed late@localhost: "); }));
  EXPECT_EQ(node_->Count("setup failed"), 1);
  EXPECT_EQ(node().statistics().waiting_bytes, 0u);

  const std::unique_ptr<ErlangNode> erlang =
      StartErlang({.name = "late@localhost"});
  EXPECT_EQ(EvalRunning(*erlang, "register(late, self())."), "true");
  EXPECT_TRUE(ours->Send(late, Atom("heard")).ok());
  EXPECT_EQ(EvalRunning(*erlang, "receive X -> X after 10000 -> none end."),
            "heard");
  EXPECT_EQ(EvalRunning(*erlang, "process_info(self(), messages)."),
            "{messages,[]}");
}

TEST_P(AutoConnectTest, WhatIsNoNodeIsRefused) {
  Recorder ours = Record();
  const absl::Status sent = ours->Send(NameAt{"x", "nohost"}, 1);
  EXPECT_EQ(sent.code(), absl::StatusCode::kInvalidArgument) << sent;
  EXPECT_THAT(node_->events(), ElementsAre());
}

TEST_P(AutoConnectTest, AfterALossTheNextMessageConnectsAgain) {
  Connect(GetParam());
  Recorder ours = Record("ours");
  ASSERT_TRUE(erlang_->Restart().ok());
  ASSERT_TRUE(RunUntil([&] { return node_->Told("down erl@localhost"); }));
  EXPECT_EQ(Eval("register(tester, self())."), "true");
  if (GetParam() == Side::kOurs) {
    EXPECT_TRUE(ours->Send(NameAt{"tester", "erl@localhost"}, 7).ok());
    EXPECT_EQ(Eval("receive X -> X after 10000 -> none end."), "7");
  } else {
    EXPECT_EQ(Eval("{ours, cpp@localhost} ! 8."), "8");
    EXPECT_EQ(ours.Next(), "8");
  }
  EXPECT_EQ(node_->Count("up erl@localhost"), 2);
}

}  // namespace
}  // namespace ringdist
