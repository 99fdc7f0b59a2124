// Once a connection has settled, sending and receiving small packets allocates
// nothing: not per packet, not per turn. This program counts all allocations,
// and so is one of its own.

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "ringdist/runtime/channel.h"
#include "ringdist/tests/testing/allocation_counter.h"
#include "ringdist/tests/testing/connected_nodes.h"
#include "ringdist/tests/testing/test_node.h"

namespace ringdist {
namespace {

class PacketAllocationTest : public ConnectedNodesTest {
 protected:
  void SetUp() override {
    Start();
    b_->on_packet = [this](Channel&, absl::string_view packet) {
      ++packets_;
      bytes_ += packet.size();
    };
  }

  // How many allocations `traffic` costs, after it has run some times.
  size_t AllocationsOf(absl::FunctionRef<void()> traffic) {
    for (int i = 0; i < 5; ++i) traffic();
    const size_t before = allocations;
    for (int i = 0; i < 5; ++i) traffic();
    return allocations - before;
  }

  // Sends `count` packets by `send`, which returns whether it could, and waits
  // until they have arrived.
  void SendAndReceive(size_t count, absl::FunctionRef<bool()> send) {
    const size_t expected = packets_ + count;
    for (size_t i = 0; i < count; ++i) {
      // Full: the turn makes room.
      ASSERT_TRUE(Wait(send));
    }
    ASSERT_TRUE(Wait([&] { return packets_ == expected; }));
  }

  size_t packets_ = 0;
  size_t bytes_ = 0;
};

TEST_F(PacketAllocationTest, ThisTestSeesAllocations) {
  EXPECT_GT(AllocationsOf([] { EXPECT_NE(std::string(1000, 'x'), "x"); }), 0u);
}

TEST_F(PacketAllocationTest, ManySmallPacketsInOneTurnAllocateNothing) {
  EXPECT_EQ(AllocationsOf([this] {
              SendAndReceive(10'000, [this] {
                PacketWriter writer = channel_.BeginPacket();
                writer.WriteU64(packets_);
                writer.WriteBytes("a small packet of 32 B..");
                return writer.Commit().ok();
              });
            }),
            0u);
  EXPECT_EQ(packets_, 100'000u);
  EXPECT_EQ(bytes_, 32u * 100'000);
}

TEST_F(PacketAllocationTest, CopiedPacketsAllocateNothing) {
  // Of a size that is cut by the ends of blocks and buffers in all ways, and so
  // many that none is refused: an error costs an allocation.
  const std::string packet(1021, 'x');
  EXPECT_EQ(AllocationsOf([&] {
              SendAndReceive(900, [&] { return channel_.Send(packet).ok(); });
            }),
            0u);
  EXPECT_EQ(bytes_, 9000 * packet.size());
}

TEST_F(PacketAllocationTest, OnePacketAtATimeAllocatesNothing) {
  EXPECT_EQ(AllocationsOf([&] {
              for (int i = 0; i < 100; ++i) {
                SendAndReceive(1, [&] { return channel_.Send("ping").ok(); });
              }
            }),
            0u);
}

TEST_F(PacketAllocationTest, APacketAndItsEchoAllocateNothing) {
  int echoes = 0;
  a_->on_packet = [&](Channel&, absl::string_view) { ++echoes; };
  b_->on_packet = [&](Channel& channel, absl::string_view packet) {
    EXPECT_TRUE(channel.Send(packet).ok());
  };
  EXPECT_EQ(AllocationsOf([&] {
              for (int i = 0; i < 100; ++i) {
                const int expected = echoes + 1;
                ASSERT_TRUE(channel_.Send("ping").ok());
                ASSERT_TRUE(Wait([&] { return echoes == expected; }));
              }
            }),
            0u);
  EXPECT_EQ(echoes, 1000);
}

}  // namespace
}  // namespace ringdist
