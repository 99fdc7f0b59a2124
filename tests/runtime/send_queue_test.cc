#include "ringdist/runtime/send_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ringdist/runtime/io_engine.h"

namespace ringdist {
namespace {

std::string Join(absl::Span<const iovec> slices) {
  std::string bytes;
  for (const iovec& slice : slices) {
    bytes.append(static_cast<const char*>(slice.iov_base), slice.iov_len);
  }
  return bytes;
}

class SendQueueTest : public testing::Test {
 protected:
  ReleaseCallback Counted() {
    return [this] { ++released_; };
  }
  // Sends everything, at most `at_once` bytes at a time.
  std::string SendAll(size_t at_once = SIZE_MAX) {
    std::string sent;
    while (!queue_.empty()) {
      const std::string gathered = Join(queue_.Gather()).substr(0, at_once);
      EXPECT_FALSE(gathered.empty());
      if (gathered.empty()) break;
      sent += gathered;
      queue_.Consume(gathered.size());
    }
    return sent;
  }

  BlockPool pool_;
  SendQueue queue_{pool_};
  int released_ = 0;
};

// Order.

TEST_F(SendQueueTest, IsEmptyAtFirst) {
  EXPECT_TRUE(queue_.empty());
  EXPECT_EQ(queue_.size(), 0U);
  EXPECT_TRUE(queue_.Gather().empty());
  queue_.Consume(0);
  queue_.Clear();
}

TEST_F(SendQueueTest, SmallPacketsArePackedIntoOneSlice) {
  queue_.Append("one ");
  queue_.Append("");
  queue_.Append("two ");
  std::memcpy(queue_.Reserve(10).data(), "three", 5);
  queue_.Commit(5);
  EXPECT_EQ(queue_.size(), 13U);
  EXPECT_EQ(queue_.Gather().size(), 1U);
  EXPECT_EQ(Join(queue_.Gather()), "one two three");
}

TEST_F(SendQueueTest, ReferencedBytesKeepTheirPlaceAndAreNotCopied) {
  const std::string large(1000, 'L');
  queue_.Append("before ");
  queue_.AppendReferenced(large, Counted());
  queue_.Append(" after");
  const absl::Span<const iovec> slices = queue_.Gather();
  ASSERT_EQ(slices.size(), 3U);
  EXPECT_EQ(slices[1].iov_base, large.data());
  EXPECT_EQ(Join(slices), absl::StrCat("before ", large, " after"));
  EXPECT_EQ(queue_.size(), large.size() + 13);
}

TEST_F(SendQueueTest, ShortSendsGoOnWhereTheyStopped) {
  const std::string large = "0123456789";
  for (size_t at_once = 1; at_once <= 30; ++at_once) {
    queue_.Append("before ");
    queue_.AppendReferenced(large, Counted());
    queue_.Append(" after");
    EXPECT_EQ(SendAll(at_once), "before 0123456789 after");
  }
  EXPECT_EQ(released_, 30);
}

TEST_F(SendQueueTest, APacketLargerThanABlockIsContiguous) {
  const size_t size = BlockPool::kBlockSize + 1;
  queue_.Append("x");
  const absl::Span<char> room = queue_.Reserve(size);
  ASSERT_GE(room.size(), size);
  std::memset(room.data(), 'y', size);
  queue_.Commit(size);
  queue_.Append("z");
  EXPECT_EQ(SendAll(1000), absl::StrCat("x", std::string(size, 'y'), "z"));
}

TEST_F(SendQueueTest, WhatIsReservedAndNotCommittedIsNotSent) {
  queue_.Append("a");
  queue_.Reserve(100);
  EXPECT_EQ(Join(queue_.Gather()), "a");
  queue_.Reserve(BlockPool::kBlockSize);  // Another block.
  queue_.Commit(0);
  queue_.Append("b");
  EXPECT_EQ(SendAll(), "ab");
}

// Limits of one send.

TEST_F(SendQueueTest, ASendHasAtMostSoManySlices) {
  std::string expected;
  const std::string bytes(2 * IoEngine::kMaxSlices + 2, 'r');
  for (size_t i = 0; i < bytes.size(); ++i) {
    queue_.AppendReferenced(absl::string_view(bytes).substr(i, 1), Counted());
  }
  EXPECT_EQ(queue_.Gather().size(), IoEngine::kMaxSlices);
  queue_.Consume(IoEngine::kMaxSlices);
  EXPECT_EQ(queue_.Gather().size(), IoEngine::kMaxSlices);
  queue_.Consume(IoEngine::kMaxSlices);
  EXPECT_EQ(queue_.Gather().size(), 2U);
  queue_.Consume(2);
  EXPECT_EQ(released_, static_cast<int>(bytes.size()));
}

TEST_F(SendQueueTest, ASendTakesAtMostSoMuchOfReferencedPayloads) {
  constexpr size_t kMax = SendQueue::kMaxBytesPerSend;
  const std::string large(2 * kMax, 'L');
  queue_.Append("head");
  queue_.AppendReferenced(large, Counted());
  queue_.Append("tail");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(Join(queue_.Gather()).size(), kMax);
    queue_.Consume(kMax);
  }
  EXPECT_EQ(released_, 0);
  EXPECT_EQ(Join(queue_.Gather()), "LLLLtail");
  queue_.Consume(8);
  EXPECT_EQ(released_, 1);
}

TEST_F(SendQueueTest, ASendTakesAtMostSoMuchOfPackedPackets) {
  constexpr size_t kMax = SendQueue::kMaxBytesPerSend;
  const std::string packet(60'000, 'p');
  while (queue_.size() < 3 * kMax) queue_.Append(packet);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Join(queue_.Gather()).size(), kMax);
    queue_.Consume(kMax);
  }
  EXPECT_EQ(Join(queue_.Gather()).size(), queue_.size());
}

TEST_F(SendQueueTest, NothingFollowsAPayloadThatFillsTheSendExactly) {
  const std::string large(SendQueue::kMaxBytesPerSend, 'L');
  queue_.AppendReferenced(large, Counted());
  queue_.AppendReferenced("x", Counted());
  EXPECT_EQ(queue_.Gather().size(), 1U);
  queue_.Consume(large.size());
  EXPECT_EQ(released_, 1);
  EXPECT_EQ(Join(queue_.Gather()), "x");
  queue_.Consume(1);
}

// While a send is in flight.

TEST_F(SendQueueTest, WhatWasGatheredStaysWhileTheQueueGrows) {
  std::vector<std::string> referenced;
  referenced.reserve(200);
  queue_.Append("first");
  queue_.AppendReferenced("second", Counted());
  queue_.Append("third");
  const absl::Span<const iovec> slices = queue_.Gather();
  const std::vector<iovec> before(slices.begin(), slices.end());
  std::string expected = "firstsecondthird";
  EXPECT_EQ(Join(slices), expected);
  for (int i = 0; i < 200; ++i) {
    queue_.Append(std::string(3000, 'a'));
    referenced.push_back(absl::StrCat("referenced", i));
    queue_.AppendReferenced(referenced.back(), Counted());
    expected += absl::StrCat(std::string(3000, 'a'), referenced.back());
  }
  ASSERT_EQ(slices.size(), before.size());
  EXPECT_EQ(
      std::memcmp(slices.data(), before.data(), before.size() * sizeof(iovec)),
      0);
  EXPECT_EQ(Join(slices), "firstsecondthird");
  EXPECT_EQ(SendAll(10'000), expected);
  EXPECT_EQ(released_, 201);
}

// Releases.

TEST_F(SendQueueTest, AReleaseRunsWhenTheLastByteIsSentAndOnce) {
  queue_.AppendReferenced("abc", Counted());
  queue_.Consume(2);
  EXPECT_EQ(released_, 0);
  queue_.Consume(1);
  EXPECT_EQ(released_, 1);
  queue_.Clear();
  EXPECT_EQ(released_, 1);
}

TEST_F(SendQueueTest, ReleasesRunInOrder) {
  std::string order;
  for (const char name : {'a', 'b', 'c'}) {
    queue_.AppendReferenced("x", [&order, name] { order += name; });
  }
  queue_.Consume(2);
  EXPECT_EQ(order, "ab");
  queue_.Clear();
  EXPECT_EQ(order, "abc");
}

TEST_F(SendQueueTest, ClearAndDestructionReleaseEachOnce) {
  {
    SendQueue queue(pool_);
    queue.AppendReferenced("sent in part", Counted());
    queue.AppendReferenced("not sent", Counted());
    queue.AppendReferenced("no release", nullptr);
    queue.Gather();
    queue.Consume(4);
    queue.Clear();
    EXPECT_EQ(released_, 2);
    EXPECT_TRUE(queue.empty());
    queue.AppendReferenced("again", Counted());
  }
  EXPECT_EQ(released_, 3);
}

TEST_F(SendQueueTest, CopiedBytesAreReleasedBeforeTheyAreSent) {
  std::string payload = "payload";
  queue_.Append("head ");
  queue_.AppendCopied(payload, Counted());
  EXPECT_EQ(released_, 0) << "inside the call";
  queue_.RunReleases();
  EXPECT_EQ(released_, 1);
  payload = "changed";
  queue_.Append(" tail");
  EXPECT_EQ(queue_.Gather().size(), 1U) << "packed with the others";
  EXPECT_EQ(SendAll(), "head payload tail");
  queue_.RunReleases();
  EXPECT_EQ(released_, 1);
}

TEST_F(SendQueueTest, EmptyReferencedBytesAreReleasedAsIfCopied) {
  // Nothing is sent that they could wait for.
  queue_.AppendReferenced("", Counted());
  EXPECT_EQ(released_, 0);
  EXPECT_TRUE(queue_.empty());
  queue_.Append("a");
  queue_.AppendReferenced("", Counted());
  queue_.AppendReferenced("", nullptr);
  queue_.Append("b");
  queue_.RunReleases();
  EXPECT_EQ(released_, 2);
  EXPECT_EQ(SendAll(), "ab");
}

TEST_F(SendQueueTest, WhatAReleaseCopiesIsReleasedTheNextTime) {
  queue_.AppendCopied("a", [this] { queue_.AppendCopied("b", Counted()); });
  queue_.RunReleases();
  EXPECT_EQ(released_, 0) << "or a chain of them would never end";
  queue_.RunReleases();
  EXPECT_EQ(released_, 1);
  EXPECT_EQ(SendAll(), "ab");
}

TEST_F(SendQueueTest, AReleaseMayAppend) {
  const std::string large(BlockPool::kBlockSize, 'L');
  queue_.AppendReferenced("a", [&] {
    queue_.Append("c");
    queue_.Append(large);
    queue_.AppendReferenced("d", [this] { queue_.Append("e"); });
  });
  queue_.Append("b");
  queue_.Gather();
  queue_.Consume(2);
  EXPECT_EQ(queue_.size(), 2 + large.size());
  EXPECT_EQ(SendAll(1000), absl::StrCat("c", large, "de"));
}

TEST_F(SendQueueTest, ClearReleasesCopiedBytes) {
  queue_.AppendCopied("a", [this] {
    queue_.AppendReferenced("b",
                            [this] { queue_.AppendCopied("", Counted()); });
  });
  queue_.Clear();
  EXPECT_EQ(released_, 1);
  EXPECT_TRUE(queue_.empty());
}

TEST_F(SendQueueTest, WhatAReleaseAppendsDuringClearIsDropped) {
  queue_.AppendReferenced("x", [this] { queue_.Append("late"); });
  queue_.Append("y");
  queue_.Clear();
  EXPECT_TRUE(queue_.empty());
  EXPECT_TRUE(queue_.Gather().empty());
  queue_.Append("z");
  EXPECT_EQ(SendAll(), "z");
}

// Blocks.

TEST_F(SendQueueTest, BlocksGoBackToThePoolWhenTheyAreSent) {
  std::set<const void*> blocks;
  const std::string full(BlockPool::kBlockSize, 'x');
  for (int round = 0; round < 10; ++round) {
    queue_.Append(full);
    queue_.Append(full);
    for (const iovec& slice : queue_.Gather()) blocks.insert(slice.iov_base);
    queue_.Consume(full.size());
    queue_.Clear();
  }
  EXPECT_EQ(blocks.size(), 2U);
}

TEST_F(SendQueueTest, QueuesShareAPool) {
  SendQueue other(pool_);
  queue_.Append("x");
  const void* const block = queue_.Gather()[0].iov_base;
  queue_.Consume(1);
  other.Append("y");
  EXPECT_EQ(other.Gather()[0].iov_base, block);
}

TEST(BlockPoolTest, KeepsTheLastReturnedFirstAndABoundedNumber) {
  BlockPool pool;
  std::vector<std::unique_ptr<char[]>> blocks;
  blocks.reserve(100);
  for (int i = 0; i < 100; ++i) blocks.push_back(pool.Take());
  std::vector<char*> kept;
  kept.reserve(blocks.size());
  for (auto& block : blocks) {
    kept.push_back(block.get());
    pool.Return(std::move(block));
  }
  // The first 64 that came back; what came after them was freed.
  for (int i = 63; i >= 0; --i) {
    const std::unique_ptr<char[]> block = pool.Take();
    EXPECT_EQ(block.get(), kept[static_cast<size_t>(i)]);
  }
}

// Against a model.

class RandomQueueTest : public testing::TestWithParam<uint32_t> {
 protected:
  std::string NextBytes(size_t size) {
    std::string bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(next_++ * 7);
    model_ += bytes;
    return bytes;
  }
  void Append(size_t size) { queue_.Append(NextBytes(size)); }
  void Commit(size_t size) {
    const absl::Span<char> room = queue_.Reserve(size + 1);
    ASSERT_GT(room.size(), size);
    const std::string bytes = NextBytes(size);
    std::copy(bytes.begin(), bytes.end(), room.begin());
    queue_.Commit(size);
  }
  void Reference(size_t size) {
    payloads_.push_back(std::make_unique<std::string>(NextBytes(size)));
    queue_.AppendReferenced(*payloads_.back(), [this] { ++released_; });
  }
  // Sends what is gathered, or a part of it.
  void Send(bool all) {
    const std::string gathered = Join(queue_.Gather());
    ASSERT_EQ(gathered.empty(), model_.empty());
    ASSERT_EQ(gathered, model_.substr(0, gathered.size()));
    const size_t sent =
        all ? gathered.size() : random_() % (gathered.size() + 1);
    queue_.Consume(sent);
    model_.erase(0, sent);
  }

  std::mt19937 random_{GetParam()};
  BlockPool pool_;
  SendQueue queue_{pool_};
  std::string model_;
  std::vector<std::unique_ptr<std::string>> payloads_;
  size_t released_ = 0;
  uint8_t next_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Seeds, RandomQueueTest, testing::Range(1U, 21U));

TEST_P(RandomQueueTest, BehavesLikeAString) {
  for (int step = 0; step < 400 && !HasFatalFailure(); ++step) {
    const size_t size = random_() % (1U << (random_() % 19));
    switch (random_() % 5) {
      case 0:
        Append(size % 5000);
        break;
      case 1:
        Commit(size);
        break;
      case 2:
        Reference(size);
        break;
      default:
        Send(/*all=*/false);
    }
    ASSERT_EQ(queue_.size(), model_.size());
    ASSERT_LE(released_, payloads_.size());
  }
  while (!queue_.empty() && !HasFatalFailure()) Send(/*all=*/true);
  queue_.RunReleases();  // Of payloads without bytes.
  EXPECT_EQ(model_, "");
  EXPECT_EQ(released_, payloads_.size());
}

}  // namespace
}  // namespace ringdist
