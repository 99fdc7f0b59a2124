// What processes of two nodes do to each other, over real sockets. The nodes
// are ours; what a real Erlang node makes of it is in tests/interop. Limits,
// large messages and what a peer lacks are in node_limits_test.cc.

#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/runtime/node.h"
#include "ringdist/tests/testing/message_nodes.h"
#include "ringdist/tests/testing/recorder.h"

namespace ringdist {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class NodeMessagesTest : public MessageNodesTest {
 protected:
  NodeMessagesTest() { Start(); }

  static std::string Exit(const Pid& from, const std::string& reason) {
    return "{'EXIT'," + from.ToString() + "," + reason + "}";
  }
  static std::string Down(const Reference& monitor, const std::string& whom,
                          const std::string& reason) {
    return "{'DOWN'," + monitor.ToString() + ",process," + whom + "," + reason +
           "}";
  }
};

TEST_F(NodeMessagesTest, TheFirstMessageConnectsAndNoneIsLostOrReordered) {
  Recorder to(*b_);
  Recorder from(*a_);
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(from->Send(to.pid, i).ok());
    // Some wait for the connection, some do not.
    if (i % 100 != 99) continue;
    ASSERT_TRUE(reactor_->RunOnce(absl::ZeroDuration()).ok());
  }
  ASSERT_TRUE(Wait([&] { return to.messages.size() == 1000; }));
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(to.messages[i], absl::StrCat(i));
  }
  EXPECT_EQ(a_->Nodes().size(), 1u);
}

TEST_F(NodeMessagesTest, MessagesGoToPidsNamesAndAliases) {
  Recorder to(*b_);
  Recorder from(*a_);
  ASSERT_TRUE(b_->Register("server", to.pid).ok());
  const Reference alias = to->CreateAlias();
  const Reference once = to->CreateAlias(/*for_one_reply=*/true);
  ASSERT_TRUE(from->Send(to.pid, 1).ok());
  ASSERT_TRUE(from->Send(NameAt{"server", "b@localhost"}, 2).ok());
  ASSERT_TRUE(from->Send(alias, 3).ok());
  ASSERT_TRUE(from->Send(once, 4).ok());
  ASSERT_TRUE(from->Send(once, "too late").ok());
  ASSERT_TRUE(from->Send(NameAt{"nobody", "b@localhost"}, "lost").ok());
  Pid stale = to.pid;
  stale.creation ^= 1;
  ASSERT_TRUE(from->Send(stale, "lost").ok());
  ASSERT_TRUE(a_->Send(to.pid, 5).ok());
  ASSERT_TRUE(Wait([&] { return to.messages.size() >= 5; }));
  EXPECT_THAT(to.messages, UnorderedElementsAre("1", "2", "3", "4", "5"));
}

// From the third on that are alike, messages take a shorter way.
TEST_F(NodeMessagesTest, ManyAlikeAndThenOthers) {
  Recorder first(*b_);
  Recorder second(*b_);
  Recorder from(*a_);
  Recorder other(*a_);
  const NameAt server{"server", "b@localhost"};
  std::vector<std::string> to_first;
  std::vector<std::string> to_second;
  int number = 0;
  const auto send = [&](Recorder& sender, const Destination& to,
                        std::vector<std::string>& expected) {
    for (int i = 0; i < 5; ++i) {
      ASSERT_TRUE(sender->Send(to, ++number).ok());
      expected.push_back(absl::StrCat(number));
    }
  };
  const auto settle = [&] {
    ASSERT_TRUE(Wait([&] {
      return first.messages.size() >= to_first.size() &&
             second.messages.size() >= to_second.size();
    }));
    EXPECT_EQ(first.messages, to_first);
    EXPECT_EQ(second.messages, to_second);
  };
  ASSERT_TRUE(Settle());
  ASSERT_TRUE(b_->Register("server", first.pid).ok());
  send(from, server, to_first);
  send(other, server, to_first);
  settle();
  // Nobody has the name; and then another process.
  ASSERT_TRUE(b_->Unregister("server").ok());
  std::vector<std::string> lost;
  send(other, server, lost);
  send(other, second.pid, to_second);
  settle();
  ASSERT_TRUE(b_->Register("server", second.pid).ok());
  send(other, server, to_second);
  settle();
  // Something else in between; by pids; by turns.
  ASSERT_TRUE(b_->Unregister("server").ok());
  ASSERT_TRUE(b_->Register("server", first.pid).ok());
  const Reference monitor = from->Monitor(first.pid);
  send(from, server, to_first);
  from->Demonitor(monitor);
  for (int i = 0; i < 3; ++i) {
    send(from, first.pid, to_first);
    send(from, second.pid, to_second);
    send(other, server, to_first);
  }
  send(from, NameAt{"nobody", "b@localhost"}, lost);
  settle();
  // Large ones, which go in fragments, and small ones behind them.
  for (int i = 0; i < 5; ++i) {
    const std::string text(i % 2 == 0 ? 200'000 : 10, 'x');
    ASSERT_TRUE(from->Send(server, text).ok());
    to_first.push_back(absl::StrCat("<<\"", text, "\">>"));
  }
  settle();
  // The receiver ends meanwhile.
  first->Exit(MakeTerm(Atom("normal")));
  send(from, server, lost);
  send(from, first.pid, lost);
  send(from, second.pid, to_second);
  settle();
}

TEST_F(NodeMessagesTest, AReceiverThatEndsItselfGetsNoMore) {
  Recorder from(*a_);
  Recorder to(*b_);
  to.then = [&](Process& self, const TermView&) {
    if (to.messages.size() == 7) self.Exit(MakeTerm(Atom("normal")));
  };
  ASSERT_TRUE(Settle());
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(from->Send(to.pid, i).ok());
  ASSERT_TRUE(Settle());
  EXPECT_EQ(to.messages.size(), 7u);
}

TEST_F(NodeMessagesTest, ManyAlikeThroughTwoConnections) {
  Recorder from(*a_);
  ASSERT_TRUE(Settle());
  Recorder to(*b_);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(from->Send(to.pid, i).ok());
  ASSERT_TRUE(Wait([&] { return to.messages.size() == 5; }));
  ASSERT_TRUE(a_->Disconnect(b_->name()).ok());
  ASSERT_TRUE(Wait([&] { return a_->Nodes().empty(); }));
  for (int i = 5; i < 10; ++i) ASSERT_TRUE(from->Send(to.pid, i).ok());
  ASSERT_TRUE(Wait([&] { return to.messages.size() == 10; }));
  EXPECT_THAT(to.messages,
              ElementsAre("0", "1", "2", "3", "4", "5", "6", "7", "8", "9"));
}

TEST_F(NodeMessagesTest, TermsComeAsTheyWereSent) {
  Recorder from(*a_);
  const Term sent = MakeTerm(
      std::tuple(Atom("ok"), from.pid, from->CreateAlias(), Atom("w\xC3\xB6rt"),
                 std::vector<double>{1.5, -2}, std::string(1000, 'x')));
  std::vector<Term> received;
  Recorder to(*b_);
  to.then = [&](Process& self, const TermView& message) {
    received.emplace_back(message);
    if (received.size() < 5) {
      ASSERT_TRUE(self.Send(from.pid, message).ok());
    }
  };
  from.then = [&](Process& self, const TermView& message) {
    ASSERT_TRUE(self.Send(to.pid, message).ok());
  };
  ASSERT_TRUE(from->Send(to.pid, sent).ok());
  ASSERT_TRUE(Wait([&] { return received.size() == 5; }));
  for (const Term& term : received) EXPECT_EQ(term, sent);
}

// Links.

TEST_F(NodeMessagesTest, ALinkWorksBothWays) {
  for (const bool far_dies : {false, true}) {
    Recorder near(*a_);
    Recorder far(*b_);
    near->Link(far.pid);
    ASSERT_TRUE(Settle());
    (far_dies ? far : near)->Exit(MakeTerm(std::tuple(Atom("crash"), 1)));
    ASSERT_TRUE(
        Wait([&] { return !near.death.empty() && !far.death.empty(); }));
    EXPECT_EQ(near.death, "{crash,1}");
    EXPECT_EQ(far.death, "{crash,1}");
  }
}

TEST_F(NodeMessagesTest, ALinkToNobodyIsNoproc) {
  Recorder near(*a_, TrapExits());
  Recorder far(*b_);
  far->Exit(MakeTerm(Atom("normal")));
  near->Link(far.pid);
  ASSERT_TRUE(Wait([&] { return !near.messages.empty(); }));
  EXPECT_THAT(near.messages, ElementsAre(Exit(far.pid, "noproc")));
}

TEST_F(NodeMessagesTest, UnlinkAndLinkAgainFromBothEnds) {
  Recorder near(*a_, TrapExits());
  Recorder far(*b_, TrapExits());
  near->Link(far.pid);
  ASSERT_TRUE(Settle());
  near->Unlink(far.pid);
  far->Unlink(near.pid);
  ASSERT_TRUE(Settle());
  near->Link(far.pid);
  near->Unlink(far.pid);
  near->Link(far.pid);
  ASSERT_TRUE(Settle());
  far->Unlink(near.pid);
  ASSERT_TRUE(Settle());
  far->Link(near.pid);
  ASSERT_TRUE(Settle());
  far->Exit(MakeTerm(Atom("crash")));
  ASSERT_TRUE(Settle());
  EXPECT_THAT(near.messages, ElementsAre(Exit(far.pid, "crash")));
}

TEST_F(NodeMessagesTest, AnExitThatCrossesAnUnlinkMeansNothing) {
  Recorder near(*a_);
  Recorder far(*b_);
  near->Link(far.pid);
  ASSERT_TRUE(Settle());
  near->Unlink(far.pid);
  far->Exit(MakeTerm(Atom("crash")));
  ASSERT_TRUE(Settle());
  EXPECT_EQ(near.death, "");
}

TEST_F(NodeMessagesTest, ExitSignalsOfEveryKind) {
  Recorder trapping(*b_, TrapExits());
  Recorder plain(*b_);
  Recorder from(*a_);
  from->ExitOther(trapping.pid, MakeTerm(Atom("normal")));
  from->ExitOther(trapping.pid, MakeTerm(std::string(200'000, 'r')));
  from->ExitOther(plain.pid, MakeTerm(Atom("normal")));
  ASSERT_TRUE(Wait([&] { return trapping.messages.size() == 2; }));
  EXPECT_EQ(trapping.messages[0], Exit(from.pid, "normal"));
  EXPECT_GT(trapping.messages[1].size(), 200'000u);
  EXPECT_TRUE(plain->IsAlive());
  from->ExitOther(plain.pid, MakeTerm(Atom("shutdown")));
  from->ExitOther(trapping.pid, MakeTerm(Atom("kill")));
  ASSERT_TRUE(
      Wait([&] { return !plain.death.empty() && !trapping.death.empty(); }));
  EXPECT_EQ(plain.death, "shutdown");
  EXPECT_EQ(trapping.death, "killed");
}

// Monitors.

TEST_F(NodeMessagesTest, MonitorsByPidAndName) {
  Recorder near(*a_);
  Recorder far(*b_);
  ASSERT_TRUE(b_->Register("server", far.pid).ok());
  const Reference by_pid = near->Monitor(far.pid);
  const Reference by_name = near->Monitor(NameAt{"server", "b@localhost"});
  const Reference taken_back = near->Monitor(far.pid);
  const Reference nobody = near->Monitor(NameAt{"nobody", "b@localhost"});
  near->Demonitor(taken_back);
  ASSERT_TRUE(Settle());
  EXPECT_THAT(near.messages,
              ElementsAre(Down(nobody, "{nobody,b@localhost}", "noproc")));
  far->Exit(MakeTerm(Atom("crash")));
  ASSERT_TRUE(Settle());
  EXPECT_THAT(
      near.messages,
      UnorderedElementsAre(Down(nobody, "{nobody,b@localhost}", "noproc"),
                           Down(by_pid, far.pid.ToString(), "crash"),
                           Down(by_name, "{server,b@localhost}", "crash")));
}

TEST_F(NodeMessagesTest, TenThousandMonitorsOnOneProcessThatDies) {
  constexpr int kMonitors = 10'000;
  Recorder far(*b_);
  int fired = 0;
  for (int i = 0; i < kMonitors; ++i) {
    const Pid pid = a_->Spawn([&](Process&, const TermView& message) {
      EXPECT_TRUE(message.IsTuple(5));
      ++fired;
    });
    a_->Find(pid).Monitor(far.pid);
  }
  ASSERT_TRUE(Settle());
  far->Exit(MakeTerm(Atom("crash")));
  ASSERT_TRUE(Settle());
  EXPECT_EQ(fired, kMonitors);
}

// Nodes that come and go.

TEST_F(NodeMessagesTest, WhenItsNodeGoesEverythingIsNoConnection) {
  Recorder near(*a_, TrapExits());
  Recorder linked(*a_);
  Recorder far(*b_);
  near->Link(far.pid);
  linked->Link(far.pid);
  const Reference by_pid = near->Monitor(far.pid);
  const Reference by_name = near->Monitor(NameAt{"net_kernel", "b@localhost"});
  const Reference from_far = far->Monitor(near.pid);
  ASSERT_TRUE(Settle());
  ASSERT_TRUE(a_->Disconnect(b_->name()).ok());
  ASSERT_TRUE(Wait([&] { return !far.death.empty(); }));
  EXPECT_THAT(near.messages,
              UnorderedElementsAre(
                  Exit(far.pid, "noconnection"),
                  Down(by_pid, far.pid.ToString(), "noconnection"),
                  Down(by_name, "{net_kernel,b@localhost}", "noconnection")));
  EXPECT_EQ(linked.death, "noconnection");
  EXPECT_EQ(far.death, "noconnection");
  // And once: the next connection knows nothing of it.
  near.messages.clear();
  ASSERT_TRUE(Settle());
  ASSERT_TRUE(a_->Disconnect(b_->name()).ok());
  ASSERT_TRUE(Wait([&] { return b_->Nodes().empty(); }));
  EXPECT_THAT(near.messages, IsEmpty());
}

TEST_F(NodeMessagesTest, WhatWaitsForANodeThatIsNotThereIsDroppedAndTold) {
  Recorder near(*a_, TrapExits());
  const Pid nowhere("nowhere@localhost", 1, 0, 1);
  ASSERT_TRUE(near->Send(nowhere, "lost").ok());
  near->Link(nowhere);
  const Reference by_pid = near->Monitor(nowhere);
  const Reference taken_back = near->Monitor(nowhere);
  near->Demonitor(taken_back);
  EXPECT_THAT(near.messages, IsEmpty()) << "inside the call";
  ASSERT_TRUE(Wait([&] { return near.messages.size() >= 2; }));
  EXPECT_THAT(
      near.messages,
      UnorderedElementsAre(Exit(nowhere, "noconnection"),
                           Down(by_pid, nowhere.ToString(), "noconnection")));
  EXPECT_EQ(setup_failures_, 1);
  EXPECT_EQ(a_->statistics().waiting_bytes, 0u);
}

TEST_F(NodeMessagesTest, AHandlerThatIsToldOfTheEndConnectsAnew) {
  Recorder near(*a_);
  Recorder far(*b_);
  near.then = [&](Process& self, const TermView& message) {
    if (!message.IsTuple(5)) return;
    self.Monitor(far.pid);
    self.Link(far.pid);
    EXPECT_TRUE(self.Send(far.pid, "back").ok());
  };
  near->Monitor(far.pid);
  ASSERT_TRUE(Settle());
  ASSERT_TRUE(a_->Disconnect(b_->name()).ok());
  ASSERT_TRUE(Wait([&] { return !far.messages.empty(); }));
  EXPECT_THAT(far.messages, ElementsAre("<<\"back\">>"));
  ASSERT_TRUE(Settle());
  far->Exit(MakeTerm(Atom("crash")));
  ASSERT_TRUE(Wait([&] { return !near.death.empty(); }));
  EXPECT_EQ(near.death, "crash");
}

TEST_F(NodeMessagesTest, WhoAskedHearsOfNodes) {
  Recorder near(*a_);
  Recorder deaf(*a_);
  near->MonitorNodes(true);
  deaf->MonitorNodes(true);
  deaf->MonitorNodes(false);
  // What is sent at the news arrives, too.
  Recorder far(*b_);
  near.then = [&](Process& self, const TermView& message) {
    if (Matches(message, std::tuple(Atom("nodeup"), Any()))) {
      EXPECT_TRUE(self.Send(far.pid, "welcome").ok());
    }
  };
  ASSERT_TRUE(b_->Connect(a_->name()).ok());
  ASSERT_TRUE(Wait([&] { return !far.messages.empty(); }));
  ASSERT_TRUE(b_->Disconnect(a_->name()).ok());
  ASSERT_TRUE(Wait([&] { return near.messages.size() == 2; }));
  EXPECT_THAT(near.messages,
              ElementsAre("{nodeup,b@localhost}", "{nodedown,b@localhost}"));
  EXPECT_THAT(deaf.messages, IsEmpty());
}

TEST_F(NodeMessagesTest, BothConnectAtOnce) {
  for (int round = 0; round < 20; ++round) {
    Recorder near(*a_);
    Recorder far(*b_);
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(near->Send(far.pid, i).ok());
      ASSERT_TRUE(far->Send(near.pid, i).ok());
    }
    ASSERT_TRUE(Wait([&] {
      return near.messages.size() + far.messages.size() == 6;
    })) << "round "
        << round;
    EXPECT_THAT(near.messages, ElementsAre("0", "1", "2"));
    EXPECT_THAT(far.messages, ElementsAre("0", "1", "2"));
    near->Exit(MakeTerm(Atom("normal")));
    far->Exit(MakeTerm(Atom("normal")));
    ASSERT_TRUE(a_->Disconnect(b_->name()).ok());
    ASSERT_TRUE(
        Wait([&] { return a_->Nodes().empty() && b_->Nodes().empty(); }));
  }
}

TEST_F(NodeMessagesTest, ANodeEndsWithEverythingOpen) {
  Recorder near(*a_, TrapExits());
  Recorder far(*b_, TrapExits());
  near->Link(far.pid);
  near->Monitor(far.pid);
  far->Monitor(near.pid);
  ASSERT_TRUE(Settle());
  far->Pause();
  ASSERT_TRUE(near->Send(far.pid, std::string(3'000'000, 'x')).ok());
  ASSERT_TRUE(near->Send(far.pid, "behind").ok());
  near->Send(Pid("nowhere@localhost", 1, 0, 1), 1).IgnoreError();
  ASSERT_TRUE(reactor_->RunOnce(absl::ZeroDuration()).ok());
  b_.reset();
  ASSERT_TRUE(Wait([&] { return near.messages.size() == 2; }));
  EXPECT_EQ(far.death, "") << "without a word";
}

}  // namespace
}  // namespace ringdist
