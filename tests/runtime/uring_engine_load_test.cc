// UringEngine with more of everything than fits at once: connections,
// operations, completions and buffers.

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "ringdist/runtime/uring_engine.h"
#include "ringdist/tests/testing/engine_clients.h"
#include "ringdist/tests/testing/socket_pair.h"
#include "ringdist/tests/testing/uring_modes.h"

namespace ringdist {
namespace {

using Into = StreamReader::Into;

std::string RandomBytes(size_t size, std::mt19937& random) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

// Writes until the socket is full; returns how much that was.
size_t Fill(int fd, absl::string_view bytes) {
  size_t written = 0;
  while (written < bytes.size()) {
    const ssize_t size =
        write(fd, bytes.data() + written, bytes.size() - written);
    if (size < 0) break;
    written += static_cast<size_t>(size);
  }
  return written;
}

class UringEngineLoadTest : public testing::TestWithParam<UringOptions> {
 protected:
  void RunUntil(absl::FunctionRef<bool()> done) {
    const absl::Time deadline = engine_->Now() + absl::Seconds(20);
    while (!done()) {
      ASSERT_LT(engine_->Now(), deadline) << "it did not happen within 20 s";
      ASSERT_TRUE(engine_->Turn(absl::Seconds(1)).ok());
      // Each buffer is back when its completion has run.
      ASSERT_EQ(engine_->statistics().buffers_out, 0U);
    }
  }
  void StopAll(std::vector<std::unique_ptr<StreamReader>>& readers) {
    for (const auto& reader : readers) reader->Stop();
    RunUntil([&] {
      return std::all_of(readers.begin(), readers.end(),
                         [](const auto& reader) { return reader->idle(); });
    });
  }
  std::unique_ptr<StreamReader> NewReader(int fd, Into into, size_t limit) {
    return std::make_unique<StreamReader>(*engine_, fd, into,
                                          [limit] { return limit; });
  }

  const std::unique_ptr<IoEngine> engine_ = *UringEngine::Create(GetParam());
};

INSTANTIATE_TEST_SUITE_P(Uring, UringEngineLoadTest,
                         testing::ValuesIn(AllUringModes()), UringModeName);

TEST_P(UringEngineLoadTest, ManyConnectionsArriveCompleteAndInOrder) {
  constexpr size_t kConnections = 60;
  std::mt19937 random(1);
  std::vector<SocketPair> pairs(kConnections);
  std::vector<std::string> sent;
  std::vector<std::unique_ptr<StreamReader>> readers;
  std::vector<std::unique_ptr<StreamWriter>> writers;
  for (const SocketPair& pair : pairs) {
    sent.push_back(RandomBytes(1 + random() % 100'000, random));
    readers.push_back(NewReader(pair.ours.get(),
                                static_cast<Into>(random() % 3),
                                1 + random() % 50'000));
    writers.push_back(std::make_unique<StreamWriter>(
        *engine_, pair.peers.get(), sent.back(),
        [&random] { return 1 + random() % 2000; }));
    readers.back()->Start();
    writers.back()->Start();
  }
  for (size_t i = 0; i < kConnections; ++i) {
    RunUntil([&] {
      return writers[i]->idle() && readers[i]->bytes().size() >= sent[i].size();
    });
    EXPECT_EQ(writers[i]->end(), 0);
    EXPECT_TRUE(readers[i]->bytes() == sent[i]) << "connection " << i;
  }
  StopAll(readers);
}

TEST_P(UringEngineLoadTest, ALargeSendToASlowReaderArrivesInOrder) {
  std::mt19937 random(2);
  const SocketPair pair;
  const std::string bytes = RandomBytes(4'000'000, random);
  StreamWriter writer(*engine_, pair.ours.get(), bytes,
                      [&random] { return 1 + random() % 20'000; });
  writer.Start();
  std::string received;
  std::string piece(30'000, '\0');
  while (received.size() < bytes.size()) {
    ASSERT_TRUE(engine_->Turn(absl::ZeroDuration()).ok());
    const ssize_t size =
        read(pair.peers.get(), &piece[0], 1 + random() % piece.size());
    if (size > 0) received.append(piece, 0, static_cast<size_t>(size));
  }
  RunUntil([&] { return writer.idle(); });
  EXPECT_EQ(writer.end(), 0);
  EXPECT_TRUE(received == bytes);
}

TEST_P(UringEngineLoadTest, AReceiveTheKernelLimitsEndsSoonAfterTheLimit) {
  if (!GetParam().receive_limit) GTEST_SKIP() << "switched off";
  struct Receiver {
    void OnReceived(const Completion& completion) {
      received += static_cast<size_t>(std::max(completion.result, 0));
    }
    size_t received = 0;
    Operation operation = Operation::To<&Receiver::OnReceived>(this);
  };
  for (const size_t limit : {1, 77, 5000, 16'384, 20'000, 100'000}) {
    const SocketPair pair;
    const size_t queued = Fill(pair.peers.get(), std::string(1'000'000, 'x'));
    ASSERT_GT(queued, 150'000U);
    Receiver receiver;
    engine_->ArmReceive(receiver.operation, pair.ours.get(), limit);
    RunUntil([&] { return !receiver.operation.in_flight(); });
    EXPECT_GE(receiver.received, limit);
    EXPECT_LT(receiver.received, 2 * limit);
  }
}

TEST_P(UringEngineLoadTest, MoreOperationsThanTheSubmissionQueueHolds) {
  // The queue holds 512.
  constexpr size_t kConnections = 400;
  std::vector<SocketPair> pairs(kConnections);
  std::vector<std::unique_ptr<StreamReader>> readers;
  std::vector<std::unique_ptr<StreamWriter>> writers;
  for (size_t i = 0; i < kConnections; ++i) {
    for (const bool there : {false, true}) {
      const SocketPair& pair = pairs[i];
      readers.push_back(
          NewReader((there ? pair.peers : pair.ours).get(),
                    there ? Into::kOwnMemory : Into::kEngineMemory, 100));
      // Several slices: the backlog holds what names them, too.
      writers.push_back(std::make_unique<StreamWriter>(
          *engine_, (there ? pair.ours : pair.peers).get(),
          absl::StrCat("to ", i), [] { return 2; }));
      readers.back()->Start();
      writers.back()->Start();
    }
  }
  EXPECT_EQ(engine_->statistics().enters, 0U) << "arming entered the kernel";
  for (size_t i = 0; i < readers.size(); ++i) {
    const std::string expected = absl::StrCat("to ", i / 2);
    RunUntil([&] { return readers[i]->bytes().size() >= expected.size(); });
    EXPECT_EQ(readers[i]->bytes(), expected);
  }
  StopAll(readers);
}

TEST_P(UringEngineLoadTest, ACrowdIsServedInFewEnters) {
  constexpr size_t kConnections = 450;
  constexpr uint64_t kRounds = 10;
  std::vector<SocketPair> pairs(kConnections);
  std::vector<std::unique_ptr<StreamReader>> readers;
  for (const SocketPair& pair : pairs) {
    readers.push_back(
        NewReader(pair.ours.get(), Into::kEngineMemory, 1'000'000));
    readers.back()->Start();
  }
  ASSERT_TRUE(engine_->Turn(absl::ZeroDuration()).ok());
  const uint64_t enters_before = engine_->statistics().enters;
  for (size_t round = 1; round <= kRounds; ++round) {
    for (const SocketPair& pair : pairs) {
      ASSERT_EQ(write(pair.peers.get(), "x", 1), 1);
    }
    RunUntil([&] {
      return std::all_of(readers.begin(), readers.end(),
                         [round](const auto& reader) {
                           return reader->bytes().size() == round;
                         });
    });
  }
  // Twenty at a time it would be 22 a round.
  EXPECT_LE(engine_->statistics().enters - enters_before, 4 * kRounds);
  StopAll(readers);
}

TEST_P(UringEngineLoadTest, NothingIsLostWhenTheCompletionQueueOverflows) {
  // The queue holds 4096. Each cancel completes, too, as soon as it is handed
  // over, and so does each send.
  constexpr size_t kConnections = 300;
  constexpr int kCancels = 6000;
  std::vector<SocketPair> pairs(kConnections);
  std::vector<std::unique_ptr<StreamReader>> readers;
  std::vector<std::unique_ptr<StreamWriter>> writers;
  for (const SocketPair& pair : pairs) {
    readers.push_back(NewReader(pair.ours.get(), Into::kEngineMemory, 1000));
    readers.back()->Start();
  }
  for (int i = 0; i < kCancels; ++i) readers[0]->Stop();
  for (const SocketPair& pair : pairs) {
    writers.push_back(std::make_unique<StreamWriter>(
        *engine_, pair.peers.get(), "hello", [] { return 5; }));
    writers.back()->Start();
  }
  RunUntil([&] { return readers[0]->idle(); });
  readers[0]->Start();
  for (size_t i = 0; i < kConnections; ++i) {
    RunUntil(
        [&] { return writers[i]->idle() && readers[i]->bytes() == "hello"; });
    EXPECT_EQ(writers[i]->end(), 0);
  }
  EXPECT_GT(engine_->statistics().completion_overflows, 0U);
  StopAll(readers);
}

TEST_P(UringEngineLoadTest, MoreDataThanAllBuffersIsReceivedWithoutSpinning) {
  constexpr size_t kConnections = 100;
  std::mt19937 random(3);
  const std::string bytes = RandomBytes(1'000'000, random);
  std::vector<SocketPair> pairs(kConnections);
  std::vector<std::unique_ptr<StreamReader>> readers;
  std::vector<size_t> queued;
  size_t all_queued = 0;
  for (const SocketPair& pair : pairs) {
    queued.push_back(Fill(pair.peers.get(), bytes));
    all_queued += queued.back();
    readers.push_back(
        NewReader(pair.ours.get(), Into::kEngineMemory, 10'000'000));
    readers.back()->Start();
  }
  // 32 of 256 KiB, or 256 of 16 KiB.
  ASSERT_GT(all_queued, 8U << 20);
  for (size_t i = 0; i < kConnections; ++i) {
    RunUntil([&] { return readers[i]->bytes().size() >= queued[i]; });
    EXPECT_TRUE(readers[i]->bytes() == bytes.substr(0, queued[i])) << i;
  }
  const IoEngineStatistics statistics = engine_->statistics();
  EXPECT_GT(statistics.out_of_buffers, 0U);
  EXPECT_LE(statistics.out_of_buffers, 10 * kConnections);
  StopAll(readers);
}

}  // namespace
}  // namespace ringdist
