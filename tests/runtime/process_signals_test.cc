// Links, monitors and exits between processes of one node.

#include <string>
#include <tuple>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/runtime/process.h"
#include "ringdist/runtime/testing/process_harness.h"
#include "ringdist/tests/testing/recorder.h"

namespace ringdist {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr char kSelf[] = "test@localhost";

class ProcessSignalsTest : public ::testing::Test {
 protected:
  Node& node() { return harness_.node(); }
  void Run() { harness_.RunUntilIdle(); }
  // As text of messages.
  static std::string Exit(const Pid& from, const std::string& reason) {
    return "{'EXIT'," + from.ToString() + "," + reason + "}";
  }
  static std::string Down(const Reference& monitor, const std::string& whom,
                          const std::string& reason) {
    return "{'DOWN'," + monitor.ToString() + ",process," + whom + "," + reason +
           "}";
  }
  // A pid whose process has ended.
  Pid DeadPid() {
    Recorder dead(node());
    dead->Exit(MakeTerm(Atom("normal")));
    Run();
    return dead.pid;
  }

  ProcessHarness harness_;
  Recorder a_{node()};
  Recorder b_{node()};
  Recorder trapping_{node(), TrapExits()};
};

// Exits.

TEST_F(ProcessSignalsTest, AnExitSignalEndsWithItsReason) {
  node().Exit(a_.pid, MakeTerm(std::tuple(Atom("shutdown"), 1)));
  EXPECT_TRUE(a_->IsAlive()) << "a signal, not a call";
  Run();
  EXPECT_EQ(a_.death, "{shutdown,1}");
}

TEST_F(ProcessSignalsTest, KillEndsEverybodyAndIsKilledToTheOthers) {
  trapping_->Link(a_.pid);
  trapping_->Link(b_.pid);
  Run();
  node().Exit(trapping_.pid, MakeTerm(Atom("kill")));
  Run();
  EXPECT_EQ(trapping_.death, "killed");
  EXPECT_THAT(trapping_.messages, IsEmpty());
  EXPECT_EQ(a_.death, "killed");
  EXPECT_EQ(b_.death, "killed");
}

TEST_F(ProcessSignalsTest, KillAsAReasonOfItsOwnIsOnlyAReason) {
  trapping_->Link(a_.pid);
  Run();
  a_->Exit(MakeTerm(Atom("kill")));
  Run();
  EXPECT_THAT(trapping_.messages, ElementsAre(Exit(a_.pid, "kill")));
}

TEST_F(ProcessSignalsTest, NormalEndsNobodyElse) {
  a_->Link(b_.pid);
  trapping_->Link(b_.pid);
  node().Exit(a_.pid, MakeTerm(Atom("normal")));
  Run();
  EXPECT_TRUE(a_->IsAlive());
  b_->ExitOther(b_.pid, MakeTerm(Atom("normal")));
  Run();
  EXPECT_EQ(b_.death, "normal") << "said by itself";
  EXPECT_TRUE(a_->IsAlive()) << "linked, but that was normal";
  EXPECT_THAT(trapping_.messages, ElementsAre(Exit(b_.pid, "normal")));
}

TEST_F(ProcessSignalsTest, ExitsAreMessagesToWhoTrapsThem) {
  a_->ExitOther(trapping_.pid, MakeTerm(Atom("normal")));
  a_->ExitOther(trapping_.pid, MakeTerm("why"));
  Run();
  EXPECT_THAT(trapping_.messages,
              ElementsAre(Exit(a_.pid, "normal"), Exit(a_.pid, "<<\"why\">>")));
  trapping_->TrapExits(false);
  a_->ExitOther(trapping_.pid, MakeTerm("why"));
  Run();
  EXPECT_EQ(trapping_.death, "<<\"why\">>");
}

// Links.

TEST_F(ProcessSignalsTest, ALinkWorksBothWays) {
  for (const bool other_way : {false, true}) {
    Recorder one(node());
    Recorder two(node());
    one->Link(two.pid);
    Run();
    (other_way ? two : one)->Exit(MakeTerm(Atom("crash")));
    Run();
    EXPECT_EQ(one.death, "crash");
    EXPECT_EQ(two.death, "crash");
  }
}

TEST_F(ProcessSignalsTest, AChainOfLinksEndsAsAWhole) {
  a_->Link(b_.pid);
  b_->Link(harness_.pid());
  trapping_->Link(a_.pid);
  Run();
  harness_.probe().Exit(MakeTerm(Atom("crash")));
  Run();
  EXPECT_EQ(a_.death, "crash");
  EXPECT_THAT(trapping_.messages, ElementsAre(Exit(a_.pid, "crash")));
}

TEST_F(ProcessSignalsTest, ALinkToNobodyIsAnExitWithNoproc) {
  const Pid dead = DeadPid();
  a_->Link(dead);
  trapping_->Link(dead);
  Run();
  EXPECT_EQ(a_.death, "noproc");
  EXPECT_THAT(trapping_.messages, ElementsAre(Exit(dead, "noproc")));
}

TEST_F(ProcessSignalsTest, LinkingTwiceIsLinkingOnce) {
  trapping_->Link(a_.pid);
  trapping_->Link(a_.pid);
  a_->Link(trapping_.pid);
  trapping_->Link(trapping_.pid);
  Run();
  a_->Exit(MakeTerm(Atom("crash")));
  Run();
  EXPECT_THAT(trapping_.messages, ElementsAre(Exit(a_.pid, "crash")));
}

TEST_F(ProcessSignalsTest, AfterUnlinkNothingComes) {
  trapping_->Link(a_.pid);
  Run();
  trapping_->Unlink(a_.pid);
  a_->Exit(MakeTerm(Atom("crash")));
  Run();
  EXPECT_THAT(trapping_.messages, IsEmpty());
}

TEST_F(ProcessSignalsTest, UnlinkByBothEndsLeavesNothing) {
  trapping_->Link(a_.pid);
  Run();
  trapping_->Unlink(a_.pid);
  a_->Unlink(trapping_.pid);
  a_->Unlink(b_.pid);
  Run();
  a_->Exit(MakeTerm(Atom("crash")));
  Run();
  EXPECT_THAT(trapping_.messages, IsEmpty());
}

TEST_F(ProcessSignalsTest, ALinkAfterAnUnlinkHolds) {
  // Also if the acknowledgement is still to come.
  trapping_->Link(a_.pid);
  trapping_->Unlink(a_.pid);
  trapping_->Link(a_.pid);
  Run();
  trapping_->Unlink(a_.pid);
  Run();
  trapping_->Link(a_.pid);
  Run();
  a_->Exit(MakeTerm(Atom("crash")));
  Run();
  EXPECT_THAT(trapping_.messages, ElementsAre(Exit(a_.pid, "crash")));
}

TEST_F(ProcessSignalsTest, MessagesOfTheDyingComeBeforeItsExit) {
  trapping_->Link(a_.pid);
  Run();
  ASSERT_TRUE(a_->Send(trapping_.pid, "last words").ok());
  a_->Exit(MakeTerm(Atom("crash")));
  Run();
  EXPECT_THAT(trapping_.messages,
              ElementsAre("<<\"last words\">>", Exit(a_.pid, "crash")));
}

// Monitors.

TEST_F(ProcessSignalsTest, AMonitorFiresOnceWithTheReason) {
  const Reference first = b_->Monitor(a_.pid);
  const Reference second = b_->Monitor(a_.pid);
  Run();
  a_->Exit(MakeTerm(Atom("crash")));
  Run();
  EXPECT_THAT(b_.messages,
              UnorderedElementsAre(Down(first, a_.pid.ToString(), "crash"),
                                   Down(second, a_.pid.ToString(), "crash")));
  EXPECT_TRUE(b_->IsAlive());
}

TEST_F(ProcessSignalsTest, AMonitorOfANameTellsTheName) {
  ASSERT_TRUE(node().Register("server", a_.pid).ok());
  const Reference monitor = b_->Monitor(NameAt{"server", kSelf});
  Run();
  a_->Exit(MakeTerm(Atom("normal")));
  Run();
  EXPECT_THAT(b_.messages,
              ElementsAre(Down(monitor, "{server,test@localhost}", "normal")));
}

TEST_F(ProcessSignalsTest, AMonitorOfNobodyFiresWithNoproc) {
  const Pid dead = DeadPid();
  const Reference by_pid = b_->Monitor(dead);
  const Reference by_name = b_->Monitor(NameAt{"nobody", kSelf});
  Run();
  EXPECT_THAT(b_.messages,
              ElementsAre(Down(by_pid, dead.ToString(), "noproc"),
                          Down(by_name, "{nobody,test@localhost}", "noproc")));
}

TEST_F(ProcessSignalsTest, AfterDemonitorNothingComes) {
  ASSERT_TRUE(node().Register("server", a_.pid).ok());
  const Reference by_pid = b_->Monitor(a_.pid);
  const Reference by_name = b_->Monitor(NameAt{"server", kSelf});
  const Reference stays = b_->Monitor(a_.pid);
  Run();
  b_->Demonitor(by_pid);
  // The name may be somebody else's by then.
  ASSERT_TRUE(node().Unregister("server").ok());
  ASSERT_TRUE(node().Register("server", trapping_.pid).ok());
  b_->Demonitor(by_name);
  Run();
  a_->Exit(MakeTerm(Atom("crash")));
  Run();
  EXPECT_THAT(b_.messages,
              ElementsAre(Down(stays, a_.pid.ToString(), "crash")));
}

TEST_F(ProcessSignalsTest, DemonitorTakesAwayWhatWaitsInTheMailbox) {
  const Reference monitor = b_->Monitor(a_.pid);
  const Reference other = b_->Monitor(a_.pid);
  Run();
  b_->Pause();
  a_->Exit(MakeTerm(Atom("crash")));
  Run();
  ASSERT_EQ(b_->mailbox_count(), 2u);
  b_->Demonitor(monitor);
  EXPECT_EQ(b_->mailbox_count(), 1u);
  b_->Demonitor(monitor);
  b_->Resume();
  Run();
  EXPECT_THAT(b_.messages,
              ElementsAre(Down(other, a_.pid.ToString(), "crash")));
}

TEST_F(ProcessSignalsTest, DemonitorInTheHandlerOfAnEarlierMessage) {
  const Reference first = b_->Monitor(a_.pid);
  const Reference second = b_->Monitor(a_.pid);
  Run();
  b_->Pause();
  a_->Exit(MakeTerm(std::string(10'000, 'x')));
  Run();
  b_.then = [&](Process& self, const TermView& message) {
    const std::string before = b_.messages.back();
    self.Demonitor(first);
    self.Demonitor(second);
    EXPECT_EQ(ToText(message), before) << "the message in hand is still there";
  };
  b_->Resume();
  Run();
  EXPECT_EQ(b_.messages.size(), 1u);
  EXPECT_EQ(b_->mailbox_count(), 0u);
}

TEST_F(ProcessSignalsTest, TenThousandMonitorsOfOneProcessAllFire) {
  int fired = 0;
  for (int i = 0; i < 10'000; ++i) {
    const Pid pid = node().Spawn([&](Process& self, const TermView& message) {
      fired += message.IsTuple(5) ? 1 : 0;
      self.Exit(MakeTerm(Atom("normal")));
    });
    node().Find(pid).Monitor(a_.pid);
  }
  Run();
  a_->Exit(MakeTerm(Atom("crash")));
  Run();
  EXPECT_EQ(fired, 10'000);
}

// Other nodes, which are not there.

TEST_F(ProcessSignalsTest, WhatCannotBeConnectedIsNoConnection) {
  const Pid nowhere("nowhere", 1, 0, 1);
  a_->Link(nowhere);
  trapping_->Link(nowhere);
  const Reference by_pid = b_->Monitor(nowhere);
  const Reference by_name = b_->Monitor(NameAt{"x", "nowhere"});
  EXPECT_THAT(b_.messages, IsEmpty()) << "inside the call";
  Run();
  EXPECT_EQ(a_.death, "noconnection");
  EXPECT_THAT(trapping_.messages, ElementsAre(Exit(nowhere, "noconnection")));
  EXPECT_THAT(b_.messages, UnorderedElementsAre(
                               Down(by_pid, nowhere.ToString(), "noconnection"),
                               Down(by_name, "{x,nowhere}", "noconnection")));
}

TEST_F(ProcessSignalsTest, AHandlerMayEndAllThatIsToldOfALostNode) {
  const Pid nowhere("nowhere", 1, 0, 1);
  Recorder c(node(), TrapExits());
  const auto end_all = [&](Process&, const TermView&) {
    for (Recorder* each : {&b_, &trapping_, &c}) {
      each->process.Exit(MakeTerm(Atom("enough")));
    }
  };
  for (Recorder* each : {&b_, &trapping_, &c}) {
    each->then = end_all;
    each->process.TrapExits(true);
    each->process.Link(nowhere);
    each->process.Monitor(nowhere);
    each->process.Monitor(nowhere);
  }
  Run();
  EXPECT_EQ(b_.messages.size() + trapping_.messages.size() + c.messages.size(),
            1u);
  EXPECT_EQ(b_.death + trapping_.death + c.death, "enoughenoughenough");
}

TEST_F(ProcessSignalsTest, AHandlerThatUnlinksGetsNoExitOfALostNode) {
  const Pid nowhere("nowhere", 1, 0, 1);
  trapping_->Monitor(nowhere);
  trapping_->Link(nowhere);
  trapping_.then = [&](Process& self, const TermView&) {
    self.Unlink(nowhere);
  };
  Run();
  EXPECT_EQ(trapping_.messages.size(), 1u);
}

}  // namespace
}  // namespace ringdist
