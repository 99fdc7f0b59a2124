#include "ringdist/runtime/connection_table.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <random>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace ringdist {
namespace {

using State = ConnectionTable::State;

NodeName Name(absl::string_view text) { return *NodeName::Parse(text); }

const char kLess[] = "a@h";
const char kOwn[] = "m@h";
const char kGreater[] = "z@h";

void ExpectInbound(ConnectionTable& table, absl::string_view peer, uint64_t id,
                   ConnectionDecision decision,
                   std::optional<uint64_t> drop = std::nullopt) {
  const ConnectionTable::InboundAnswer answer = table.Inbound(Name(peer), id);
  EXPECT_EQ(answer.decision, decision);
  EXPECT_EQ(answer.drop, drop);
}

void ExpectUp(ConnectionTable& table, uint64_t id,
              std::optional<uint64_t> replaces = std::nullopt) {
  const absl::StatusOr<std::optional<uint64_t>> old = table.Up(id);
  ASSERT_TRUE(old.ok()) << old.status();
  EXPECT_EQ(*old, replaces);
}

TEST(ConnectionTableTest, OutgoingThenUpThenGone) {
  ConnectionTable table(Name(kOwn));
  EXPECT_EQ(table.StateOf(Name(kLess)), State::kNone);
  EXPECT_TRUE(table.StartOutgoing(Name(kLess), 1));
  EXPECT_EQ(table.StateOf(Name(kLess)), State::kPending);
  EXPECT_TRUE(table.IsStillPending(1));
  ExpectUp(table, 1);
  EXPECT_EQ(table.StateOf(Name(kLess)), State::kUp);
  EXPECT_FALSE(table.IsStillPending(1));
  table.Gone(1);
  EXPECT_EQ(table.StateOf(Name(kLess)), State::kNone);
  EXPECT_EQ(table.size(), 0u);
}

TEST(ConnectionTableTest, InboundThenUpThenGone) {
  ConnectionTable table(Name(kOwn));
  ExpectInbound(table, kGreater, 1, ConnectionDecision::kOk);
  EXPECT_EQ(table.StateOf(Name(kGreater)), State::kPending);
  ExpectUp(table, 1);
  table.Gone(1);
  EXPECT_EQ(table.size(), 0u);
}

TEST(ConnectionTableTest, OutgoingIsRefusedIfThereIsSomethingAlready) {
  ConnectionTable table(Name(kOwn));
  ASSERT_TRUE(table.StartOutgoing(Name(kLess), 1));
  EXPECT_FALSE(table.StartOutgoing(Name(kLess), 2)) << "pending";
  ExpectUp(table, 1);
  EXPECT_FALSE(table.StartOutgoing(Name(kLess), 3)) << "up";
  ExpectInbound(table, kLess, 4, ConnectionDecision::kAlive);
  EXPECT_FALSE(table.StartOutgoing(Name(kLess), 5)) << "up-pending";
  EXPECT_TRUE(table.StartOutgoing(Name(kGreater), 6)) << "another peer";
  ExpectInbound(table, "other@h", 7, ConnectionDecision::kOk);
  EXPECT_FALSE(table.StartOutgoing(Name("other@h"), 8)) << "inbound pending";
}

TEST(ConnectionTableTest, ANodeNeitherDialsItselfNorAcceptsItself) {
  ConnectionTable table(Name(kOwn));
  EXPECT_FALSE(table.StartOutgoing(Name(kOwn), 1));
  ExpectInbound(table, kOwn, 2, ConnectionDecision::kNok);
  EXPECT_EQ(table.size(), 0u);
}

TEST(ConnectionTableTest, OwnNameMayComeLater) {
  ConnectionTable table((NodeName()));
  ASSERT_TRUE(table.StartOutgoing(Name(kLess), 1));
  table.SetOwnName(Name(kOwn));
  EXPECT_FALSE(table.StartOutgoing(Name(kOwn), 2));
  ExpectInbound(table, kLess, 3, ConnectionDecision::kNok);
}

TEST(ConnectionTableTest, SimultaneousConnectTheGreaterNameKeepsItsAttempt) {
  ConnectionTable table(Name(kOwn));
  ASSERT_TRUE(table.StartOutgoing(Name(kLess), 1));
  ExpectInbound(table, kLess, 2, ConnectionDecision::kNok);
  EXPECT_TRUE(table.IsStillPending(1));
  table.Gone(2);  // The refused one; the table does not know it.
  ExpectUp(table, 1);
}

TEST(ConnectionTableTest, SimultaneousConnectTheLesserNameGivesItsAttemptUp) {
  ConnectionTable table(Name(kOwn));
  ASSERT_TRUE(table.StartOutgoing(Name(kGreater), 1));
  ExpectInbound(table, kGreater, 2, ConnectionDecision::kOkSimultaneous, 1);
  EXPECT_FALSE(table.IsStillPending(1));
  EXPECT_TRUE(table.IsStillPending(2));
  table.Gone(1);  // Its end comes late and changes nothing.
  EXPECT_EQ(table.StateOf(Name(kGreater)), State::kPending);
  EXPECT_FALSE(table.Up(1).ok());
  ExpectUp(table, 2);
}

TEST(ConnectionTableTest, OrderIsThatOfErlangsAtoms) {
  // 'Z@h' < 'a@h', 'a@h' < 'a@hh', 'a@h' < 'a@é'.
  const char* const kOrdered[] = {"Z@h", "a@h", "a@hh", "a@é"};
  for (size_t own = 0; own < 4; ++own) {
    for (size_t peer = 0; peer < 4; ++peer) {
      if (own == peer) continue;
      ConnectionTable table(Name(kOrdered[own]));
      ASSERT_TRUE(table.StartOutgoing(Name(kOrdered[peer]), 1));
      EXPECT_EQ(table.Inbound(Name(kOrdered[peer]), 2).decision,
                own > peer ? ConnectionDecision::kNok
                           : ConnectionDecision::kOkSimultaneous)
          << kOrdered[own] << " is dialled by " << kOrdered[peer];
    }
  }
}

// As a real node does: cpp7@localhost and zzz@localhost dialled srv@localhost
// twice each.
TEST(ConnectionTableTest, AnEarlierInboundHandshakeCountsAsPending) {
  ConnectionTable table(Name(kOwn));
  ExpectInbound(table, kLess, 1, ConnectionDecision::kOk);
  ExpectInbound(table, kLess, 2, ConnectionDecision::kNok);
  ExpectInbound(table, kGreater, 3, ConnectionDecision::kOk);
  ExpectInbound(table, kGreater, 4, ConnectionDecision::kOkSimultaneous, 3);
  ExpectUp(table, 1);
  ExpectUp(table, 4);
}

TEST(ConnectionTableTest, ASecondConnectionReplacesTheFirstOnceItIsUp) {
  ConnectionTable table(Name(kOwn));
  ASSERT_TRUE(table.StartOutgoing(Name(kLess), 1));
  ExpectUp(table, 1);
  ExpectInbound(table, kLess, 2, ConnectionDecision::kAlive);
  EXPECT_EQ(table.StateOf(Name(kLess)), State::kUpPending);
  ExpectUp(table, 2, /*replaces=*/1);
  EXPECT_EQ(table.StateOf(Name(kLess)), State::kUp);
  table.Gone(1);  // The old one's end does not touch the new one.
  EXPECT_EQ(table.StateOf(Name(kLess)), State::kUp);
  table.Gone(2);
  EXPECT_EQ(table.size(), 0u);
}

TEST(ConnectionTableTest, ASecondConnectionThatFailsLeavesTheFirst) {
  ConnectionTable table(Name(kOwn));
  ASSERT_TRUE(table.StartOutgoing(Name(kLess), 1));
  ExpectUp(table, 1);
  ExpectInbound(table, kLess, 2, ConnectionDecision::kAlive);
  table.Gone(2);
  EXPECT_EQ(table.StateOf(Name(kLess)), State::kUp);
  ExpectInbound(table, kLess, 3, ConnectionDecision::kAlive);
  ExpectUp(table, 3, /*replaces=*/1);
}

TEST(ConnectionTableTest, TheFirstConnectionMayEndWhileTheSecondIsUnderWay) {
  ConnectionTable table(Name(kOwn));
  ASSERT_TRUE(table.StartOutgoing(Name(kLess), 1));
  ExpectUp(table, 1);
  ExpectInbound(table, kLess, 2, ConnectionDecision::kAlive);
  table.Gone(1);
  EXPECT_EQ(table.StateOf(Name(kLess)), State::kPending);
  EXPECT_TRUE(table.IsStillPending(2));
  ExpectUp(table, 2);
}

TEST(ConnectionTableTest, AThirdConnectionIsRefused) {
  ConnectionTable table(Name(kOwn));
  ASSERT_TRUE(table.StartOutgoing(Name(kLess), 1));
  ExpectUp(table, 1);
  ExpectInbound(table, kLess, 2, ConnectionDecision::kAlive);
  ExpectInbound(table, kLess, 3, ConnectionDecision::kRefuse);
  table.Gone(3);
  EXPECT_EQ(table.StateOf(Name(kLess)), State::kUpPending);
  ExpectUp(table, 2, /*replaces=*/1);
}

TEST(ConnectionTableTest, UpIsRefusedForWhatIsNoHandshakeUnderWay) {
  ConnectionTable table(Name(kOwn));
  EXPECT_EQ(table.Up(1).status().code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(table.StartOutgoing(Name(kLess), 1));
  ExpectUp(table, 1);
  EXPECT_FALSE(table.Up(1).ok()) << "up already";
  ExpectInbound(table, kLess, 2, ConnectionDecision::kAlive);
  EXPECT_FALSE(table.Up(1).ok()) << "about to be replaced";
}

TEST(ConnectionTableTest, UnknownIdsChangeNothing) {
  ConnectionTable table(Name(kOwn));
  ASSERT_TRUE(table.StartOutgoing(Name(kLess), 1));
  table.Gone(99);
  EXPECT_FALSE(table.IsStillPending(99));
  EXPECT_EQ(table.StateOf(Name(kLess)), State::kPending);
}

TEST(ConnectionTableDeathTest, AnIdIsUsedOnce) {
  ConnectionTable table(Name(kOwn));
  ASSERT_TRUE(table.StartOutgoing(Name(kLess), 1));
  EXPECT_DEATH(table.StartOutgoing(Name(kGreater), 1), "check failed");
  EXPECT_DEATH(table.Inbound(Name(kGreater), 1), "check failed");
}

// Two nodes dial each other at once, and their messages cross in any order: in
// the end both have the same one connection.
TEST(ConnectionTableTest, TwoNodesEndWithOneConnectionWhateverTheOrder) {
  const NodeName less = Name(kLess);
  const NodeName greater = Name(kGreater);
  for (const bool greater_is_asked_first : {true, false}) {
    ConnectionTable of_less(less);
    ConnectionTable of_greater(greater);
    // Connection 1 is dialled by `less`, 2 by `greater`.
    ASSERT_TRUE(of_less.StartOutgoing(greater, 1));
    ASSERT_TRUE(of_greater.StartOutgoing(less, 2));
    const auto ask_greater = [&] {
      EXPECT_EQ(of_greater.Inbound(less, 1).decision, ConnectionDecision::kNok);
    };
    const auto ask_less = [&] {
      const ConnectionTable::InboundAnswer answer = of_less.Inbound(greater, 2);
      EXPECT_EQ(answer.decision, ConnectionDecision::kOkSimultaneous);
      EXPECT_EQ(answer.drop, 1u);
    };
    if (greater_is_asked_first) ask_greater();
    ask_less();
    if (!greater_is_asked_first) ask_greater();
    ExpectUp(of_less, 2);
    ExpectUp(of_greater, 2);
    of_less.Gone(1);
    of_greater.Gone(1);
    EXPECT_EQ(of_less.StateOf(greater), State::kUp);
    EXPECT_EQ(of_greater.StateOf(less), State::kUp);
  }
}

// Random calls against what must hold after each: an id that was told to be
// dropped or replaced is forgotten, and when all ids are gone so is the table.
TEST(ConnectionTableTest, RandomCallsLeaveNothingBehind) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    std::mt19937 random(seed);
    ConnectionTable table(Name(kOwn));
    const NodeName peers[] = {Name(kLess), Name(kGreater)};
    std::set<uint64_t> live;
    uint64_t next_id = 1;
    for (int call = 0; call < 100; ++call) {
      const NodeName& peer = peers[random() % 2];
      const uint64_t known = live.empty() ? 0 : *live.begin();
      switch (random() % 4) {
        case 0:
          if (table.StartOutgoing(peer, next_id)) live.insert(next_id);
          ++next_id;
          break;
        case 1: {
          const ConnectionTable::InboundAnswer answer =
              table.Inbound(peer, next_id);
          if (answer.decision != ConnectionDecision::kNok &&
              answer.decision != ConnectionDecision::kRefuse) {
            live.insert(next_id);
          }
          if (answer.drop.has_value()) {
            EXPECT_EQ(live.erase(*answer.drop), 1u);
            EXPECT_FALSE(table.IsStillPending(*answer.drop));
          }
          ++next_id;
          break;
        }
        case 2: {
          const auto old = table.Up(known);
          if (old.ok() && old->has_value()) {
            EXPECT_EQ(live.erase(**old), 1u);
          }
          break;
        }
        case 3:
          table.Gone(known);
          live.erase(known);
          break;
      }
      ASSERT_LE(table.size(), live.size());
      ASSERT_LE(live.size(), 2 * table.size());
    }
    for (const uint64_t id : live) table.Gone(id);
    EXPECT_EQ(table.size(), 0u);
  }
}

}  // namespace
}  // namespace ringdist
