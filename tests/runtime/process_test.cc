// Processes of one node: messages, names, aliases, timers, and their life. What
// links, monitors and exits do is in process_signals_test.cc; Await, Pause and
// the limits of mailboxes are in process_mailbox_test.cc.

#include "ringdist/runtime/process.h"

#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/runtime/testing/process_harness.h"
#include "ringdist/tests/testing/recorder.h"

namespace ringdist {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ProcessTest : public ::testing::Test {
 protected:
  Node& node() { return harness_.node(); }
  template <typename Value>
  void Send(const Destination& to, const Value& message) {
    ASSERT_TRUE(harness_.Send(to, message).ok());
  }
  void Run() { harness_.RunUntilIdle(); }

  ProcessHarness harness_;
};

constexpr char kSelf[] = "test@localhost";

TEST_F(ProcessTest, MessagesComeInOrderAndNeverInsideACall) {
  Recorder a(node());
  for (int i = 0; i < 3; ++i) Send(a.pid, i);
  Send(NameAt{"nobody", kSelf}, 9);
  EXPECT_THAT(a.messages, IsEmpty());
  EXPECT_EQ(a->mailbox_count(), 0u) << "signals are on their way";
  Run();
  EXPECT_THAT(a.messages, ElementsAre("0", "1", "2"));
}

TEST_F(ProcessTest, AHandlerNeverRunsInsideAnother) {
  Recorder a(node());
  Recorder b(node());
  int depth = 0;
  const auto handler = [&](Process& self, const TermView& message) {
    EXPECT_EQ(++depth, 1);
    const int64_t left = *message.AsInt64();
    if (left > 0) {
      for (const Pid& to : {a.pid, b.pid}) {
        EXPECT_TRUE(self.Send(to, left - 1).ok());
      }
    }
    --depth;
  };
  a.then = b.then = handler;
  Send(a.pid, 5);
  Run();
  EXPECT_EQ(a.messages.size() + b.messages.size(), 63u);
}

TEST_F(ProcessTest, ASentTermIsTheOneThatComes) {
  const Term term = MakeTerm(std::tuple(
      Atom("ok"), std::vector<double>{1.5}, std::string(100'000, 'x'),
      harness_.pid(), node().Find(harness_.pid()).CreateAlias()));
  Send(harness_.pid(), term);
  EXPECT_EQ(harness_.Await(), term);
}

TEST_F(ProcessTest, ALargeNumberOfMessagesIsRefusedAtTheLocalLimit) {
  NodeOptions options;
  options.local_queue_bytes = 1000;
  ProcessHarness harness(options);
  int accepted = 0;
  absl::Status status;
  while ((status = harness.Send(harness.pid(), "message")).ok()) {
    ASSERT_LT(++accepted, 1000);
  }
  EXPECT_TRUE(absl::IsResourceExhausted(status));
  EXPECT_THAT(status.message(), HasSubstr("bytes wait"));
  harness.RunUntilIdle();
  EXPECT_EQ(harness.received().size(), static_cast<size_t>(accepted));
  EXPECT_TRUE(harness.Send(harness.pid(), "more").ok());
}

// Names.

TEST_F(ProcessTest, ANameLeadsToItsProcess) {
  Recorder a(node());
  ASSERT_TRUE(node().Register("a", a.pid).ok());
  EXPECT_EQ(node().WhereIs("a").pid(), a.pid);
  EXPECT_THAT(node().Registered(),
              ElementsAre("a", "net_kernel", "rex", "user"));
  Send(NameAt{"a", kSelf}, 1);
  Run();
  EXPECT_THAT(a.messages, ElementsAre("1"));
  ASSERT_TRUE(node().Unregister("a").ok());
  EXPECT_FALSE(node().WhereIs("a").IsAlive());
  Send(NameAt{"a", kSelf}, 2);
  Run();
  EXPECT_THAT(a.messages, ElementsAre("1"));
}

TEST_F(ProcessTest, ANameIsFreeAgainWhenItsProcessEnds) {
  Recorder a(node());
  Recorder b(node());
  ASSERT_TRUE(node().Register("a", a.pid).ok());
  a->Exit(MakeTerm(Atom("normal")));
  EXPECT_FALSE(node().WhereIs("a").IsAlive());
  EXPECT_TRUE(node().Register("a", b.pid).ok());
}

TEST_F(ProcessTest, RegisterErrorsTellWhatIsWrong) {
  Recorder a(node());
  ASSERT_TRUE(node().Register("a", a.pid).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(node().Register("a", a.pid)));
  EXPECT_TRUE(absl::IsInvalidArgument(node().Register("", a.pid)));
  EXPECT_TRUE(absl::IsInvalidArgument(node().Register("undefined", a.pid)));
  EXPECT_TRUE(absl::IsInvalidArgument(node().Register("\xFF", a.pid)));
  EXPECT_TRUE(
      absl::IsInvalidArgument(node().Register(std::string(256, 'x'), a.pid)));
  const Pid elsewhere("other@localhost", 1, 0, 1);
  const absl::Status no_process = node().Register("b", elsewhere);
  EXPECT_TRUE(absl::IsNotFound(no_process));
  EXPECT_THAT(no_process.message(), HasSubstr("other@localhost"));
  EXPECT_TRUE(absl::IsNotFound(node().Unregister("b")));
  EXPECT_THAT(node().Registered(),
              ElementsAre("a", "net_kernel", "rex", "user"));
}

TEST_F(ProcessTest, SendErrorsTellWhatIsWrong) {
  const absl::Status no_name = harness_.Send(NameAt{"\xFF", kSelf}, 1);
  EXPECT_TRUE(absl::IsInvalidArgument(no_name));
  const absl::Status no_node = harness_.Send(NameAt{"a", "nowhere"}, 1);
  EXPECT_TRUE(absl::IsInvalidArgument(no_node)) << no_node;
}

// Aliases.

TEST_F(ProcessTest, AnAliasLeadsToItsProcessUntilItIsRemoved) {
  Recorder a(node());
  const Reference alias = a->CreateAlias();
  Send(alias, 1);
  Send(alias, 2);
  Run();
  EXPECT_TRUE(a->RemoveAlias(alias));
  EXPECT_FALSE(a->RemoveAlias(alias));
  Send(alias, 3);
  Run();
  EXPECT_THAT(a.messages, ElementsAre("1", "2"));
}

TEST_F(ProcessTest, AnAliasForOneReplyIsGoneWithTheFirst) {
  Recorder a(node());
  const Reference alias = a->CreateAlias(/*for_one_reply=*/true);
  Send(alias, 1);
  Send(alias, 2);
  Run();
  EXPECT_THAT(a.messages, ElementsAre("1"));
  EXPECT_FALSE(a->RemoveAlias(alias));
}

TEST_F(ProcessTest, OnlyItsOwnerRemovesAnAlias) {
  Recorder a(node());
  Recorder b(node());
  const Reference alias = a->CreateAlias();
  EXPECT_FALSE(b->RemoveAlias(alias));
  Reference foreign = alias;
  foreign.node = "other@localhost";
  EXPECT_FALSE(a->RemoveAlias(foreign));
  a->Exit(MakeTerm(Atom("normal")));
  Send(alias, 1);
  Run();
  EXPECT_THAT(a.messages, IsEmpty());
}

// Timers.

TEST_F(ProcessTest, ADelayedMessageComesWhenItsTimeHasCome) {
  harness_.probe().SendAfter(absl::Milliseconds(20), MakeTerm(2));
  harness_.probe().SendAfter(absl::Milliseconds(10), MakeTerm(1));
  Run();
  EXPECT_THAT(harness_.received(), IsEmpty());
  EXPECT_EQ(harness_.Await(), MakeTerm(1));
  EXPECT_EQ(harness_.Await(), MakeTerm(2));
}

TEST_F(ProcessTest, ATimerIsCancelledOnceAndOnlyInTime) {
  Process& probe = harness_.probe();
  const ProcessTimerId late =
      probe.SendAfter(absl::Milliseconds(1), MakeTerm(1));
  const ProcessTimerId soon = probe.SendAfter(absl::ZeroDuration(), Term());
  EXPECT_TRUE(probe.CancelTimer(soon));
  EXPECT_FALSE(probe.CancelTimer(soon));
  EXPECT_EQ(harness_.Await(), MakeTerm(1));
  EXPECT_FALSE(probe.CancelTimer(late));
}

TEST_F(ProcessTest, ATimerIsCancelledInTheHandlerOfAnother) {
  Recorder a(node());
  const ProcessTimerId second =
      a->SendAfter(absl::Milliseconds(1), MakeTerm(2));
  const ProcessTimerId first = a->SendAfter(absl::ZeroDuration(), MakeTerm(1));
  a.then = [&](Process& self, const TermView&) {
    EXPECT_FALSE(self.CancelTimer(first));
    EXPECT_TRUE(self.CancelTimer(second));
  };
  harness_.probe().SendAfter(absl::Milliseconds(5), MakeTerm(Atom("later")));
  harness_.Await();
  EXPECT_THAT(a.messages, ElementsAre("1"));
}

TEST_F(ProcessTest, TimersEndWithTheirProcess) {
  Recorder a(node());
  a->SendAfter(absl::ZeroDuration(), MakeTerm(1));
  a->SendAfter(absl::ZeroDuration(), MakeTerm(2));
  a.then = [](Process& self, const TermView&) {
    self.Exit(MakeTerm(Atom("normal")));
  };
  harness_.probe().SendAfter(absl::Milliseconds(5), MakeTerm(Atom("later")));
  harness_.Await();
  EXPECT_THAT(a.messages, ElementsAre("1"));
}

// Their life.

TEST_F(ProcessTest, AHandlerSpawnsOthersWithoutEnd) {
  int alive = 0;
  // Each spawns the next, tells it to, and ends.
  const auto spawn = [&](auto& again) -> Pid {
    ++alive;
    return node().Spawn([&](Process& self, const TermView& left) {
      if (*left.AsInt64() > 0) {
        EXPECT_TRUE(self.Send(again(again), *left.AsInt64() - 1).ok());
      }
      self.Exit(MakeTerm(Atom("normal")));
    });
  };
  const uint64_t before = node().statistics().processes;
  Send(spawn(spawn), 500);
  Run();
  EXPECT_EQ(alive, 501);
  EXPECT_EQ(node().statistics().processes, before);
}

TEST_F(ProcessTest, OnDeathIsToldTheReasonOnceAndNotInsideACall) {
  Recorder a(node());
  a->Exit(MakeTerm(std::tuple(Atom("my"), "reason")));
  a->Exit(MakeTerm(Atom("other")));
  EXPECT_FALSE(a->IsAlive());
  EXPECT_EQ(a.death, "");
  Run();
  EXPECT_EQ(a.death, "{my,<<\"reason\">>}");
}

TEST_F(ProcessTest, OnDeathMaySpawnAndEndOthers) {
  Recorder victim(node());
  std::optional<Pid> successor;
  ProcessOptions options;
  options.on_death = [&](const Pid& dead, const Term&) {
    EXPECT_FALSE(node().Find(dead).IsAlive());
    victim->Exit(MakeTerm(Atom("too")));
    successor = node().Spawn([](Process&, const TermView&) {});
  };
  const Pid first =
      node().Spawn([](Process&, const TermView&) {}, std::move(options));
  node().Find(first).Exit(MakeTerm(Atom("normal")));
  Run();
  EXPECT_EQ(victim.death, "too");
  ASSERT_TRUE(successor.has_value());
  EXPECT_TRUE(node().Find(*successor).IsAlive());
}

TEST_F(ProcessTest, AHandlerThatEndsItselfFinishesFirst) {
  Recorder a(node());
  std::shared_ptr<int> captured = std::make_shared<int>(1);
  const Pid pid =
      node().Spawn([&, captured](Process& self, const TermView& message) {
        EXPECT_TRUE(self.Send(a.pid, "before").ok());
        self.Exit(MakeTerm(Atom("done")));
        EXPECT_FALSE(self.IsAlive());
        EXPECT_TRUE(absl::IsNotFound(self.Send(a.pid, "after")));
        EXPECT_EQ(*captured + *message.AsInt64(), 6);
      });
  Send(pid, 5);
  Send(pid, 6);
  Run();
  EXPECT_THAT(a.messages, ElementsAre("<<\"before\">>"));
  EXPECT_EQ(captured.use_count(), 1) << "its handler is destroyed";
}

TEST_F(ProcessTest, AHandlerEndsAnother) {
  Recorder victim(node());
  Recorder a(node());
  a.then = [&](Process&, const TermView&) {
    victim->Exit(MakeTerm(Atom("shot")));
    EXPECT_FALSE(victim->IsAlive());
  };
  Send(a.pid, 1);
  Send(victim.pid, 1);
  Run();
  EXPECT_THAT(victim.messages, IsEmpty());
  EXPECT_EQ(victim.death, "shot");
}

TEST_F(ProcessTest, AHandleIsSafeWhenItsProcessHasEnded) {
  Recorder a(node());
  const Reference alias = a->CreateAlias();
  a->Exit(MakeTerm(Atom("normal")));
  Run();
  for (Process gone : {a.process, Process(), node().Find(a.pid)}) {
    EXPECT_FALSE(gone.IsAlive());
    EXPECT_EQ(gone.pid(), Pid());
    EXPECT_TRUE(absl::IsNotFound(gone.Send(harness_.pid(), 1)));
    EXPECT_EQ(gone.SendAfter(absl::ZeroDuration(), MakeTerm(1)), 0u);
    EXPECT_FALSE(gone.CancelTimer(1));
    gone.Await([](const TermView&) { return true; }, absl::ZeroDuration(),
               [](Process&, const TermView&) { FAIL(); });
    EXPECT_FALSE(gone.IsAwaiting());
    gone.Pause();
    gone.Resume();
    EXPECT_EQ(gone.mailbox_count() + gone.mailbox_bytes(), 0u);
    gone.Link(harness_.pid());
    gone.Unlink(harness_.pid());
    EXPECT_EQ(gone.Monitor(harness_.pid()), Reference());
    EXPECT_EQ(gone.Monitor(NameAt{"net_kernel", kSelf}), Reference());
    gone.Demonitor(alias);
    EXPECT_EQ(gone.CreateAlias(), Reference());
    EXPECT_FALSE(gone.RemoveAlias(alias));
    gone.TrapExits(true);
    gone.MonitorNodes(true);
    gone.Exit(MakeTerm(Atom("again")));
    gone.ExitOther(harness_.pid(), MakeTerm(Atom("kill")));
  }
  Run();
  EXPECT_THAT(harness_.received(), IsEmpty());
  EXPECT_TRUE(harness_.probe().IsAlive());
}

TEST_F(ProcessTest, ANodeEndsWithEverythingOpen) {
  auto captured = std::make_shared<int>();
  {
    ProcessHarness harness;
    Recorder a(harness.node(), TrapExits());
    Process& probe = harness.probe();
    probe.Link(a.pid);
    a->Monitor(harness.pid());
    a->Monitor(NameAt{"probe", "elsewhere@localhost"});
    probe.CreateAlias();
    probe.SendAfter(absl::ZeroDuration(), MakeTerm(1));
    probe.Await([captured](const TermView&) { return false; },
                absl::InfiniteDuration(),
                [captured](Process&, const TermView&) {});
    a->Pause();
    ASSERT_TRUE(harness.Send(a.pid, 1).ok());
    harness.RunUntilIdle();
    ASSERT_TRUE(harness.Send(a.pid, 2).ok());
    const Pid ended =
        harness.node().Spawn([captured](Process&, const TermView&) {});
    harness.node().Find(ended).Exit(MakeTerm(Atom("normal")));
  }
  EXPECT_EQ(captured.use_count(), 1);
}

}  // namespace
}  // namespace ringdist
