// How two nodes come to one connection, or to none: cookies, flags, allow-list,
// version 5, names that a peer gives, both dialling at once, and a peer that
// lost the connection first.

#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/distribution_flags.h"
#include "ringdist/proto/handshake_messages.h"
#include "ringdist/runtime/distribution.h"
#include "ringdist/tests/testing/raw_peer.h"
#include "ringdist/tests/testing/run_until.h"
#include "ringdist/tests/testing/temporary_directory.h"
#include "ringdist/tests/testing/test_node.h"
#include "ringdist/tests/testing/unix_sockets.h"

namespace ringdist {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class DistributionHandshakeTest : public ::testing::Test {
 protected:
  DistributionOptions OptionsOf(absl::string_view name) {
    return NodeOptionsAt(directory_, name);
  }
  bool Wait(absl::FunctionRef<bool()> done) {
    return RunUntil(*reactor_, done);
  }
  // Lets `a` dial `b` in vain; why not, as `a` is told.
  absl::Status FailToConnect(TestNode& a, TestNode& b) {
    absl::Status reason;
    a.on_setup_failed = [&](const NodeName& peer, const absl::Status& status) {
      EXPECT_EQ(peer, b.name());
      reason = status;
    };
    EXPECT_TRUE(b->Listen().ok());
    EXPECT_TRUE(a->Setup(b.name()).ok());
    EXPECT_TRUE(Wait([&] {
      return !reason.ok() && b->statistics().handshakes_failed == 1 &&
             b.connections() == 0;
    }));
    EXPECT_EQ(a.events().size(), 1u);
    EXPECT_THAT(b.events(), IsEmpty());
    return reason;
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Reactor> reactor_ = *Reactor::Create();
};

TEST_F(DistributionHandshakeTest, AWrongCookieIsToldOnBothSides) {
  DistributionOptions wrong = OptionsOf("a@localhost");
  wrong.cookie = "another";
  TestNode a(*reactor_, wrong);
  TestNode b(*reactor_, OptionsOf("b@localhost"));
  // The acceptor closes without a word, as OTP's.
  EXPECT_THAT(FailToConnect(a, b).message(),
              AllOf(HasSubstr("b@localhost"), HasSubstr("another cookie")));
  EXPECT_THAT(b.log(), AllOf(HasSubstr("a@localhost"), HasSubstr("bad cookie"),
                             Not(HasSubstr("secret"))));
}

TEST_F(DistributionHandshakeTest, AcceptsWhoIsOnTheAllowList) {
  DistributionOptions guarded = OptionsOf("b@localhost");
  guarded.allowed = {"x@localhost", "a@localhost"};
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  TestNode b(*reactor_, guarded);
  EXPECT_TRUE(Connect(*reactor_, a, b));
}

TEST_F(DistributionHandshakeTest, RefusesWhoIsNotOnTheAllowList) {
  DistributionOptions guarded = OptionsOf("b@localhost");
  guarded.allowed = {"a@elsewhere"};
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  TestNode b(*reactor_, guarded);
  const absl::Status reason = FailToConnect(a, b);
  EXPECT_EQ(reason.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(reason.message(), HasSubstr("not_allowed"));
  EXPECT_THAT(b.log(),
              AllOf(HasSubstr("a@localhost"), HasSubstr("allow-list")));
}

// Whether the flags are missing on the side that dials or on the other one.
constexpr uint64_t kTooFewFlags =
    kHiddenNodeFlags & ~(kDflagMandatory25Digest | kDflagMapTag);

TEST_F(DistributionHandshakeTest, AnInitiatorWithoutMandatoryFlagsIsRefused) {
  DistributionOptions poor = OptionsOf("a@localhost");
  poor.flags = kTooFewFlags;
  TestNode a(*reactor_, poor);
  TestNode b(*reactor_, OptionsOf("b@localhost"));
  EXPECT_THAT(FailToConnect(a, b).message(), HasSubstr("not_allowed"));
  EXPECT_THAT(b.log(), AllOf(HasSubstr("a@localhost"),
                             HasSubstr("lacks MAP_TAG: mandatory since OTP "
                                       "25")));
}

TEST_F(DistributionHandshakeTest, AnAcceptorWithoutMandatoryFlagsIsRefused) {
  DistributionOptions poor = OptionsOf("b@localhost");
  poor.flags = kTooFewFlags;
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  TestNode b(*reactor_, poor);
  const absl::Status reason = FailToConnect(a, b);
  EXPECT_EQ(reason.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(reason.message(),
              AllOf(HasSubstr("b@localhost"),
                    HasSubstr("lacks MAP_TAG: mandatory since OTP 25")));
}

TEST_F(DistributionHandshakeTest, ANodeMayRequireMoreThanOtpDoes) {
  DistributionOptions strict = OptionsOf("b@localhost");
  strict.mandatory_flags |= kDflagSpawn;
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  TestNode b(*reactor_, strict);
  FailToConnect(a, b).IgnoreError();
  EXPECT_THAT(b.log(), HasSubstr("lacks SPAWN: required by this node"));
}

// Version 5.

TEST_F(DistributionHandshakeTest, TwoNodesSpeakVersionFive) {
  DistributionOptions five_a = OptionsOf("a@localhost");
  DistributionOptions five_b = OptionsOf("b@localhost");
  five_a.protocol_version = five_b.protocol_version = 5;
  five_a.mandatory_flags = five_b.mandatory_flags =
      VersionFiveFlags(kMandatoryOtp25);
  TestNode a(*reactor_, five_a);
  TestNode b(*reactor_, five_b);
  ASSERT_TRUE(Connect(*reactor_, a, b));
  for (const PeerInfo& peer : {a.last_peer(), b.last_peer()}) {
    EXPECT_EQ(peer.protocol_version, 5);
    EXPECT_EQ(peer.creation, 0u) << "not known";
    EXPECT_EQ(peer.flags, VersionFiveFlags(kHiddenNodeFlags));
  }
  ASSERT_TRUE(a.To(b).Send("hello").ok());
  ASSERT_TRUE(b.To(a).Send("hello yourself").ok());
  EXPECT_TRUE(
      Wait([&] { return a.packets().size() + b.packets().size() == 2; }));
  EXPECT_THAT(b.packets(), ElementsAre("hello"));
}

TEST_F(DistributionHandshakeTest, VersionFiveTakesTheNextStoredCreation) {
  DistributionOptions five = OptionsOf("a@localhost");
  five.protocol_version = 5;
  for (const uint32_t expected : {1u, 2u, 3u, 1u}) {
    TestNode a(*reactor_, five);
    ASSERT_TRUE(a->Listen().ok());
    EXPECT_EQ(a->creation(), expected);
    std::ifstream file(directory_.Join("a.uds"));
    EXPECT_EQ(file.get(), '0' + static_cast<int>(expected));
  }
}

TEST_F(DistributionHandshakeTest, VersionFiveIsNotEnoughForVersionSix) {
  DistributionOptions five = OptionsOf("a@localhost");
  five.protocol_version = 5;
  TestNode a(*reactor_, five);
  TestNode b(*reactor_, OptionsOf("b@localhost"));
  EXPECT_THAT(FailToConnect(a, b).message(), HasSubstr("not_allowed"));
  EXPECT_THAT(b.log(), HasSubstr("HANDSHAKE_23"));
}

TEST_F(DistributionHandshakeTest, VersionSixIsRefusedByVersionFive) {
  DistributionOptions five = OptionsOf("b@localhost");
  five.protocol_version = 5;
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  TestNode b(*reactor_, five);
  EXPECT_THAT(FailToConnect(a, b).message(), HasSubstr("closed"));
  EXPECT_THAT(b.log(), HasSubstr("same protocol version"));
}

TEST_F(DistributionHandshakeTest, AVersionFiveNameIsCompleted) {
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  ASSERT_TRUE(a->Listen().ok());
  RawPeer peer(*reactor_, directory_.Join("a"), "old@localhost");
  peer.SendHandshake(Encode(SendNameV5{static_cast<uint32_t>(kHiddenNodeFlags),
                                       NameOf("old@localhost")}));
  EXPECT_EQ(peer.ReceiveHandshake(), "sok");
  const std::string challenge = *peer.ReceiveHandshake();
  EXPECT_EQ(challenge[0], 'N');
  peer.SendHandshake(Encode(Complement{kHiddenNodeFlags >> 32, 4711}));
  EXPECT_THAT(a.events(), IsEmpty());
  peer.Send(peer.ReplyTo(challenge));
  EXPECT_TRUE(peer.ReceiveHandshake().has_value());
  EXPECT_THAT(a.events(), ElementsAre("up old@localhost"));
  EXPECT_EQ(a.last_peer().creation, 4711u);
  EXPECT_EQ(a.last_peer().flags, kHiddenNodeFlags);
}

// Names given by a peer.

TEST_F(DistributionHandshakeTest, ANodeWithoutANameIsNamed) {
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  TestNode b(*reactor_, OptionsOf("undefined@some.host"));
  TestNode c(*reactor_, OptionsOf("c@localhost"));
  EXPECT_TRUE(b.name().empty());
  ASSERT_TRUE(a->Listen().ok());
  ASSERT_TRUE(b->Setup(a.name()).ok());
  ASSERT_TRUE(Wait([&] { return b->statistics().connections_up == 1; }));
  EXPECT_EQ(b.name().host(), "some.host");
  EXPECT_GE(b->creation(), 4u);
  EXPECT_THAT(b.events(), ElementsAre(absl::StrCat("named ", b.name().full()),
                                      "up a@localhost"));
  ASSERT_TRUE(Wait([&] { return AreConnected(a, b); }));
  EXPECT_TRUE(a.last_peer().named_by_us);
  EXPECT_EQ(a.last_peer().creation, b->creation());
  EXPECT_EQ(a->Setup(b.name()).code(), absl::StatusCode::kAlreadyExists);

  // It goes by that name from now on.
  ASSERT_TRUE(c->Listen().ok());
  ASSERT_TRUE(b->Setup(c.name()).ok());
  ASSERT_TRUE(Wait([&] { return AreConnected(b, c); }));
  EXPECT_FALSE(c.last_peer().named_by_us);
  EXPECT_EQ(c.last_peer().creation, b->creation());
}

TEST_F(DistributionHandshakeTest, GivesEachNodeAnotherName) {
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  TestNode b(*reactor_, OptionsOf("undefined@localhost"));
  TestNode c(*reactor_, OptionsOf("undefined@localhost"));
  ASSERT_TRUE(a->Listen().ok());
  ASSERT_TRUE(b->Setup(a.name()).ok());
  ASSERT_TRUE(c->Setup(a.name()).ok());
  ASSERT_TRUE(Wait([&] { return AreConnected(a, b) && AreConnected(a, c); }));
  EXPECT_NE(b.name(), c.name());
}

TEST_F(DistributionHandshakeTest, ANodeThatIsToBeNamedDoesNotListen) {
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  TestNode b(*reactor_, OptionsOf("undefined@localhost"));
  EXPECT_EQ(b->Listen().code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(a->Listen().ok());
  ASSERT_TRUE(b->Setup(a.name()).ok());
  ASSERT_TRUE(Wait([&] { return b->statistics().connections_up == 1; }));
  // Its peers know it by the creation it was given.
  const uint32_t creation = b->creation();
  EXPECT_EQ(b->Listen().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(b->creation(), creation);
}

TEST_F(DistributionHandshakeTest, IsNamedByOnePeerAtATime) {
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  TestNode b(*reactor_, OptionsOf("undefined@localhost"));
  ASSERT_TRUE(a->Listen().ok());
  ASSERT_TRUE(b->Setup(NameOf("nobody@localhost")).ok());
  EXPECT_TRUE(b->Setup(NameOf("nobody@localhost")).ok());
  const absl::Status second = b->Setup(a.name());
  EXPECT_EQ(second.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(second.message(), HasSubstr("being named"));
  // When the first one has failed the next one may try, at once.
  b.on_setup_failed = [&](const NodeName&, const absl::Status&) {
    const absl::Status next = b->Setup(a.name());
    EXPECT_TRUE(next.ok()) << next;
  };
  EXPECT_TRUE(Wait([&] { return b->statistics().connections_up == 1; }));
}

// Both dial at once.

TEST_F(DistributionHandshakeTest, NodesThatDialEachOtherGetOneConnection) {
  constexpr int kRounds = 300;
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  TestNode b(*reactor_, OptionsOf("b@localhost"));
  ASSERT_TRUE(a->Listen().ok());
  ASSERT_TRUE(b->Listen().ok());
  std::minstd_rand random(1);
  for (int round = 0; round < kRounds; ++round) {
    SCOPED_TRACE(absl::StrCat("round ", round));
    TestNode& first = round % 2 == 0 ? a : b;
    TestNode& second = round % 2 == 0 ? b : a;
    ASSERT_TRUE(first->Setup(second.name()).ok());
    // The second one is so many turns late.
    for (int turns = static_cast<int>(random() % 12); turns > 0; --turns) {
      ASSERT_TRUE(reactor_->RunOnce(absl::ZeroDuration()).ok());
    }
    const absl::Status late = second->Setup(first.name());
    ASSERT_TRUE(late.ok() || absl::IsAlreadyExists(late)) << late;

    ASSERT_TRUE(Wait([&] { return AreConnected(a, b); }));
    // It is one and the same connection.
    const std::string text = absl::StrCat("packet ", round);
    ASSERT_TRUE(a.To(b).Send(text).ok());
    ASSERT_TRUE(b.To(a).Send(text).ok());
    const size_t packets = static_cast<size_t>(round) + 1;
    ASSERT_TRUE(Wait([&] {
      return a.packets().size() == packets && b.packets().size() == packets;
    }));
    EXPECT_EQ(a.packets().back(), text);
    first.To(second).Disconnect(absl::CancelledError("next round"));
    ASSERT_TRUE(
        Wait([&] { return a.connections() == 0 && b.connections() == 0; }));
    ASSERT_EQ(a.CountEvents("up b"), round + 1);
    ASSERT_EQ(b.CountEvents("up a"), round + 1);
    ASSERT_EQ(a.CountEvents("down b"), round + 1);
    ASSERT_EQ(b.CountEvents("down a"), round + 1);
  }
  EXPECT_EQ(a.CountEvents("setup failed") + b.CountEvents("setup failed"), 0);
  // Otherwise they never met, and this was no test.
  EXPECT_GT(a->statistics().handshakes_failed, 10u);
  EXPECT_GT(b->statistics().handshakes_failed, 10u);
}

TEST_F(DistributionHandshakeTest, AnAttemptThatGaveWayFailsWithTheOther) {
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  ASSERT_TRUE(a->Listen().ok());
  const FileDescriptor z = ListenAt(directory_.Join("z"), 5);
  ASSERT_TRUE(a->Setup(NameOf("z@localhost")).ok());
  RawPeer dialled = AcceptPeer(*reactor_, z, "z@localhost");
  // z dials as well, and its attempt goes first.
  RawPeer dialling(*reactor_, directory_.Join("a"), "z@localhost");
  dialling.Dial("sok_simultaneous");
  EXPECT_TRUE(dialled.SeesClose());
  EXPECT_THAT(a.events(), IsEmpty());
  dialling.Close();
  ASSERT_TRUE(Wait([&] { return !a.events().empty(); }));
  EXPECT_THAT(a.events(),
              ElementsAre(AllOf(HasSubstr("setup failed z@localhost"),
                                HasSubstr("challenge_reply"))));
}

TEST_F(DistributionHandshakeTest, AnAttemptThatIsToldNokWaitsForTheOther) {
  TestNode a(*reactor_, OptionsOf("z@localhost"));
  ASSERT_TRUE(a->Listen().ok());
  const FileDescriptor listening = ListenAt(directory_.Join("zz"), 5);
  ASSERT_TRUE(a->Setup(NameOf("zz@localhost")).ok());
  RawPeer dialled = AcceptPeer(*reactor_, listening, "zz@localhost");
  ASSERT_TRUE(dialled.ReceiveHandshake().has_value());
  dialled.SendHandshake("snok");
  dialled.Close();
  // That connection is gone, and its attempt is still the one that counts.
  RawPeer dialling(*reactor_, directory_.Join("z"), "zz@localhost");
  dialling.Send(dialling.Dial("sok_simultaneous"));
  EXPECT_TRUE(dialling.ReceiveHandshake().has_value());
  EXPECT_THAT(a.events(), ElementsAre("up zz@localhost"));
}

// A connection that is up here and lost at the peer.

TEST_F(DistributionHandshakeTest, APeerThatLostTheConnectionReplacesIt) {
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  ASSERT_TRUE(a->Listen().ok());
  RawPeer old(*reactor_, directory_.Join("a"), "b@localhost");
  old.Send(old.Dial());
  ASSERT_TRUE(old.ReceiveHandshake().has_value());
  ASSERT_THAT(a.events(), ElementsAre("up b@localhost"));

  RawPeer next(*reactor_, directory_.Join("a"), "b@localhost");
  next.SendHandshake(
      Encode(SendNameV6{next.flags, 815, NameOf("b@localhost")}));
  EXPECT_EQ(next.ReceiveHandshake(), "salive");
  // The old one stays up until the new one is.
  RawPeer third(*reactor_, directory_.Join("a"), "b@localhost");
  third.SendHandshake(
      Encode(SendNameV6{third.flags, 816, NameOf("b@localhost")}));
  EXPECT_EQ(third.ReceiveHandshake(), std::nullopt) << "without a status";
  next.SendHandshake("strue");
  const std::string challenge = *next.ReceiveHandshake();
  EXPECT_EQ(a.events().size(), 1u);
  old.Send(DataPacket("still here"));
  ASSERT_TRUE(Wait([&] { return a.packets().size() == 1; }));
  next.Send(next.ReplyTo(challenge));
  ASSERT_TRUE(next.ReceiveHandshake().has_value());
  EXPECT_TRUE(old.SeesClose());
  EXPECT_THAT(a.events(),
              ElementsAre("up b@localhost",
                          "down b@localhost: connection_closed: b@localhost "
                          "connected anew",
                          "up b@localhost"));
  EXPECT_EQ(a.last_peer().creation, 815u);
}

TEST_F(DistributionHandshakeTest, AWrongCookieDoesNotReplaceAConnection) {
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  TestNode b(*reactor_, OptionsOf("b@localhost"));
  ASSERT_TRUE(Connect(*reactor_, b, a));
  RawPeer thief(*reactor_, directory_.Join("a"), "b@localhost");
  thief.cookie = "guess";
  thief.SendHandshake(
      Encode(SendNameV6{thief.flags, 815, NameOf("b@localhost")}));
  ASSERT_EQ(thief.ReceiveHandshake(), "salive");
  thief.SendHandshake("strue");
  thief.Send(thief.ReplyTo(*thief.ReceiveHandshake()));
  EXPECT_TRUE(thief.SeesClose());
  // Nor does one that gave up.
  RawPeer other(*reactor_, directory_.Join("a"), "b@localhost");
  other.SendHandshake(
      Encode(SendNameV6{other.flags, 815, NameOf("b@localhost")}));
  ASSERT_EQ(other.ReceiveHandshake(), "salive");
  other.SendHandshake("sfalse");
  EXPECT_TRUE(other.SeesClose());

  ASSERT_TRUE(b.To(a).Send("still here").ok());
  ASSERT_TRUE(Wait([&] { return a.packets().size() == 1; }));
  EXPECT_THAT(a.events(), ElementsAre("up b@localhost"));
}

TEST_F(DistributionHandshakeTest, ANodeThatStartedAnewReplacesItsOldSelf) {
  // a does not read, and so does not see that the first b is gone.
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  std::vector<Delivery> held;
  a.on_packet = [&](Channel& channel, absl::string_view) {
    held.push_back(channel.TakeDelivery());
  };
  auto b = std::make_unique<TestNode>(*reactor_, OptionsOf("b@localhost"));
  ASSERT_TRUE(Connect(*reactor_, *b, a));
  const Channel old = a.To(*b);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(b->To(a).Send("hold this").ok());
  ASSERT_TRUE(Wait([&] { return held.size() == 10; }));
  b = std::make_unique<TestNode>(*reactor_, OptionsOf("b@localhost"));
  EXPECT_TRUE(old.IsUp());
  const uint32_t creation = (*b)->creation();

  ASSERT_TRUE((*b)->Setup(a.name()).ok());
  ASSERT_TRUE(Wait([&] { return AreConnected(a, *b); }));
  EXPECT_FALSE(old.IsUp());
  EXPECT_EQ(a.last_peer().creation, creation);
  EXPECT_THAT(a.events(),
              ElementsAre("up b@localhost", HasSubstr("connected anew"),
                          "up b@localhost"));
  EXPECT_THAT(b->events(), ElementsAre("up a@localhost"));
  // What was held is of no consequence to the new connection.
  held.clear();
  ASSERT_TRUE(b->To(a).Send("new").ok());
  ASSERT_TRUE(Wait([&] { return held.size() == 1; }));
  EXPECT_EQ(held.front().packet(), "new");
}

}  // namespace
}  // namespace ringdist
