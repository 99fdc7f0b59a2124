#include "ringdist/proto/term_view.h"

#include <algorithm>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "ringdist/proto/term_reader.h"
#include "ringdist/tests/testing/hex.h"

namespace ringdist {
namespace {

// A term in bytes of its own.
class Parsed {
 public:
  explicit Parsed(absl::string_view hex, AtomTable atoms = {})
      : bytes_(FromHex(hex)) {
    TermReader reader(bytes_, atoms);
    view_ = reader.ReadTerm();
    EXPECT_TRUE(reader.ok() && reader.AtEnd()) << hex << reader.status();
  }
  const TermView& operator*() const { return view_; }
  const TermView* operator->() const { return &view_; }

 private:
  std::string bytes_;
  TermView view_;
};

std::vector<int64_t> Integers(TermElements elements) {
  std::vector<int64_t> all;
  for (TermView element; elements.Next(element);) {
    all.push_back(element.AsInt64().value_or(-1));
  }
  return all;
}

TEST(TermView, AnEmptyViewIsNothing) {
  const TermView none;
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(none.type(), TermType::kNone);
  EXPECT_EQ(none.size(), 0u);
  EXPECT_FALSE(none.IsAtom(""));
  EXPECT_FALSE(none.AsInt64() || none.AsUint64() || none.AsBigInteger() ||
               none.AsFloat() || none.AsAtom() || none.AsPid() ||
               none.AsReference() || none.AsPort() || none.AsBinary());
  TermView element;
  EXPECT_FALSE(none.elements().Next(element));
  EXPECT_TRUE(none.elements().Tail().empty());
}

TEST(TermView, GivesAValueOnlyOfItsOwnType) {
  const Parsed atom("77026f6b");
  EXPECT_TRUE(atom->IsAtom("ok"));
  EXPECT_FALSE(atom->IsAtom("okay"));
  EXPECT_FALSE(atom->AsInt64() || atom->AsFloat() || atom->AsPid() ||
               atom->AsReference() || atom->AsPort() || atom->AsBinary() ||
               atom->AsBigInteger());
  const Parsed number("6105");
  EXPECT_EQ(number->AsInt64(), 5);
  EXPECT_EQ(number->AsUint64(), 5u);
  EXPECT_FALSE(number->AsAtom() || number->AsFloat() || number->AsBigInteger());
  EXPECT_FALSE(number->IsTuple(0));
}

TEST(TermView, KeepsIntegersOfAnySize) {
  const Parsed big("6e0901000000000000000001");
  ASSERT_TRUE(big->AsBigInteger().has_value());
  EXPECT_TRUE(big->AsBigInteger()->negative);
  EXPECT_EQ(big->AsBigInteger()->magnitude, FromHex("000000000000000001"));
  EXPECT_FALSE(big->AsInt64() || big->AsUint64());
}

TEST(TermView, ReadsFloatsOfBothKinds) {
  EXPECT_EQ(Parsed("463ff8000000000000")->AsFloat(), 1.5);
  EXPECT_EQ(Parsed("63312e3530303030303030303030303030303030303030652b30300000"
                   "000000")
                ->AsFloat(),
            1.5);
}

TEST(TermView, ReadsAtomsOfBothEncodings) {
  EXPECT_TRUE(Parsed("64000268e9")->IsAtom("h\xc3\xa9"));
  EXPECT_TRUE(Parsed("730268e9")->IsAtom("h\xc3\xa9"));
  EXPECT_TRUE(Parsed("770368c3a9")->IsAtom("h\xc3\xa9"));
}

TEST(TermView, ReadsPidsOfBothGenerations) {
  EXPECT_EQ(Parsed("5877036140680000000500000001fffffffe")->AsPid(),
            Pid("a@h", 5, 1, 0xfffffffe));
  EXPECT_EQ(Parsed("67770361406800000005000000"
                   "0103")
                ->AsPid(),
            Pid("a@h", 5, 1, 3));
}

TEST(TermView, ReadsReferencesOfAllGenerations) {
  EXPECT_EQ(
      Parsed("5a0003770361406800000009000000010000000200000003")->AsReference(),
      Reference("a@h", 9, {1, 2, 3}));
  EXPECT_EQ(Parsed("5a00057703614068000000090000000100000002000000030000000400"
                   "000005")
                ->AsReference(),
            Reference("a@h", 9, {1, 2, 3, 4, 5}));
  EXPECT_EQ(Parsed("720002770361406803"
                   "0000000100000002")
                ->AsReference(),
            Reference("a@h", 3, {1, 2}));
  EXPECT_EQ(Parsed("6577036140680000000703")->AsReference(),
            Reference("a@h", 3, {7}));
}

TEST(TermView, ReadsPortsOfAllGenerations) {
  EXPECT_EQ(Parsed("7877036140680000000100000000"
                   "00000009")
                ->AsPort(),
            Port("a@h", uint64_t{1} << 32, 9));
  EXPECT_EQ(Parsed("5977036140680000000700000009")->AsPort(),
            Port("a@h", 7, 9));
  EXPECT_EQ(Parsed("6677036140680000000703")->AsPort(), Port("a@h", 7, 3));
}

TEST(TermView, ReadsBinaries) {
  EXPECT_EQ(Parsed("6d0000000378797a")->AsBinary(), "xyz");
  EXPECT_EQ(Parsed("6d00000000")->AsBinary(), "");
  // Whole bytes in the clothes of a bitstring.
  EXPECT_EQ(Parsed("4d00000002087879")->AsBinary(), "xy");
  EXPECT_EQ(Parsed("4d0000000000")->AsBinary(), "");
  const Parsed bits("4d0000000103a0");
  EXPECT_FALSE(bits->AsBinary().has_value());
  EXPECT_EQ(bits->type(), TermType::kBitstring);
}

TEST(TermView, WalksTuples) {
  const Parsed tuple(
      "6803"
      "6101"
      "680161"
      "09"
      "6103");
  EXPECT_TRUE(tuple->IsTuple(3));
  EXPECT_FALSE(tuple->IsTuple(2));
  TermElements elements = tuple->elements();
  EXPECT_EQ(elements.remaining(), 3u);
  TermView element;
  ASSERT_TRUE(elements.Next(element));
  EXPECT_EQ(element.AsInt64(), 1);
  ASSERT_TRUE(elements.Next(element));
  EXPECT_EQ(element.bytes(), FromHex("68016109"));
  EXPECT_EQ(Integers(element.elements()), std::vector<int64_t>({9}));
  ASSERT_TRUE(elements.Next(element));
  EXPECT_EQ(element.AsInt64(), 3);
  EXPECT_FALSE(elements.Next(element));
  EXPECT_TRUE(element.empty());
  EXPECT_TRUE(elements.Tail().empty());
  EXPECT_EQ(Integers(Parsed("690000000261056106")->elements()),
            std::vector<int64_t>({5, 6}));
}

TEST(TermView, WalksListsAndTheirTails) {
  const Parsed proper("6c00000002610161026a");
  EXPECT_EQ(proper->size(), 2u);
  EXPECT_EQ(Integers(proper->elements()), std::vector<int64_t>({1, 2}));
  TermElements elements = proper->elements();
  EXPECT_EQ(elements.Tail().type(), TermType::kNil);
  TermView element;
  EXPECT_FALSE(elements.Next(element));

  const Parsed improper(
      "6c000000016101"
      "770162");
  elements = improper->elements();
  ASSERT_TRUE(elements.Next(element));
  EXPECT_TRUE(elements.Tail().IsAtom("b"));
  EXPECT_EQ(Parsed("6a")->elements().Tail().type(), TermType::kNil);
}

TEST(TermView, AStringIsAListOfBytes) {
  const Parsed string("6b00030001ff");
  EXPECT_EQ(string->type(), TermType::kList);
  EXPECT_EQ(string->size(), 3u);
  EXPECT_EQ(Integers(string->elements()), std::vector<int64_t>({0, 1, 255}));
  EXPECT_EQ(string->elements().Tail().type(), TermType::kNil);
  TermElements elements = string->elements();
  TermView element;
  ASSERT_TRUE(elements.Next(element));
  EXPECT_EQ(element.bytes(), FromHex("6100"));
  EXPECT_EQ(Parsed("6b0000")->type(), TermType::kNil);
}

TEST(TermView, AListWithoutElementsIsItsTail) {
  EXPECT_EQ(Parsed("6c000000006a")->type(), TermType::kNil);
  EXPECT_EQ(Parsed("6c000000006c000000006105")->AsInt64(), 5);
  const Parsed inside(
      "6801"
      "6c000000006105");
  EXPECT_EQ(Integers(inside->elements()), std::vector<int64_t>({5}));
}

TEST(TermView, WalksMapsByTurns) {
  const Parsed map("74000000026101610a6102610b");
  EXPECT_EQ(map->size(), 2u);
  EXPECT_EQ(Integers(map->elements()), std::vector<int64_t>({1, 10, 2, 11}));
  EXPECT_TRUE(map->elements().Tail().empty());
}

TEST(TermView, ElementsKnowTheAtoms) {
  const std::vector<absl::string_view> atoms = {"ok", "no"};
  const Parsed tuple(
      "680252016801"
      "5200",
      atoms);
  TermElements elements = tuple->elements();
  TermView element;
  ASSERT_TRUE(elements.Next(element));
  EXPECT_TRUE(element.IsAtom("no"));
  ASSERT_TRUE(elements.Next(element));
  TermElements inner = element.elements();
  ASSERT_TRUE(inner.Next(element));
  EXPECT_TRUE(element.IsAtom("ok"));
}

TEST(TermView, CanBeMadeAgainFromKeptBytes) {
  const Parsed tuple(
      "680161"
      "05");
  const std::string kept((*tuple).bytes());
  EXPECT_EQ(Integers(TermView::Trusted(kept, AtomTable()).elements()),
            std::vector<int64_t>({5}));
}

}  // namespace
}  // namespace ringdist
