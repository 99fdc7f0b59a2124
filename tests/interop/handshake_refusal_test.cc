// What is wrong in a handshake, row by row: a real node closes the connection,
// with no answer but the one in the row, and so does ours. Ours also tells why,
// in words that begin to explain.

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/cookie_digest.h"
#include "ringdist/proto/distribution_flags.h"
#include "ringdist/proto/handshake_messages.h"
#include "ringdist/tests/interop/either_node_test.h"
#include "ringdist/tests/testing/golden_handshake.h"
#include "ringdist/tests/testing/raw_peer.h"
#include "ringdist/tests/testing/test_node.h"

namespace ringdist {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

constexpr uint64_t kFlags = golden::kScriptFlags;
constexpr uint64_t kTooFewFlags =
    kFlags & ~kDflagMapTag & ~kDflagMandatory25Digest;

struct Row {
  std::string what;
  std::string body;  // What the peer sends.
  std::string why;   // In our words.
  std::vector<std::string> answers = {};
};

// A send_name whose name nobody checked.
std::string SendNameOf(absl::string_view name) {
  std::string body = Encode(SendNameV6{kFlags, 4, NameOf("cpp@localhost")});
  body.resize(body.size() - 15);
  return absl::StrCat(body, std::string(1, '\0'),
                      std::string(1, static_cast<char>(name.size())), name);
}

std::string SendName(uint64_t flags) {
  return Encode(SendNameV6{flags, 4, NameOf("cpp@localhost")});
}

std::string ChallengeOf(absl::string_view name, uint64_t flags) {
  return Encode(ChallengeV6{flags, golden::kScriptChallenge, 4, NameOf(name)});
}

class HandshakeRefusalTest : public EitherNodeTest {
 protected:
  // All that the node still sends, until it closes.
  std::vector<std::string> Answers(RawPeer& peer) {
    std::vector<std::string> answers;
    while (true) {
      const std::optional<std::string> answer = peer.ReceiveHandshake();
      if (!answer.has_value()) return answers;
      answers.push_back(*answer);
    }
  }

  // After what a row says was sent.
  void ExpectRefusal(RawPeer& peer, const Row& row) {
    EXPECT_THAT(Answers(peer), ElementsAreArray(row.answers));
    if (!is_ours()) return;
    const std::string words = Words();
    EXPECT_THAT(words.substr(words_before_), HasSubstr(row.why));
    words_before_ = words.size();
  }

  // The node is none the worse.
  void ExpectGoodHandshake() {
    RawPeer peer = DialIt("good@localhost");
    peer.Send(peer.Dial());
    EXPECT_TRUE(peer.ReceiveHandshake().has_value());
    EXPECT_TRUE(IsConnectedTo("good@localhost"));
  }

  size_t words_before_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Node, HandshakeRefusalTest, EitherNode(), KindName);

TEST_P(HandshakeRefusalTest, OfWhatShouldBeAName) {
  const std::string name = SendName(kFlags);
  const std::vector<Row> rows = {
      {"nothing", "", "empty"},
      {"an unknown tag", absl::StrCat("X", name.substr(1)), "send_name"},
      {"a status", "sok", "send_name"},
      {"the tag alone", "N", "send_name"},
      {"cut in the header", name.substr(0, 14), "send_name"},
      {"cut in the name", name.substr(0, name.size() - 1), "send_name"},
      {"no @", SendNameOf("cpp"), "cpp"},
      {"two @", SendNameOf("cpp@local@host"), "cpp@local@host"},
      {"nothing before @", SendNameOf("@localhost"), "@localhost"},
      {"nothing behind @", SendNameOf("cpp@"), "cpp@"},
      {"no name", SendNameOf(""), "name"},
      {"flags missing", SendName(kTooFewFlags), "MAP_TAG", {"snot_allowed"}},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.what);
    RawPeer peer = DialIt("cpp@localhost");
    peer.SendHandshake(row.body);
    ExpectRefusal(peer, row);
  }
  ExpectGoodHandshake();
}

TEST_P(HandshakeRefusalTest, OfWhatShouldBeAReply) {
  const std::string right = Encode(ChallengeReply{1, Digest()});
  const std::vector<Row> rows = {
      {"nothing", "", "challenge_reply"},
      {"another tag", absl::StrCat("a", right.substr(1)), "challenge_reply"},
      {"too short", right.substr(0, 20), "challenge_reply"},
      {"too long", absl::StrCat(right, "x"), "challenge_reply"},
      {"a wrong digest", right, "bad cookie"},
  };
  int number = 0;
  for (const Row& row : rows) {
    SCOPED_TRACE(row.what);
    // Another name each time: the one before may not be forgotten yet.
    const std::string name = absl::StrCat("cpp", ++number, "@localhost");
    RawPeer peer = DialIt(name);
    peer.Dial();
    peer.SendHandshake(row.body);
    ExpectRefusal(peer, row);
    ASSERT_FALSE(IsConnectedTo(name));
  }
  ExpectGoodHandshake();
}

TEST_P(HandshakeRefusalTest, OfWhatShouldBeAnAnswerToAlive) {
  RawPeer up = DialIt("cpp@localhost");
  up.Send(up.Dial());
  ASSERT_TRUE(up.ReceiveHandshake().has_value());
  for (const Row& row : std::vector<Row>{{"nothing", "", "alive"},
                                         {"a status", "sok", "alive"},
                                         {"another tag", "rtrue", "alive"},
                                         {"false", "sfalse", ""}}) {
    SCOPED_TRACE(row.what);
    // As soon as it knows that the one before is gone.
    ASSERT_TRUE(RunUntil([&] {
      RawPeer peer = DialIt("cpp@localhost");
      peer.SendHandshake(SendName(kFlags));
      if (peer.ReceiveHandshake() != golden::StatusAlive()) return false;
      peer.SendHandshake(row.body);
      ExpectRefusal(peer, row);
      return true;
    }));
    EXPECT_TRUE(IsConnectedTo("cpp@localhost"));
  }
}

TEST_P(HandshakeRefusalTest, OfWhatShouldBeAStatus) {
  const std::vector<Row> rows = {
      {"nothing", "", "status"},
      {"the tag alone", "s", "status"},
      {"an unknown one", "sbogus", "status"},
      {"the answer to alive", "strue", "status"},
      {"another tag", "xok", "status"},
      {"not_allowed", "snot_allowed", "not_allowed"},
      {"a name that was not asked for", golden::NamedForDynamic(), "DYN1"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.what);
    RawPeer peer = LetItDial();
    ASSERT_TRUE(peer.ReceiveHandshake().has_value());
    peer.SendHandshake(row.body);
    EXPECT_FALSE(ItsDialSucceeded());
    ExpectRefusal(peer, row);
  }
  ExpectGoodHandshake();
}

TEST_P(HandshakeRefusalTest, OfWhatShouldBeAChallenge) {
  const std::string right = ChallengeOf("cpp@localhost", kFlags);
  const std::vector<Row> rows = {
      {"nothing", "", "challenge"},
      {"an unknown tag", absl::StrCat("X", right.substr(1)), "challenge"},
      {"cut in the header", right.substr(0, 18), "challenge"},
      {"cut in the name", right.substr(0, right.size() - 1), "challenge"},
      {"of somebody else", ChallengeOf("cqq@localhost", kFlags), "cqq"},
      {"flags missing", ChallengeOf("cpp@localhost", kTooFewFlags), "MAP_TAG"},
      {"of version 5",
       Encode(ChallengeV5{static_cast<uint32_t>(kFlags), 1,
                          NameOf("cpp@localhost")}),
       "challenge"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.what);
    RawPeer peer = LetItDial();
    ASSERT_TRUE(peer.ReceiveHandshake().has_value());
    peer.SendHandshake("sok");
    peer.SendHandshake(row.body);
    EXPECT_FALSE(ItsDialSucceeded());
    ExpectRefusal(peer, row);
  }
  ExpectGoodHandshake();
}

TEST_P(HandshakeRefusalTest, OfWhatShouldBeAnAck) {
  const std::string right = Encode(ChallengeAck{Digest()});
  const std::vector<Row> rows = {
      {"nothing", "", "challenge_ack"},
      {"another tag", absl::StrCat("r", right.substr(1)), "challenge_ack"},
      {"too short", right.substr(0, 16), "challenge_ack"},
      {"too long", absl::StrCat(right, "x"), "challenge_ack"},
      {"a wrong digest", right, "bad cookie"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.what);
    RawPeer peer = LetItDial();
    peer.Answer();
    peer.SendHandshake(row.body);
    EXPECT_FALSE(ItsDialSucceeded());
    ExpectRefusal(peer, row);
  }
  ExpectGoodHandshake();
}

TEST_P(HandshakeRefusalTest, OfWhoIsSilentForSevenSeconds) {
  RawPeer nameless = DialIt("cpp@localhost");
  const absl::Time start = absl::Now();
  EXPECT_TRUE(nameless.SeesClose());
  EXPECT_GT(absl::Now() - start, absl::Seconds(6.5));
  EXPECT_LT(absl::Now() - start, absl::Seconds(8));
}

}  // namespace
}  // namespace ringdist
