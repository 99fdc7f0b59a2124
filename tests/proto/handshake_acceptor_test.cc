// HandshakeAcceptor against what a real node sent, and against everything that
// a peer may get wrong.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/handshake.h"
#include "ringdist/tests/testing/golden_handshake.h"
#include "ringdist/tests/testing/hex.h"
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
  local.creation = golden::kAcceptorCreation;
  local.flags = golden::kScriptFlags;
  local.cookie = std::string(golden::kCookie);
  return local;
}

LocalNode VersionFive() {
  LocalNode local = Cpp();
  local.protocol_version = 5;
  return local;
}

HandshakeAcceptor Accept(LocalNode local) {
  return HandshakeAcceptor(std::move(local), golden::kScriptChallenge);
}

void ExpectFailure(const HandshakeStep& step, absl::StatusCode code,
                   absl::string_view text) {
  EXPECT_EQ(step.next, Next::kFailed);
  EXPECT_EQ(step.error.code(), code) << step.error;
  EXPECT_THAT(std::string(step.error.message()), HasSubstr(std::string(text)));
  EXPECT_THAT(std::string(step.error.message()), HasSubstr("handshake from "));
}

void ExpectNotAllowed(const HandshakeStep& step, absl::string_view text) {
  ExpectFailure(step, absl::StatusCode::kPermissionDenied, text);
  EXPECT_THAT(HandshakeBodies(step.send), ElementsAre("snot_allowed"));
}

ChallengeV6 OurChallenge() {
  return {golden::kScriptFlags, golden::kScriptChallenge,
          golden::kAcceptorCreation, Name("cpp@localhost")};
}

// A peer's right reply.
std::string GoodReply() { return golden::Reply(); }

// After a name that the acceptor likes and the decision ok.
HandshakeAcceptor AwaitingReply() {
  HandshakeAcceptor handshake = Accept(Cpp());
  handshake.OnPacket(golden::SendName());
  handshake.Decide(ConnectionDecision::kOk);
  return handshake;
}

TEST(HandshakeAcceptorTest, WithARealNode) {
  HandshakeAcceptor handshake = Accept(Cpp());
  HandshakeStep step = handshake.OnPacket(golden::SendName());
  EXPECT_EQ(step.next, Next::kAskConnection);
  EXPECT_EQ(step.send, "");
  EXPECT_EQ(handshake.peer().full(), "srv2@localhost");
  step = handshake.Decide(ConnectionDecision::kOk);
  EXPECT_EQ(step.next, Next::kWaitForPacket);
  EXPECT_THAT(HandshakeBodies(step.send),
              ElementsAre("sok", Encode(OurChallenge())));
  step = handshake.OnPacket(golden::Reply());
  EXPECT_EQ(step.next, Next::kUp);
  EXPECT_THAT(HandshakeBodies(step.send), ElementsAre(golden::AckOfReply()));
  EXPECT_TRUE(step.error.ok());

  const HandshakeResult& result = handshake.result();
  EXPECT_EQ(result.own_name.full(), "cpp@localhost");
  EXPECT_EQ(result.own_creation, golden::kAcceptorCreation);
  EXPECT_EQ(result.peer.full(), "srv2@localhost");
  EXPECT_EQ(result.peer_creation, 0x92D0B078u);
  EXPECT_EQ(result.peer_flags, 0xD07DF7FBDu);
  EXPECT_EQ(result.peer_protocol_version, 6);
  EXPECT_EQ(result.flags, golden::kScriptFlags);
  EXPECT_FALSE(result.named_peer);
  EXPECT_FALSE(result.replaces_old_connection);
}

TEST(HandshakeAcceptorTest, NamesARealNode) {
  LocalNode local = Cpp();
  local.flags |= kDflagPublished;
  HandshakeAcceptor handshake = Accept(local);
  HandshakeStep step = handshake.OnPacket(golden::SendNameDynamic());
  EXPECT_EQ(step.next, Next::kAskName);
  EXPECT_EQ(handshake.peer_host(), "localhost");
  EXPECT_TRUE(handshake.peer().empty());
  step = handshake.GiveName(Name("DYN1@localhost"), 0xABCDEF01);
  EXPECT_EQ(step.next, Next::kWaitForPacket);
  // NAME_ME in place of PUBLISHED.
  ChallengeV6 challenge = OurChallenge();
  challenge.flags |= kDflagNameMe;
  EXPECT_THAT(HandshakeBodies(step.send),
              ElementsAre(golden::NamedForDynamic(), Encode(challenge)));
  step = handshake.OnPacket(golden::ReplyOfDynamic());
  EXPECT_EQ(step.next, Next::kUp);
  EXPECT_THAT(HandshakeBodies(step.send),
              ElementsAre(golden::AckOfReplyOfDynamic()));
  EXPECT_TRUE(handshake.result().named_peer);
  EXPECT_EQ(handshake.result().peer.full(), "DYN1@localhost");
  EXPECT_EQ(handshake.result().peer_creation, 0xABCDEF01u);
  EXPECT_EQ(handshake.result().flags, golden::kScriptFlags | kDflagNameMe);
}

TEST(HandshakeAcceptorTest, OkSimultaneousGoesOn) {
  HandshakeAcceptor handshake = Accept(Cpp());
  handshake.OnPacket(golden::SendName());
  const HandshakeStep step =
      handshake.Decide(ConnectionDecision::kOkSimultaneous);
  EXPECT_EQ(step.next, Next::kWaitForPacket);
  EXPECT_THAT(
      HandshakeBodies(step.send),
      ElementsAre(golden::StatusOkSimultaneous(), Encode(OurChallenge())));
  EXPECT_EQ(handshake.OnPacket(GoodReply()).next, Next::kUp);
}

TEST(HandshakeAcceptorTest, NokIsSentAndTheEnd) {
  HandshakeAcceptor handshake = Accept(Cpp());
  handshake.OnPacket(golden::SendName());
  const HandshakeStep step = handshake.Decide(ConnectionDecision::kNok);
  ExpectFailure(step, absl::StatusCode::kAborted, "srv2@localhost: this node");
  EXPECT_THAT(HandshakeBodies(step.send), ElementsAre(golden::StatusNok()));
}

TEST(HandshakeAcceptorTest, AThirdConnectionIsClosedWithoutAStatus) {
  HandshakeAcceptor handshake = Accept(Cpp());
  handshake.OnPacket(golden::SendName());
  const HandshakeStep step = handshake.Decide(ConnectionDecision::kRefuse);
  ExpectFailure(step, absl::StatusCode::kAborted, "third");
  EXPECT_EQ(step.send, "");
}

TEST(HandshakeAcceptorTest, AliveThenTrueReplacesTheOldConnection) {
  HandshakeAcceptor handshake = Accept(Cpp());
  handshake.OnPacket(golden::SendName());
  HandshakeStep step = handshake.Decide(ConnectionDecision::kAlive);
  EXPECT_EQ(step.next, Next::kWaitForPacket);
  EXPECT_THAT(HandshakeBodies(step.send), ElementsAre(golden::StatusAlive()));
  EXPECT_EQ(handshake.Awaits(), "its answer to alive");
  step = handshake.OnPacket(golden::AliveTrue());
  EXPECT_EQ(step.next, Next::kWaitForPacket);
  EXPECT_THAT(HandshakeBodies(step.send), ElementsAre(Encode(OurChallenge())));
  EXPECT_EQ(handshake.OnPacket(GoodReply()).next, Next::kUp);
  EXPECT_TRUE(handshake.result().replaces_old_connection);
}

TEST(HandshakeAcceptorTest, AliveThenFalseIsTheEnd) {
  HandshakeAcceptor handshake = Accept(Cpp());
  handshake.OnPacket(golden::SendName());
  handshake.Decide(ConnectionDecision::kAlive);
  const HandshakeStep step = handshake.OnPacket("sfalse");
  ExpectFailure(step, absl::StatusCode::kAborted, "the old connection stays");
  EXPECT_EQ(step.send, "");
}

TEST(HandshakeAcceptorTest, EveryOtherAnswerToAliveIsTheEnd) {
  for (const absl::string_view body :
       {"", "s", "sbogus", "sok", "struex", "true", "stru"}) {
    HandshakeAcceptor handshake = Accept(Cpp());
    handshake.OnPacket(golden::SendName());
    handshake.Decide(ConnectionDecision::kAlive);
    const HandshakeStep step = handshake.OnPacket(body);
    ExpectFailure(step, absl::StatusCode::kInvalidArgument,
                  "srv2@localhost: answer to alive: ");
    EXPECT_EQ(step.send, "");
  }
}

TEST(HandshakeAcceptorTest, TheAllowListAdmitsWhoIsOnIt) {
  LocalNode local = Cpp();
  local.allowed = {Name("a@localhost"), Name("srv2@localhost")};
  HandshakeAcceptor handshake = Accept(local);
  EXPECT_EQ(handshake.OnPacket(golden::SendName()).next, Next::kAskConnection);
}

TEST(HandshakeAcceptorTest, TheAllowListRefusesAllOthers) {
  LocalNode local = Cpp();
  local.allowed = {Name("a@localhost"), Name("srv2@elsewhere")};
  HandshakeAcceptor named = Accept(local);
  ExpectNotAllowed(named.OnPacket(golden::SendName()),
                   "srv2@localhost: it is not on the allow-list");
  HandshakeAcceptor nameless = Accept(local);
  ExpectNotAllowed(nameless.OnPacket(golden::SendNameDynamic()),
                   "a peer at localhost: it is not on the allow-list");
}

TEST(HandshakeAcceptorTest, EachMandatoryFlagIsRequired) {
  LocalNode local = Cpp();
  local.mandatory_flags = kMandatoryOtp26;
  for (int bit = 0; bit < 64; ++bit) {
    const uint64_t flag = uint64_t{1} << bit;
    if ((kMandatoryOtp26 & flag) == 0) continue;
    const uint64_t flags = kMandatoryOtp26 & ~flag;
    HandshakeAcceptor handshake = Accept(local);
    ExpectNotAllowed(handshake.OnPacket(
                         Encode(SendNameV6{flags, 4, Name("srv2@localhost")})),
                     absl::StrCat("srv2@localhost: it lacks ", FlagNames(flag),
                                  ": mandatory since OTP 2"));
  }
}

TEST(HandshakeAcceptorTest, TheDigestFlagStandsForTheMandatoryOnes) {
  HandshakeAcceptor handshake = Accept(Cpp());
  EXPECT_EQ(handshake
                .OnPacket(Encode(SendNameV6{kDflagMandatory25Digest, 4,
                                            Name("srv2@localhost")}))
                .next,
            Next::kAskConnection);
}

TEST(HandshakeAcceptorTest, UnknownFlagsOfThePeerAreMaskedAway) {
  HandshakeAcceptor handshake = Accept(Cpp());
  handshake.OnPacket(Encode(
      SendNameV6{kHiddenNodeFlags | ~kKnownFlags, 4, Name("srv2@localhost")}));
  handshake.Decide(ConnectionDecision::kOk);
  handshake.OnPacket(GoodReply());
  EXPECT_EQ(handshake.result().peer_flags, kHiddenNodeFlags);
  EXPECT_EQ(handshake.result().flags, kHiddenNodeFlags);
}

TEST(HandshakeAcceptorTest, BytesAfterTheNameAreIgnored) {
  HandshakeAcceptor handshake = Accept(Cpp());
  EXPECT_EQ(handshake.OnPacket(golden::SendName() + "more").next,
            Next::kAskConnection);
  EXPECT_EQ(handshake.peer().full(), "srv2@localhost");
}

TEST(HandshakeAcceptorTest, EveryOtherNameIsClosedWithoutAStatus) {
  std::vector<std::string> bad = {
      "",
      "sok",
      "X" + golden::SendName().substr(1),
      Encode(Complement{1, 2}),
      golden::Reply(),
      // No '@', two of them, an empty side; a host with one.
      FromHex("4e"
              "0000000d07df7fbd"
              "92d0b078"
              "0003"
              "616263"),
      FromHex("4e"
              "0000000d07df7fbd"
              "92d0b078"
              "0005"
              "6140624063"),
      FromHex("4e"
              "0000000d07df7fbd"
              "92d0b078"
              "0002"
              "4068"),
      FromHex("4e"
              "0000000d07df7fbd"
              "92d0b078"
              "0002"
              "6140"),
      FromHex("4e"
              "0000000d07df7fbd"
              "92d0b078"
              "0000"),
      FromHex("4e"
              "0000000f07df7fbc"
              "00000000"
              "0003"
              "614068"),
      FromHex("4e"
              "0000000f07df7fbc"
              "00000000"
              "0000"),
  };
  for (const std::string& good :
       {golden::SendName(), golden::SendNameDynamic()}) {
    for (size_t size = 1; size < good.size(); ++size) {
      bad.push_back(good.substr(0, size));
    }
  }
  for (const std::string& body : bad) {
    HandshakeAcceptor handshake = Accept(Cpp());
    const HandshakeStep step = handshake.OnPacket(body);
    ExpectFailure(step, absl::StatusCode::kInvalidArgument,
                  "handshake from an unnamed peer: send_name: ");
    EXPECT_EQ(step.send, "");
  }
}

TEST(HandshakeAcceptorTest, APacketBeforeTheDecisionIsRefused) {
  HandshakeAcceptor handshake = Accept(Cpp());
  handshake.OnPacket(golden::SendName());
  const HandshakeStep step = handshake.OnPacket(GoodReply());
  ExpectFailure(step, absl::StatusCode::kInvalidArgument, "had to wait");
  EXPECT_EQ(step.send, "");
}

TEST(HandshakeAcceptorTest, AReplyWithAWrongDigestIsABadCookie) {
  for (size_t bit = 0; bit < kDigestSize * 8; ++bit) {
    std::string reply = GoodReply();
    reply[5 + bit / 8] =
        static_cast<char>(reply[5 + bit / 8] ^ (1 << (bit % 8)));
    HandshakeAcceptor handshake = AwaitingReply();
    const HandshakeStep step = handshake.OnPacket(reply);
    ExpectFailure(step, absl::StatusCode::kUnauthenticated,
                  "srv2@localhost: bad cookie");
    EXPECT_EQ(step.send, "");
  }
}

TEST(HandshakeAcceptorTest, EveryOtherReplyIsTheEnd) {
  std::vector<std::string> bad = {"x" + GoodReply().substr(1),
                                  GoodReply() + "x", Encode(Complement{1, 2}),
                                  golden::SendName()};
  for (size_t size = 0; size < GoodReply().size(); ++size) {
    bad.push_back(GoodReply().substr(0, size));
  }
  for (const std::string& body : bad) {
    HandshakeAcceptor handshake = AwaitingReply();
    const HandshakeStep step = handshake.OnPacket(body);
    ExpectFailure(step, absl::StatusCode::kInvalidArgument,
                  "challenge_reply: ");
    EXPECT_EQ(step.send, "");
  }
}

// What a node that does not know our version sends: 'n' with HANDSHAKE_23.
SendNameV5 NameToBeComplemented() {
  return {static_cast<uint32_t>(kHiddenNodeFlags), Name("srv2@localhost")};
}

HandshakeAcceptor AwaitingComplement(uint64_t mandatory_flags) {
  LocalNode local = Cpp();
  local.mandatory_flags = mandatory_flags;
  HandshakeAcceptor handshake = Accept(local);
  handshake.OnPacket(Encode(NameToBeComplemented()));
  handshake.Decide(ConnectionDecision::kOk);
  return handshake;
}

TEST(HandshakeAcceptorTest, AnswersANameInVersionFiveByItsFlags) {
  LocalNode local = Cpp();
  local.mandatory_flags = kMandatoryOtp26;
  HandshakeAcceptor handshake = Accept(local);
  HandshakeStep step = handshake.OnPacket(Encode(NameToBeComplemented()));
  // V4_NC is among the upper flags: it cannot be missed yet.
  EXPECT_EQ(step.next, Next::kAskConnection);
  step = handshake.Decide(ConnectionDecision::kOk);
  EXPECT_THAT(HandshakeBodies(step.send),
              ElementsAre("sok", Encode(OurChallenge())));
  EXPECT_EQ(handshake.Awaits(), "its complement");
  step = handshake.OnPacket(Encode(Complement{0xD, 0x92D0B078}));
  EXPECT_EQ(step.next, Next::kWaitForPacket);
  EXPECT_EQ(step.send, "");
  EXPECT_EQ(handshake.OnPacket(GoodReply()).next, Next::kUp);
  EXPECT_EQ(handshake.result().peer_flags,
            kHiddenNodeFlags | uint64_t{0xD} << 32);
  EXPECT_EQ(handshake.result().peer_creation, 0x92D0B078u);
  EXPECT_EQ(handshake.result().peer_protocol_version, 6);
}

TEST(HandshakeAcceptorTest, UpperMandatoryFlagsAreRequiredOfTheComplement) {
  HandshakeAcceptor handshake = AwaitingComplement(kMandatoryOtp26);
  ExpectNotAllowed(handshake.OnPacket(Encode(Complement{0x9, 4})),
                   "it lacks V4_NC: mandatory since OTP 26");
}

TEST(HandshakeAcceptorTest, LowerMandatoryFlagsAreRequiredBeforeIt) {
  SendNameV5 name = NameToBeComplemented();
  name.flags &=
      static_cast<uint32_t>(~(kDflagMandatory25Digest | kDflagMapTag));
  HandshakeAcceptor handshake = Accept(Cpp());
  ExpectNotAllowed(handshake.OnPacket(Encode(name)), "it lacks MAP_TAG");
}

TEST(HandshakeAcceptorTest, EveryOtherComplementIsTheEnd) {
  const std::string good = Encode(Complement{0xD, 4});
  std::vector<std::string> bad = {"x" + good.substr(1), good + "x",
                                  GoodReply()};
  for (size_t size = 0; size < good.size(); ++size) {
    bad.push_back(good.substr(0, size));
  }
  for (const std::string& body : bad) {
    HandshakeAcceptor handshake = AwaitingComplement(kMandatoryOtp25);
    const HandshakeStep step = handshake.OnPacket(body);
    ExpectFailure(step, absl::StatusCode::kInvalidArgument, "complement: ");
    EXPECT_EQ(step.send, "");
  }
}

TEST(HandshakeAcceptorTest, APeerOfVersionFiveLacksWhatOtp25Requires) {
  const std::string name = Encode(
      SendNameV5{static_cast<uint32_t>(VersionFiveFlags(kHiddenNodeFlags)),
                 Name("srv2@localhost")});
  HandshakeAcceptor strict = Accept(Cpp());
  ExpectNotAllowed(strict.OnPacket(name),
                   "lacks HANDSHAKE_23: mandatory since OTP 25");

  LocalNode lenient = Cpp();
  lenient.mandatory_flags &= ~kDflagHandshake23;
  HandshakeAcceptor handshake = Accept(lenient);
  EXPECT_EQ(handshake.OnPacket(name).next, Next::kAskConnection);
  EXPECT_THAT(HandshakeBodies(handshake.Decide(ConnectionDecision::kOk).send),
              ElementsAre("sok", Encode(ChallengeV5{
                                     static_cast<uint32_t>(kHiddenNodeFlags),
                                     golden::kScriptChallenge,
                                     Name("cpp@localhost")})));
  EXPECT_EQ(handshake.OnPacket(GoodReply()).next, Next::kUp);
  EXPECT_EQ(handshake.result().peer_protocol_version, 5);
  EXPECT_EQ(handshake.result().peer_creation, 0u);
}

TEST(HandshakeAcceptorTest, UpperMandatoryFlagsAreMissedIfNoComplementComes) {
  LocalNode local = Cpp();
  local.mandatory_flags = kMandatoryOtp26 & ~kDflagHandshake23;
  HandshakeAcceptor handshake = Accept(local);
  ExpectNotAllowed(
      handshake.OnPacket(Encode(
          SendNameV5{static_cast<uint32_t>(VersionFiveFlags(kHiddenNodeFlags)),
                     Name("srv2@localhost")})),
      "lacks V4_NC: mandatory since OTP 26");
}

TEST(HandshakeAcceptorTest, OfVersionFiveAnswersInVersionFive) {
  HandshakeAcceptor handshake = Accept(VersionFive());
  // The peer knows version 6, which this node does not.
  EXPECT_EQ(handshake.OnPacket(Encode(NameToBeComplemented())).next,
            Next::kAskConnection);
  EXPECT_THAT(HandshakeBodies(handshake.Decide(ConnectionDecision::kOk).send),
              ElementsAre("sok", Encode(ChallengeV5{0x02074FBC,
                                                    golden::kScriptChallenge,
                                                    Name("cpp@localhost")})));
  EXPECT_EQ(handshake.OnPacket(GoodReply()).next, Next::kUp);
  EXPECT_EQ(handshake.result().peer_protocol_version, 5);
  EXPECT_EQ(handshake.result().flags, 0x02074FBCu);
}

TEST(HandshakeAcceptorTest, OfVersionFiveRefusesVersionSix) {
  for (const std::string& body :
       {golden::SendName(), golden::SendNameDynamic()}) {
    HandshakeAcceptor handshake = Accept(VersionFive());
    const HandshakeStep step = handshake.OnPacket(body);
    ExpectFailure(step, absl::StatusCode::kInvalidArgument, "speaks version 6");
    EXPECT_EQ(step.send, "");
  }
}

TEST(HandshakeAcceptorTest, TellsWhatItAwaits) {
  HandshakeAcceptor handshake = Accept(Cpp());
  EXPECT_EQ(handshake.Awaits(), "its send_name");
  handshake.OnPacket(golden::SendName());
  EXPECT_EQ(handshake.Awaits(), "nothing");
  handshake.Decide(ConnectionDecision::kOk);
  EXPECT_EQ(handshake.Awaits(), "its challenge_reply");
  handshake.OnPacket(GoodReply());
  EXPECT_EQ(handshake.Awaits(), "nothing");
}

TEST(HandshakeAcceptorDeathTest, CallsOutOfOrderAreTheOwnersMistake) {
  HandshakeAcceptor handshake = Accept(Cpp());
  EXPECT_DEATH(handshake.Decide(ConnectionDecision::kOk), "check failed");
  handshake.OnPacket(golden::SendName());
  EXPECT_DEATH(handshake.GiveName(Name("a@localhost"), 4), "check failed");
  handshake.Decide(ConnectionDecision::kNok);
  EXPECT_DEATH(handshake.OnPacket(GoodReply()), "OnPacket");

  HandshakeAcceptor nameless = Accept(Cpp());
  nameless.OnPacket(golden::SendNameDynamic());
  EXPECT_DEATH(nameless.Decide(ConnectionDecision::kOk), "check failed");
  EXPECT_DEATH(nameless.GiveName(Name("a@elsewhere"), 4), "check failed");

  EXPECT_DEATH(Accept(LocalNode()), "check failed");
}

}  // namespace
}  // namespace ringdist
