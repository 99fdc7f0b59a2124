#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "ringdist/bench/load/frames.h"
#include "ringdist/bench/load/payloads.h"
#include "ringdist/runtime/send_queue.h"
#include "ringdist/tests/testing/splits.h"

namespace ringdist {
namespace {

constexpr size_t kLarge = 200'000;

// Puts parts together again.
struct Receiver {
  void OnFrame(MessageType type, uint64_t number, absl::string_view payload) {
    messages.push_back({type, number, std::string(payload)});
  }
  void OnPart(uint64_t number, size_t bytes, size_t offset,
              absl::string_view part) {
    ++parts;
    if (offset == 0) messages.push_back({MessageType::kData, number, ""});
    EXPECT_EQ(messages.back().payload.size(), offset);
    EXPECT_LE(offset + part.size(), bytes);
    messages.back().payload.append(part.data(), part.size());
  }

  struct Message {
    MessageType type;
    uint64_t number;
    std::string payload;

    bool operator==(const Message&) const = default;
  };
  std::vector<Message> messages;
  size_t parts = 0;
};

class FramesTest : public ::testing::Test {
 protected:
  void Append(MessageType type, uint64_t number, size_t bytes,
              PayloadLife life = PayloadLife::kForever) {
    const absl::string_view payload = payloads_.Of(number, bytes);
    AppendFrame(type, number, payload, life, queue_);
    sent_.push_back({type, number, std::string(payload)});
  }

  std::string TakeBytes() {
    std::string bytes;
    while (!queue_.empty()) {
      size_t size = 0;
      for (const iovec& slice : queue_.Gather()) {
        bytes.append(static_cast<const char*>(slice.iov_base), slice.iov_len);
        size += slice.iov_len;
      }
      queue_.Consume(size);
    }
    return bytes;
  }

  void ExpectArrives(absl::string_view bytes, size_t part_bytes) {
    FrameScanner scanner;
    Receiver receiver;
    for (size_t i = 0; i < bytes.size(); i += part_bytes) {
      ASSERT_TRUE(scanner.Scan(bytes.substr(i, part_bytes), receiver));
    }
    EXPECT_TRUE(receiver.messages == sent_) << part_bytes;
  }

  const Payloads payloads_{Verify::kFull, kLarge};
  BlockPool pool_;
  SendQueue queue_{pool_};
  std::vector<Receiver::Message> sent_;
};

TEST_F(FramesTest, HaveALengthAHeaderAndAPayload) {
  Append(MessageType::kEcho, 2, 3);
  const std::string payload(payloads_.Of(2, 3));
  EXPECT_EQ(TakeBytes(), std::string("\0\0\0\x0b"
                                     "\1\0\0\0\0\0\0\2",
                                     12) +
                             payload);
}

TEST_F(FramesTest, ArriveHoweverTheyAreCut) {
  Append(MessageType::kData, 1, 0);
  Append(MessageType::kEcho, 1, 40, PayloadLife::kThisCall);
  Append(MessageType::kData, 2, 17);
  for (const Split& split : AllSplits(TakeBytes())) {
    SCOPED_TRACE(split.name);
    FrameScanner scanner;
    Receiver receiver;
    for (const absl::string_view piece : split.Pieces()) {
      ASSERT_TRUE(scanner.Scan(piece, receiver));
    }
    EXPECT_TRUE(receiver.messages == sent_);
  }
}

TEST_F(FramesTest, ArriveHoweverTheyAreSent) {
  uint64_t number = 0;
  for (const size_t bytes : {0, 1, 15, 16, 17, 128, 129, 4095, 4096, 5000}) {
    Append(MessageType::kData, ++number, bytes);
    Append(MessageType::kEcho, ++number, bytes, PayloadLife::kThisCall);
  }
  const std::string bytes = TakeBytes();
  for (const size_t part_bytes : {1, 2, 11, 12, 13, 1000, 4096, 100'000}) {
    ExpectArrives(bytes, part_bytes);
  }
}

TEST_F(FramesTest, LargeDataIsHandedOutInPieces) {
  Append(MessageType::kData, 1, kLarge);
  Append(MessageType::kData, 2, 16);
  Append(MessageType::kData, 3, kLarge, PayloadLife::kThisCall);
  const std::string bytes = TakeBytes();
  for (const size_t part_bytes : {7, 65536, 150'000}) {
    ExpectArrives(bytes, part_bytes);
  }
  FrameScanner scanner;
  Receiver receiver;
  ASSERT_TRUE(
      scanner.Scan(absl::string_view(bytes).substr(0, 100'000), receiver));
  EXPECT_EQ(receiver.parts, 1U);
}

// What is sent back has to be there as a whole.
TEST_F(FramesTest, LargeEchoesComeWhole) {
  Append(MessageType::kEcho, 1, kLarge);
  const std::string bytes = TakeBytes();
  FrameScanner scanner;
  Receiver receiver;
  const absl::string_view view(bytes);
  ASSERT_TRUE(scanner.Scan(view.substr(0, 100'000), receiver));
  EXPECT_TRUE(receiver.messages.empty());
  ASSERT_TRUE(scanner.Scan(view.substr(100'000), receiver));
  EXPECT_TRUE(receiver.messages == sent_);
  EXPECT_EQ(receiver.parts, 0U);
}

TEST_F(FramesTest, OtherBytesAreNoFrames) {
  Receiver receiver;
  FrameScanner too_short;
  EXPECT_FALSE(
      too_short.Scan(absl::string_view("\0\0\0\7xxxxxxxx", 12), receiver));
  FrameScanner too_long;
  EXPECT_FALSE(
      too_long.Scan(absl::string_view("\xff\0\0\0xxxxxxxx", 12), receiver));
  EXPECT_TRUE(receiver.messages.empty());
}

}  // namespace
}  // namespace ringdist
