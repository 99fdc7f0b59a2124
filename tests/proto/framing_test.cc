#include "ringdist/proto/framing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/growing_memory.h"
#include "ringdist/tests/testing/golden_handshake.h"
#include "ringdist/tests/testing/packets.h"
#include "ringdist/tests/testing/splits.h"

namespace ringdist {
namespace {

using Result = PacketDecoder::Result;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr size_t kLimit = 1000;

std::string DataPacket(absl::string_view body) {
  StringWriter writer;
  writer.WriteU32(static_cast<uint32_t>(body.size()));
  writer.WriteBytes(body);
  return std::string(writer.view());
}

// The header of a data packet of `size` bytes, without a body.
std::string DataHeader(uint32_t size) {
  StringWriter writer;
  writer.WriteU32(size);
  return std::string(writer.view());
}

// A body that tells where in it one is.
std::string Pattern(size_t size) {
  std::string body(size, '\0');
  for (size_t i = 0; i < size; ++i) body[i] = static_cast<char>(i * 31 + size);
  return body;
}

// Decodes a stream piece by piece: bodies, "<tick>" for ticks, "<too large>".
// After `handshake_packets` packets it switches to data.
class Reader {
 public:
  explicit Reader(size_t handshake_packets)
      : handshake_packets_(handshake_packets) {
    SwitchIfDue();
  }

  void Feed(absl::string_view input) {
    absl::string_view packet;
    while (true) {
      switch (decoder_.Next(input, packet)) {
        case Result::kPacket:
          events_.emplace_back(packet);
          SwitchIfDue();
          break;
        case Result::kTick:
          EXPECT_TRUE(packet.empty());
          events_.push_back("<tick>");
          break;
        case Result::kNeedMore:
          EXPECT_TRUE(input.empty());
          EXPECT_TRUE(packet.empty());
          return;
        case Result::kTooLarge:
          events_.push_back("<too large>");
          return;
      }
    }
  }

  PacketDecoder& decoder() { return decoder_; }
  const std::vector<std::string>& events() const { return events_; }

 private:
  void SwitchIfDue() {
    if (events_.size() == handshake_packets_) decoder_.SwitchToData();
  }

  const size_t handshake_packets_;
  PacketDecoder decoder_{kLimit};
  std::vector<std::string> events_;
};

void ExpectInEverySplit(absl::string_view stream, size_t handshake_packets,
                        const std::vector<std::string>& expected) {
  for (const Split& split : AllSplits(stream)) {
    SCOPED_TRACE(split.name);
    Reader reader(handshake_packets);
    for (const absl::string_view piece : split.Pieces()) reader.Feed(piece);
    EXPECT_EQ(reader.events(), expected);
    EXPECT_TRUE(reader.decoder().IsEmpty());
  }
}

TEST(FramingTest, SwitchesHeadersWhereverTheStreamIsCut) {
  const std::string control("p\x83h", 3);
  ExpectInEverySplit(absl::StrCat(HandshakePacket(golden::StatusOk()),
                                  HandshakePacket(golden::Challenge()),
                                  HandshakePacket(golden::Ack()), kTickPacket,
                                  DataPacket(control), kTickPacket, kTickPacket,
                                  DataPacket(Pattern(300))),
                     3,
                     {golden::StatusOk(), golden::Challenge(), golden::Ack(),
                      "<tick>", control, "<tick>", "<tick>", Pattern(300)});
}

TEST(FramingTest, SwitchesWithNothingBehindTheHandshake) {
  ExpectInEverySplit(absl::StrCat(HandshakePacket(golden::SendName()),
                                  HandshakePacket(golden::Reply())),
                     2, {golden::SendName(), golden::Reply()});
}

TEST(FramingTest, AnEmptyHandshakePacketIsAPacketAndNoTick) {
  ExpectInEverySplit(absl::StrCat(HandshakePacket(""), HandshakePacket("sok")),
                     2, {"", "sok"});
}

TEST(FramingTest, SizesAroundPowersOfTwo) {
  for (const size_t power : {1u, 2u, 4u, 8u, 16u, 64u, 256u, 512u}) {
    for (const size_t size : {power - 1, power, power + 1}) {
      const std::string body = Pattern(size);
      ExpectInEverySplit(absl::StrCat(DataPacket(body), DataPacket("next")), 0,
                         {size == 0 ? "<tick>" : body, "next"});
    }
  }
}

TEST(FramingTest, TheLargestHandshakePacket) {
  const std::string body = Pattern(kMaxHandshakePacketSize);
  Reader reader(1);
  reader.Feed(absl::StrCat(HandshakePacket(body), DataPacket("data")));
  EXPECT_THAT(reader.events(), ElementsAre(body, "data"))
      << "the limit is for data packets";
}

TEST(FramingTest, APacketAtTheLimit) {
  ExpectInEverySplit(
      absl::StrCat(DataPacket(Pattern(kLimit)), DataPacket("next")), 0,
      {Pattern(kLimit), "next"});
}

TEST(FramingTest, APacketPastTheLimitEndsTheStream) {
  for (const uint32_t size : {uint32_t{kLimit + 1}, 0x7FFFFFFFu, 0xFFFFFFFFu}) {
    const std::string stream =
        absl::StrCat(DataPacket("good"), DataHeader(size));
    for (const Split& split : AllSplits(stream)) {
      SCOPED_TRACE(split.name);
      Reader reader(0);
      for (const absl::string_view piece : split.Pieces()) reader.Feed(piece);
      ASSERT_FALSE(reader.events().empty());
      EXPECT_EQ(reader.events().front(), "good");
      EXPECT_EQ(reader.events().back(), "<too large>");
      const absl::Status error = reader.decoder().error();
      EXPECT_EQ(error.code(), absl::StatusCode::kResourceExhausted);
      EXPECT_THAT(std::string(error.message()), HasSubstr(absl::StrCat(size)));
      EXPECT_THAT(std::string(error.message()),
                  HasSubstr(absl::StrCat(kLimit)));
    }
  }
}

TEST(FramingTest, NothingIsDecodedAfterAPacketPastTheLimit) {
  PacketDecoder decoder(kLimit);
  decoder.SwitchToData();
  const std::string stream =
      absl::StrCat(DataHeader(kLimit + 1), DataPacket("more"));
  absl::string_view input = stream;
  absl::string_view packet;
  EXPECT_EQ(decoder.Next(input, packet), Result::kTooLarge);
  EXPECT_EQ(decoder.Next(input, packet), Result::kTooLarge);
  EXPECT_TRUE(packet.empty());
  EXPECT_TRUE(decoder.PartialPacket().empty());
}

TEST(FramingTest, APacketThatIsWholeIsNotCopied) {
  PacketDecoder decoder(kLimit);
  decoder.SwitchToData();
  const std::string stream =
      absl::StrCat(DataPacket("first"), DataPacket("second"));
  absl::string_view input = stream;
  absl::string_view packet;
  ASSERT_EQ(decoder.Next(input, packet), Result::kPacket);
  EXPECT_EQ(packet.data(), stream.data() + 4);
  ASSERT_EQ(decoder.Next(input, packet), Result::kPacket);
  EXPECT_EQ(packet.data(), stream.data() + 4 + 5 + 4);
  EXPECT_EQ(packet, "second");
  EXPECT_EQ(decoder.TakeBody(packet).size(), 0u);
}

TEST(FramingTest, NoInputAtAllIsNeedMore) {
  PacketDecoder decoder(kLimit);
  absl::string_view input;
  absl::string_view packet;
  EXPECT_EQ(decoder.Next(input, packet), Result::kNeedMore);
  decoder.SwitchToData();
  EXPECT_EQ(decoder.Next(input, packet), Result::kNeedMore);
  EXPECT_TRUE(decoder.IsEmpty());
}

TEST(FramingTest, IsEmptyOnlyBetweenPackets) {
  const std::string stream = DataPacket("body");
  for (size_t size = 0; size < stream.size(); ++size) {
    Reader reader(0);
    reader.Feed(stream.substr(0, size));
    EXPECT_EQ(reader.decoder().IsEmpty(), size == 0) << size;
    reader.Feed(stream.substr(size));
    EXPECT_TRUE(reader.decoder().IsEmpty()) << size;
  }
}

TEST(PartialPacketTest, IsWhatIsMissingOnceTheHeaderIsThere) {
  const std::string body = Pattern(100);
  const std::string stream = DataPacket(body);
  for (size_t size = 0; size < stream.size(); ++size) {
    SCOPED_TRACE(size);
    Reader reader(0);
    reader.Feed(stream.substr(0, size));
    EXPECT_EQ(reader.decoder().PartialPacket().size(),
              size < kDataHeaderSize ? 0 : stream.size() - size);
  }
  Reader reader(0);
  reader.Feed(stream);
  EXPECT_THAT(reader.decoder().PartialPacket(), IsEmpty());
}

// Puts `bytes` where the decoder wants them, at most `step` at a time.
void Fill(PacketDecoder& decoder, absl::string_view bytes, size_t step) {
  while (!bytes.empty()) {
    const absl::Span<char> room = decoder.PartialPacket();
    ASSERT_EQ(room.size(), bytes.size());
    const size_t size = std::min(step, bytes.size());
    std::memcpy(room.data(), bytes.data(), size);
    decoder.FilledPartial(size);
    bytes.remove_prefix(size);
  }
}

TEST(PartialPacketTest, ReceivesTheRestInPlace) {
  const std::string body = Pattern(100);
  const std::string stream = DataPacket(body);
  for (size_t fed = kDataHeaderSize; fed <= stream.size(); ++fed) {
    for (const size_t step : {size_t{1}, size_t{7}, body.size()}) {
      SCOPED_TRACE(absl::StrCat(fed, " fed, steps of ", step));
      Reader reader(0);
      reader.Feed(stream.substr(0, fed));
      Fill(reader.decoder(), absl::string_view(stream).substr(fed), step);
      reader.Feed("");
      reader.Feed(DataPacket("next"));
      EXPECT_THAT(reader.events(), ElementsAre(body, "next"));
    }
  }
}

TEST(PartialPacketTest, TheRestMayComeBothWays) {
  const std::string body = Pattern(100);
  const std::string stream = DataPacket(body);
  Reader reader(0);
  reader.Feed(stream.substr(0, 20));
  absl::Span<char> room = reader.decoder().PartialPacket();
  std::memcpy(room.data(), stream.data() + 20, 30);
  reader.decoder().FilledPartial(30);
  reader.Feed(absl::StrCat(stream.substr(50), DataPacket("next")));
  EXPECT_THAT(reader.events(), ElementsAre(body, "next"));
}

TEST(PartialPacketTest, ACompletePacketComesBeforeTheNextInput) {
  const std::string stream = DataPacket("body");
  Reader reader(0);
  reader.Feed(stream.substr(0, 6));
  Fill(reader.decoder(), "dy", 2);
  EXPECT_THAT(reader.events(), IsEmpty());
  reader.Feed(DataPacket("next"));
  EXPECT_THAT(reader.events(), ElementsAre("body", "next"));
}

TEST(TakeBodyTest, KeepsABodyThatWasPutTogether) {
  const std::string body = Pattern(100);
  const std::string stream = DataPacket(body);
  PacketDecoder decoder(kLimit);
  decoder.SwitchToData();
  absl::string_view packet;
  absl::string_view begin = absl::string_view(stream).substr(0, 50);
  ASSERT_EQ(decoder.Next(begin, packet), Result::kNeedMore);
  absl::string_view rest = absl::string_view(stream).substr(50);
  ASSERT_EQ(decoder.Next(rest, packet), Result::kPacket);
  const GrowingMemory memory = decoder.TakeBody(packet);
  ASSERT_GE(memory.size(), body.size());
  EXPECT_EQ(packet.data(), memory.begin());

  // Later packets do not touch it.
  const std::string other = DataPacket(std::string(200, 'x'));
  for (size_t i = 0; i < other.size(); ++i) {
    absl::string_view byte = absl::string_view(other).substr(i, 1);
    absl::string_view next;
    decoder.Next(byte, next);
  }
  EXPECT_EQ(packet, body);
}

TEST(TakeBodyTest, GivesNothingForAnEmptyHandshakePacket) {
  PacketDecoder decoder(kLimit);
  const std::string stream = HandshakePacket("");
  absl::string_view input = stream;
  absl::string_view packet;
  ASSERT_EQ(decoder.Next(input, packet), Result::kPacket);
  EXPECT_EQ(decoder.TakeBody(packet).size(), 0u);
}

TEST(FramingDeathTest, SwitchingInTheMiddleOfAPacketIsTheOwnersMistake) {
  PacketDecoder decoder(kLimit);
  const std::string stream = HandshakePacket("sok").substr(0, 3);
  absl::string_view input = stream;
  absl::string_view packet;
  ASSERT_EQ(decoder.Next(input, packet), Result::kNeedMore);
  EXPECT_DEATH(decoder.SwitchToData(), "check failed");
}

TEST(FramingDeathTest, FillingMoreThanThereIsRoomForIsTheOwnersMistake) {
  Reader reader(0);
  reader.Feed(DataPacket("body").substr(0, 6));
  EXPECT_DEATH(reader.decoder().FilledPartial(3), "check failed");
}

}  // namespace
}  // namespace ringdist
