// Links, monitors and exits between processes of ours and of a real node, from
// both sides, and what becomes of them when a process or a node is gone.

#include <cstdint>
#include <string>
#include <tuple>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/runtime/node.h"
#include "ringdist/runtime/process.h"
#include "ringdist/tests/interop/scenario_test.h"

namespace ringdist {
namespace {

constexpr absl::string_view kErl = "erl@localhost";
constexpr int kMany = 10000;

// Exit reasons, as Erlang expressions.
constexpr absl::string_view kReasons[] = {
    "stop",
    "kill",
    "killed",
    "normal",
    "shutdown",
    "{shutdown, [x]}",
    "{badarg, [{m, f, [1, self()], [{line, 5}]}]}",
    "noproc",
    "noconnection",
    "binary:copy(<<1, 2, 3>>, 100000)",
    "list_to_tuple(lists:seq(1, 20000))",
    "\"text\"",
    "42",
    "#{}"};

// What a reason given to exit/2 ends a process with.
absl::string_view AfterExit2(absl::string_view reason) {
  return reason == "kill" ? "killed" : reason;
}

class LinksAndMonitorsTest : public EitherConnectsTest {
 protected:
  void SetUp() override {
    EitherConnectsTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    // A process that does what it is told, and one that also traps exits.
    ASSERT_EQ(Eval("Obey = fun Obey() -> receive {exit, Reason} -> exit(Reason)"
                   "; Do when is_function(Do) -> Do(), Obey() end end,"
                   "Trap = fun() -> process_flag(trap_exit, true), Obey() end,"
                   "ok."),
              "ok");
  }

  // Evaluates with P bound to a pid of ours, and no other variable kept.
  template <typename... Parts>
  std::string With(const Pid& pid, const Parts&... parts) {
    return Eval("(fun(P) -> ", absl::StrCat(parts...), " end)(", Literal(pid),
                ").");
  }

  // A new process there, "Obey" or "Trap", and what it is to do.
  Pid SpawnThere(absl::string_view kind = "Obey") {
    return EvalTo<Pid>(absl::StrCat("spawn(", kind, ")"));
  }
  void TellThere(const Pid& pid, absl::string_view what) {
    ASSERT_EQ(Eval(Literal(pid), " ! ", what, ", ok."), "ok");
  }

  // Whether all that either side sent until now has arrived at the other, and
  // nothing came of it.
  bool AllIsQuiet(Recorder& ours) {
    return ErlangIsHeard() && node_->Ping(kErl).ok() && ErlangIsHeard() &&
           ours.count() == 0 &&
           Eval("process_info(self(), messages).") == "{messages,[]}";
  }
};

INSTANTIATE_TEST_SUITE_P(Connects, LinksAndMonitorsTest, EitherConnects(),
                         SideName);

// Exits.

TEST_P(LinksAndMonitorsTest, OurExitGoesToWhoIsLinkedOrMonitorsThere) {
  for (const absl::string_view reason : kReasons) {
    SCOPED_TRACE(reason);
    Recorder linked_by_us = Record();
    linked_by_us->Link(Tester());
    Recorder linked_by_them = Record();
    for (Recorder* ours : {&linked_by_us, &linked_by_them}) {
      EXPECT_EQ(With(ours->pid(), ours == &linked_by_them ? "link(P), " : "",
                     "put(monitor, monitor(process, P)), ok"),
                "ok");
      ASSERT_TRUE(ErlangIsHeard());
      (*ours)->Exit(EvalTerm(reason));
      EXPECT_EQ(With(ours->pid(), "Reason = ", reason,
                     ", M = get(monitor), receive {'EXIT', P, Reason} -> ok"
                     " after 5000 -> Next() end, case Next() of"
                     " {'DOWN', M, process, P, Reason} -> ok; Else -> Else"
                     " end"),
                "ok");
    }
  }
}

TEST_P(LinksAndMonitorsTest, TheirExitGoesToWhoIsLinkedOrMonitorsHere) {
  for (const absl::string_view expression : kReasons) {
    SCOPED_TRACE(expression);
    const Term reason = EvalTerm(expression);
    for (const Side linker : {Side::kErlang, Side::kOurs}) {
      Recorder ours = RecordTrapping();
      Recorder watcher = Record();
      const Pid theirs = SpawnThere();
      if (linker == Side::kOurs) {
        ours->Link(theirs);
      } else {
        TellThere(theirs,
                  absl::StrCat("fun() -> link(", Literal(ours.pid()), ") end"));
      }
      const Reference monitor = watcher->Monitor(theirs);
      ASSERT_TRUE(node_->Ping(kErl).ok());
      TellThere(theirs, absl::StrCat("{exit, ", expression, "}"));
      EXPECT_EQ(ours.Next(), Text(std::tuple(Atom("EXIT"), theirs, reason)));
      EXPECT_EQ(watcher.Next(),
                Text(std::tuple(Atom("DOWN"), monitor, Atom("process"), theirs,
                                reason)));
    }
  }
}

// As links do: exit(kill) is not exit(Pid, kill).
TEST_P(LinksAndMonitorsTest, ALinkEndsWhoDoesNotTrapExitsAlike) {
  for (const absl::string_view expression : kReasons) {
    SCOPED_TRACE(expression);
    const Term reason = EvalTerm(expression);
    Recorder ours = Record();
    const Pid theirs = SpawnThere();
    ours->Link(theirs);
    Recorder first = Record();
    const Pid second = SpawnThere();
    first->Link(second);
    ASSERT_TRUE(node_->Ping(kErl).ok());
    EXPECT_EQ(With(ours.pid(), "monitor(process, ", Literal(second), "), ok"),
              "ok");
    TellThere(theirs, absl::StrCat("{exit, ", expression, "}"));
    first->Exit(reason);
    if (expression == "normal") {
      EXPECT_TRUE(AllIsQuiet(ours));
      EXPECT_TRUE(ours->IsAlive());
      EXPECT_EQ(Eval("is_process_alive(", Literal(second), ")."), "true");
      EXPECT_EQ(Eval("exit(", Literal(second), ", kill), element(5, Next())."),
                "killed");
    } else {
      EXPECT_EQ(ours.Reason(), ToText(reason));
      EXPECT_EQ(Eval("element(5, Next()) =:= (", expression, ")."), "true");
    }
  }
}

TEST_P(LinksAndMonitorsTest, TheyExitOurs) {
  const Pid tester = Tester();
  for (const absl::string_view expression : kReasons) {
    SCOPED_TRACE(expression);
    Recorder plain = Record();
    Recorder trapping = RecordTrapping();
    for (Recorder* ours : {&plain, &trapping}) {
      EXPECT_EQ(With(ours->pid(), "exit(P, ", expression, "), ok"), "ok");
    }
    ASSERT_TRUE(ErlangIsHeard());
    const Term reason = EvalTerm(AfterExit2(expression));
    if (expression == "normal") {
      EXPECT_TRUE(plain->IsAlive());
    } else {
      EXPECT_EQ(plain.Reason(), ToText(reason));
    }
    if (expression == "kill") {
      EXPECT_EQ(trapping.Reason(), "killed");
    } else {
      EXPECT_EQ(trapping.Next(),
                Text(std::tuple(Atom("EXIT"), tester, reason)));
    }
  }
}

TEST_P(LinksAndMonitorsTest, WeExitTheirs) {
  Recorder ours = Record();
  for (const absl::string_view expression : kReasons) {
    SCOPED_TRACE(expression);
    const Pid plain = SpawnThere();
    EXPECT_EQ(Eval("monitor(process, ", Literal(plain), "), ok."), "ok");
    ours->ExitOther(plain, EvalTerm(expression));
    if (expression == "normal") {
      ASSERT_TRUE(node_->Ping(kErl).ok());
      EXPECT_EQ(Eval("exit(", Literal(plain), ", done), element(5, Next())."),
                "done");
    } else {
      EXPECT_EQ(Eval("element(5, Next()) =:= (", AfterExit2(expression), ")."),
                "true");
    }
    if (expression == "kill") continue;  // Would end the tester.
    ours->ExitOther(Tester(), EvalTerm(expression));
    EXPECT_EQ(With(ours.pid(), "Next() =:= {'EXIT', P, ", expression, "}"),
              "true");
  }
}

// Links.

TEST_P(LinksAndMonitorsTest, WhoeverUnlinksHearsNothingAndIsNotHeardOf) {
  const Pid tester = Tester();
  for (const Side linker : {Side::kErlang, Side::kOurs}) {
    for (const Side unlinker : {Side::kErlang, Side::kOurs}) {
      Recorder ours = RecordTrapping();
      if (linker == Side::kOurs) {
        ours->Link(tester);
        ASSERT_TRUE(node_->Ping(kErl).ok());
      } else {
        EXPECT_EQ(With(ours.pid(), "link(P)"), "true");
        ASSERT_TRUE(ErlangIsHeard());
      }
      EXPECT_EQ(With(ours.pid(),
                     "{links, Links} = process_info(self(), links),"
                     " Links =:= [P]"),
                "true");
      if (unlinker == Side::kOurs) {
        ours->Unlink(tester);
      } else {
        EXPECT_EQ(With(ours.pid(), "unlink(P)"), "true");
      }
      EXPECT_TRUE(AllIsQuiet(ours));
      EXPECT_EQ(Eval("process_info(self(), links)."), "{links,[]}");
      ours->Exit(MakeTerm(Atom("stop")));
      EXPECT_TRUE(AllIsQuiet(ours));
    }
  }
}

// A link that is made again before the unlink is acknowledged is a new one.
TEST_P(LinksAndMonitorsTest, LinksAndUnlinksInARowLeaveWhatTheLastOneSaid) {
  const Pid tester = Tester();
  Recorder ours = RecordTrapping();
  for (int i = 0; i < 1000; ++i) {
    ours->Link(tester);
    ours->Unlink(tester);
  }
  EXPECT_TRUE(AllIsQuiet(ours));
  EXPECT_EQ(Eval("process_info(self(), links)."), "{links,[]}");
  EXPECT_EQ(With(ours.pid(),
                 "[begin unlink(P), link(P) end ||"
                 " _ <- lists:seq(1, 1000)], ok"),
            "ok");
  for (int i = 0; i < 1000; ++i) {
    ours->Unlink(tester);
    ours->Link(tester);
  }
  EXPECT_TRUE(AllIsQuiet(ours));
  EXPECT_EQ(With(ours.pid(), "{links, [P]} = process_info(self(), links), ok"),
            "ok");
  ours->Exit(MakeTerm(Atom("stop")));
  EXPECT_EQ(With(ours.pid(), "Next() =:= {'EXIT', P, stop}"), "true");
  EXPECT_TRUE(AllIsQuiet(ours));
}

TEST_P(LinksAndMonitorsTest, BothSidesMayLinkAndUnlinkAtOnce) {
  const Pid tester = Tester();
  for (int i = 0; i < 20; ++i) {
    Recorder ours = RecordTrapping();
    const int64_t there = erlang_->EvalAsync(absl::StrCat(
        "(fun(P) -> [begin link(P), unlink(P) end || _ <- lists:seq(1, 100)],"
        " link(P) end)(",
        Literal(ours.pid()), ")."));
    int turns = 0;
    ASSERT_TRUE(RunUntil([&] {
      if (turns++ < 100) {
        ours->Link(tester);
        ours->Unlink(tester);
      }
      return turns > 100 && erlang_->Ready(there);
    }));
    ASSERT_TRUE(AllIsQuiet(ours));
    ours->Link(tester);
    ASSERT_TRUE(AllIsQuiet(ours));
    ours->Exit(MakeTerm(i));
    EXPECT_EQ(With(ours.pid(), "Next() =:= {'EXIT', P, ", i, "}"), "true");
    EXPECT_TRUE(AllIsQuiet(ours));
  }
}

TEST_P(LinksAndMonitorsTest, WhoIsNotThereIsNoproc) {
  Recorder ours = RecordTrapping();
  const Pid dead = EvalTo<Pid>("element(1, spawn_monitor(fun() -> ok end))");
  EXPECT_EQ(Eval("element(5, Next())."), "normal");
  ours->Link(dead);
  EXPECT_EQ(ours.Next(), Text(std::tuple(Atom("EXIT"), dead, Atom("noproc"))));
  const Reference by_pid = ours->Monitor(dead);
  EXPECT_EQ(ours.Next(), Text(std::tuple(Atom("DOWN"), by_pid, Atom("process"),
                                         dead, Atom("noproc"))));
  const Reference by_name = ours->Monitor(NameAt{"nobody", kErl});
  EXPECT_EQ(ours.Next(), Text(std::tuple(Atom("DOWN"), by_name, Atom("process"),
                                         std::tuple(Atom("nobody"), Atom(kErl)),
                                         Atom("noproc"))));
}

// Monitors by name.

// The name decides once, when the monitor is made.
TEST_P(LinksAndMonitorsTest, AMonitorByNameStaysWithItsProcess) {
  Recorder ours = Record("known");
  Recorder later = Record();
  EXPECT_EQ(Eval("M = monitor(process, {known, N}),"
                 "Taken = monitor(process, {known, N}), ok."),
            "ok");
  ASSERT_TRUE(ErlangIsHeard());
  ASSERT_TRUE(node().Unregister("known").ok());
  ASSERT_TRUE(node().Register("known", later.pid()).ok());
  EXPECT_EQ(Eval("demonitor(Taken)."), "true");
  later->Exit(MakeTerm(Atom("later")));
  EXPECT_TRUE(AllIsQuiet(ours));
  ours->Exit(MakeTerm(Atom("stop")));
  EXPECT_EQ(Eval("Next() =:= {'DOWN', M, process, {known, N}, stop}."), "true");
  EXPECT_TRUE(AllIsQuiet(ours));
}

TEST_P(LinksAndMonitorsTest, AMonitorByNameStaysWithItsProcessThere) {
  Recorder ours = Record();
  const Pid theirs = SpawnThere();
  const Pid later = SpawnThere();
  EXPECT_EQ(Eval("register(known, ", Literal(theirs), ")."), "true");
  const Reference monitor = ours->Monitor(NameAt{"known", kErl});
  const Reference taken = ours->Monitor(NameAt{"known", kErl});
  ASSERT_TRUE(node_->Ping(kErl).ok());
  EXPECT_EQ(Eval("unregister(known), register(known, ", Literal(later), ")."),
            "true");
  ours->Demonitor(taken);
  TellThere(later, "{exit, later}");
  EXPECT_TRUE(AllIsQuiet(ours));
  TellThere(theirs, "{exit, stop}");
  EXPECT_EQ(ours.Next(), Text(std::tuple(Atom("DOWN"), monitor, Atom("process"),
                                         std::tuple(Atom("known"), Atom(kErl)),
                                         Atom("stop"))));
  EXPECT_TRUE(AllIsQuiet(ours));
}

TEST_P(LinksAndMonitorsTest, WhatIsDemonitoredIsNotHeardOf) {
  Recorder ours = Record();
  const Pid theirs = SpawnThere();
  ours->Demonitor(ours->Monitor(theirs));
  ASSERT_TRUE(node_->Ping(kErl).ok());
  EXPECT_EQ(Eval("process_info(", Literal(theirs), ", monitored_by)."),
            "{monitored_by,[]}");
  TellThere(theirs, "{exit, stop}");
  EXPECT_EQ(With(ours.pid(), "demonitor(monitor(process, P))"), "true");
  EXPECT_TRUE(AllIsQuiet(ours));
  ours->Exit(MakeTerm(Atom("stop")));
  EXPECT_TRUE(AllIsQuiet(ours));
}

// Many.

TEST_P(LinksAndMonitorsTest, TenThousandMonitorsOfTheirsHearOfOneEnd) {
  Recorder ours = Record();
  EXPECT_EQ(With(ours.pid(),
                 "Tester = self(), [spawn(fun() -> M = monitor(process,"
                 " P), Tester ! ready, receive {'DOWN', M, process, P,"
                 " Why} -> Tester ! Why end end) || _ <- lists:seq(1, ",
                 kMany, ")], [receive ready -> ok end || _ <- lists:seq(1, ",
                 kMany, ")], ok"),
            "ok");
  ASSERT_TRUE(ErlangIsHeard());
  ours->Exit(MakeTerm(Atom("stop")));
  EXPECT_EQ(Eval("lists:usort([Next() || _ <- lists:seq(1, ", kMany, ")])."),
            "[stop]");
  EXPECT_TRUE(AllIsQuiet(ours));
}

TEST_P(LinksAndMonitorsTest, TenThousandMonitorsOfOursHearOfOneEnd) {
  const Pid theirs = SpawnThere();
  int told = 0;
  for (int i = 0; i < kMany; ++i) {
    const Pid pid = node().Spawn([&](Process&, const TermView& message) {
      told += Matches(message, std::tuple(Atom("DOWN"), Any(), Atom("process"),
                                          theirs, Atom("stop")));
    });
    node().Find(pid).Monitor(theirs);
  }
  ASSERT_TRUE(node_->Ping(kErl).ok());
  EXPECT_EQ(Eval("length(element(2, process_info(", Literal(theirs),
                 ", monitored_by)))."),
            absl::StrCat(kMany));
  TellThere(theirs, "{exit, stop}");
  EXPECT_TRUE(RunUntil([&] { return told == kMany; })) << told;
}

TEST_P(LinksAndMonitorsTest, WhoEndsTakesTenThousandMonitorsAlong) {
  Recorder ours = Record();
  const Pid theirs = SpawnThere();
  for (int i = 0; i < kMany; ++i) ours->Monitor(theirs);
  ASSERT_TRUE(node_->Ping(kErl).ok());
  ours->Exit(MakeTerm(Atom("stop")));
  ASSERT_TRUE(node_->Ping(kErl).ok());
  EXPECT_EQ(Eval("process_info(", Literal(theirs), ", monitored_by)."),
            "{monitored_by,[]}");
}

}  // namespace
}  // namespace ringdist
