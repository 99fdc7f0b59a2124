// What a connection tells a capture sink.

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ringdist/runtime/capture.h"
#include "ringdist/runtime/connection.h"
#include "ringdist/tests/testing/connection_fixture.h"
#include "ringdist/tests/testing/pattern.h"

namespace ringdist {
namespace {

class ConnectionCaptureTest : public ConnectionFixture {
 protected:
  void StartCaptured() {
    connection_->Capture(sink_, 7);
    connection_->Start();
  }

  std::string received_;
  std::string sent_;
  const CaptureSink sink_ = [this](uint64_t connection,
                                   CaptureDirection direction,
                                   absl::string_view bytes) {
    EXPECT_EQ(connection, 7u);
    EXPECT_FALSE(bytes.empty());
    std::string& told =
        direction == CaptureDirection::kReceived ? received_ : sent_;
    told.append(bytes.data(), bytes.size());
  };
};

INSTANTIATE_TEST_SUITE_P(Uring, ConnectionCaptureTest,
                         testing::ValuesIn(NewestAndOldestKernel()),
                         UringModeName);

TEST_P(ConnectionCaptureTest, TellsWhatArrives) {
  StartCaptured();
  const std::string bytes = Pattern(300'000, 1);
  PeerWritesAll(bytes, [] { return 50'000; });
  RunUntil([&] { return owner_.received.size() == bytes.size(); });
  EXPECT_TRUE(received_ == bytes);
  EXPECT_EQ(sent_, "");
}

TEST_P(ConnectionCaptureTest, TellsWhatArrivesStraightInItsOwnersMemory) {
  const std::string bytes = Pattern(1'000'000, 2);
  std::vector<char> memory(bytes.size());
  owner_.straight = absl::MakeSpan(memory);
  StartCaptured();
  PeerWritesAll(bytes, [] { return 50'000; });
  RunUntil([&] { return received_.size() >= bytes.size(); });
  EXPECT_GT(owner_.received_straight, 0u);
  EXPECT_TRUE(received_ == bytes);
}

TEST_P(ConnectionCaptureTest, TellsWhatIsSentOnceHoweverManySendsThatTakes) {
  StartCaptured();
  const std::string bytes = Pattern(3'000'000, 3);
  connection_->queue().Append(bytes);
  owner_.CloseWhenSent(*connection_);
  // A slow reader: sends end before they have sent all.
  EXPECT_TRUE(PeerReadsToEnd(10'000) == bytes);
  EXPECT_TRUE(sent_ == bytes);
  EXPECT_EQ(received_, "");
}

TEST_P(ConnectionCaptureTest, AnAnswerIsToldAfterWhatItAnswers) {
  StartCaptured();
  std::string order;
  owner_.on_received = [&] { order = sent_; };
  connection_->queue().Append("question");
  connection_->Flush();
  SpinUntil([&] { return PeerReads() == "question"; });
  EXPECT_EQ(PeerWrites("answer"), 6u);
  RunUntil([&] { return owner_.received == "answer"; });
  EXPECT_EQ(order, "question");
  EXPECT_EQ(received_, "answer");
}

}  // namespace
}  // namespace ringdist
