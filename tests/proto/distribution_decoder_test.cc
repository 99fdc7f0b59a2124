#include "ringdist/proto/distribution_decoder.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/big_endian.h"
#include "ringdist/proto/distribution_flags.h"
#include "ringdist/proto/growing_memory.h"
#include "ringdist/tests/proto/golden_control_messages.h"
#include "ringdist/tests/testing/hex.h"

namespace ringdist {
namespace {

using ::testing::HasSubstr;

constexpr uint64_t kCache = kDflagDistHdrAtomCache;
constexpr uint64_t kBoth = kDflagDistHdrAtomCache | kDflagFragments;

// {22, From, To}, 18 bytes each.
const char kSendSender[] =
    "68036116"
    "587703704068000000050000000100000009"
    "5877036f4068000000070000000000000004";

std::string Big64(uint64_t value) {
  char bytes[8];
  StoreBigEndian(bytes, value);
  return std::string(bytes, 8);
}

// `rest` begins with the atoms of a first fragment.
std::string First(uint64_t sequence, uint64_t id, absl::string_view rest) {
  return absl::StrCat("\x83\x45", Big64(sequence), Big64(id), rest);
}
std::string Next(uint64_t sequence, uint64_t id, absl::string_view part) {
  return absl::StrCat("\x83\x46", Big64(sequence), Big64(id), part);
}

// What a first fragment has before the payload begins.
std::string NoAtomsAndControl() {
  return std::string(1, '\0') + FromHex(kSendSender);
}

std::string Binary(absl::string_view bytes) {
  char size[4];
  StoreBigEndian(size, static_cast<uint32_t>(bytes.size()));
  return absl::StrCat("m", absl::string_view(size, 4), bytes);
}

// A message as one string, its atoms in full.
std::string Plain(const ControlMessage& message) {
  StringWriter bytes;
  EncodePassThrough(message, bytes);
  return std::string(bytes.view());
}

// Decodes a packet that must be a whole message.
std::string Whole(DistributionDecoder& decoder, absl::string_view packet) {
  const absl::StatusOr<bool> complete = decoder.Decode(packet);
  EXPECT_TRUE(complete.ok()) << complete.status();
  EXPECT_TRUE(complete.ok() && *complete);
  return complete.ok() && *complete ? Plain(decoder.message()) : "";
}

// Decodes a packet that must be a fragment of a message that goes on.
void Part(DistributionDecoder& decoder, absl::string_view packet) {
  const absl::StatusOr<bool> complete = decoder.Decode(packet);
  EXPECT_TRUE(complete.ok()) << complete.status();
  EXPECT_FALSE(complete.ok() && *complete);
}

absl::Status Error(DistributionDecoder& decoder, absl::string_view packet) {
  return decoder.Decode(packet).status();
}

std::string ErrorText(uint64_t flags, absl::string_view hex) {
  DistributionDecoder decoder(flags);
  return std::string(Error(decoder, FromHex(hex)).message());
}

// The packets of an OTP 25.2.3 node srv@localhost to a peer p@localhost that
// sends {<<5.0.77>>, {call, Module, Function, Arguments, user}} to `rex`.
const char kRealFirst[] =  // erlang:list_to_tuple([foo, bar])
    "834405afac0a7c0d737276406c6f63616c686f7374800b70406c6f63616c686f7374"
    "5a037265788103666f6f82036261726803611658520000000057000000"
    "0076ac3ded58520100000005000000000000004d68025202680252035204";
const char kRealSecond[] =  // The same.
    "8344052724027c805a818268036116585200000000580000000076ac3ded"
    "58520100000005000000000000004d68025202680252035204";
const char kRealFragment[] =  // binary:copy(<<"abcd">>, 40000), 65560 bytes
    "8345000002d8000005b300000000000000030327047c805a680361165852000000005b"
    "0000000076ac3ded58520100000005000000000000004d680252026d00027100";

// The same message in full, to p@localhost <5.0>.
std::string RealMessage(absl::string_view id, absl::string_view payload) {
  return FromHex(
      absl::StrCat("7083680361165877", "0d737276406c6f63616c686f7374", "000000",
                   id, "0000000076ac3ded5877", "0b70406c6f63616c686f7374",
                   "00000005000000000000004d83", payload));
}

TEST(DistributionDecoder, DecodesWhatARealNodeSends) {
  DistributionDecoder decoder(kBoth);
  const std::string payload = "6802770372657868027703666f6f7703626172";
  EXPECT_EQ(absl::BytesToHexString(Whole(decoder, FromHex(kRealFirst))),
            absl::BytesToHexString(RealMessage("57", payload)));
  EXPECT_EQ(Whole(decoder, FromHex(kRealSecond)), RealMessage("58", payload));
  EXPECT_EQ(decoder.statistics().references, 10);
  EXPECT_EQ(decoder.statistics().hits, 5);
}

TEST(DistributionDecoder, DecodesTheFragmentsOfARealNode) {
  DistributionDecoder decoder(kBoth);
  Whole(decoder, FromHex(kRealFirst));
  std::string content;
  for (int i = 0; i < 40000; ++i) content += "abcd";
  std::string first = FromHex(kRealFragment);
  const size_t in_first = 65560 - first.size();
  first += content.substr(0, in_first);
  const uint64_t sequence = 0x000002d8000005b3;
  Part(decoder, first);
  Part(decoder, Next(sequence, 2, content.substr(in_first, 65536)));
  EXPECT_EQ(
      Whole(decoder, Next(sequence, 1, content.substr(in_first + 65536))),
      RealMessage("5b", absl::StrCat("68027703726578",
                                     absl::BytesToHexString(Binary(content)))));
}

TEST(DistributionDecoder, DecodesEveryOperationInEveryForm) {
  for (const GoldenControlMessage& golden : GoldenControlMessages()) {
    SCOPED_TRACE(golden.erlang);
    const std::string terms =
        FromHex(absl::StrCat(golden.control, golden.payload));
    const std::string whole = absl::StrCat(FromHex("834400"), terms);
    for (const uint64_t flags : {kCache, kDflagFragments, kBoth}) {
      DistributionDecoder decoder(flags);
      EXPECT_EQ(Whole(decoder, whole), golden.Body());
    }
    DistributionDecoder plain(0);
    EXPECT_EQ(Whole(plain, golden.Body()), golden.Body());
    DistributionDecoder decoder(kDflagFragments);
    const size_t cut = golden.control.size() / 2;
    Part(decoder,
         First(7, 2,
               absl::StrCat(absl::string_view("\0", 1), terms.substr(0, cut))));
    EXPECT_EQ(Whole(decoder, Next(7, 1, terms.substr(cut))), golden.Body());
  }
}

TEST(DistributionDecoder, WhatFollowsTheLastTermIsIgnored) {
  DistributionDecoder decoder(kBoth);
  EXPECT_EQ(Whole(decoder,
                  FromHex(absl::StrCat("834400", kSendSender, "6a", "ffff"))),
            Whole(decoder, FromHex(absl::StrCat("834400", kSendSender, "6a"))));
}

TEST(DistributionDecoder, FragmentsOfManyMessagesInAnyInterleaving) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    std::mt19937 random(seed);
    DistributionDecoder decoder(kDflagFragments);
    // Per sequence its content, and the packets that are still to be sent, the
    // next one last.
    std::map<uint64_t, std::string> contents;
    std::map<uint64_t, std::vector<std::string>> packets;
    for (uint64_t sequence = 1; sequence <= 5; ++sequence) {
      std::string& content = contents[sequence];
      for (size_t i = random() % 2000; i > 0; --i) {
        content += static_cast<char>(random());
      }
      std::string rest = Binary(content);
      const uint64_t count = 2 + random() % 20;
      std::vector<std::string>& mine = packets[sequence];
      for (uint64_t id = count; id > 0; --id) {
        const size_t size =
            id == 1 ? rest.size() : random() % (rest.size() + 1);
        const std::string part = rest.substr(0, size);
        rest.erase(0, size);
        mine.push_back(id == count
                           ? First(sequence, id, NoAtomsAndControl() + part)
                           : Next(sequence, id, part));
      }
      std::reverse(mine.begin(), mine.end());
    }
    const std::string prefix = FromHex(absl::StrCat("7083", kSendSender, "83"));
    while (!packets.empty()) {
      auto chosen = packets.begin();
      std::advance(chosen, random() % packets.size());
      const std::string packet = chosen->second.back();
      chosen->second.pop_back();
      if (!chosen->second.empty()) {
        Part(decoder, packet);
        continue;
      }
      ASSERT_EQ(Whole(decoder, packet),
                prefix + Binary(contents[chosen->first]));
      packets.erase(chosen);
    }
  }
}

// Decodes a message whose first fragment lies in memory of its own, as large as
// it is, which is given away if it is asked for. Tells whether the payload lies
// there in the end.
bool StaysInItsMemory(size_t first_size, size_t rest_size) {
  const std::string content(first_size + rest_size, 'j');
  const std::string payload = Binary(content);
  const std::string first =
      First(9, 2, NoAtomsAndControl() + payload.substr(0, first_size));
  GrowingMemory memory;
  memory.Grow(first.size(), 0);
  std::memcpy(memory.begin(), first.data(), first.size());
  const char* const begin = memory.begin();
  const char* const end = begin + memory.size();

  DistributionDecoder decoder(kDflagFragments);
  const absl::StatusOr<bool> complete =
      decoder.Decode(absl::string_view(begin, first.size()),
                     [&memory] { return std::move(memory); });
  EXPECT_TRUE(complete.ok() && !*complete) << complete.status();
  memory.Clear();
  EXPECT_EQ(Whole(decoder, Next(9, 1, payload.substr(first_size))),
            FromHex(absl::StrCat("7083", kSendSender, "83")) + payload);
  const char* const place = PayloadOf(decoder.message())->bytes().data();
  return begin <= place && place < end;
}

TEST(DistributionDecoder, ALargeFirstFragmentStaysInItsOwnMemory) {
  // It has 64 KiB and some bytes, in memory of 128 KiB.
  EXPECT_TRUE(StaysInItsMemory(65536, 100));
  EXPECT_TRUE(StaysInItsMemory(65536, 60000));
  // Until there is no more room in it.
  EXPECT_FALSE(StaysInItsMemory(65536, 70000));
  // A small one is copied.
  EXPECT_FALSE(StaysInItsMemory(1000, 100));
}

TEST(DistributionDecoder, MemoryOfAFragmentBeyondTheLimitIsFreed) {
  DistributionLimits limits;
  limits.max_fragmented_bytes = 50000;
  const std::string first =
      First(9, 2, NoAtomsAndControl() + std::string(60000, 'j'));
  GrowingMemory memory;
  memory.Grow(first.size(), 0);
  std::memcpy(memory.begin(), first.data(), first.size());
  DistributionDecoder decoder(kDflagFragments, limits);
  const absl::StatusOr<bool> complete =
      decoder.Decode(absl::string_view(memory.begin(), first.size()),
                     [&memory] { return std::move(memory); });
  EXPECT_TRUE(absl::IsResourceExhausted(complete.status()));
  EXPECT_EQ(memory.size(), 0u);
}

TEST(DistributionDecoder, FragmentsKeepTheAtomsOfTheirHeader) {
  DistributionDecoder decoder(kBoth);
  // `ok` lies in slot 0; {52 0, 52 0} is cut in the middle.
  Part(decoder, First(9, 2,
                      absl::StrCat(FromHex("010800026f6b"),
                                   FromHex(kSendSender), FromHex("68025200"))));
  // Now `new` lies there.
  const std::string other =
      absl::StrCat("83440108", "00036e6577", kSendSender, "5200");
  EXPECT_THAT(Whole(decoder, FromHex(other)), HasSubstr("new"));
  EXPECT_EQ(
      Whole(decoder, Next(9, 1, FromHex("5200"))),
      FromHex(absl::StrCat("7083", kSendSender, "83680277026f6b77026f6b")));
}

TEST(DistributionDecoder, AFirstFragmentMayBeTheOnlyOne) {
  DistributionDecoder decoder(kDflagFragments);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(Whole(decoder, First(9, 1, NoAtomsAndControl() + "j")),
              FromHex(absl::StrCat("7083", kSendSender, "836a")));
  }
}

TEST(DistributionDecoder, Sequence0IsOfMessagesInOnePiece) {
  DistributionDecoder decoder(kDflagFragments);
  EXPECT_EQ(Whole(decoder, First(0, 5, NoAtomsAndControl() + "j")),
            FromHex(absl::StrCat("7083", kSendSender, "836a")));
  EXPECT_THAT(Error(decoder, Next(0, 4, "j")).message(),
              HasSubstr("the sequence was not begun"));
}

TEST(DistributionDecoder, ASequenceMayBeUsedAgainOnceItIsComplete) {
  DistributionDecoder decoder(kDflagFragments);
  for (int i = 0; i < 3; ++i) {
    Part(decoder, First(~uint64_t{0}, 2, NoAtomsAndControl()));
    Whole(decoder, Next(~uint64_t{0}, 1, "j"));
  }
}

TEST(DistributionDecoder, EmptyFragmentsCountToo) {
  DistributionDecoder decoder(kDflagFragments);
  Part(decoder, First(9, 1000, NoAtomsAndControl()));
  for (uint64_t id = 999; id > 1; --id) Part(decoder, Next(9, id, ""));
  Whole(decoder, Next(9, 1, "j"));
}

TEST(DistributionDecoder, AClaimOfManyFragmentsCostsNothing) {
  DistributionLimits limits;
  limits.max_fragmented_bytes = 1000;
  DistributionDecoder decoder(kDflagFragments, limits);
  const uint64_t id = uint64_t{1} << 60;
  Part(decoder, First(9, id, NoAtomsAndControl() + "m"));
  for (uint64_t i = 1; i < 10000; ++i) Part(decoder, Next(9, id - i, ""));
  Part(decoder, First(10, ~uint64_t{0}, NoAtomsAndControl()));
}

TEST(DistributionDecoder, BrokenPayloadsAreDataLossAndTheRestGoesOn) {
  DistributionDecoder decoder(kBoth);
  for (absl::string_view payload : {"", "52", "5200", "6d00000002ff", "836a"}) {
    const std::string packet =
        FromHex(absl::StrCat("834400", kSendSender, payload));
    const absl::Status status = decoder.Decode(packet).status();
    EXPECT_TRUE(absl::IsDataLoss(status)) << status;
    EXPECT_THAT(status.message(), HasSubstr("SEND_SENDER: payload"));
    const auto& send = std::get<control::Send>(decoder.message());
    EXPECT_EQ(send.to.id, 7);
    EXPECT_TRUE(send.message.empty());
  }
  Part(decoder, First(9, 2, NoAtomsAndControl()));
  EXPECT_TRUE(absl::IsDataLoss(Error(decoder, Next(9, 1, "h"))));
  Whole(decoder, FromHex(absl::StrCat("834400", kSendSender, "6a")));
}

TEST(DistributionDecoder, RefusesEveryTruncation) {
  DistributionDecoder whole(kBoth);
  const std::string packet = FromHex(kRealFirst);
  Whole(whole, packet);
  const size_t payload_at =
      packet.size() - FromHex("68025202680252035204").size();
  for (size_t size = 0; size < packet.size(); ++size) {
    DistributionDecoder decoder(kBoth);
    const absl::Status status = Error(decoder, packet.substr(0, size));
    EXPECT_EQ(status.code(), size < payload_at
                                 ? absl::StatusCode::kInvalidArgument
                                 : absl::StatusCode::kDataLoss)
        << "cut to " << size << ": " << status;
  }
}

TEST(DistributionDecoder, RefusesEveryTruncationOfAFirstFragment) {
  const std::string packet = First(9, 2, NoAtomsAndControl());
  for (size_t size = 0; size < packet.size(); ++size) {
    DistributionDecoder decoder(kBoth);
    EXPECT_TRUE(absl::IsInvalidArgument(Error(decoder, packet.substr(0, size))))
        << "cut to " << size;
  }
}

TEST(DistributionDecoder, RefusesEveryTruncationOfAFragmentsHeader) {
  const std::string packet = Next(9, 1, "");
  for (size_t size = 0; size < packet.size(); ++size) {
    DistributionDecoder decoder(kBoth);
    Part(decoder, First(9, 2, NoAtomsAndControl()));
    EXPECT_TRUE(absl::IsInvalidArgument(Error(decoder, packet.substr(0, size))))
        << "cut to " << size;
  }
}

TEST(DistributionDecoder, RefusesHeadersThatWereNotNegotiated) {
  const std::string terms = absl::StrCat(kSendSender, "6a");
  const std::string fragment =
      absl::StrCat("8345", "0000000000000001", "0000000000000001", "00", terms);
  EXPECT_THAT(ErrorText(kCache, absl::StrCat("7083", terms)),
              HasSubstr("does not begin with 83"));
  EXPECT_THAT(ErrorText(kDflagFragments, absl::StrCat("83", terms)),
              HasSubstr("does not begin with 83 44, 83 45 or 83 46"));
  EXPECT_THAT(ErrorText(kDflagFragments, absl::StrCat("8244", terms)),
              HasSubstr("does not begin with 83"));
  EXPECT_THAT(ErrorText(kCache, fragment),
              HasSubstr("FRAGMENTS was not negotiated"));
  EXPECT_THAT(
      ErrorText(kDflagFragments, absl::StrCat("8344", "018800026f6b", terms)),
      HasSubstr("has atoms, for which DIST_HDR_ATOM_CACHE was not negotiated"));
  EXPECT_THAT(ErrorText(0, absl::StrCat("834400", terms)),
              HasSubstr("distribution header, which was not negotiated"));
  EXPECT_EQ(ErrorText(kDflagFragments, fragment), "");
}

TEST(DistributionDecoder, RefusesAVersionByteBehindAHeader) {
  EXPECT_THAT(ErrorText(kBoth, absl::StrCat("834400", "83", kSendSender, "6a")),
              HasSubstr("at byte 3: expected a tuple"));
}

TEST(DistributionDecoder, RefusesReferencesToAtomsItWasNotGiven) {
  // To an empty slot, and beyond those of the header.
  EXPECT_THAT(ErrorText(kBoth, absl::StrCat("8344010007", kSendSender, "6a")),
              HasSubstr("at byte 4: atom 1 of 1 lies in a slot"));
  DistributionDecoder decoder(kBoth);
  Whole(decoder, FromHex(absl::StrCat("83440108000161", kSendSender, "5200")));
  EXPECT_TRUE(absl::IsDataLoss(Error(
      decoder, FromHex(absl::StrCat("8344010000", kSendSender, "5201")))));
  // Those of the packet before do not count.
  EXPECT_TRUE(absl::IsDataLoss(
      Error(decoder, FromHex(absl::StrCat("834400", kSendSender, "5200")))));
}

TEST(DistributionDecoder, RefusesFragmentsInTheWrongPlace) {
  const std::string first = First(9, 3, NoAtomsAndControl());
  struct Case {
    std::string packet;
    std::string error;
  };
  const std::vector<Case> cases = {
      {Next(8, 2, "j"), "fragment 2 of sequence 8: the sequence was not begun"},
      {Next(9, 3, "j"), "fragment 3 of sequence 9: fragment 2 is due"},
      {Next(9, 1, "j"), "fragment 1 of sequence 9: fragment 2 is due"},
      {Next(9, 0, "j"), "fragment 0 of sequence 9: fragment 2 is due"},
      {first, "fragment 3 of sequence 9: the sequence was begun"},
      {First(9, 1, NoAtomsAndControl() + "j"),
       "fragment 1 of sequence 9: the sequence was begun"},
      {First(8, 0, NoAtomsAndControl() + "j"), "with the id 0"},
  };
  for (const Case& each : cases) {
    DistributionDecoder decoder(kBoth);
    Part(decoder, first);
    const absl::Status status = Error(decoder, each.packet);
    EXPECT_TRUE(absl::IsInvalidArgument(status));
    EXPECT_THAT(status.message(), HasSubstr(each.error));
  }
  DistributionDecoder decoder(kBoth);
  Part(decoder, First(9, 2, NoAtomsAndControl()));
  Whole(decoder, Next(9, 1, "j"));
  EXPECT_THAT(Error(decoder, Next(9, 1, "j")).message(),
              HasSubstr("or is complete"));
}

TEST(DistributionDecoder, TheFirstFragmentHoldsTheWholeControlTerm) {
  DistributionDecoder decoder(kBoth);
  const std::string cut = NoAtomsAndControl().substr(0, 30);
  EXPECT_THAT(Error(decoder, First(9, 2, cut)).message(),
              HasSubstr("control message SEND_SENDER: at byte 41: NEW_PID_EXT "
                        "(88): the bytes end inside it"));
}

TEST(DistributionDecoder, StaysFailed) {
  DistributionDecoder decoder(kBoth);
  const absl::Status first = Error(decoder, "x");
  EXPECT_FALSE(first.ok());
  EXPECT_EQ(Error(decoder, FromHex(absl::StrCat("834400", kSendSender, "6a"))),
            first);
}

TEST(DistributionDecoder, TakesAsManySequencesAsItsLimit) {
  DistributionLimits limits;
  limits.max_sequences = 3;
  DistributionDecoder decoder(kDflagFragments, limits);
  for (uint64_t sequence = 1; sequence <= 3; ++sequence) {
    Part(decoder, First(sequence, 2, NoAtomsAndControl()));
  }
  Whole(decoder, Next(2, 1, "j"));
  Part(decoder, First(4, 2, NoAtomsAndControl()));
  const absl::Status status = Error(decoder, First(5, 2, NoAtomsAndControl()));
  EXPECT_TRUE(absl::IsResourceExhausted(status));
  EXPECT_THAT(status.message(), HasSubstr("max_sequences: 3"));
}

// {6, From, '', Name} with cached atoms p@h (0), '' (1) and the name (2), and a
// payload; `header` is what stands behind 83 44.
std::string RegSend(absl::string_view header, absl::string_view payload) {
  return FromHex(absl::StrCat("8344", header,
                              "68046106585200000000050000000100000009"
                              "52015202",
                              payload));
}
// The atoms new, in slots 1 to 3; and known.
const char kNewAtoms[] =
    "03888801"
    "03704068"
    "0200"
    "03016e";
const char kKnownAtoms[] =
    "03000001"
    "0203";

std::string PlainRegSend(absl::string_view name_hex,
                         absl::string_view payload) {
  return FromHex(
      absl::StrCat("7083680461065877037040680000000500000001000000"
                   "0977007701",
                   name_hex, "83", payload));
}

TEST(DistributionDecoder, TellsWhatRepeatsButForItsPayload) {
  DistributionDecoder decoder(kCache);
  EXPECT_EQ(Whole(decoder, RegSend(kNewAtoms, "6101")),
            PlainRegSend("6e", "6101"));
  EXPECT_FALSE(decoder.repeats());
  EXPECT_EQ(Whole(decoder, RegSend(kKnownAtoms, "6102")),
            PlainRegSend("6e", "6102"));
  EXPECT_FALSE(decoder.repeats());
  for (const char* payload : {"6103", "5202", "6802610c6a"}) {
    const std::string full =
        absl::string_view(payload) == "5202" ? "77016e" : payload;
    // Its views must not point into a packet that is gone.
    EXPECT_EQ(Whole(decoder, RegSend(kKnownAtoms, payload)),
              PlainRegSend("6e", full));
    EXPECT_TRUE(decoder.repeats());
  }
  // Without a payload, and going on afterwards.
  EXPECT_TRUE(absl::IsDataLoss(Error(decoder, RegSend(kKnownAtoms, ""))));
  EXPECT_TRUE(absl::IsDataLoss(Error(decoder, RegSend(kKnownAtoms, "5203"))));
  EXPECT_EQ(Whole(decoder, RegSend(kKnownAtoms, "6104")),
            PlainRegSend("6e", "6104"));
  EXPECT_TRUE(decoder.repeats());
  EXPECT_EQ(decoder.statistics().references, 3 * 8);
  EXPECT_EQ(decoder.statistics().hits, 3 * 7);
}

// The two say the same of any packet: DecodeAgain where it can.
TEST(DistributionDecoder, DecodesAgainWhatItDecodes) {
  DistributionDecoder decoder(kCache);
  DistributionDecoder other(kCache);
  const auto again = [&](absl::string_view packet) {
    const absl::StatusOr<bool> complete = other.Decode(packet);
    if (!decoder.DecodeAgain(packet)) {
      EXPECT_EQ(decoder.Decode(packet).status(), complete.status());
      return false;
    }
    EXPECT_TRUE(complete.ok() && *complete);
    EXPECT_EQ(Plain(decoder.message()), Plain(other.message()));
    EXPECT_EQ(decoder.payload_again().bytes(),
              PayloadOf(other.message())->bytes());
    EXPECT_TRUE(decoder.repeats());
    return true;
  };
  EXPECT_FALSE(again(RegSend(kNewAtoms, "6101")));
  EXPECT_FALSE(again(RegSend(kKnownAtoms, "6101"))) << "it brings no atom";
  EXPECT_FALSE(again(RegSend(kKnownAtoms, "6102"))) << "its front is decoded";
  EXPECT_TRUE(again(RegSend(kKnownAtoms, "6103")));
  EXPECT_TRUE(again(RegSend(kKnownAtoms, "5202")));
  EXPECT_FALSE(again(RegSend(kKnownAtoms, ""))) << "no payload";
  EXPECT_FALSE(again(RegSend(kKnownAtoms, "5203"))) << "no such atom";
  EXPECT_TRUE(again(RegSend(kKnownAtoms, "6802610c6a")));
  EXPECT_FALSE(again(RegSend(kNewAtoms, "6104"))) << "another front";
  EXPECT_FALSE(again(RegSend(kKnownAtoms, "6105")));
  EXPECT_FALSE(again(RegSend(kKnownAtoms, "6106")));
  EXPECT_TRUE(again(RegSend(kKnownAtoms, "6107")));
  EXPECT_EQ(decoder.statistics().references, other.statistics().references);
  EXPECT_EQ(decoder.statistics().hits, other.statistics().hits);
  EXPECT_FALSE(again("\x83")) << "the end of it";
  EXPECT_FALSE(again(RegSend(kKnownAtoms, "6108")));
}

TEST(DistributionDecoder, WhatRepeatsFollowsTheCache) {
  DistributionDecoder decoder(kBoth);
  Whole(decoder, RegSend(kNewAtoms, "6101"));
  for (int i = 0; i < 3; ++i) Whole(decoder, RegSend(kKnownAtoms, "6101"));
  EXPECT_TRUE(decoder.repeats());
  // Another name in the slot of the old one.
  const char* const other_name =
      "03000801"
      "02"
      "03016d";
  EXPECT_EQ(Whole(decoder, RegSend(other_name, "6105")),
            PlainRegSend("6d", "6105"));
  EXPECT_FALSE(decoder.repeats());
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Whole(decoder, RegSend(kKnownAtoms, "6106")),
              PlainRegSend("6d", "6106"));
  }
  EXPECT_TRUE(decoder.repeats());
  // And by a fragment, which stays incomplete meanwhile.
  Part(decoder, First(9, 2,
                      FromHex(absl::StrCat("03000801"
                                           "02"
                                           "03016e",
                                           kSendSender))));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Whole(decoder, RegSend(kKnownAtoms, "6107")),
              PlainRegSend("6e", "6107"));
  }
  EXPECT_TRUE(decoder.repeats());
  Whole(decoder, Next(9, 1, FromHex("6101")));
  EXPECT_FALSE(decoder.repeats());
  EXPECT_EQ(Whole(decoder, RegSend(kKnownAtoms, "6108")),
            PlainRegSend("6e", "6108"));
  EXPECT_FALSE(decoder.repeats());
}

TEST(DistributionDecoder, TakesAsManyFragmentedBytesAsItsLimit) {
  const size_t control = NoAtomsAndControl().size() - 1;
  DistributionLimits limits;
  limits.max_fragmented_bytes = 2 * control + 100;
  for (const size_t over : {size_t{0}, size_t{1}}) {
    DistributionDecoder decoder(kDflagFragments, limits);
    Part(decoder, First(1, 3, NoAtomsAndControl()));
    Part(decoder, First(2, 3, NoAtomsAndControl() + "j"));
    Part(decoder, Next(1, 2, std::string(98, 'j')));
    const absl::StatusOr<bool> complete =
        decoder.Decode(Next(1, 1, std::string(1 + over, 'j')));
    if (over == 0) {
      EXPECT_TRUE(complete.ok()) << complete.status();
      Part(decoder, Next(2, 2, std::string(99 + control, 'j')));
    } else {
      EXPECT_TRUE(absl::IsResourceExhausted(complete.status()));
      EXPECT_THAT(complete.status().message(),
                  HasSubstr("max_fragmented_bytes"));
    }
  }
}

TEST(DistributionDecoder, AtomsOfFragmentsCountTowardsTheLimit) {
  // A text of 255 bytes, which 255 cached references keep alive each time.
  DistributionLimits limits;
  limits.max_fragmented_bytes = size_t{1} << 20;
  DistributionDecoder decoder(kBoth, limits);
  const std::string new_atom =
      absl::StrCat(FromHex("8344010800ff"), std::string(255, 'x'),
                   FromHex(kSendSender), "j");
  Whole(decoder, new_atom);
  const std::string references =
      std::string(1, '\xff') + std::string(128 + 255, '\0');
  absl::Status status;
  uint64_t sequence = 0;
  while (status.ok()) {
    ++sequence;
    status =
        Error(decoder, First(sequence, 2, references + FromHex(kSendSender)));
  }
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_GT(sequence, 5);
  EXPECT_LT(sequence, 20);
}

}  // namespace
}  // namespace ringdist
