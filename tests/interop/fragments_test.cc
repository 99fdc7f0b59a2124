// Large messages, and what comes before, between and behind them, to and from a
// real node, whatever the two negotiated.

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/distribution_flags.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/runtime/node.h"
#include "ringdist/runtime/process.h"
#include "ringdist/tests/interop/scenario_test.h"

namespace ringdist {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

constexpr size_t kMiB = 1024 * 1024;
constexpr auto kTester = NameAt{"tester", "erl@localhost"};

class FragmentsTest : public WithoutFlagsTest {
 protected:
  // Obey does what it is told. Sum tells of a large term only its size.
  void SetUp() override {
    WithoutFlagsTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    ASSERT_EQ(
        Eval("Obey = fun Obey() -> receive Do -> Do(), Obey() end end,"
             "Sum = fun(Term) when is_binary(Term) -> {bytes, size(Term)};"
             " (Term) -> Term end, ok."),
        "ok");
  }
  void TearDown() override {
    if (node_ == nullptr) return;
    EXPECT_THAT(node_->events(), ElementsAre("up erl@localhost"));
  }

  // Has a new process there do that, and goes on.
  void DoThere(absl::string_view what) {
    ASSERT_EQ(Eval("spawn(fun() -> ", what, " end), ok."), "ok");
  }
  uint64_t BytesIn() {
    return node().statistics().distribution.traffic.bytes_in;
  }
  uint64_t BytesOut() {
    return node().statistics().distribution.traffic.bytes_out;
  }
};

INSTANTIATE_TEST_SUITE_P(Flags, FragmentsTest,
                         ::testing::Values(uint64_t{0}, kDflagFragments,
                                           kDflagDistHdrAtomCache,
                                           kDflagFragments |
                                               kDflagDistHdrAtomCache),
                         WithoutName);

// Size.

TEST_P(FragmentsTest, LargeMessagesArriveAsTheyWere) {
  for (const size_t size : {64 * 1024 - 100, 64 * 1024, 128 * 1024, 1024 * 1024,
                            64 * 1024 * 1024}) {
    EXPECT_EQ(Eval("(fun(B) -> {echo, N} ! {self(), {B, x}}, {B, x} =:= Next()"
                   " end)(rand:bytes(",
                   size, "))."),
              "true")
        << size;
  }
  // Of many parts: atoms are known to the peer only with the first fragment.
  EXPECT_EQ(Eval("(fun(L) -> {echo, N} ! {self(), L}, L =:= Next() end)("
                 "[{list_to_atom(\"large_\" ++ integer_to_list(I)), I, self(),"
                 " <<I:64>>, [a, 1.5 | b]} || I <- lists:seq(1, 20000)])."),
            "true");
}

// Each size around those at which one more fragment is needed.
TEST_P(FragmentsTest, NoSizeIsSpecial) {
  EXPECT_EQ(Eval("Bytes = rand:bytes(140000),"
                 "[Size || Around <- [65536, 131072], Size <- lists:seq(Around"
                 " - 160, Around + 20), {B, _} <- [split_binary(Bytes, Size)],"
                 " B =/= begin {echo, N} ! {self(), B}, Next() end]."),
            "[]");
}

TEST_P(FragmentsTest, LargeReasonsArriveAsTheyWere) {
  Recorder ours = RecordTrapping();
  const std::string bytes(kMiB, 'x');
  const Pid theirs = EvalTo<Pid>("Theirs = spawn(Obey)");
  ours->Link(theirs);
  const Reference monitor = ours->Monitor(theirs);
  ASSERT_TRUE(node_->Ping("erl@localhost").ok());
  EXPECT_EQ(Eval("Theirs ! fun() -> exit(binary:copy(<<\"x\">>, ", bytes.size(),
                 ")) end, ok."),
            "ok");
  std::vector<std::string> told = {ours.Next(), ours.Next()};
  EXPECT_THAT(told, UnorderedElementsAre(
                        Text(std::tuple(Atom("EXIT"), theirs, bytes)),
                        Text(std::tuple(Atom("DOWN"), monitor, Atom("process"),
                                        theirs, bytes))));
  ours->Link(Tester());
  ours->ExitOther(Tester(), MakeTerm(bytes));
  ours->Exit(MakeTerm(bytes));
  EXPECT_EQ(
      Eval("[begin {'EXIT', From, Why} = Next(), Sum(Why) end"
           " || _ <- [1, 2]]."),
      absl::StrCat("[{bytes,", bytes.size(), "},{bytes,", bytes.size(), "}]"));
}

// Order.

TEST_P(FragmentsTest, WhatWeSendFromOneProcessKeepsItsOrder) {
  const Pid tester = Tester();
  const Reference alias = EvalTo<Reference>("alias()");
  Recorder ours = Record();
  ours->Link(tester);
  const std::string large(kMiB, 'x');
  const Destination ways[] = {tester, kTester, alias};
  for (int i = 0; i < 300; ++i) {
    const Destination& to = ways[i / 10 % 3];
    const absl::Status sent =
        i % 100 == 50 ? ours->Send(to, large) : ours->Send(to, i);
    ASSERT_TRUE(sent.ok()) << i << ": " << sent;
  }
  ours->Exit(MakeTerm(Atom("last")));
  EXPECT_EQ(Eval("[Sum(Next()) || _ <- lists:seq(0, 299)] =:=",
                 "[case I rem 100 of 50 -> {bytes, ", large.size(),
                 "}; _ -> I end || I <- lists:seq(0, 299)]."),
            "true");
  EXPECT_EQ(Eval("element(3, Next())."), "last");
}

TEST_P(FragmentsTest, WhatTheySendFromOneProcessKeepsItsOrder) {
  Recorder ours = RecordTrapping();
  DoThere(absl::StrCat(
      "P = ", Literal(ours.pid()),
      ", link(P), [P ! case I rem 100 of 50 -> binary:copy(<<\"x\">>, ", kMiB,
      "); _ -> I end || I <- lists:seq(0, 299)], exit(last)"));
  const std::string large = Text(std::string(kMiB, 'x'));
  for (int i = 0; i < 300; ++i) {
    const std::string next = ours.Next();
    if (i % 100 == 50) {
      ASSERT_TRUE(next == large) << i << ": " << next.substr(0, 100);
    } else {
      ASSERT_EQ(next, absl::StrCat(i));
    }
  }
  EXPECT_THAT(ours.Next(), HasSubstr(",last}"));
}

// Several large ones at a time, each for a process of its own.
TEST_P(FragmentsTest, ManyLargeMessagesAtATimeArriveWhole) {
  std::vector<Recorder> ours;
  for (int i = 0; i < 10; ++i) {
    ours.push_back(Record());
    DoThere(absl::StrCat(Literal(ours[i].pid()), " ! binary:copy(<<", i,
                         ">>, 1000000)"));
  }
  for (int i = 0; i < 10; ++i) {
    const std::string bytes(1000000, static_cast<char>(i));
    EXPECT_TRUE(ours[i].NextTerm() == MakeTerm(bytes)) << i;
    ASSERT_TRUE(ours[i]->Send(kTester, bytes).ok());
  }
  EXPECT_EQ(Eval("lists:sort([Next() || _ <- lists:seq(0, 9)]) =:="
                 " [binary:copy(<<I>>, 1000000) || I <- lists:seq(0, 9)]."),
            "true");
}

// A small message of another pair goes past a large one that is on its way.

class OvertakingTest : public FragmentsTest {};

INSTANTIATE_TEST_SUITE_P(Flags, OvertakingTest,
                         ::testing::Values(uint64_t{0}, kDflagDistHdrAtomCache),
                         WithoutName);

TEST_P(OvertakingTest, ASmallMessageOfAnotherPairOvertakesOurs) {
  Recorder ours = Record();
  Recorder other = Record();
  ASSERT_TRUE(ours->Send(kTester, std::string(64 * kMiB, 'x')).ok());
  ASSERT_TRUE(RunUntil([&] { return BytesOut() > kMiB; }));
  ASSERT_TRUE(other->Send(kTester, Atom("small")).ok());
  ASSERT_LT(BytesOut(), 32 * kMiB);
  EXPECT_EQ(Eval("[Sum(Next()), Sum(Next())]."),
            absl::StrCat("[small,{bytes,", 64 * kMiB, "}]"));
}

// Mostly: a real node may let a process wait to send until another one has sent
// all of a large message. It does not do that time and again.
TEST_P(OvertakingTest, ASmallMessageOfAnotherPairOvertakesTheirs) {
  Recorder ours = Record();
  Recorder other = Record();
  const Pid theirs = EvalTo<Pid>(
      "spawn(fun Answer() -> receive From -> From ! small end, Answer() end)");
  const Term large = MakeTerm(std::string(64 * kMiB, 'x'));
  int tries = 0;
  bool overtaken = false;
  while (!overtaken && ++tries <= 20) {
    const uint64_t before = BytesIn();
    DoThere(absl::StrCat(Literal(ours.pid()), " ! binary:copy(<<\"x\">>, ",
                         64 * kMiB, ")"));
    ASSERT_TRUE(RunUntil([&] { return BytesIn() > before + kMiB; }));
    ASSERT_TRUE(other->Send(theirs, other.pid()).ok());
    EXPECT_EQ(other.Next(), "small");
    overtaken = ours.count() == 0;
    ASSERT_TRUE(ours.NextTerm() == large);
  }
  EXPECT_TRUE(overtaken);
}

}  // namespace
}  // namespace ringdist
