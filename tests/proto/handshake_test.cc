// HandshakeInitiator against HandshakeAcceptor: all combinations of what two
// nodes can be, with their bytes cut in every way, and the first data packet
// right behind the handshake.

#include "ringdist/proto/handshake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/framing.h"
#include "ringdist/tests/testing/splits.h"

namespace ringdist {
namespace {

using Next = HandshakeStep::Next;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr uint32_t kDialsCreation = 0x11111111;
constexpr uint32_t kAcceptsCreation = 0x22222222;
constexpr uint32_t kGivenCreation = 0x33333333;
constexpr uint64_t kAllFlags = kKnownFlags & ~kDflagNameMe;

NodeName Name(absl::string_view text) { return *NodeName::Parse(text); }

// Two nodes, and what their owners answer.
struct Scenario {
  LocalNode dials;
  LocalNode accepts;
  std::optional<int> peer_version = 6;  // What the dialling node knows.
  ConnectionDecision decision = ConnectionDecision::kOk;
  bool still_pending = true;
};

Scenario TwoNodes() {
  Scenario scenario;
  scenario.dials.name = Name("dials@h");
  scenario.dials.creation = kDialsCreation;
  scenario.dials.cookie = "cookie";
  scenario.accepts.name = Name("accepts@h");
  scenario.accepts.creation = kAcceptsCreation;
  scenario.accepts.cookie = "cookie";
  return scenario;
}

HandshakeStep Answer(HandshakeInitiator& handshake, const Scenario& scenario,
                     Next question) {
  EXPECT_EQ(question, Next::kAskStillPending);
  return handshake.AnswerStillPending(scenario.still_pending);
}

HandshakeStep Answer(HandshakeAcceptor& handshake, const Scenario& scenario,
                     Next question) {
  if (question == Next::kAskName) {
    return handshake.GiveName(
        Name(absl::StrCat("GIVEN@", handshake.peer_host())), kGivenCreation);
  }
  EXPECT_EQ(question, Next::kAskConnection);
  return handshake.Decide(scenario.decision);
}

// One side with its decoder, as an owner runs it. Once up it sends one data
// packet.
template <typename Handshake>
class Side {
 public:
  Side(Handshake handshake, const Scenario& scenario)
      : handshake_(std::move(handshake)), scenario_(scenario) {}

  void Take(HandshakeStep step) {
    while (true) {
      sent_ += step.send;
      last_ = step;
      const bool asks = step.next == Next::kAskStillPending ||
                        step.next == Next::kAskConnection ||
                        step.next == Next::kAskName;
      if (!asks) break;
      step = Answer(handshake_, scenario_, step.next);
    }
    if (last_.next == Next::kUp) {
      decoder_.SwitchToData();
      sent_ += absl::StrCat(absl::string_view("\0\0\0\4", 4), "data");
    }
  }

  void Receive(absl::string_view input) {
    absl::string_view packet;
    while (last_.next != Next::kFailed) {
      const PacketDecoder::Result result = decoder_.Next(input, packet);
      if (result != PacketDecoder::Result::kPacket) break;
      if (last_.next == Next::kUp) {
        data_.emplace_back(packet);
      } else {
        Take(handshake_.OnPacket(packet));
      }
    }
  }

  Handshake& handshake() { return handshake_; }
  const HandshakeStep& last() const { return last_; }
  const std::string& sent() const { return sent_; }
  const std::vector<std::string>& data() const { return data_; }

 private:
  Handshake handshake_;
  const Scenario& scenario_;
  PacketDecoder decoder_{1000};
  HandshakeStep last_{Next::kWaitForPacket, "", absl::OkStatus()};
  std::string sent_;
  std::vector<std::string> data_;
};

Side<HandshakeInitiator> InitiatorOf(const Scenario& scenario) {
  return Side(HandshakeInitiator(scenario.dials, scenario.accepts.name,
                                 scenario.peer_version, 0xAAAAAAAA),
              scenario);
}

Side<HandshakeAcceptor> AcceptorOf(const Scenario& scenario) {
  return Side(HandshakeAcceptor(scenario.accepts, 0xBBBBBBBB), scenario);
}

struct Outcome {
  HandshakeStep initiator;  // The last step of each.
  HandshakeStep acceptor;
  HandshakeResult initiator_result;
  HandshakeResult acceptor_result;
};

// Feeds each side, cut in every way, what the other one sent when they ran
// together: it must come to the same end and send the same bytes.
void ReplayInEverySplit(const Scenario& scenario,
                        const Side<HandshakeInitiator>& initiator,
                        const Side<HandshakeAcceptor>& acceptor) {
  for (const Split& split : AllSplits(acceptor.sent())) {
    SCOPED_TRACE(absl::StrCat("to the initiator: ", split.name));
    Side<HandshakeInitiator> side = InitiatorOf(scenario);
    side.Take(side.handshake().Start());
    for (const absl::string_view piece : split.Pieces()) side.Receive(piece);
    EXPECT_EQ(side.last().next, initiator.last().next);
    EXPECT_EQ(side.sent(), initiator.sent());
    EXPECT_EQ(side.data(), initiator.data());
  }
  for (const Split& split : AllSplits(initiator.sent())) {
    SCOPED_TRACE(absl::StrCat("to the acceptor: ", split.name));
    Side<HandshakeAcceptor> side = AcceptorOf(scenario);
    for (const absl::string_view piece : split.Pieces()) side.Receive(piece);
    EXPECT_EQ(side.last().next, acceptor.last().next);
    EXPECT_EQ(side.sent(), acceptor.sent());
    EXPECT_EQ(side.data(), acceptor.data());
  }
}

Outcome RunBoth(const Scenario& scenario) {
  Side<HandshakeInitiator> initiator = InitiatorOf(scenario);
  Side<HandshakeAcceptor> acceptor = AcceptorOf(scenario);
  initiator.Take(initiator.handshake().Start());
  size_t to_acceptor = 0;
  size_t to_initiator = 0;
  while (to_acceptor < initiator.sent().size() ||
         to_initiator < acceptor.sent().size()) {
    const std::string there = initiator.sent().substr(to_acceptor);
    to_acceptor += there.size();
    acceptor.Receive(there);
    const std::string back = acceptor.sent().substr(to_initiator);
    to_initiator += back.size();
    initiator.Receive(back);
  }
  ReplayInEverySplit(scenario, initiator, acceptor);
  if (initiator.last().next == Next::kUp) {
    EXPECT_THAT(initiator.data(), ElementsAre("data"));
    EXPECT_THAT(acceptor.data(), ElementsAre("data"));
  }
  return {initiator.last(), acceptor.last(), initiator.handshake().result(),
          acceptor.handshake().result()};
}

// Both are up and agree on what the connection is.
void ExpectBothUp(const Outcome& outcome) {
  ASSERT_EQ(outcome.initiator.next, Next::kUp) << outcome.initiator.error;
  ASSERT_EQ(outcome.acceptor.next, Next::kUp) << outcome.acceptor.error;
  const HandshakeResult& initiator = outcome.initiator_result;
  const HandshakeResult& acceptor = outcome.acceptor_result;
  EXPECT_EQ(initiator.flags, acceptor.flags);
  EXPECT_EQ(initiator.peer, acceptor.own_name);
  EXPECT_EQ(acceptor.peer, initiator.own_name);
  EXPECT_EQ(initiator.peer_protocol_version, acceptor.peer_protocol_version);
  EXPECT_EQ(initiator.replaces_old_connection,
            acceptor.replaces_old_connection);
  EXPECT_EQ(initiator.named_by_peer, acceptor.named_peer);
  if (initiator.peer_protocol_version == 6) {
    EXPECT_EQ(initiator.peer_creation, acceptor.own_creation);
    EXPECT_EQ(acceptor.peer_creation, initiator.own_creation);
  } else {
    EXPECT_EQ(initiator.peer_creation, 0u);
    EXPECT_EQ(acceptor.peer_creation, 0u);
  }
}

TEST(HandshakeTest, TwoNodesOfVersionSix) {
  const Outcome outcome = RunBoth(TwoNodes());
  ExpectBothUp(outcome);
  EXPECT_EQ(outcome.initiator_result.flags, kHiddenNodeFlags);
}

TEST(HandshakeTest, TwoNodesOfVersionFive) {
  Scenario scenario = TwoNodes();
  scenario.dials.protocol_version = 5;
  scenario.accepts.protocol_version = 5;
  for (const std::optional<int> known :
       {std::optional<int>(), std::optional<int>(5)}) {
    scenario.peer_version = known;
    const Outcome outcome = RunBoth(scenario);
    ExpectBothUp(outcome);
    EXPECT_EQ(outcome.initiator_result.peer_protocol_version, 5);
    EXPECT_EQ(outcome.initiator_result.flags,
              VersionFiveFlags(kHiddenNodeFlags));
  }
}

TEST(HandshakeTest, VersionSixWithThePeersVersionUnknown) {
  Scenario scenario = TwoNodes();
  scenario.dials.flags = kAllFlags;
  scenario.accepts.flags = kAllFlags;
  scenario.accepts.mandatory_flags = kMandatoryOtp26;
  scenario.peer_version = std::nullopt;
  const Outcome outcome = RunBoth(scenario);
  ExpectBothUp(outcome);
  EXPECT_EQ(outcome.initiator_result.peer_protocol_version, 6);
  EXPECT_EQ(outcome.initiator_result.flags, kAllFlags)
      << "the complement brought the upper half";
}

// Which pairs of versions come to terms, with HANDSHAKE_23 mandatory for the
// nodes of version 6 as since OTP 25, and without it.
TEST(HandshakeTest, MixedVersions) {
  const struct {
    int dials;
    int accepts;
    std::optional<int> known;
    bool up_if_strict;
    bool up_if_lenient;
    int version;
  } kCases[] = {
      {6, 6, 6, true, true, 6},
      {6, 6, 5, true, true, 6},
      {6, 6, std::nullopt, true, true, 6},
      {6, 5, 6, false, false, 0},  // 'N' to a node that does not know it.
      {6, 5, 5, false, true, 5},
      {6, 5, std::nullopt, false, true, 5},
      {5, 6, 6, false, true, 5},
      {5, 6, 5, false, true, 5},
      {5, 6, std::nullopt, false, true, 5},
      {5, 5, 6, true, true, 5},
      {5, 5, 5, true, true, 5},
      {5, 5, std::nullopt, true, true, 5},
  };
  for (const auto& c : kCases) {
    for (const bool strict : {true, false}) {
      SCOPED_TRACE(absl::StrCat(c.dials, " dials ", c.accepts, ", believes ",
                                c.known.value_or(0), strict ? " strict" : ""));
      Scenario scenario = TwoNodes();
      scenario.dials.protocol_version = c.dials;
      scenario.accepts.protocol_version = c.accepts;
      scenario.peer_version = c.known;
      if (!strict) {
        scenario.dials.mandatory_flags &= ~kDflagHandshake23;
        scenario.accepts.mandatory_flags &= ~kDflagHandshake23;
      }
      const Outcome outcome = RunBoth(scenario);
      if (strict ? c.up_if_strict : c.up_if_lenient) {
        ExpectBothUp(outcome);
        EXPECT_EQ(outcome.initiator_result.peer_protocol_version, c.version);
      } else {
        EXPECT_TRUE(outcome.initiator.next == Next::kFailed ||
                    outcome.acceptor.next == Next::kFailed);
        EXPECT_NE(outcome.initiator.next, Next::kUp);
        EXPECT_NE(outcome.acceptor.next, Next::kUp);
      }
    }
  }
}

// Everything that can go well, combined.
TEST(HandshakeTest, AllCombinationsThatGoWell) {
  for (const std::optional<int> known :
       {std::optional<int>(6), std::optional<int>(5), std::optional<int>()}) {
    for (const ConnectionDecision decision :
         {ConnectionDecision::kOk, ConnectionDecision::kOkSimultaneous,
          ConnectionDecision::kAlive}) {
      for (const bool on_allow_list : {false, true}) {
        Scenario scenario = TwoNodes();
        scenario.peer_version = known;
        scenario.decision = decision;
        if (on_allow_list) scenario.accepts.allowed = {Name("dials@h")};
        SCOPED_TRACE(absl::StrCat("peer's version ", known.value_or(0),
                                  ", decision ", static_cast<int>(decision)));
        const Outcome outcome = RunBoth(scenario);
        ExpectBothUp(outcome);
        EXPECT_EQ(outcome.initiator_result.replaces_old_connection,
                  decision == ConnectionDecision::kAlive);
      }
    }
  }
}

TEST(HandshakeTest, TheAcceptorNamesTheInitiator) {
  Scenario scenario = TwoNodes();
  scenario.dials.name = NodeName();
  scenario.dials.creation = 0;
  scenario.dials.host = "hést";
  scenario.dials.flags = kVisibleNodeFlags;
  scenario.accepts.flags = kVisibleNodeFlags;
  const Outcome outcome = RunBoth(scenario);
  ExpectBothUp(outcome);
  EXPECT_TRUE(outcome.initiator_result.named_by_peer);
  EXPECT_EQ(outcome.initiator_result.own_name.full(), "GIVEN@hést");
  EXPECT_EQ(outcome.initiator_result.own_creation, kGivenCreation);
  EXPECT_EQ(outcome.initiator_result.flags, kHiddenNodeFlags | kDflagNameMe);
}

TEST(HandshakeTest, NamesBeyondAsciiAndAsLongAsTheyGet) {
  for (const std::string& full :
       {std::string("a@hést"), absl::StrCat("a@", std::string(253, 'h')),
        absl::StrCat(std::string(253, 'a'), "@h")}) {
    Scenario scenario = TwoNodes();
    scenario.dials.name = Name(full);
    ExpectBothUp(RunBoth(scenario));
    scenario = TwoNodes();
    scenario.accepts.name = Name(full);
    ExpectBothUp(RunBoth(scenario));
  }
}

TEST(HandshakeTest, NokLeavesTheInitiatorWaiting) {
  Scenario scenario = TwoNodes();
  scenario.decision = ConnectionDecision::kNok;
  const Outcome outcome = RunBoth(scenario);
  EXPECT_EQ(outcome.acceptor.next, Next::kFailed);
  EXPECT_EQ(outcome.initiator.next, Next::kWaitToBeSuperseded);
}

TEST(HandshakeTest, AliveForAnAttemptThatIsNoLongerPendingEndsBoth) {
  Scenario scenario = TwoNodes();
  scenario.decision = ConnectionDecision::kAlive;
  scenario.still_pending = false;
  const Outcome outcome = RunBoth(scenario);
  EXPECT_EQ(outcome.initiator.error.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(outcome.acceptor.error.code(), absl::StatusCode::kAborted);
}

TEST(HandshakeTest, WhoIsNotOnTheAllowListIsTold) {
  Scenario scenario = TwoNodes();
  scenario.accepts.allowed = {Name("other@h")};
  const Outcome outcome = RunBoth(scenario);
  EXPECT_EQ(outcome.initiator.error.code(),
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(outcome.acceptor.error.code(), absl::StatusCode::kPermissionDenied);
}

TEST(HandshakeTest, TheAcceptorFindsOutThatCookiesDiffer) {
  Scenario scenario = TwoNodes();
  scenario.dials.cookie = "another";
  const Outcome outcome = RunBoth(scenario);
  EXPECT_EQ(outcome.acceptor.error.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(outcome.acceptor.send, "") << "no ack without the right digest";
  EXPECT_EQ(outcome.initiator.next, Next::kWaitForPacket);
}

TEST(HandshakeTest, MissingFlagsAreFoundByEitherSide) {
  Scenario scenario = TwoNodes();
  scenario.accepts.mandatory_flags |= kDflagSpawn;
  Outcome outcome = RunBoth(scenario);
  EXPECT_THAT(std::string(outcome.acceptor.error.message()),
              HasSubstr("dials@h: it lacks SPAWN: required by this node"));
  EXPECT_EQ(outcome.initiator.error.code(),
            absl::StatusCode::kPermissionDenied);

  // With a complement it is found later, and still told.
  scenario.peer_version = std::nullopt;
  outcome = RunBoth(scenario);
  EXPECT_THAT(std::string(outcome.acceptor.error.message()),
              HasSubstr("dials@h: it lacks SPAWN"));
  EXPECT_THAT(std::string(outcome.initiator.error.message()),
              HasSubstr("not_allowed"));

  scenario = TwoNodes();
  scenario.dials.mandatory_flags |= kDflagSpawn;
  outcome = RunBoth(scenario);
  EXPECT_THAT(std::string(outcome.initiator.error.message()),
              HasSubstr("accepts@h: it lacks SPAWN: required by this node"));
}

}  // namespace
}  // namespace ringdist
