// Packets that their consumer keeps: TakeDelivery, the credit that a Delivery
// holds, and what that does to the connection, its peer and all others.

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/growing_memory.h"
#include "ringdist/runtime/channel.h"
#include "ringdist/runtime/distribution.h"
#include "ringdist/tests/testing/connected_nodes.h"
#include "ringdist/tests/testing/memory_use.h"
#include "ringdist/tests/testing/pattern.h"
#include "ringdist/tests/testing/raw_peer.h"
#include "ringdist/tests/testing/test_node.h"

namespace ringdist {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr size_t kMebibyte = 1024 * 1024;

// b holds what a sends.
class CreditDeliveryTest : public ConnectedNodesTest {
 protected:
  void StartHolding() {
    Start();
    b_->on_packet = [this](Channel& channel, absl::string_view packet) {
      held_.push_back(channel.TakeDelivery());
      EXPECT_EQ(held_.back().packet(), packet);
    };
  }

  // Sends "0", "1" and so on.
  void SendNumbers(int count) {
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(channel_.Send(absl::StrCat(i)).ok());
    }
  }

  // Lets everything happen that can: a packet goes from b to a, and some turns
  // more.
  void Settle() {
    const size_t packets = a_->packets().size();
    ASSERT_TRUE(b_->To(*a_).Send("settled").ok());
    ASSERT_TRUE(Wait([&] { return a_->packets().size() > packets; }));
    for (int i = 0; i < 10; ++i) {
      ASSERT_TRUE(reactor_->RunOnce(absl::ZeroDuration()).ok());
    }
  }

  std::vector<std::string> HeldTexts() const {
    std::vector<std::string> texts;
    for (const Delivery& delivery : held_) {
      texts.emplace_back(delivery.packet());
    }
    return texts;
  }

  std::vector<Delivery> held_;
};

TEST_F(CreditDeliveryTest, TenMayBeHeldAndItGoesOnWhenFiveAreLeft) {
  StartHolding();
  SendNumbers(18);
  ASSERT_TRUE(Wait([&] { return held_.size() == 10; }));
  Settle();
  EXPECT_EQ(held_.size(), 10u);

  held_.erase(held_.begin(), held_.begin() + 4);
  Settle();
  EXPECT_THAT(HeldTexts(), ElementsAre("4", "5", "6", "7", "8", "9"));

  held_.erase(held_.begin());
  EXPECT_EQ(held_.size(), 5u) << "inside the call";
  Settle();
  EXPECT_THAT(HeldTexts(), ElementsAre("5", "6", "7", "8", "9", "10", "11",
                                       "12", "13", "14"));
  // The order in which they are let go does not matter.
  held_.erase(held_.begin() + 3, held_.end());
  ASSERT_TRUE(Wait([&] { return held_.size() == 6; }));
  EXPECT_THAT(HeldTexts(), ElementsAre("5", "6", "7", "15", "16", "17"));
}

TEST_F(CreditDeliveryTest, WhatIsConsumedAtOnceTakesNoCredit) {
  Start();
  b_->on_packet = [&](Channel& channel, absl::string_view packet) {
    if (packet != "hold") return;
    held_.push_back(channel.TakeDelivery());
  };
  for (int i = 0; i < 9; ++i) {
    ASSERT_TRUE(channel_.Send("hold").ok());
    for (int j = 0; j < 30; ++j) ASSERT_TRUE(channel_.Send("pass").ok());
  }
  Settle();
  EXPECT_EQ(held_.size(), 9u);
}

TEST_F(CreditDeliveryTest, ADeliveryThatIsLetGoAtOnceTakesNoCredit) {
  Start();
  int packets = 0;
  b_->on_packet = [&](Channel& channel, absl::string_view) {
    ++packets;
    channel.TakeDelivery();
  };
  SendNumbers(100);
  EXPECT_TRUE(Wait([&] { return packets == 100; }));
}

TEST_F(CreditDeliveryTest, OnlyALargePacketGivesItsMemoryAway) {
  Start();
  const std::string large(kMebibyte / 2, 'x');
  std::vector<std::string> taken;
  b_->on_packet = [&](Channel& channel, absl::string_view packet) {
    const GrowingMemory memory = channel.TakeMemory();
    if (packet.size() == large.size()) {
      EXPECT_EQ(memory.begin(), packet.data());
      EXPECT_GE(memory.size(), packet.size());
      EXPECT_EQ(packet, large);
      EXPECT_EQ(channel.TakeMemory().size(), 0u);
      EXPECT_THAT(channel.TakeDelivery().packet(), IsEmpty());
    } else {
      EXPECT_EQ(memory.size(), 0u);
      EXPECT_EQ(channel.TakeDelivery().packet(), packet);
    }
    taken.emplace_back(packet);
  };
  ASSERT_TRUE(channel_.Send("small").ok());
  // Larger than what the engine receives into.
  ASSERT_TRUE(channel_.Send(large).ok());
  ASSERT_TRUE(channel_.Send("small").ok());
  ASSERT_TRUE(Wait([&] { return taken.size() == 3; }));
  EXPECT_EQ(b_->To(*a_).TakeMemory().size(), 0u);
}

TEST_F(CreditDeliveryTest, APacketIsTakenOnceAndOnlyWhileItIsDelivered) {
  Start();
  Delivery first;
  Delivery second;
  b_->on_packet = [&](Channel& channel, absl::string_view) {
    EXPECT_THAT(channel_.TakeDelivery().packet(), IsEmpty()) << "a's end";
    first = channel.TakeDelivery();
    second = channel.TakeDelivery();
  };
  EXPECT_THAT(b_->To(*a_).TakeDelivery().packet(), IsEmpty());
  SendNumbers(1);
  ASSERT_TRUE(Wait([&] { return !first.packet().empty(); }));
  EXPECT_EQ(first.packet(), "0");
  EXPECT_THAT(second.packet(), IsEmpty());
  EXPECT_THAT(b_->To(*a_).TakeDelivery().packet(), IsEmpty());
  second.Release();
  first.Release();
  first.Release();
  EXPECT_THAT(first.packet(), IsEmpty());
}

TEST_F(CreditDeliveryTest, AMovedDeliveryIsHeldByOne) {
  StartHolding();
  SendNumbers(20);
  ASSERT_TRUE(Wait([&] { return held_.size() == 10; }));
  Delivery moved = std::move(held_[0]);
  EXPECT_EQ(moved.packet(), "0");
  EXPECT_THAT(held_[0].packet(), IsEmpty());
  // What it held before is let go, five times.
  for (size_t i = 1; i <= 4; ++i) {
    moved = std::move(held_[i]);
    EXPECT_THAT(held_[i].packet(), IsEmpty());
  }
  Settle();
  EXPECT_EQ(held_.size(), 10u);
  moved = Delivery();
  EXPECT_TRUE(Wait([&] { return held_.size() == 15; }));
}

TEST_F(CreditDeliveryTest, ALargePacketIsHeldWithoutACopy) {
  Start();
  const std::string large = Pattern(kMebibyte, 1);
  const char* seen_at = nullptr;
  b_->on_packet = [&](Channel& channel, absl::string_view packet) {
    seen_at = packet.data();
    held_.push_back(channel.TakeDelivery());
  };
  ASSERT_TRUE(channel_.Send(large).ok());
  ASSERT_TRUE(Wait([&] { return !held_.empty(); }));
  EXPECT_EQ(held_.front().packet().data(), seen_at);
  EXPECT_TRUE(held_.front().packet() == large);
  // Later ones do not touch it.
  ASSERT_TRUE(channel_.Send(Pattern(kMebibyte, 2)).ok());
  ASSERT_TRUE(Wait([&] { return held_.size() == 2; }));
  EXPECT_TRUE(held_.front().packet() == large);
}

// What a consumer holds up.

TEST_F(CreditDeliveryTest, AConsumerThatHoldsStopsThePeer) {
  constexpr uint32_t kCount = 512;  // 32 MiB
  constexpr size_t kPacketSize = 65536;
  Start();
  // b holds, and checks what it gets.
  uint32_t arrived = 0;
  b_->on_packet = [&](Channel& channel, absl::string_view packet) {
    EXPECT_TRUE(packet == Pattern(kPacketSize, arrived)) << arrived;
    ++arrived;
    held_.push_back(channel.TakeDelivery());
  };
  uint32_t sent = 0;
  const auto send_more = [&](Channel& channel) {
    while (sent < kCount && channel.Send(Pattern(kPacketSize, sent)).ok()) {
      ++sent;
    }
  };
  a_->on_writable = send_more;
  const size_t before = ResidentBytes();
  send_more(channel_);
  ASSERT_TRUE(Wait([&] { return held_.size() == 10; }));
  for (uint32_t last = 0; last != sent;) {
    last = sent;
    Settle();
  }
  // It is refused at last: what is held, what the two queues may have, and what
  // the socket takes.
  EXPECT_TRUE(absl::IsResourceExhausted(channel_.Send("no")));
  EXPECT_EQ(arrived, 10u);
  EXPECT_LE(sent * kPacketSize, 10 * kPacketSize + 3 * kMebibyte);
  if (kMemoryUseIsMeaningful) {
    EXPECT_LE(ResidentBytes(), before + 10 * kMebibyte);
  }
  EXPECT_EQ((*b_)->statistics().engine.buffers_out, 0u);

  // When it lets go everything arrives, in order.
  while (arrived < kCount) {
    held_.clear();
    ASSERT_TRUE(reactor_->RunOnce(absl::Milliseconds(1)).ok());
  }
  EXPECT_EQ(sent, kCount);
  if (kMemoryUseIsMeaningful) {
    EXPECT_LE(ResidentBytes(), before + 12 * kMebibyte);
  }
}

TEST_F(CreditDeliveryTest, AConsumerOfSmallPacketsThatHoldsStopsThePeer) {
  constexpr uint32_t kCount = 300'000;
  Start();
  uint32_t arrived = 0;
  b_->on_packet = [&](Channel& channel, absl::string_view packet) {
    EXPECT_EQ(packet, absl::StrCat("packet ", arrived));
    ++arrived;
    held_.push_back(channel.TakeDelivery());
  };
  uint32_t sent = 0;
  const auto send_more = [&](Channel& channel) {
    while (sent < kCount && channel.Send(absl::StrCat("packet ", sent)).ok()) {
      ++sent;
    }
  };
  a_->on_writable = send_more;
  send_more(channel_);
  ASSERT_TRUE(Wait([&] { return held_.size() == 10; }));
  for (uint32_t last = 0; last != sent;) {
    last = sent;
    Settle();
  }
  EXPECT_EQ(arrived, 10u);
  EXPECT_LT(sent, kCount);
  while (arrived < kCount) {
    held_.clear();
    ASSERT_TRUE(reactor_->RunOnce(absl::Milliseconds(1)).ok());
  }
}

TEST_F(CreditDeliveryTest, AnotherConnectionIsNotHeldUp) {
  StartHolding();
  TestNode c(*reactor_, OptionsOf("c@localhost"));
  ASSERT_TRUE(c->Setup(b_->name()).ok());
  ASSERT_TRUE(Wait([&] { return AreConnected(c, *b_); }));
  // a sends all it can while c and b play.
  const std::string large = Pattern(65536, 1);
  a_->on_writable = [&](Channel& channel) {
    while (channel.Send(large).ok()) continue;
  };
  while (channel_.Send(large).ok()) continue;
  ASSERT_TRUE(Wait([&] { return held_.size() == 10; }));
  Settle();
  const auto echo = [](Channel& channel, absl::string_view packet) {
    EXPECT_TRUE(channel.Send(packet).ok());
  };
  b_->on_packet = echo;
  int rounds = 0;
  c.on_packet = [&](Channel& channel, absl::string_view packet) {
    ++rounds;
    EXPECT_TRUE(channel.Send(packet).ok());
  };
  const uint64_t enters = (*b_)->statistics().engine.enters;
  ASSERT_TRUE(c.To(*b_).Send("ball").ok());
  ASSERT_TRUE(Wait([&] { return rounds >= 1000; }));
  // Nor does it cost turns: each way there is a send and a receive.
  EXPECT_LE((*b_)->statistics().engine.enters - enters, 5000u);
  EXPECT_EQ((*b_)->statistics().engine.out_of_buffers, 0u);
  EXPECT_EQ(held_.size(), 10u);
  EXPECT_EQ(channel_.IsUp(), true);
}

// Ends.

TEST_F(CreditDeliveryTest, ADeliveryOutlivesItsConnectionAndItsNode) {
  StartHolding();
  SendNumbers(12);
  ASSERT_TRUE(Wait([&] { return held_.size() == 10; }));
  b_->To(*a_).Disconnect(absl::CancelledError("enough"));
  ASSERT_TRUE(Wait([&] { return b_->connections() == 0; }));
  EXPECT_EQ(held_[3].packet(), "3");
  held_[3].Release();
  b_.reset();
  EXPECT_EQ(held_[7].packet(), "7");
  held_.erase(held_.begin(), held_.begin() + 8);
  EXPECT_THAT(HeldTexts(), ElementsAre("8", "9"));
  a_.reset();
  reactor_.reset();
  EXPECT_THAT(HeldTexts(), ElementsAre("8", "9"));
}

TEST_F(CreditDeliveryTest, DeliveriesMayBeLetGoInOnDown) {
  StartHolding();
  SendNumbers(12);
  ASSERT_TRUE(Wait([&] { return held_.size() == 10; }));
  b_->on_down = [&](Channel&, const absl::Status&) { held_.clear(); };
  b_->To(*a_).Disconnect(absl::CancelledError("enough"));
  ASSERT_TRUE(Wait([&] { return b_->connections() == 0; }));
  EXPECT_THAT(held_, IsEmpty());
}

TEST_F(CreditDeliveryTest, WhatArrivedBeforeThePeerClosedIsDeliveredFirst) {
  StartHolding();
  ASSERT_TRUE((*a_)->Listen().ok());
  a_->on_packet = b_->on_packet;
  RawPeer peer(*reactor_, directory_.Join("a"), "peer@localhost");
  peer.Send(peer.Dial());
  ASSERT_TRUE(peer.ReceiveHandshake().has_value());
  for (int i = 0; i < 25; ++i) peer.Send(DataPacket(absl::StrCat(i)));
  peer.Close();
  ASSERT_TRUE(Wait([&] { return held_.size() == 10; }));
  EXPECT_EQ(a_->CountEvents("down"), 0);
  std::vector<std::string> seen;
  ASSERT_TRUE(Wait([&] {
    for (std::string& text : HeldTexts()) seen.push_back(std::move(text));
    held_.clear();
    return a_->CountEvents("down") == 1;
  }));
  EXPECT_EQ(seen.size(), 25u);
  EXPECT_EQ(seen.back(), "24");
  EXPECT_EQ(a_->events().back(), "down peer@localhost: connection_closed");
}

}  // namespace
}  // namespace ringdist
