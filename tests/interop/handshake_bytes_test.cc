// The handshake byte by byte, as a real node has it and as ours has it. What
// the real node sends is what it sent when the golden captures were made; ours
// differs in nothing but the flags and its random numbers.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/distribution_flags.h"
#include "ringdist/proto/handshake_messages.h"
#include "ringdist/tests/interop/either_node_test.h"
#include "ringdist/tests/testing/golden_handshake.h"
#include "ringdist/tests/testing/raw_peer.h"
#include "ringdist/tests/testing/test_node.h"

namespace ringdist {
namespace {

using ::testing::Optional;

class HandshakeBytesTest : public EitherNodeTest {
 protected:
  // What the node under test announces where the capture says `captured`.
  uint64_t FlagsFor(uint64_t captured) const {
    if (!is_ours()) return captured;
    return kHiddenNodeFlags | kOptionalNodeFlags | (captured & kDflagNameMe);
  }

  void SayName(RawPeer& peer, absl::string_view name,
               uint64_t flags = golden::kScriptFlags) {
    peer.SendHandshake(
        Encode(SendNameV6{flags, golden::kInitiatorCreation, NameOf(name)}));
  }

  // Compares a challenge with a captured one, but for the random numbers.
  void ExpectLike(absl::string_view captured, absl::string_view received) {
    EXPECT_EQ(received.size(), captured.size());
    const ChallengeV6 like = std::get<ChallengeV6>(*DecodeChallenge(captured));
    const ChallengeV6 is = std::get<ChallengeV6>(*DecodeChallenge(received));
    EXPECT_EQ(is, (ChallengeV6{FlagsFor(like.flags), is.challenge, is.creation,
                               like.name}));
    EXPECT_GE(is.creation, 4u);
  }
};

INSTANTIATE_TEST_SUITE_P(Node, HandshakeBytesTest, EitherNode(), KindName);

// The node accepts.

TEST_P(HandshakeBytesTest, AcceptsInTheCapturedWords) {
  RawPeer peer = DialIt("cpp@localhost");
  SayName(peer, "cpp@localhost");
  EXPECT_THAT(peer.ReceiveHandshake(), Optional(golden::StatusOk()));
  const std::optional<std::string> challenge = peer.ReceiveHandshake();
  ASSERT_TRUE(challenge.has_value());
  ExpectLike(golden::Challenge(), *challenge);
  // RawPeer's challenge is the captured one, so the digest is, too.
  peer.Send(peer.ReplyTo(*challenge));
  EXPECT_THAT(peer.ReceiveHandshake(), Optional(golden::Ack()));
  EXPECT_TRUE(IsConnectedTo("cpp@localhost"));
}

TEST_P(HandshakeBytesTest, WhatFollowsANameOrAnAnswerIsIgnored) {
  RawPeer peer = DialIt("cpp@localhost");
  peer.SendHandshake(absl::StrCat(
      Encode(SendNameV6{golden::kScriptFlags, golden::kInitiatorCreation,
                        NameOf("cpp@localhost")}),
      "of a later version"));
  EXPECT_THAT(peer.ReceiveHandshake(), Optional(golden::StatusOk()));
}

TEST_P(HandshakeBytesTest, ASecondConnectionIsAskedWhetherTheFirstIsDead) {
  RawPeer first = DialIt("cpp@localhost");
  first.Send(first.Dial());
  ASSERT_TRUE(first.ReceiveHandshake().has_value());

  RawPeer second = DialIt("cpp@localhost");
  SayName(second, "cpp@localhost");
  EXPECT_THAT(second.ReceiveHandshake(), Optional(golden::StatusAlive()));
  // Until that is answered a third one is closed without a word.
  RawPeer third = DialIt("cpp@localhost");
  SayName(third, "cpp@localhost");
  EXPECT_EQ(third.ReceiveHandshake(), std::nullopt);

  second.SendHandshake(golden::AliveTrue());
  const std::optional<std::string> challenge = second.ReceiveHandshake();
  ASSERT_TRUE(challenge.has_value());
  EXPECT_TRUE(IsConnectedTo("cpp@localhost"));
  second.Send(second.ReplyTo(*challenge));
  EXPECT_TRUE(second.ReceiveHandshake().has_value());
  EXPECT_TRUE(first.SeesClose());
  EXPECT_TRUE(IsConnectedTo("cpp@localhost"));
}

TEST_P(HandshakeBytesTest, ASecondConnectionThatIsOfNoUseChangesNothing) {
  RawPeer first = DialIt("cpp@localhost");
  first.Send(first.Dial());
  ASSERT_TRUE(first.ReceiveHandshake().has_value());
  RawPeer second = DialIt("cpp@localhost");
  SayName(second, "cpp@localhost");
  ASSERT_THAT(second.ReceiveHandshake(), Optional(golden::StatusAlive()));
  second.SendHandshake("sfalse");
  EXPECT_TRUE(second.SeesClose());
  EXPECT_TRUE(IsConnectedTo("cpp@localhost"));
  // The next one is asked again, once the node knows that this one is gone.
  EXPECT_TRUE(RunUntil([&] {
    RawPeer third = DialIt("cpp@localhost");
    SayName(third, "cpp@localhost");
    return third.ReceiveHandshake() == golden::StatusAlive();
  }));
}

TEST_P(HandshakeBytesTest, ASecondHandshakeReplacesTheFirstOfAGreaterName) {
  RawPeer first = DialIt("zzz@localhost");
  SayName(first, "zzz@localhost");
  ASSERT_THAT(first.ReceiveHandshake(), Optional(golden::StatusOk()));
  RawPeer second = DialIt("zzz@localhost");
  SayName(second, "zzz@localhost");
  EXPECT_THAT(second.ReceiveHandshake(),
              Optional(golden::StatusOkSimultaneous()));
  EXPECT_TRUE(first.SeesClose());
}

TEST_P(HandshakeBytesTest, ASecondHandshakeOfALesserNameIsTurnedDown) {
  RawPeer first = DialIt("aaa@localhost");
  SayName(first, "aaa@localhost");
  ASSERT_THAT(first.ReceiveHandshake(), Optional(golden::StatusOk()));
  RawPeer second = DialIt("aaa@localhost");
  SayName(second, "aaa@localhost");
  EXPECT_THAT(second.ReceiveHandshake(), Optional(golden::StatusNok()));
  EXPECT_TRUE(second.SeesClose());
}

TEST_P(HandshakeBytesTest, WhoCallsItselfAsTheNodeIsTurnedDown) {
  RawPeer peer = DialIt("srv@localhost");
  SayName(peer, "srv@localhost");
  EXPECT_THAT(peer.ReceiveHandshake(), Optional(golden::StatusNok()));
  EXPECT_TRUE(peer.SeesClose());
}

TEST_P(HandshakeBytesTest, WhoLacksAMandatoryFlagIsNotAllowed) {
  RawPeer peer = DialIt("cpp@localhost");
  SayName(peer, "cpp@localhost",
          golden::kScriptFlags & ~kDflagMapTag & ~kDflagMandatory25Digest);
  EXPECT_THAT(peer.ReceiveHandshake(), Optional(golden::StatusNotAllowed()));
  EXPECT_TRUE(peer.SeesClose());
}

TEST_P(HandshakeBytesTest, GivesANameInTheCapturedWords) {
  RawPeer peer = DialIt("cpp@localhost");
  peer.SendHandshake(golden::SendNameDynamic());
  const std::optional<std::string> status = peer.ReceiveHandshake();
  ASSERT_TRUE(status.has_value());
  const absl::StatusOr<StatusMessage> decoded = DecodeStatus(*status);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  const NamedStatus& named = std::get<NamedStatus>(*decoded);
  EXPECT_EQ(named.name.host(), "localhost");
  EXPECT_GE(named.creation, 4u);
  EXPECT_THAT(std::string(named.name.alive()),
              ::testing::MatchesRegex("[0-9A-Z]+"));
  const std::optional<std::string> challenge = peer.ReceiveHandshake();
  ASSERT_TRUE(challenge.has_value());
  ExpectLike(golden::ChallengeToNamed(), *challenge);
  peer.Send(peer.ReplyTo(*challenge));
  EXPECT_THAT(peer.ReceiveHandshake(), Optional(golden::Ack()));
}

// The node dials.

TEST_P(HandshakeBytesTest, DialsInTheCapturedWords) {
  RawPeer peer = LetItDial();
  const std::optional<std::string> name = peer.ReceiveHandshake();
  ASSERT_TRUE(name.has_value());
  const SendNameV6 like =
      std::get<SendNameV6>(*DecodeSendName(golden::SendName()));
  const SendNameV6 is = std::get<SendNameV6>(*DecodeSendName(*name));
  EXPECT_EQ(is, (SendNameV6{FlagsFor(like.flags), is.creation,
                            NameOf("srv@localhost")}));
  EXPECT_EQ(name->size(), golden::SendName().size() - 1);  // srv, not srv2.

  peer.SendHandshake("sok");
  peer.SendHandshake(
      Encode(ChallengeV6{golden::kScriptFlags, golden::kScriptChallenge,
                         golden::kAcceptorCreation, NameOf("cpp@localhost")}));
  const std::optional<std::string> reply = peer.ReceiveHandshake();
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->size(), golden::Reply().size());
  EXPECT_EQ(DecodeChallengeReply(*reply)->digest,
            DecodeChallengeReply(golden::Reply())->digest);
  peer.Send(peer.AckOf(*reply));
  EXPECT_TRUE(ItsDialSucceeded());
}

TEST_P(HandshakeBytesTest, SaysThatItsAttemptIsStillWanted) {
  RawPeer peer = LetItDial();
  ASSERT_TRUE(peer.ReceiveHandshake().has_value());
  peer.SendHandshake(golden::StatusAlive());
  EXPECT_THAT(peer.ReceiveHandshake(), Optional(golden::AliveTrue()));
}

}  // namespace
}  // namespace ringdist
