#include "ringdist/proto/atom_cache.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/tests/testing/hex.h"

namespace ringdist {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// N, flags and references of a message with these atoms.
std::string Header(AtomCacheOut& out, const std::vector<std::string>& texts) {
  out.BeginMessage();
  for (const std::string& text : texts) out.PlaceOf(text);
  std::string header(out.HeaderSize(), '\0');
  out.WriteHeader(header.data());
  return header;
}

// The same, of a message that is sent.
std::string SentHeader(AtomCacheOut& out,
                       const std::vector<std::string>& texts) {
  std::string header = Header(out, texts);
  out.Commit();
  return header;
}

std::vector<std::string> Atoms(const AtomCacheIn& in) {
  return {in.atoms().begin(), in.atoms().end()};
}

// What a header stands for, all of it.
std::vector<std::string> Read(AtomCacheIn& in, absl::string_view header) {
  size_t at = 0;
  const absl::Status status = in.Read(header, at);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(at, header.size());
  return Atoms(in);
}

std::string ReadError(AtomCacheIn& in, absl::string_view hex) {
  size_t at = 0;
  return std::string(in.Read(FromHex(hex), at).message());
}

std::string Numbered(size_t number) { return absl::StrCat("atom", number); }

// Some texts whose slots are all the same.
std::vector<std::string> Colliding(size_t count) {
  std::vector<std::string> texts = {Numbered(0)};
  const size_t slot = AtomCacheOut::SlotOf(texts[0]);
  for (size_t i = 1; texts.size() < count; ++i) {
    if (AtomCacheOut::SlotOf(Numbered(i)) == slot) texts.push_back(Numbered(i));
  }
  return texts;
}

// Texts whose slots differ.
std::vector<std::string> Apart(size_t count) {
  std::vector<std::string> texts;
  std::vector<bool> taken(kAtomCacheSlots);
  for (size_t i = 0; texts.size() < count; ++i) {
    const size_t slot = AtomCacheOut::SlotOf(Numbered(i));
    if (!taken[slot]) texts.push_back(Numbered(i));
    taken[slot] = true;
  }
  return texts;
}

// 255 characters of three bytes.
std::string LongAtom() {
  std::string text;
  for (int i = 0; i < 255; ++i) text += "\xe4\xbd\xa0";
  return text;
}

TEST(AtomCacheOut, SaysAnAtomOnceAndThenRefersToIt) {
  AtomCacheOut out;
  const std::string first = Header(out, {"ok"});
  const size_t slot = AtomCacheOut::SlotOf("ok");
  const auto upper = static_cast<char>(slot >> 8);
  const auto lower = static_cast<char>(slot);
  EXPECT_EQ(first,
            std::string({1, static_cast<char>(8 | upper), lower, 2, 'o', 'k'}));
  out.Commit();
  EXPECT_EQ(Header(out, {"ok"}), std::string({1, upper, lower}));
}

TEST(AtomCacheOut, AMessageWithoutAtomsHasNoFlags) {
  AtomCacheOut out;
  EXPECT_EQ(Header(out, {}), std::string(1, '\0'));
}

TEST(AtomCacheOut, CountsAnAtomOncePerMessage) {
  AtomCacheOut out;
  out.BeginMessage();
  EXPECT_EQ(out.PlaceOf("a"), 0);
  EXPECT_EQ(out.PlaceOf("b"), 1);
  EXPECT_EQ(out.PlaceOf("a"), 0);
  EXPECT_EQ(out.PlaceOf(""), 2);
  EXPECT_EQ(out.PlaceOf("b"), 1);
  out.BeginMessage();
  EXPECT_EQ(out.PlaceOf("b"), 0);
}

TEST(AtomCacheOut, ASlotBelongsToOneAtomPerMessage) {
  AtomCacheOut out;
  AtomCacheIn in;
  const std::vector<std::string> texts = Colliding(2);
  out.BeginMessage();
  EXPECT_EQ(out.PlaceOf(texts[0]), 0);
  EXPECT_EQ(out.PlaceOf(texts[1]), AtomCacheOut::kInFull);
  EXPECT_EQ(out.PlaceOf(texts[0]), 0);
  EXPECT_THAT(Read(in, SentHeader(out, {texts[0]})), ElementsAre(texts[0]));
  // In the next message the other one takes it over, and is new each time.
  EXPECT_THAT(Read(in, SentHeader(out, {texts[1]})), ElementsAre(texts[1]));
  EXPECT_THAT(Read(in, SentHeader(out, {texts[0]})), ElementsAre(texts[0]));
  EXPECT_EQ(in.statistics().hits, 0);
}

TEST(AtomCacheOut, RefersToAtMost255Atoms) {
  AtomCacheOut out;
  AtomCacheIn in;
  const std::vector<std::string> texts = Apart(300);
  for (int message = 0; message < 2; ++message) {
    out.BeginMessage();
    for (size_t i = 0; i < texts.size(); ++i) {
      EXPECT_EQ(out.PlaceOf(texts[i]),
                i < 255 ? static_cast<int>(i) : AtomCacheOut::kInFull);
    }
    EXPECT_EQ(out.PlaceOf(texts[254]), 254);
    EXPECT_EQ(out.PlaceOf(texts[255]), AtomCacheOut::kInFull);
    EXPECT_EQ(Read(in, SentHeader(out, texts)),
              std::vector<std::string>(texts.begin(), texts.begin() + 255));
  }
  EXPECT_EQ(in.statistics().references, 510);
  EXPECT_EQ(in.statistics().hits, 255);
}

TEST(AtomCacheOut, LongTextsMakeAllLengthsTwoBytes) {
  const std::string text = LongAtom();
  // The flag is in the half of a byte behind the last atom: an upper one for
  // one atom, a lower one for two.
  for (const std::vector<std::string>& texts :
       {std::vector<std::string>{text}, {"a", text}, {text, "a", ""}}) {
    AtomCacheOut out;
    AtomCacheIn in;
    size_t size = 0;
    for (const std::string& each : texts) size += 1 + 2 + each.size();
    const std::string first = SentHeader(out, texts);
    EXPECT_EQ(first.size(), 1 + texts.size() / 2 + 1 + size);
    EXPECT_EQ(Read(in, first), texts);
    // Not if the peer knows it already.
    const std::string second = SentHeader(out, {text, "new"});
    EXPECT_EQ(second.size(), 1u + 2 + 1 + 1 + 1 + 3);
    EXPECT_THAT(Read(in, second), ElementsAre(text, "new"));
  }
}

TEST(AtomCacheOut, WhatWasNotCommittedIsNew) {
  AtomCacheOut out;
  AtomCacheIn in;
  const std::vector<std::string> texts = Colliding(2);
  Read(in, SentHeader(out, {texts[0], "known"}));
  // Neither of these reaches the peer, whose slot keeps the first text.
  Header(out, {texts[1], "known", "never seen"});
  Header(out, {texts[1]});
  EXPECT_THAT(Read(in, SentHeader(out, {texts[1], "known"})),
              ElementsAre(texts[1], "known"));
  Header(out, {texts[0]});
  EXPECT_THAT(Read(in, SentHeader(out, {texts[0], "never seen"})),
              ElementsAre(texts[0], "never seen"));
}

TEST(AtomCacheOut, CountsHitsOfWhatWasSent) {
  AtomCacheOut out;
  SentHeader(out, {"a", "b"});
  SentHeader(out, {"a", "b", "c"});
  Header(out, {"a"});
  EXPECT_EQ(out.statistics().references, 5);
  EXPECT_EQ(out.statistics().hits, 2);
}

TEST(AtomCacheOut, SpreadsAtomsOverTheSlots) {
  std::vector<int> atoms(kAtomCacheSlots);
  for (size_t i = 0; i < 10 * kAtomCacheSlots; ++i) {
    ++atoms[AtomCacheOut::SlotOf(Numbered(i))];
  }
  EXPECT_GT(*std::min_element(atoms.begin(), atoms.end()), 0);
  EXPECT_LT(*std::max_element(atoms.begin(), atoms.end()), 40);
}

TEST(AtomCacheOutDeathTest, RefusesWhatIsNoAtom) {
  AtomCacheOut out;
  out.BeginMessage();
  EXPECT_DEATH(out.PlaceOf("\xff"), "IsAtomText");
  EXPECT_DEATH(out.PlaceOf(std::string(256, 'x')), "IsAtomText");
}

TEST(AtomCache, BothSidesAgreeWhileTenThousandAtomsComeAndGo) {
  std::mt19937 random(1);
  AtomCacheOut out;
  AtomCacheIn in;
  for (int message = 0; message < 5000; ++message) {
    std::vector<std::string> sent;
    out.BeginMessage();
    for (size_t count = random() % 8; count > 0; --count) {
      // Some of them often.
      const std::string text = Numbered(random() % (random() % 10000 + 1));
      const int place = out.PlaceOf(text);
      if (place == static_cast<int>(sent.size())) sent.push_back(text);
    }
    std::string header(out.HeaderSize(), '\0');
    out.WriteHeader(header.data());
    if (random() % 4 == 0) continue;  // It is lost.
    out.Commit();
    ASSERT_EQ(Read(in, header), sent);
  }
  EXPECT_GT(in.statistics().hits, 1000);
  EXPECT_EQ(in.statistics().hits, out.statistics().hits);
  EXPECT_EQ(in.statistics().references, out.statistics().references);
}

TEST(AtomCacheIn, ReadsNewAndCachedAtoms) {
  AtomCacheIn in;
  EXPECT_THAT(Read(in, FromHex("038808"
                               "0001"
                               "61"
                               "010162"
                               "0200")),
              ElementsAre("a", "b", ""));
  EXPECT_THAT(Read(in, FromHex("030000000102")), ElementsAre("a", "b", ""));
  EXPECT_THAT(Read(in, FromHex("020000"
                               "0201")),
              ElementsAre("", "b"));
  EXPECT_THAT(Read(in, FromHex("00")), ElementsAre());
}

TEST(AtomCacheIn, ReadsFromThePositionItIsGiven) {
  AtomCacheIn in;
  const std::string packet = FromHex("8344018800016161");
  size_t at = 2;
  ASSERT_TRUE(in.Read(packet, at).ok());
  EXPECT_EQ(at, 7);
  EXPECT_THAT(Atoms(in), ElementsAre("a"));
}

TEST(AtomCacheIn, SegmentsTellSlotsApart) {
  AtomCacheIn in;
  EXPECT_THAT(Read(in, FromHex("029800"
                               "050161"
                               "050162")),
              ElementsAre("a", "b"));
  // Slot 0x005 holds "a", 0x105 "b"; 0x705 nothing.
  EXPECT_THAT(Read(in, FromHex("021000"
                               "0505")),
              ElementsAre("a", "b"));
  EXPECT_THAT(ReadError(in,
                        "01"
                        "0705"),
              HasSubstr("at byte 2: atom 1 of 1 lies in a slot"));
}

TEST(AtomCacheIn, ReferencesKeepTheirTextWhenTheSlotIsTakenOver) {
  AtomCacheIn in;
  const std::string old_text(100, 'a');
  std::string header = FromHex("0108") + std::string({0, 100}) + old_text;
  Read(in, header);
  // Cached, then new in the same slot, twice.
  header = FromHex(
      "038808"
      "000162"
      "000163"
      "000164");
  header[1] = static_cast<char>(0x80);  // The first one is cached now.
  header.erase(4, 2);
  EXPECT_THAT(Read(in, header), ElementsAre(old_text, "c", "d"));
  EXPECT_THAT(Read(in, FromHex("010000")), ElementsAre("d"));
}

TEST(AtomCacheIn, KeptTextsOutliveTheirSlots) {
  AtomCacheIn in;
  std::vector<AtomCacheIn::Text> kept;
  size_t at = 0;
  ASSERT_TRUE(in.Read(FromHex("028800000161010162"), at, &kept).ok());
  Read(in, FromHex("028800000163010164"));
  Read(in, FromHex("00"));
  ASSERT_EQ(kept.size(), 2);
  EXPECT_EQ(*kept[0], "a");
  EXPECT_EQ(*kept[1], "b");
}

TEST(AtomCacheIn, RefusesEveryTruncation) {
  for (const std::string& header :
       {FromHex("038808"
                "000161"
                "010162"
                "0200"),
        std::string(
            {2, static_cast<char>(0x98), 1, 0, 0, 1, 'x', 0, 0, 1, 'x'})}) {
    AtomCacheIn whole;
    size_t at = 0;
    EXPECT_TRUE(whole.Read(header, at).ok());
    for (size_t size = 0; size < header.size(); ++size) {
      AtomCacheIn in;
      at = 0;
      const absl::Status status = in.Read(header.substr(0, size), at);
      EXPECT_EQ(status.message(),
                absl::StrCat("distribution header: the bytes end at ", size,
                             ", inside it"));
    }
  }
}

TEST(AtomCacheIn, RefusesReferencesToEmptySlots) {
  AtomCacheIn in;
  EXPECT_THAT(ReadError(in, "010000"),
              HasSubstr("at byte 2: atom 1 of 1 lies in a slot into which none "
                        "was put"));
}

TEST(AtomCacheIn, RefusesTextsThatAreNoAtoms) {
  const std::string no_atom = "is not UTF-8 of at most 255 characters";
  AtomCacheIn in;
  EXPECT_THAT(ReadError(in, "01080001ff"),
              HasSubstr(absl::StrCat("at byte 2: atom 1 of 1 ", no_atom)));
  EXPECT_THAT(ReadError(in, "028800000161010180"),
              HasSubstr(absl::StrCat("at byte 6: atom 2 of 2 ", no_atom)));
  // 256 characters, with a length of two bytes.
  EXPECT_THAT(
      ReadError(in, absl::StrCat("0118000100", absl::BytesToHexString(
                                                   std::string(256, 'x')))),
      HasSubstr(no_atom));
}

}  // namespace
}  // namespace ringdist
