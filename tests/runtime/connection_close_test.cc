// Closing a Connection: a join of what is in flight, whenever it comes.

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ringdist/runtime/connection.h"
#include "ringdist/tests/testing/connection_fixture.h"
#include "ringdist/tests/testing/unix_sockets.h"

namespace ringdist {
namespace {

// More than a socket holds.
constexpr size_t kMuch = 5'000'000;

class ConnectionCloseTest : public ConnectionFixture {
 protected:
  void SendMuch() {
    connection_->queue().Append(std::string(kMuch, 'x'));
    connection_->queue().AppendReferenced("end", [this] { ++released_; });
    connection_->Flush();
  }
  // Closes in the callback that is being run, and checks that it was.
  RecordingOwner::Hook CloseNow() {
    return [this] { owner_.Close(*connection_); };
  }

  int released_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Uring, ConnectionCloseTest,
                         testing::ValuesIn(NewestAndOldestKernel()),
                         UringModeName);

// What is in flight.

TEST_P(ConnectionCloseTest, BeforeItWasStarted) {
  owner_.Close(*connection_);
  EXPECT_EQ(owner_.closed, 0) << "told inside Close";
  RunUntilClosed();
}

TEST_P(ConnectionCloseTest, WithAReceiveInFlight) {
  connection_->Start();
  RunIdle();
  owner_.Close(*connection_);
  RunUntilClosed();
  EXPECT_EQ(PeerReadsToEnd(), "");
}

TEST_P(ConnectionCloseTest, WithAReceiveThatWasNotYetHandedOver) {
  connection_->Start();
  owner_.Close(*connection_);
  RunUntilClosed();
}

TEST_P(ConnectionCloseTest, WithAStraightReceiveInFlight) {
  std::string memory(100'000, '\0');
  owner_.straight = absl::MakeSpan(&memory[0], memory.size());
  connection_->Start();
  RunIdle();
  owner_.Close(*connection_);
  RunUntilClosed();
}

TEST_P(ConnectionCloseTest, WithASendInFlight) {
  SendMuch();
  RunIdle();
  EXPECT_FALSE(connection_->queue().empty());
  EXPECT_EQ(released_, 0);
  owner_.Close(*connection_);
  RunUntilClosed();
  EXPECT_EQ(released_, 1);
  EXPECT_TRUE(connection_->queue().empty());
}

TEST_P(ConnectionCloseTest, WithBothInFlightAndMoreToRead) {
  connection_->Start();
  SendMuch();
  RunIdle();
  PeerWrites(std::string(100'000, 'y'));
  owner_.Close(*connection_);
  RunUntilClosed();
  EXPECT_EQ(released_, 1);
  EXPECT_EQ(owner_.received, "");
}

TEST_P(ConnectionCloseTest, WhileASendIsScheduled) {
  connection_->Start();
  RunIdle();
  SendMuch();
  owner_.Close(*connection_);
  RunUntilClosed();
  EXPECT_EQ(released_, 1);
  EXPECT_EQ(PeerReadsToEnd(), "");
}

TEST_P(ConnectionCloseTest, WhilePausedWithBytesKept) {
  connection_->Start();
  owner_.take_at_once = 0;
  PeerWrites("kept");
  RunUntil([&] { return owner_.receives == 1; });
  connection_->Resume();
  owner_.Close(*connection_);
  RunUntilClosed();
  EXPECT_EQ(owner_.receives, 1);
}

TEST_P(ConnectionCloseTest, ASecondCloseDoesNothing) {
  connection_->Start();
  RunIdle();
  owner_.Close(*connection_);
  owner_.Close(*connection_);
  owner_.CloseWhenSent(*connection_);
  RunUntilClosed();
  owner_.Close(*connection_);
  RunIdle();
  EXPECT_EQ(owner_.closed, 1);
}

TEST_P(ConnectionCloseTest, WhatIsCalledAfterwardsIsHarmless) {
  connection_->Start();
  owner_.Close(*connection_);
  connection_->queue().AppendReferenced("late", [this] { ++released_; });
  connection_->Flush();
  connection_->Pause();
  connection_->Resume();
  RunUntilClosed();
  connection_->queue().AppendReferenced("later", [this] { ++released_; });
  connection_->Flush();
  connection_->Resume();
  RunIdle();
  connection_.reset();
  EXPECT_EQ(released_, 2);
}

TEST_P(ConnectionCloseTest, TheOwnerMayDestroyItInOnClosed) {
  connection_->Start();
  SendMuch();
  RunIdle();
  owner_.on_closed = [&] { connection_.reset(); };
  owner_.Close(*connection_);
  RunUntilClosed();
  EXPECT_EQ(connection_, nullptr);
  EXPECT_EQ(released_, 1);
}

// In each callback.

TEST_P(ConnectionCloseTest, InOnReceived) {
  connection_->Start();
  SendMuch();
  owner_.on_received = CloseNow();
  PeerWrites("x");
  RunUntilClosed();
  EXPECT_EQ(owner_.receives, 1);
}

TEST_P(ConnectionCloseTest, InOnReceivedWithBytesLeft) {
  connection_->Start();
  owner_.take_at_once = 0;
  owner_.on_received = CloseNow();
  PeerWrites(std::string(200'000, 'x'));
  RunUntilClosed();
  EXPECT_EQ(owner_.receives, 1);
}

TEST_P(ConnectionCloseTest, InOnReceivedOfWhatWasKept) {
  connection_->Start();
  owner_.take_at_once = 1;
  PeerWrites("abc");
  shutdown(peer(), SHUT_WR);
  RunUntil([&] { return owner_.received == "a"; });
  owner_.on_received = CloseNow();
  connection_->Resume();
  RunUntilClosed();
  EXPECT_EQ(owner_.received, "ab");
  EXPECT_EQ(owner_.ended, 0);
}

TEST_P(ConnectionCloseTest, InOnReceivedStraight) {
  std::string memory(100'000, '\0');
  owner_.straight = absl::MakeSpan(&memory[0], memory.size());
  owner_.on_straight = CloseNow();
  connection_->Start();
  PeerWrites("x");
  RunUntilClosed();
}

TEST_P(ConnectionCloseTest, InOnSent) {
  connection_->Start();
  owner_.on_sent = CloseNow();
  connection_->queue().Append("x");
  connection_->Flush();
  RunUntilClosed();
  EXPECT_EQ(PeerReadsToEnd(), "x");
}

TEST_P(ConnectionCloseTest, InOnReceiveEnded) {
  connection_->Start();
  SendMuch();
  RunIdle();
  owner_.on_ended = CloseNow();
  shutdown(peer(), SHUT_WR);
  RunUntilClosed();
  EXPECT_EQ(released_, 1);
}

TEST_P(ConnectionCloseTest, InOnSendFailed) {
  connection_->Start();
  RunIdle();
  owner_.on_send_failed = CloseNow();
  shutdown(peer(), SHUT_RD);
  connection_->queue().Append("x");
  connection_->Flush();
  RunUntilClosed();
  EXPECT_EQ(owner_.send_failures, 1);
}

TEST_P(ConnectionCloseTest, InTheReleaseOfWhatWasSent) {
  connection_->Start();
  connection_->queue().AppendReferenced("first", CloseNow());
  connection_->queue().AppendReferenced("second", [this] { ++released_; });
  connection_->Flush();
  RunUntilClosed();
  EXPECT_EQ(owner_.sent, 0);
  EXPECT_EQ(released_, 1);
  EXPECT_TRUE(connection_->queue().empty());
}

TEST_P(ConnectionCloseTest, InTheReleaseOfWhatCouldNotBeSent) {
  connection_->Start();
  RunIdle();
  shutdown(peer(), SHUT_RD);
  connection_->queue().AppendReferenced("first", CloseNow());
  connection_->queue().AppendReferenced("second", [this] { ++released_; });
  connection_->Flush();
  RunUntilClosed();
  EXPECT_EQ(released_, 1);
}

// CloseWhenSent.

TEST_P(ConnectionCloseTest, WhenSentSendsEverythingFirst) {
  connection_->Start();
  SendMuch();
  owner_.CloseWhenSent(*connection_);
  owner_.CloseWhenSent(*connection_);
  EXPECT_EQ(PeerReadsToEnd(100'000),
            absl::StrCat(std::string(kMuch, 'x'), "end"));
  RunUntilClosed();
  EXPECT_EQ(released_, 1);
}

TEST_P(ConnectionCloseTest, WhenSentWithNothingToSendClosesNow) {
  connection_->Start();
  RunIdle();
  owner_.CloseWhenSent(*connection_);
  RunUntilClosed();
}

TEST_P(ConnectionCloseTest, WhenSentReceivesNothingAnyMore) {
  connection_->Start();
  RunIdle();
  SendMuch();
  owner_.CloseWhenSent(*connection_);
  PeerWrites("too late");
  RunIdle();
  connection_->Resume();
  RunIdle();
  EXPECT_EQ(owner_.receives, 0);
  EXPECT_EQ(owner_.ended, 0);
  std::string got;
  SpinUntil([&] {
    got += PeerReads();
    return got.size() == kMuch + 3;
  });
  RunUntilClosed();
}

TEST_P(ConnectionCloseTest, WhenSentEndsIfThePeerCloses) {
  connection_->Start();
  SendMuch();
  RunIdle();
  owner_.CloseWhenSent(*connection_);
  pair_.peers.Close();
  RunUntilClosed();
  EXPECT_EQ(owner_.send_failures, 1);
  EXPECT_EQ(released_, 1);
}

TEST_P(ConnectionCloseTest, WhenSentIsCutShortByClose) {
  connection_->Start();
  SendMuch();
  RunIdle();
  owner_.CloseWhenSent(*connection_);
  RunIdle();
  EXPECT_EQ(owner_.closed, 0) << "the peer reads nothing";
  owner_.Close(*connection_);
  RunUntilClosed();
  EXPECT_EQ(released_, 1);
}

TEST_P(ConnectionCloseTest, WhenSentInEachCallback) {
  for (RecordingOwner::Hook* const hook :
       {&owner_.on_received, &owner_.on_sent}) {
    *hook = [this] { owner_.CloseWhenSent(*connection_); };
  }
  connection_->Start();
  connection_->queue().Append("sent");
  PeerWrites("x");
  connection_->Flush();
  RunUntilClosed();
  EXPECT_EQ(PeerReadsToEnd(), "sent");
}

// Many.

TEST_P(ConnectionCloseTest, ManyInAllStatesLeaveNoDescriptorBehind) {
  constexpr int kCount = 100;
  const int before = CountDescriptors();
  std::vector<SocketPair> pairs(kCount);
  std::vector<RecordingOwner> owners(kCount);
  std::vector<std::unique_ptr<Connection>> connections;
  for (size_t i = 0; i < kCount; ++i) {
    connections.push_back(std::make_unique<Connection>(
        reactor_, pool_, pairs[i].ours.Release(), limits_, owners[i]));
    if (i % 2 == 0) connections[i]->Start();
    if (i % 3 == 0) {
      connections[i]->queue().Append(std::string(i * 20'000, 'x'));
      connections[i]->Flush();
    }
    if (i % 5 == 0) owners[i].take_at_once = 0;
    ASSERT_EQ(write(pairs[i].peers.get(), "hello", 5), 5);
    if (i % 7 == 0) pairs[i].peers.Close();
  }
  for (int turns = 0; turns < 3; ++turns) {
    ASSERT_TRUE(reactor_.RunOnce(absl::ZeroDuration()).ok());
  }
  for (size_t i = 0; i < kCount; ++i) owners[i].Close(*connections[i]);
  for (size_t i = 0; i < kCount; ++i) {
    RunUntil([&] { return owners[i].closed == 1; });
  }
  connections.clear();
  pairs.clear();
  EXPECT_EQ(CountDescriptors(), before);
}

TEST(ConnectionDeathTest, DestroyedWhileOpen) {
  const auto reactor = *Reactor::Create();
  BlockPool pool;
  const ConnectionLimits limits;
  RecordingOwner owner;
  SocketPair pair;
  auto connection = std::make_unique<Connection>(
      *reactor, pool, pair.ours.Release(), limits, owner);
  EXPECT_DEATH(connection.reset(), "state_ == State::kClosed");
  connection->Close();
  ASSERT_TRUE(RunUntil(*reactor, [&] { return owner.closed == 1; }));
}

}  // namespace
}  // namespace ringdist
