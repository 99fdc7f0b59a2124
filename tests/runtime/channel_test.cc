// Writing packets: PacketWriter and Send. How packets flow is in
// channel_flow_test.cc, what becomes of them in credit_delivery_test.cc.

#include "ringdist/runtime/channel.h"

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/runtime/distribution.h"
#include "ringdist/runtime/send_queue.h"
#include "ringdist/tests/testing/connected_nodes.h"
#include "ringdist/tests/testing/pattern.h"
#include "ringdist/tests/testing/raw_peer.h"
#include "ringdist/tests/testing/test_node.h"

namespace ringdist {
namespace {

using ::testing::ElementsAre;

constexpr size_t kMebibyte = 1024 * 1024;

class ChannelTest : public ConnectedNodesTest {};

// PacketWriter.

TEST_F(ChannelTest, ACommittedPacketArrives) {
  Start();
  PacketWriter writer = channel_.BeginPacket();
  EXPECT_TRUE(writer.status().ok());
  writer.WriteU8('h');
  writer.WriteBytes("ello");
  EXPECT_EQ(channel_.statistics().pending_bytes, 0u);
  EXPECT_TRUE(writer.Commit().ok());
  EXPECT_EQ(channel_.statistics().pending_bytes, 9u);
  ASSERT_TRUE(WaitForPackets(1));
  EXPECT_THAT(b_->packets(), ElementsAre("hello"));
}

TEST_F(ChannelTest, WithoutCommitNothingIsSent) {
  Start();
  {
    PacketWriter forgotten = channel_.BeginPacket();
    forgotten.WriteBytes(std::string(200'000, 'x'));
  }
  EXPECT_EQ(channel_.statistics().pending_bytes, 0u);
  EXPECT_EQ(channel_.statistics().packets_out, 0u);
  { PacketWriter forgotten = channel_.BeginPacket(); }
  ASSERT_TRUE(channel_.Send("kept").ok());
  {
    PacketWriter forgotten = channel_.BeginPacket();
    forgotten.WriteBytes("this not");
  }
  ASSERT_TRUE(channel_.Send("kept too").ok());
  ASSERT_TRUE(WaitForPackets(2));
  EXPECT_THAT(b_->packets(), ElementsAre("kept", "kept too"));
}

TEST_F(ChannelTest, EmptyPacketsAreRefused) {
  Start();
  EXPECT_EQ(channel_.Send("").code(), absl::StatusCode::kInvalidArgument);
  PacketWriter writer = channel_.BeginPacket();
  EXPECT_EQ(writer.Commit().code(), absl::StatusCode::kInvalidArgument);
  PacketWriter referencing = channel_.BeginPacket();
  int released = 0;
  EXPECT_EQ(referencing.CommitReferenced("", [&] { ++released; }).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(released, 1);
  EXPECT_EQ(channel_.statistics().pending_bytes, 0u);
  // The channel is none the worse for it.
  ASSERT_TRUE(channel_.Send("x").ok());
  ASSERT_TRUE(WaitForPackets(1));
  EXPECT_THAT(b_->packets(), ElementsAre("x"));
}

TEST_F(ChannelTest, AnAddedPacketIsFilledInWhereItLies) {
  Start();
  std::vector<std::string> sent;
  for (const size_t size : {1u, 8u, 4096u, 300'000u, 2u}) {
    sent.push_back(Pattern(size, size));
    char* const body = channel_.AddPacket(size);
    ASSERT_NE(body, nullptr);
    std::copy(sent.back().begin(), sent.back().end(), body);
  }
  ASSERT_TRUE(WaitForPackets(sent.size()));
  EXPECT_TRUE(b_->packets() == sent);
  EXPECT_EQ(channel_.AddPacket(0), nullptr);
  EXPECT_EQ(channel_.AddPacket(size_t{1} << 32), nullptr);
  EXPECT_EQ(channel_.statistics().pending_bytes, 0u);
  channel_.Disconnect(absl::CancelledError("enough"));
  EXPECT_EQ(channel_.AddPacket(1), nullptr);
  ASSERT_TRUE(Wait([&] { return !channel_.IsUp(); }));
  EXPECT_EQ(channel_.AddPacket(1), nullptr);
  EXPECT_EQ(Channel().AddPacket(1), nullptr);
}

TEST_F(ChannelTest, AWriterGrowsAcrossBlocks) {
  Start();
  // In front of each packet another one, so that it begins anywhere in a block;
  // around the size of a block every boundary.
  std::vector<std::string> sent;
  for (size_t size : {1u, 507u, 508u, 509u, 513u, 65530u, 65531u, 65532u,
                      65533u, 65536u, 65537u, 131072u, 300000u}) {
    for (const size_t before : {1u, 40000u, 65500u}) {
      sent.push_back(Pattern(before, static_cast<uint32_t>(sent.size())));
      ASSERT_TRUE(channel_.Send(sent.back()).ok());
      sent.push_back(Pattern(size, static_cast<uint32_t>(sent.size())));
      PacketWriter writer = channel_.BeginPacket();
      for (const char byte : sent.back()) {
        writer.WriteU8(static_cast<uint8_t>(byte));
      }
      ASSERT_TRUE(writer.Commit().ok());
      ASSERT_TRUE(WaitForPackets(sent.size()));
      ASSERT_EQ(b_->packets(), sent) << size << " after " << before;
    }
  }
}

TEST_F(ChannelTest, WhatWasWrittenCanBePatchedAndTakenBack) {
  Start();
  PacketWriter writer = channel_.BeginPacket();
  writer.WriteU32(0);
  writer.WriteBytes(std::string(100'000, 'x'));
  writer.Truncate(6);
  writer.PatchU32(0, 0x61626364);
  ASSERT_TRUE(writer.Commit().ok());
  ASSERT_TRUE(WaitForPackets(1));
  EXPECT_THAT(b_->packets(), ElementsAre("abcdxx"));
}

TEST_F(ChannelTest, PacketsOf64MebibytesArriveAsTheyWereSent) {
  DistributionOptions options = OptionsOf("a@localhost");
  options.send_queue_bytes = 1024 * kMebibyte;
  Start(options, OptionsOf("b@localhost"));
  const std::string large = Pattern(64 * kMebibyte, 1);
  std::vector<std::string> packets;  // "large" stands for itself.
  b_->on_packet = [&](Channel&, absl::string_view packet) {
    packets.emplace_back(packet == large ? "large" : packet.substr(0, 20));
  };
  // Written, copied, referenced; a small one behind each.
  PacketWriter writer = channel_.BeginPacket();
  for (size_t i = 0; i < large.size(); i += 10'000) {
    writer.WriteBytes(absl::string_view(large).substr(i, 10'000));
  }
  ASSERT_TRUE(writer.Commit().ok());
  ASSERT_TRUE(channel_.Send("small 1").ok());
  ASSERT_TRUE(channel_.Send(large).ok());
  ASSERT_TRUE(channel_.Send("small 2").ok());
  PacketWriter referencing = channel_.BeginPacket();
  ASSERT_TRUE(referencing.CommitReferenced(large, nullptr).ok());
  ASSERT_TRUE(channel_.Send("small 3").ok());
  ASSERT_TRUE(Wait([&] { return packets.size() == 6; }));
  EXPECT_THAT(packets, ElementsAre("large", "small 1", "large", "small 2",
                                   "large", "small 3"));
}

// CommitReferenced.

TEST_F(ChannelTest, AReferencedPayloadIsReleasedOnceWhenItIsSent) {
  Start();
  auto payload = std::make_unique<std::string>(Pattern(700'000, 2));
  const std::string expected = "head" + *payload;
  int released = 0;
  PacketWriter writer = channel_.BeginPacket();
  writer.WriteBytes("head");
  ASSERT_TRUE(writer
                  .CommitReferenced(*payload,
                                    [&] {
                                      ++released;
                                      payload.reset();
                                    })
                  .ok());
  EXPECT_EQ(released, 0);
  EXPECT_EQ(channel_.statistics().pending_bytes, 4 + expected.size());
  ASSERT_TRUE(WaitForPackets(1));
  EXPECT_TRUE(b_->packets().front() == expected);
  EXPECT_TRUE(Wait([&] { return released == 1; }));
}

TEST_F(ChannelTest, AReferencedPayloadMayBeAllOrNothingOfAPacket) {
  Start();
  int released = 0;
  const auto release = [&] { ++released; };
  PacketWriter all = channel_.BeginPacket();
  ASSERT_TRUE(all.CommitReferenced("all of it", release).ok());
  PacketWriter nothing = channel_.BeginPacket();
  nothing.WriteBytes("nothing of it");
  ASSERT_TRUE(nothing.CommitReferenced("", release).ok());
  PacketWriter careless = channel_.BeginPacket();
  careless.WriteBytes("static ");
  ASSERT_TRUE(careless.CommitReferenced("storage", nullptr).ok());
  ASSERT_TRUE(WaitForPackets(3));
  EXPECT_THAT(b_->packets(),
              ElementsAre("all of it", "nothing of it", "static storage"));
  EXPECT_TRUE(Wait([&] { return released == 2; }));
}

TEST_F(ChannelTest, ASmallReferencedPayloadIsCopiedAndReleasedInThisTurn) {
  constexpr size_t kMin = SendQueue::kMinReferenced;
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  ASSERT_TRUE(a->Listen().ok());
  RawPeer peer(*reactor_, directory_.Join("a"), "peer@localhost");
  peer.Send(peer.Dial());
  ASSERT_TRUE(peer.ReceiveHandshake().has_value());
  Channel channel = a->Find(NameOf("peer@localhost"));
  // The peer does not read, and this is more than its socket takes.
  const std::string large = Pattern(kMebibyte - 2 * kMin, 1);
  ASSERT_TRUE(channel.Send(large).ok());
  std::string small = Pattern(kMin - 1, 2);
  std::string larger = Pattern(kMin, 3);
  const std::string expected = absl::StrCat("head ", small);
  int small_released = 0;
  int larger_released = 0;
  PacketWriter copied = channel.BeginPacket();
  copied.WriteBytes("head ");
  ASSERT_TRUE(copied.CommitReferenced(small, [&] { ++small_released; }).ok());
  ASSERT_TRUE(channel.BeginPacket()
                  .CommitReferenced(larger, [&] { ++larger_released; })
                  .ok());
  EXPECT_EQ(small_released, 0) << "inside the call";
  ASSERT_TRUE(reactor_->RunOnce(absl::ZeroDuration()).ok());
  EXPECT_EQ(small_released, 1);
  EXPECT_EQ(larger_released, 0);
  small.assign(small.size(), '-');
  EXPECT_EQ(peer.ReceiveData(), large);
  EXPECT_EQ(peer.ReceiveData(), expected);
  EXPECT_EQ(peer.ReceiveData(), larger);
  EXPECT_TRUE(Wait([&] { return larger_released == 1; }));
  EXPECT_EQ(small_released, 1);
}

TEST_F(ChannelTest, AReleaseOfACopyMaySendTheNextPacket) {
  Start();
  int left = 100;
  std::function<void()> send_next = [&] {
    if (left-- == 0) return;
    EXPECT_TRUE(channel_.BeginPacket().CommitReferenced("x", send_next).ok());
  };
  send_next();
  ASSERT_TRUE(WaitForPackets(100));
  EXPECT_TRUE(Wait([&] { return left < 0; }));
}

TEST_F(ChannelTest, AReferencedPayloadIsReleasedOnceWhenTheConnectionEnds) {
  Start();
  const std::string payload = Pattern(kMebibyte, 3);
  int released = 0;
  PacketWriter in_flight = channel_.BeginPacket();
  ASSERT_TRUE(in_flight.CommitReferenced(payload, [&] { ++released; }).ok());
  PacketWriter refused = channel_.BeginPacket();
  EXPECT_TRUE(absl::IsResourceExhausted(
      refused.CommitReferenced(payload, [&] { released += 100; })));
  EXPECT_EQ(released, 100);
  ASSERT_TRUE(reactor_->RunOnce(absl::ZeroDuration()).ok());
  channel_.Disconnect(absl::CancelledError("enough"));
  ASSERT_TRUE(Wait([&] { return a_->connections() == 0; }));
  EXPECT_EQ(released, 101);
}

TEST_F(ChannelTest, AReferencedPayloadIsReleasedOnceWhenSendingFails) {
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  ASSERT_TRUE(a->Listen().ok());
  RawPeer peer(*reactor_, directory_.Join("a"), "peer@localhost");
  peer.Send(peer.Dial());
  ASSERT_TRUE(peer.ReceiveHandshake().has_value());
  Channel channel = a->Find(NameOf("peer@localhost"));
  const std::string payload = Pattern(kMebibyte, 3);
  int released = 0;
  PacketWriter writer = channel.BeginPacket();
  ASSERT_TRUE(writer.CommitReferenced(payload, [&] { ++released; }).ok());
  ASSERT_TRUE(reactor_->RunOnce(absl::ZeroDuration()).ok());
  peer.Close();
  ASSERT_TRUE(Wait([&] { return released > 0; }));
  ASSERT_TRUE(Wait([&] { return a.connections() == 0; }));
  EXPECT_EQ(released, 1);
}

TEST_F(ChannelTest, AReleaseMaySendTheNextPacket) {
  Start();
  std::deque<std::string> payloads;
  for (uint32_t i = 0; i < 5; ++i) payloads.push_back(Pattern(300'000, i));
  const std::deque<std::string> expected = payloads;
  std::function<void()> send_next = [&] {
    if (payloads.empty()) return;
    PacketWriter writer = channel_.BeginPacket();
    EXPECT_TRUE(writer
                    .CommitReferenced(payloads.front(),
                                      [&] {
                                        payloads.pop_front();
                                        send_next();
                                      })
                    .ok());
  };
  send_next();
  ASSERT_TRUE(WaitForPackets(5));
  EXPECT_TRUE(
      std::equal(expected.begin(), expected.end(), b_->packets().begin()));
  EXPECT_TRUE(Wait([&] { return payloads.empty(); }));
  EXPECT_EQ(channel_.statistics().pending_bytes, 0u);
}

TEST_F(ChannelTest, AReleaseMaySendWhileItsConnectionEnds) {
  Start();
  const std::string payload = Pattern(kMebibyte, 3);
  int released = 0;
  PacketWriter writer = channel_.BeginPacket();
  ASSERT_TRUE(writer
                  .CommitReferenced(payload,
                                    [&] {
                                      ++released;
                                      channel_.Send("late").IgnoreError();
                                    })
                  .ok());
  ASSERT_TRUE(reactor_->RunOnce(absl::ZeroDuration()).ok());
  b_.reset();
  ASSERT_TRUE(Wait([&] { return a_->connections() == 0; }));
  EXPECT_EQ(released, 1);
  EXPECT_EQ((*a_)->statistics().traffic.pending_bytes, 0u);
}

}  // namespace
}  // namespace ringdist
