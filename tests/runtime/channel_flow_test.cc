// Packets over a connection: their order, how many may wait, how large they may
// be, and all kinds of them both ways at once.

#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/runtime/channel.h"
#include "ringdist/runtime/distribution.h"
#include "ringdist/runtime/send_queue.h"
#include "ringdist/tests/testing/connected_nodes.h"
#include "ringdist/tests/testing/pattern.h"
#include "ringdist/tests/testing/raw_peer.h"
#include "ringdist/tests/testing/test_node.h"

namespace ringdist {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr size_t kMebibyte = 1024 * 1024;

class ChannelFlowTest : public ConnectedNodesTest {
 protected:
  void ExpectWritableWithRoom(size_t limit,
                              absl::FunctionRef<absl::Status(Channel&)> send);
};

// Order, and the limit of what waits.

TEST_F(ChannelFlowTest, PacketsArriveInTheOrderInWhichTheyWereSent) {
  Start();
  std::vector<std::string> sent;
  for (uint32_t i = 0; i < 60; ++i) {
    const size_t size = i % 5 == 0 ? 100'000 : 1 + 37 * i;
    sent.push_back(absl::StrCat(i, ":", Pattern(size, i)));
  }
  size_t next = 0;
  const auto send_more = [&](Channel& channel) {
    while (next < sent.size()) {
      const std::string& packet = sent[next];
      PacketWriter writer = channel.BeginPacket();
      if (!writer.status().ok()) return;
      if (next % 3 == 0) {
        EXPECT_TRUE(channel.Send(packet).ok());
      } else if (next % 3 == 1) {
        writer.WriteBytes(packet);
        EXPECT_TRUE(writer.Commit().ok());
      } else {
        writer.WriteBytes(packet.substr(0, 2));
        EXPECT_TRUE(
            writer.CommitReferenced(absl::string_view(packet).substr(2), [] {})
                .ok());
      }
      ++next;
    }
  };
  a_->on_writable = send_more;
  send_more(channel_);
  ASSERT_TRUE(WaitForPackets(sent.size()));
  EXPECT_TRUE(b_->packets() == sent);
}

TEST_F(ChannelFlowTest, SendingIsRefusedFromTheLimitOn) {
  DistributionOptions limited = OptionsOf("a@localhost");
  limited.send_queue_bytes = 4096;
  Start(limited, OptionsOf("b@localhost"));
  // One byte below the limit there is room, whatever the packet's size.
  ASSERT_TRUE(channel_.Send(std::string(4091, 'x')).ok());
  EXPECT_EQ(channel_.statistics().pending_bytes, 4095u);
  EXPECT_TRUE(channel_.BeginPacket().status().ok());
  ASSERT_TRUE(channel_.Send("y").ok());
  EXPECT_EQ(channel_.statistics().pending_bytes, 4100u);
  ASSERT_TRUE(Wait([&] { return b_->packets().size() == 2; }));
  EXPECT_EQ(a_->CountEvents("writable"), 0) << "nothing was refused";

  // At the limit there is none.
  ASSERT_TRUE(channel_.Send(std::string(4092, 'x')).ok());
  EXPECT_EQ(channel_.statistics().pending_bytes, 4096u);
  EXPECT_TRUE(absl::IsResourceExhausted(channel_.Send("z")));
  EXPECT_EQ(channel_.AddPacket(1), nullptr);
  PacketWriter writer = channel_.BeginPacket();
  EXPECT_TRUE(absl::IsResourceExhausted(writer.status()));
  writer.WriteBytes("z");
  EXPECT_TRUE(absl::IsResourceExhausted(writer.Commit()));
  EXPECT_EQ(channel_.statistics().pending_bytes, 4096u) << "nothing queued";
  EXPECT_EQ(channel_.statistics().packets_out, 3u);
  ASSERT_TRUE(Wait([&] { return a_->CountEvents("writable") > 0; }));
  EXPECT_EQ(a_->CountEvents("writable"), 1) << "once for both";
  EXPECT_EQ(b_->packets().size(), 3u);
}

// Fills the queue by `send` and reads until there is room again.
void ChannelFlowTest::ExpectWritableWithRoom(
    size_t limit, absl::FunctionRef<absl::Status(Channel&)> send) {
  // A peer that takes as much as the test says.
  DistributionOptions options = OptionsOf("a@localhost");
  options.send_queue_bytes = limit;
  const size_t most =
      limit - std::min(limit / 2, DistributionHandler::kWritableRoom);
  TestNode a(*reactor_, options);
  ASSERT_TRUE(a->Listen().ok());
  RawPeer peer(*reactor_, directory_.Join("a"), "peer@localhost");
  peer.Send(peer.Dial());
  ASSERT_TRUE(peer.ReceiveHandshake().has_value());
  Channel channel = a->Find(NameOf("peer@localhost"));
  absl::Status sent;
  while (sent.ok()) sent = send(channel);
  ASSERT_TRUE(absl::IsResourceExhausted(sent));
  std::optional<uint64_t> pending_when_told;
  a.on_writable = [&](Channel& writable) {
    pending_when_told = writable.statistics().pending_bytes;
  };
  std::string unused(65536, '\0');
  uint64_t lowest_before = channel.statistics().pending_bytes;
  for (int i = 0; i < 10'000 && !pending_when_told.has_value(); ++i) {
    lowest_before = std::min(lowest_before, channel.statistics().pending_bytes);
    recv(peer.fd(), unused.data(), unused.size(), 0);
    ASSERT_TRUE(reactor_->RunOnce(absl::Milliseconds(1)).ok());
  }
  EXPECT_GT(lowest_before, most);
  ASSERT_TRUE(pending_when_told.has_value());
  EXPECT_LE(*pending_when_told, most);
  EXPECT_GE(*pending_when_told + SendQueue::kMaxBytesPerSend, most);
  EXPECT_TRUE(channel.Send("more").ok());
}

TEST_F(ChannelFlowTest, IsWritableAgainWhenThereIsRoom) {
  for (const size_t size : {100u, 65536u, 300'000u}) {
    SCOPED_TRACE(size);
    const std::string packet = Pattern(size, 1);
    ASSERT_NO_FATAL_FAILURE(ExpectWritableWithRoom(
        2 * kMebibyte, [&](Channel& channel) { return channel.Send(packet); }));
  }
}

TEST_F(ChannelFlowTest, IsWritableAgainWhenHalfOfASmallLimitIsRoom) {
  ASSERT_NO_FATAL_FAILURE(ExpectWritableWithRoom(
      100'000, [&](Channel& channel) { return channel.Send("packet"); }));
}

TEST_F(ChannelFlowTest, IsWritableAgainWhenThereIsRoomForAddedPackets) {
  ASSERT_NO_FATAL_FAILURE(
      ExpectWritableWithRoom(2 * kMebibyte, [&](Channel& channel) {
        char* const body = channel.AddPacket(100);
        if (body != nullptr) std::memset(body, 'x', 100);
        return body != nullptr ? absl::OkStatus()
                               : absl::ResourceExhaustedError("full");
      }));
}

TEST_F(ChannelFlowTest, IsWritableAgainWhenThereIsRoomForReferencedPayloads) {
  for (const size_t size : {100u, 65536u, 300'000u}) {
    SCOPED_TRACE(size);
    const std::string payload = Pattern(size, 1);
    ASSERT_NO_FATAL_FAILURE(
        ExpectWritableWithRoom(2 * kMebibyte, [&](Channel& channel) {
          return channel.BeginPacket().CommitReferenced(payload, nullptr);
        }));
  }
}

// max_packet_bytes.

TEST_F(ChannelFlowTest, APacketOfTheLimitArrivesAndALargerOneEndsIt) {
  DistributionOptions limited = OptionsOf("b@localhost");
  limited.max_packet_bytes = 100'000;
  Start(OptionsOf("a@localhost"), limited);
  ASSERT_TRUE(channel_.Send(std::string(100'000, 'x')).ok());
  ASSERT_TRUE(channel_.Send("and on").ok());
  ASSERT_TRUE(WaitForPackets(2));
  EXPECT_EQ(b_->packets().front().size(), 100'000u);

  ASSERT_TRUE(channel_.Send(std::string(100'001, 'x')).ok());
  ASSERT_TRUE(Wait([&] { return b_->CountEvents("down") == 1; }));
  EXPECT_THAT(b_->events().back(),
              AllOf(HasSubstr("100001 bytes"), HasSubstr("100000 bytes"),
                    HasSubstr("max_packet_bytes")));
  ASSERT_TRUE(Wait([&] { return a_->CountEvents("down") == 1; }));
  EXPECT_EQ(b_->packets().size(), 2u);
}

TEST_F(ChannelFlowTest, TheLimitHoldsForAClaimAlone) {
  DistributionOptions limited = OptionsOf("a@localhost");
  limited.max_packet_bytes = 100'000;
  TestNode a(*reactor_, limited);
  ASSERT_TRUE(a->Listen().ok());
  RawPeer peer(*reactor_, directory_.Join("a"), "peer@localhost");
  peer.Send(peer.Dial());
  peer.Send(DataPacket("good") + std::string("\xFF\xFF\xFF\xFF", 4));
  ASSERT_TRUE(Wait([&] { return a.CountEvents("down") == 1; }));
  EXPECT_THAT(a.packets(), ElementsAre("good"));
  EXPECT_THAT(a.events().back(), HasSubstr("4294967295 bytes"));
}

// Large packets are received straight into their own memory.

TEST_F(ChannelFlowTest, LargePacketsArriveByteForByteWhereverTheyAreCut) {
  TestNode a(*reactor_, OptionsOf("a@localhost"));
  ASSERT_TRUE(a->Listen().ok());
  RawPeer peer(*reactor_, directory_.Join("a"), "peer@localhost");
  peer.Send(peer.Dial());
  ASSERT_TRUE(peer.ReceiveHandshake().has_value());
  // Bytes of the packet that come with its header; the rest comes later, part
  // of it with the next packet.
  size_t count = 0;
  for (const size_t first : {0u, 1u, 3u, 4u, 5u, 65536u, 199'999u}) {
    for (const size_t second : {1u, 65535u, 65536u, 65537u, 134'464u}) {
      const std::string large = Pattern(200'000, static_cast<uint32_t>(count));
      const std::string stream =
          absl::StrCat("", DataPacket(large), DataPacket("small"));
      const size_t cut = std::min(first + second, stream.size());
      peer.Send(stream.substr(0, first));
      ASSERT_TRUE(reactor_->RunOnce(absl::ZeroDuration()).ok());
      ASSERT_TRUE(reactor_->RunOnce(absl::ZeroDuration()).ok());
      peer.Send(stream.substr(first, cut - first));
      ASSERT_TRUE(reactor_->RunOnce(absl::ZeroDuration()).ok());
      peer.Send(stream.substr(cut));
      count += 2;
      ASSERT_TRUE(Wait([&] { return a.packets().size() == count; }));
      EXPECT_TRUE(a.packets()[count - 2] == large) << first << ", " << second;
      EXPECT_EQ(a.packets()[count - 1], "small");
    }
  }
}

// Everything at once, both ways, by a seed.

class RandomTraffic : public ChannelFlowTest,
                      public ::testing::WithParamInterface<uint32_t> {
 protected:
  // One direction.
  struct Stream {
    explicit Stream(uint32_t seed) : random(seed) {}
    std::mt19937 random;
    std::deque<std::string> expected;  // Sent, and not arrived.
    int left = 400;                    // To be sent.
    int arrived = 0;
    std::vector<Delivery> held;
    int referenced = 0;  // Payloads that are not released.

    size_t NextSize() {
      switch (random() % 8) {
        case 0:
          return 1 + random() % (3 * kMebibyte);
        case 1:
          return 60'000 + random() % 10'000;
        case 2:
          return 1;
        default:
          return 1 + random() % 2000;
      }
    }
  };

  static void SendMore(Stream& stream, Channel& channel) {
    while (stream.left > 0) {
      PacketWriter writer = channel.BeginPacket();
      if (!writer.status().ok()) return;
      const std::string packet =
          Pattern(stream.NextSize(), static_cast<uint32_t>(stream.random()));
      const size_t head = stream.random() % (packet.size() + 1);
      const bool references = stream.random() % 2 == 0;
      writer.WriteBytes(packet.substr(0, head));
      if (references) {
        ++stream.referenced;
        auto payload = std::make_unique<std::string>(packet.substr(head));
        const absl::string_view view = *payload;
        EXPECT_TRUE(writer
                        .CommitReferenced(view,
                                          [&stream, kept = std::move(payload)] {
                                            --stream.referenced;
                                          })
                        .ok());
      } else {
        writer.WriteBytes(packet.substr(head));
        EXPECT_TRUE(writer.Commit().ok());
      }
      stream.expected.push_back(packet);
      --stream.left;
    }
  }

  // A consumer that holds some packets.
  static void Receive(Stream& stream, Channel& channel,
                      absl::string_view packet) {
    ++stream.arrived;
    ASSERT_FALSE(stream.expected.empty());
    EXPECT_TRUE(packet == stream.expected.front())
        << "packet " << stream.arrived << " of " << packet.size() << " bytes";
    stream.expected.pop_front();
    if (stream.random() % 3 == 0) {
      stream.held.push_back(channel.TakeDelivery());
    }
  }

  static void LetSomeGo(Stream& stream);
};

void RandomTraffic::LetSomeGo(Stream& stream) {
  if (stream.random() % 4 != 0) return;
  std::shuffle(stream.held.begin(), stream.held.end(), stream.random);
  stream.held.resize(std::min<size_t>(stream.held.size(), stream.random() % 8));
}

TEST_P(RandomTraffic, ArrivesCompleteAndInOrder) {
  Start();
  Stream to_b(GetParam());
  Stream to_a(GetParam() + 1000);
  a_->on_packet = [&](Channel& channel, absl::string_view packet) {
    Receive(to_a, channel, packet);
  };
  b_->on_packet = [&](Channel& channel, absl::string_view packet) {
    Receive(to_b, channel, packet);
  };
  a_->on_writable = [&](Channel& channel) { SendMore(to_b, channel); };
  b_->on_writable = [&](Channel& channel) { SendMore(to_a, channel); };
  Channel back = b_->To(*a_);
  SendMore(to_b, channel_);
  SendMore(to_a, back);
  while (to_b.arrived < 400 || to_a.arrived < 400) {
    ASSERT_TRUE(reactor_->RunOnce(absl::Milliseconds(1)).ok());
    LetSomeGo(to_b);
    LetSomeGo(to_a);
  }
  EXPECT_THAT(to_b.expected, IsEmpty());
  EXPECT_THAT(to_a.expected, IsEmpty());
  EXPECT_TRUE(Wait([&] {
    return to_b.referenced == 0 && to_a.referenced == 0;
  })) << "not all was released";
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomTraffic, ::testing::Range(1u, 6u));

}  // namespace
}  // namespace ringdist
