// HandshakeInitiator against what a real node sent, and against everything that
// a peer may get wrong.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "ringdist/proto/handshake.h"
#include "ringdist/tests/testing/golden_handshake.h"
#include "ringdist/tests/testing/packets.h"

namespace ringdist {
namespace {

using Next = HandshakeStep::Next;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

NodeName Name(absl::string_view text) { return *NodeName::Parse(text); }

// The script that the golden bytes were exchanged with.
LocalNode Cpp() {
  LocalNode local;
  local.name = Name("cpp@localhost");
  local.creation = golden::kInitiatorCreation;
  local.flags = golden::kScriptFlags;
  local.cookie = std::string(golden::kCookie);
  return local;
}

LocalNode Nameless() {
  LocalNode local = Cpp();
  local.name = NodeName();
  local.host = "localhost";
  local.creation = 0;
  return local;
}

LocalNode VersionFive() {
  LocalNode local = Cpp();
  local.protocol_version = 5;
  return local;
}

HandshakeInitiator Dial(LocalNode local, std::optional<int> peer_version = 6) {
  return HandshakeInitiator(std::move(local), Name("srv@localhost"),
                            peer_version, golden::kScriptChallenge);
}

// The step after `bodies`, of which only the last may fail.
template <typename... Bodies>
HandshakeStep Feed(HandshakeInitiator& handshake, const Bodies&... bodies) {
  HandshakeStep step = handshake.Start();
  const auto feed = [&](absl::string_view body) {
    EXPECT_EQ(step.next, Next::kWaitForPacket) << step.error;
    if (step.next == Next::kWaitForPacket) step = handshake.OnPacket(body);
  };
  (feed(bodies), ...);
  return step;
}

void ExpectFailure(const HandshakeStep& step, absl::StatusCode code,
                   absl::string_view text) {
  EXPECT_EQ(step.next, Next::kFailed);
  EXPECT_EQ(step.error.code(), code) << step.error;
  EXPECT_THAT(std::string(step.error.message()), HasSubstr(std::string(text)));
  EXPECT_THAT(std::string(step.error.message()),
              HasSubstr("handshake with srv@localhost: "));
}

// The challenge of a peer that is all right but for what the test changes.
ChallengeV6 GoodChallenge() {
  return {kHiddenNodeFlags, 1, golden::kAcceptorCreation,
          Name("srv@localhost")};
}

std::string GoodAck() {
  return Encode(
      ChallengeAck{*CookieDigest(golden::kCookie, golden::kScriptChallenge)});
}

TEST(HandshakeInitiatorTest, WithARealNode) {
  HandshakeInitiator handshake = Dial(Cpp());
  HandshakeStep step = handshake.Start();
  EXPECT_EQ(step.next, Next::kWaitForPacket);
  EXPECT_THAT(HandshakeBodies(step.send),
              ElementsAre(Encode(SendNameV6{golden::kScriptFlags,
                                            golden::kInitiatorCreation,
                                            Name("cpp@localhost")})));
  step = handshake.OnPacket(golden::StatusOk());
  EXPECT_EQ(step.next, Next::kWaitForPacket);
  EXPECT_EQ(step.send, "");
  step = handshake.OnPacket(golden::Challenge());
  EXPECT_EQ(step.next, Next::kWaitForPacket);
  EXPECT_THAT(HandshakeBodies(step.send),
              ElementsAre(golden::ReplyToChallenge()));
  step = handshake.OnPacket(golden::Ack());
  EXPECT_EQ(step.next, Next::kUp);
  EXPECT_EQ(step.send, "");
  EXPECT_TRUE(step.error.ok());

  const HandshakeResult& result = handshake.result();
  EXPECT_EQ(result.own_name.full(), "cpp@localhost");
  EXPECT_EQ(result.own_creation, golden::kInitiatorCreation);
  EXPECT_FALSE(result.named_by_peer);
  EXPECT_EQ(result.peer.full(), "srv@localhost");
  EXPECT_EQ(result.peer_creation, 0xB1F77E13u);
  EXPECT_EQ(result.peer_flags, 0xD07DF7FBDu);
  EXPECT_EQ(result.peer_protocol_version, 6);
  EXPECT_EQ(result.flags, golden::kScriptFlags);
  EXPECT_FALSE(result.replaces_old_connection);
}

TEST(HandshakeInitiatorTest, IsNamedByARealNode) {
  HandshakeInitiator handshake = Dial(Nameless());
  HandshakeStep step = handshake.Start();
  EXPECT_THAT(
      HandshakeBodies(step.send),
      ElementsAre(Encode(SendNameDynamic{golden::kScriptFlags, "localhost"})));
  step = handshake.OnPacket(golden::StatusNamed());
  EXPECT_EQ(step.next, Next::kWaitForPacket);
  step = handshake.OnPacket(golden::ChallengeToNamed());
  EXPECT_THAT(HandshakeBodies(step.send),
              ElementsAre(golden::ReplyToChallengeToNamed()));
  EXPECT_EQ(handshake.OnPacket(golden::Ack()).next, Next::kUp);
  EXPECT_TRUE(handshake.result().named_by_peer);
  EXPECT_EQ(handshake.result().own_name.full(), "3OTW8H2E658W2@localhost");
  EXPECT_EQ(handshake.result().own_creation, 0x552F4AD8u);
  EXPECT_EQ(handshake.result().flags, golden::kScriptFlags | kDflagNameMe);
}

TEST(HandshakeInitiatorTest, GoesOnAfterOkSimultaneous) {
  HandshakeInitiator handshake = Dial(Cpp());
  EXPECT_EQ(Feed(handshake, golden::StatusOkSimultaneous(), golden::Challenge(),
                 golden::Ack())
                .next,
            Next::kUp);
}

TEST(HandshakeInitiatorTest, AnswersAliveWithTrueIfStillPending) {
  HandshakeInitiator handshake = Dial(Cpp());
  HandshakeStep step = Feed(handshake, golden::StatusAlive());
  EXPECT_EQ(step.next, Next::kAskStillPending);
  EXPECT_EQ(step.send, "");
  step = handshake.AnswerStillPending(true);
  EXPECT_EQ(step.next, Next::kWaitForPacket);
  EXPECT_THAT(HandshakeBodies(step.send), ElementsAre("strue"));
  EXPECT_EQ(handshake.OnPacket(golden::Challenge()).next, Next::kWaitForPacket);
  EXPECT_EQ(handshake.OnPacket(golden::Ack()).next, Next::kUp);
  EXPECT_TRUE(handshake.result().replaces_old_connection);
}

TEST(HandshakeInitiatorTest, AnswersAliveWithFalseIfNot) {
  HandshakeInitiator handshake = Dial(Cpp());
  Feed(handshake, golden::StatusAlive());
  const HandshakeStep step = handshake.AnswerStillPending(false);
  ExpectFailure(step, absl::StatusCode::kAborted, "no longer");
  EXPECT_THAT(HandshakeBodies(step.send), ElementsAre("sfalse"));
}

TEST(HandshakeInitiatorTest, APacketBeforeTheAnswerToAliveIsRefused) {
  HandshakeInitiator handshake = Dial(Cpp());
  Feed(handshake, golden::StatusAlive());
  ExpectFailure(handshake.OnPacket(golden::Challenge()),
                absl::StatusCode::kInvalidArgument, "had to wait");
}

TEST(HandshakeInitiatorTest, AfterNokWaitsToBeSuperseded) {
  HandshakeInitiator handshake = Dial(Cpp());
  const HandshakeStep step = Feed(handshake, golden::StatusNok());
  EXPECT_EQ(step.next, Next::kWaitToBeSuperseded);
  EXPECT_EQ(step.send, "");
  EXPECT_EQ(handshake.Awaits(), "its own attempt to connect, which goes first");
  ExpectFailure(handshake.OnPacket(golden::Challenge()),
                absl::StatusCode::kInvalidArgument, "had to wait");
}

TEST(HandshakeInitiatorTest, NotAllowedIsTheEnd) {
  for (const LocalNode& local : {Cpp(), Nameless()}) {
    HandshakeInitiator handshake = Dial(local);
    ExpectFailure(Feed(handshake, golden::StatusNotAllowed()),
                  absl::StatusCode::kPermissionDenied, "allow-list");
  }
}

TEST(HandshakeInitiatorTest, EveryOtherStatusIsTheEnd) {
  for (const absl::string_view body :
       {"", "s", "sbogus", "strue", "sfalse", "soky", "so", "ok", "t",
        "snamed:", "a1234567890123456"}) {
    HandshakeInitiator handshake = Dial(Cpp());
    const HandshakeStep step = Feed(handshake, body);
    ExpectFailure(step, absl::StatusCode::kInvalidArgument, "status");
    EXPECT_EQ(step.send, "") << body;
  }
}

TEST(HandshakeInitiatorTest, ANameForANodeThatHasOneIsRefused) {
  HandshakeInitiator handshake = Dial(Cpp());
  ExpectFailure(Feed(handshake, golden::StatusNamed()),
                absl::StatusCode::kInvalidArgument,
                "named this node 3OTW8H2E658W2@localhost, which has a name");
}

TEST(HandshakeInitiatorTest, ANameAtAnotherHostIsRefused) {
  LocalNode local = Nameless();
  local.host = "elsewhere";
  HandshakeInitiator handshake = Dial(local);
  ExpectFailure(Feed(handshake, golden::StatusNamed()),
                absl::StatusCode::kInvalidArgument, "whose host is elsewhere");
}

TEST(HandshakeInitiatorTest, ANodeThatAsksForANameTakesNothingElse) {
  for (const std::string& body :
       {golden::StatusOk(), golden::StatusOkSimultaneous(), golden::StatusNok(),
        golden::StatusAlive()}) {
    HandshakeInitiator handshake = Dial(Nameless());
    ExpectFailure(Feed(handshake, body), absl::StatusCode::kInvalidArgument,
                  "asked for a name");
  }
}

TEST(HandshakeInitiatorTest, WhoeverNamesANodeSetsNameMe) {
  HandshakeInitiator handshake = Dial(Nameless());
  ExpectFailure(Feed(handshake, golden::StatusNamed(), Encode(GoodChallenge())),
                absl::StatusCode::kInvalidArgument, "lacks NAME_ME");
}

TEST(HandshakeInitiatorTest, AChallengeWithAnotherNameIsRefused) {
  ChallengeV6 challenge = GoodChallenge();
  challenge.name = Name("srw@localhost");
  HandshakeInitiator handshake = Dial(Cpp());
  ExpectFailure(Feed(handshake, golden::StatusOk(), Encode(challenge)),
                absl::StatusCode::kInvalidArgument,
                "calls itself srw@localhost; dial it by that name");
}

TEST(HandshakeInitiatorTest, EachMandatoryFlagIsRequired) {
  LocalNode local = Cpp();
  local.mandatory_flags = kMandatoryOtp26;
  for (int bit = 0; bit < 64; ++bit) {
    const uint64_t flag = uint64_t{1} << bit;
    if ((kMandatoryOtp26 & flag) == 0) continue;
    ChallengeV6 challenge = GoodChallenge();
    challenge.flags &= ~(kDflagMandatory25Digest | flag);
    HandshakeInitiator handshake = Dial(local);
    const HandshakeStep step =
        Feed(handshake, golden::StatusOk(), Encode(challenge));
    ExpectFailure(step, absl::StatusCode::kFailedPrecondition,
                  "it lacks " + FlagNames(flag) + ": mandatory since OTP 2");
    EXPECT_EQ(step.send, "") << bit;
  }
}

TEST(HandshakeInitiatorTest, TheDigestFlagStandsForTheMandatoryOnes) {
  ChallengeV6 challenge = GoodChallenge();
  challenge.flags = kDflagMandatory25Digest;
  HandshakeInitiator handshake = Dial(Cpp());
  EXPECT_EQ(
      Feed(handshake, golden::StatusOk(), Encode(challenge), GoodAck()).next,
      Next::kUp);
  EXPECT_EQ(handshake.result().peer_flags,
            kDflagMandatory25Digest | kMandatoryOtp25);
}

TEST(HandshakeInitiatorTest, UnknownFlagsOfThePeerAreMaskedAway) {
  ChallengeV6 challenge = GoodChallenge();
  challenge.flags |= ~kKnownFlags;
  HandshakeInitiator handshake = Dial(Cpp());
  Feed(handshake, golden::StatusOk(), Encode(challenge), GoodAck());
  EXPECT_EQ(handshake.result().peer_flags, kHiddenNodeFlags);
  EXPECT_EQ(handshake.result().flags, kHiddenNodeFlags);
}

TEST(HandshakeInitiatorTest, EveryOtherChallengeIsTheEnd) {
  const std::string good = Encode(GoodChallenge());
  std::vector<std::string> bad = {"", "sok", "X" + good.substr(1), "r", "c"};
  for (size_t size = 1; size < good.size(); ++size) {
    bad.push_back(good.substr(0, size));
  }
  for (const std::string& body : bad) {
    HandshakeInitiator handshake = Dial(Cpp());
    ExpectFailure(Feed(handshake, golden::StatusOk(), body),
                  absl::StatusCode::kInvalidArgument, "challenge: ");
  }
}

TEST(HandshakeInitiatorTest, BytesAfterTheChallengesNameAreIgnored) {
  HandshakeInitiator handshake = Dial(Cpp());
  EXPECT_EQ(Feed(handshake, golden::StatusOk(), golden::Challenge() + "more",
                 golden::Ack())
                .next,
            Next::kUp);
}

TEST(HandshakeInitiatorTest, AnAckWithAWrongDigestIsABadCookie) {
  for (size_t bit = 0; bit < kDigestSize * 8; ++bit) {
    std::string ack = golden::Ack();
    ack[1 + bit / 8] = static_cast<char>(ack[1 + bit / 8] ^ (1 << (bit % 8)));
    HandshakeInitiator handshake = Dial(Cpp());
    ExpectFailure(Feed(handshake, golden::StatusOk(), golden::Challenge(), ack),
                  absl::StatusCode::kUnauthenticated, "bad cookie");
  }
}

TEST(HandshakeInitiatorTest, EveryOtherAckIsTheEnd) {
  std::vector<std::string> bad = {"x" + golden::Ack().substr(1),
                                  golden::Ack() + "x", "snot_allowed"};
  for (size_t size = 0; size < golden::Ack().size(); ++size) {
    bad.push_back(golden::Ack().substr(0, size));
  }
  for (const std::string& body : bad) {
    HandshakeInitiator handshake = Dial(Cpp());
    ExpectFailure(
        Feed(handshake, golden::StatusOk(), golden::Challenge(), body),
        absl::StatusCode::kInvalidArgument, "challenge_ack: ");
  }
}

TEST(HandshakeInitiatorTest, ComplementsANameThatItSentInVersionFive) {
  for (const std::optional<int> version :
       {std::optional<int>(5), std::optional<int>()}) {
    HandshakeInitiator handshake = Dial(Cpp(), version);
    HandshakeStep step = handshake.Start();
    EXPECT_THAT(
        HandshakeBodies(step.send),
        ElementsAre(Encode(SendNameV5{0x07074FBC, Name("cpp@localhost")})));
    handshake.OnPacket(golden::StatusOk());
    step = handshake.OnPacket(golden::Challenge());
    EXPECT_THAT(HandshakeBodies(step.send),
                ElementsAre(Encode(Complement{0x4, golden::kInitiatorCreation}),
                            golden::ReplyToChallenge()));
    EXPECT_EQ(handshake.OnPacket(golden::Ack()).next, Next::kUp);
    EXPECT_EQ(handshake.result().peer_protocol_version, 6);
    EXPECT_EQ(handshake.result().flags, golden::kScriptFlags);
  }
}

TEST(HandshakeInitiatorTest, AChallengeInVersionFiveToAPeerOfVersionSix) {
  HandshakeInitiator handshake = Dial(Cpp());
  ExpectFailure(Feed(handshake, golden::StatusOk(),
                     Encode(ChallengeV5{0xFFFFFFFF, 1, Name("srv@localhost")})),
                absl::StatusCode::kInvalidArgument, "of version 5");
}

TEST(HandshakeInitiatorTest, APeerOfVersionFiveLacksWhatOtp25Requires) {
  const std::string challenge = Encode(
      ChallengeV5{static_cast<uint32_t>(VersionFiveFlags(kHiddenNodeFlags)), 1,
                  Name("srv@localhost")});
  HandshakeInitiator strict = Dial(Cpp(), std::nullopt);
  ExpectFailure(Feed(strict, golden::StatusOk(), challenge),
                absl::StatusCode::kFailedPrecondition,
                "lacks HANDSHAKE_23: mandatory since OTP 25");

  LocalNode lenient = Cpp();
  lenient.mandatory_flags &= ~kDflagHandshake23;
  HandshakeInitiator handshake = Dial(lenient, std::nullopt);
  EXPECT_EQ(Feed(handshake, golden::StatusOk(), challenge, GoodAck()).next,
            Next::kUp);
  EXPECT_EQ(handshake.result().peer_protocol_version, 5);
  EXPECT_EQ(handshake.result().peer_creation, 0u);
}

TEST(HandshakeInitiatorTest, OfVersionFiveSpeaksVersionFive) {
  HandshakeInitiator handshake = Dial(VersionFive());
  HandshakeStep step = handshake.Start();
  EXPECT_THAT(
      HandshakeBodies(step.send),
      ElementsAre(Encode(SendNameV5{0x02074FBC, Name("cpp@localhost")})));
  handshake.OnPacket(golden::StatusOk());
  step = handshake.OnPacket(
      Encode(ChallengeV5{0x02074FBC, 0x48CB3B6D, Name("srv@localhost")}));
  EXPECT_THAT(HandshakeBodies(step.send),
              ElementsAre(golden::ReplyToChallenge()));
  EXPECT_EQ(handshake.OnPacket(golden::Ack()).next, Next::kUp);
  EXPECT_EQ(handshake.result().flags, 0x02074FBCu);
  EXPECT_EQ(handshake.result().peer_protocol_version, 5);
}

TEST(HandshakeInitiatorTest, OfVersionFiveRefusesAChallengeInVersionSix) {
  HandshakeInitiator handshake = Dial(VersionFive());
  ExpectFailure(Feed(handshake, golden::StatusOk(), golden::Challenge()),
                absl::StatusCode::kInvalidArgument, "of version 6");
}

TEST(HandshakeInitiatorTest, OfVersionFiveCannotBeNamed) {
  LocalNode local = Nameless();
  local.protocol_version = 5;
  HandshakeInitiator handshake = Dial(local);
  const HandshakeStep step = handshake.Start();
  ExpectFailure(step, absl::StatusCode::kFailedPrecondition, "give it a name");
  EXPECT_EQ(step.send, "");
}

TEST(HandshakeInitiatorTest, WithoutNameAndHostCannotStart) {
  LocalNode local = Nameless();
  local.host = "";
  HandshakeInitiator handshake = Dial(local);
  ExpectFailure(handshake.Start(), absl::StatusCode::kInvalidArgument, "host");
}

TEST(HandshakeInitiatorTest, AsksForANameInVersionSixWhateverThePeersIs) {
  HandshakeInitiator handshake = Dial(Nameless(), std::nullopt);
  EXPECT_THAT(
      HandshakeBodies(handshake.Start().send),
      ElementsAre(Encode(SendNameDynamic{golden::kScriptFlags, "localhost"})));
}

TEST(HandshakeInitiatorTest, ANodeThatAsksForANameIsHidden) {
  LocalNode local = Nameless();
  local.flags = kVisibleNodeFlags;
  HandshakeInitiator handshake = Dial(local);
  EXPECT_THAT(HandshakeBodies(handshake.Start().send),
              ElementsAre(Encode(SendNameDynamic{
                  kHiddenNodeFlags | kDflagNameMe, "localhost"})));
}

TEST(HandshakeInitiatorTest, ANodeWithANameNeverSetsNameMe) {
  LocalNode local = Cpp();
  local.flags |= kDflagNameMe;
  HandshakeInitiator handshake = Dial(local);
  EXPECT_THAT(HandshakeBodies(handshake.Start().send),
              ElementsAre(Encode(SendNameV6{golden::kScriptFlags,
                                            golden::kInitiatorCreation,
                                            Name("cpp@localhost")})));
}

TEST(HandshakeInitiatorTest, TellsWhatItAwaits) {
  HandshakeInitiator handshake = Dial(Cpp());
  EXPECT_EQ(handshake.Awaits(), "nothing");
  handshake.Start();
  EXPECT_EQ(handshake.Awaits(), "its status");
  handshake.OnPacket(golden::StatusOk());
  EXPECT_EQ(handshake.Awaits(), "its challenge");
  handshake.OnPacket(golden::Challenge());
  EXPECT_THAT(std::string(handshake.Awaits()), HasSubstr("cookie"));
  handshake.OnPacket(golden::Ack());
  EXPECT_EQ(handshake.Awaits(), "nothing");
}

TEST(HandshakeInitiatorDeathTest, CallsOutOfOrderAreTheOwnersMistake) {
  HandshakeInitiator handshake = Dial(Cpp());
  EXPECT_DEATH(handshake.OnPacket("sok"), "OnPacket");
  handshake.Start();
  EXPECT_DEATH(handshake.Start(), "check failed");
  EXPECT_DEATH(handshake.AnswerStillPending(true), "check failed");
  handshake.OnPacket("sbogus");
  EXPECT_DEATH(handshake.OnPacket("sok"), "OnPacket");
}

}  // namespace
}  // namespace ringdist
