#include "ringdist/runtime/connection.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ringdist/tests/testing/connection_fixture.h"

namespace ringdist {
namespace {

std::string RandomBytes(size_t size, std::mt19937& random) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

class ConnectionTest : public ConnectionFixture {
 protected:
  // What may have been received of a peer that sends all the time to a
  // connection that is paused.
  size_t MostThatIsKept() const {
    // Where only a cancel ends a receive: until it does, all of the engine's
    // buffers may be filled.
    return limits_.receive_budget_bytes +
           (GetParam().receive_limit ? 512 * 1024 : 8 * 1024 * 1024);
  }
  std::mt19937 random_{1};
};

INSTANTIATE_TEST_SUITE_P(Uring, ConnectionTest,
                         testing::ValuesIn(NewestAndOldestKernel()),
                         UringModeName);

// Receiving.

TEST_P(ConnectionTest, BytesArriveWholeAndInOrder) {
  connection_->Start();
  const std::string bytes = RandomBytes(3'000'000, random_);
  PeerWritesAll(bytes, [&] { return 1 + random_() % 100'000; });
  RunUntil([&] { return owner_.received.size() == bytes.size(); });
  EXPECT_TRUE(owner_.received == bytes);
  EXPECT_EQ(connection_->received_bytes(), bytes.size());
}

TEST_P(ConnectionTest, WhatAnOwnerLeavesIsDeliveredAgainFirst) {
  connection_->Start();
  const std::string bytes = RandomBytes(1'000'000, random_);
  // It takes a random part each time, and asks for more now or later.
  owner_.on_received = [&] {
    owner_.take_at_once = random_() % 50'000;
    connection_->Resume();
  };
  PeerWritesAll(bytes, [&] { return 1 + random_() % 30'000; });
  RunUntil([&] { return owner_.received.size() == bytes.size(); });
  EXPECT_TRUE(owner_.received == bytes);
}

TEST_P(ConnectionTest, APausedConnectionKeepsABoundedAmountAndLosesNothing) {
  connection_->Start();
  owner_.take_at_once = 0;
  const std::string bytes = RandomBytes(16'000'000, random_);
  size_t written = 0;
  for (int i = 0; i < 200; ++i) {
    written += PeerWrites(absl::string_view(bytes).substr(written));
    ASSERT_TRUE(reactor_.RunOnce(absl::ZeroDuration()).ok());
  }
  EXPECT_LT(written, bytes.size()) << "the peer was not held up";
  EXPECT_EQ(owner_.received, "");
  EXPECT_GT(connection_->received_bytes(), 0U);
  EXPECT_LE(connection_->received_bytes(), MostThatIsKept());
  const int receives_before = owner_.receives;
  RunIdle();
  EXPECT_EQ(owner_.receives, receives_before) << "paused, and yet called";
  owner_.take_at_once = SIZE_MAX;
  connection_->Resume();
  PeerWritesAll(absl::string_view(bytes).substr(written),
                [] { return 1 << 20; });
  RunUntil([&] { return owner_.received.size() == bytes.size(); });
  EXPECT_TRUE(owner_.received == bytes);
}

TEST_P(ConnectionTest, PauseStopsReadingSoThatThePeerIsHeldUp) {
  connection_->Start();
  RunIdle();
  connection_->Pause();
  const std::string bytes = RandomBytes(16'000'000, random_);
  size_t written = 0;
  for (int i = 0; i < 200; ++i) {
    written += PeerWrites(absl::string_view(bytes).substr(written));
    ASSERT_TRUE(reactor_.RunOnce(absl::ZeroDuration()).ok());
  }
  EXPECT_LT(written, bytes.size());
  EXPECT_EQ(owner_.receives, 0);
  EXPECT_LE(connection_->received_bytes(), MostThatIsKept());
  connection_->Resume();
  PeerWritesAll(absl::string_view(bytes).substr(written),
                [] { return 1 << 20; });
  RunUntil([&] { return owner_.received.size() == bytes.size(); });
  EXPECT_TRUE(owner_.received == bytes);
}

TEST_P(ConnectionTest, PauseInACallHoldsWhatComesNext) {
  connection_->Start();
  owner_.on_received = [&] {
    if (owner_.receives == 1) connection_->Pause();
  };
  PeerWrites("one");
  RunUntil([&] { return owner_.received == "one"; });
  PeerWrites("two");
  RunIdle();
  EXPECT_EQ(owner_.received, "one");
  connection_->Resume();
  RunUntil([&] { return owner_.received == "onetwo"; });
}

TEST_P(ConnectionTest, ResumeAsksTheOwnerEvenIfNothingIsKept) {
  connection_->Start();
  connection_->Pause();
  owner_.Guarded([&] { connection_->Resume(); });
  RunUntil([&] { return owner_.receives == 1; });
  EXPECT_EQ(owner_.largest_view, 0U);
  PeerWrites("x");
  RunUntil([&] { return owner_.received == "x"; });
}

TEST_P(ConnectionTest, ALittleTakenOfMuchThatIsKeptDoesNotMoveTheRest) {
  connection_->Start();
  owner_.take_at_once = 0;
  const std::string bytes = RandomBytes(100'000, random_);
  ASSERT_EQ(PeerWrites(bytes), bytes.size());
  RunUntil([&] { return connection_->received_bytes() == bytes.size(); });
  owner_.take_at_once = 10;
  connection_->Resume();
  RunUntil([&] { return owner_.received.size() == 10; });
  const char* const first = owner_.last_view;
  for (size_t i = 1; i < 100; ++i) {
    connection_->Resume();
    RunUntil([&] { return owner_.received.size() == 10 * (i + 1); });
    ASSERT_EQ(owner_.last_view, first + 10 * i);
  }
  owner_.take_at_once = SIZE_MAX;
  connection_->Resume();
  RunUntil([&] { return owner_.received.size() == bytes.size(); });
  EXPECT_TRUE(owner_.received == bytes);
}

// The end of the stream.

TEST_P(ConnectionTest, TheEndIsToldAfterAllBytes) {
  connection_->Start();
  owner_.on_ended = [&] { EXPECT_EQ(owner_.received, "last words"); };
  PeerWrites("last words");
  shutdown(peer(), SHUT_WR);
  RunUntil([&] { return owner_.ended == 1; });
  EXPECT_EQ(owner_.end_reason.message(), "connection_closed");
  RunIdle();
  EXPECT_EQ(owner_.ended, 1);
  // The other direction goes on.
  connection_->queue().Append("answer");
  connection_->Flush();
  RunUntil([&] { return owner_.sent == 1; });
  EXPECT_EQ(PeerReads(), "answer");
}

TEST_P(ConnectionTest, TheEndWaitsUntilWhatIsKeptWasTaken) {
  connection_->Start();
  owner_.take_at_once = 2;
  PeerWrites("abcdef");
  shutdown(peer(), SHUT_WR);
  RunUntil([&] { return owner_.received == "ab"; });
  RunIdle();
  EXPECT_EQ(owner_.ended, 0);
  connection_->Resume();
  RunUntil([&] { return owner_.received == "abcd"; });
  EXPECT_EQ(owner_.ended, 0);
  connection_->Resume();
  RunUntil([&] { return owner_.ended == 1; });
  EXPECT_EQ(owner_.received, "abcdef");
  connection_->Resume();
  RunIdle();
  EXPECT_EQ(owner_.ended, 1);
}

TEST_P(ConnectionTest, TheEndIsToldAtOnceIfPausedWithNothingKept) {
  connection_->Start();
  RunIdle();
  connection_->Pause();
  pair_.peers.Close();
  RunUntil([&] { return owner_.ended == 1; });
  connection_->Resume();
  RunIdle();
  EXPECT_EQ(owner_.ended, 1);
  EXPECT_EQ(owner_.receives, 0);
}

TEST_P(ConnectionTest, AResetIsToldWithItsName) {
  connection_->Start();
  RunIdle();
  // A peer that closes without having read what was sent to it.
  connection_->queue().Append("unread");
  connection_->Flush();
  RunUntil([&] { return owner_.sent == 1; });
  pair_.peers.Close();
  RunUntil([&] { return owner_.ended == 1; });
  EXPECT_EQ(owner_.end_reason.message(),
            "recv: Connection reset by peer (ECONNRESET)");
}

// Straight into the owner's memory.

TEST_P(ConnectionTest, ALargePieceIsReceivedStraight) {
  std::string memory(300'000, '\0');
  owner_.straight = absl::MakeSpan(&memory[0], memory.size());
  connection_->Start();
  const std::string bytes = RandomBytes(memory.size() + 1000, random_);
  PeerWritesAll(bytes, [] { return 100'000; });
  RunUntil([&] { return owner_.received.size() == bytes.size(); });
  EXPECT_TRUE(owner_.received == bytes);
  // What is missing in the end is too little to be received straight.
  EXPECT_GT(owner_.received_straight,
            memory.size() - limits_.straight_receive_bytes);
  EXPECT_TRUE(
      std::memcmp(memory.data(), bytes.data(), owner_.received_straight) == 0);
  EXPECT_EQ(connection_->received_bytes(), bytes.size());
}

TEST_P(ConnectionTest, MemoryThatIsTooSmallIsNotUsed) {
  std::string memory(limits_.straight_receive_bytes - 1, '\0');
  owner_.straight = absl::MakeSpan(&memory[0], memory.size());
  connection_->Start();
  PeerWrites("x");
  RunUntil([&] { return owner_.received == "x"; });
  EXPECT_EQ(owner_.received_straight, 0U);
}

TEST_P(ConnectionTest, MemoryThatIsWantedLaterIsUsedBeforeLong) {
  std::string memory(4'000'000, '\0');
  connection_->Start();
  PeerWrites("header");
  RunUntil([&] { return owner_.received == "header"; });
  owner_.straight = absl::MakeSpan(&memory[0], memory.size());
  const std::string bytes = RandomBytes(memory.size(), random_);
  // The receive in flight brings its budget first. Then, what is missing.
  PeerWritesAll(bytes, [] { return 1 << 20; });
  RunUntil([&] { return owner_.received.size() == 6 + bytes.size(); });
  EXPECT_TRUE(owner_.received.substr(6) == bytes);
  EXPECT_GT(owner_.received_straight, 1'000'000U);
}

TEST_P(ConnectionTest, TheEndOfAStraightReceiveIsTold) {
  std::string memory(100'000, '\0');
  owner_.straight = absl::MakeSpan(&memory[0], memory.size());
  connection_->Start();
  PeerWrites("half");
  pair_.peers.Close();
  RunUntil([&] { return owner_.ended == 1; });
  EXPECT_EQ(owner_.received, "half");
}

TEST_P(ConnectionTest, PauseAndResumeBetweenStraightReceives) {
  std::string memory(1'000'000, '\0');
  owner_.straight = absl::MakeSpan(&memory[0], memory.size());
  owner_.on_straight = [&] { connection_->Pause(); };
  connection_->Start();
  const std::string bytes = RandomBytes(memory.size(), random_);
  size_t written = 0;
  SpinUntil([&] {
    written += PeerWrites(absl::string_view(bytes).substr(written));
    connection_->Resume();
    return owner_.received.size() == bytes.size();
  });
  EXPECT_TRUE(owner_.received == bytes);
}

// Sending.

TEST_P(ConnectionTest, TheQueueDrainsInOrderToASlowPeer) {
  connection_->Start();
  std::string expected;
  int released = 0;
  const std::string large = RandomBytes(700'000, random_);
  for (int i = 0; i < 5; ++i) {
    const std::string small = RandomBytes(1 + random_() % 100'000, random_);
    connection_->queue().Append(small);
    connection_->queue().AppendReferenced(large, [&] { ++released; });
    absl::StrAppend(&expected, small, large);
  }
  connection_->Flush();
  std::string got;
  SpinUntil([&] {
    got += PeerReads(1 + random_() % 200'000);
    // The queue grows meanwhile.
    if (expected.size() < 6'000'000) {
      const std::string more = RandomBytes(random_() % 5000, random_);
      connection_->queue().Append(more);
      connection_->Flush();
      expected += more;
    }
    return got.size() == expected.size() && got.size() >= 6'000'000;
  });
  EXPECT_TRUE(got == expected);
  RunUntil([&] { return connection_->queue().empty(); });
  EXPECT_EQ(released, 5);
  EXPECT_GT(owner_.sent, 1);
  EXPECT_EQ(connection_->sent_bytes(), expected.size());
}

TEST_P(ConnectionTest, WhatIsAppendedInOneTurnGoesOutTogether) {
  connection_->Start();
  RunIdle();
  const uint64_t before = reactor_.engine().statistics().submissions;
  for (int i = 0; i < 100; ++i) {
    connection_->queue().Append("x");
    connection_->Flush();
  }
  RunUntil([&] { return connection_->queue().empty(); });
  EXPECT_EQ(reactor_.engine().statistics().submissions, before + 1);
  EXPECT_EQ(PeerReads(), std::string(100, 'x'));
}

TEST_P(ConnectionTest, CopiedBytesAreReleasedAtTheEndOfTheTurn) {
  connection_->Start();
  connection_->queue().Append(std::string(5'000'000, 'x'));
  connection_->Flush();
  RunIdle();
  // A send is in flight, and the peer does not read.
  int released = 0;
  connection_->queue().AppendCopied("small", [&] { ++released; });
  connection_->Flush();
  EXPECT_EQ(released, 0);
  ASSERT_TRUE(reactor_.RunOnce(absl::ZeroDuration()).ok());
  EXPECT_EQ(released, 1);
  EXPECT_FALSE(connection_->queue().empty());
}

TEST_P(ConnectionTest, AnOwnerMayAppendWhenSomethingWasSent) {
  connection_->Start();
  owner_.on_sent = [&] {
    if (owner_.sent >= 10) return;
    connection_->queue().Append("x");
    connection_->Flush();
  };
  connection_->queue().Append("x");
  connection_->Flush();
  RunUntil([&] { return owner_.sent == 10; });
  EXPECT_EQ(PeerReads(), std::string(10, 'x'));
}

TEST_P(ConnectionTest, AFailedSendDropsTheQueueAndBytesMayStillCome) {
  connection_->Start();
  RunIdle();
  // No more room for us at the peer, which still sends.
  shutdown(peer(), SHUT_RD);
  int released = 0;
  connection_->queue().Append("in vain");
  connection_->queue().AppendReferenced("x", [&] { ++released; });
  owner_.on_send_failed = [&] {
    EXPECT_EQ(released, 1);
    EXPECT_TRUE(connection_->queue().empty());
  };
  connection_->Flush();
  RunUntil([&] { return owner_.send_failures == 1; });
  EXPECT_EQ(owner_.send_failure.message(), "send: Broken pipe (EPIPE)");
  EXPECT_EQ(owner_.sent, 0);
  PeerWrites("why");
  RunUntil([&] { return owner_.received == "why"; });
  // Once for each attempt.
  RunIdle();
  EXPECT_EQ(owner_.send_failures, 1);
  connection_->queue().Append("again");
  connection_->Flush();
  RunUntil([&] { return owner_.send_failures == 2; });
}

TEST_P(ConnectionTest, APeerThatClosesEndsBothDirections) {
  connection_->Start();
  connection_->queue().Append(std::string(5'000'000, 'x'));
  connection_->Flush();
  RunIdle();
  pair_.peers.Close();
  RunUntil([&] { return owner_.ended == 1 && owner_.send_failures == 1; });
}

}  // namespace
}  // namespace ringdist
