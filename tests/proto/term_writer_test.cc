#include "ringdist/proto/term_writer.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "ringdist/proto/term_reader.h"
#include "ringdist/tests/proto/golden_terms.h"
#include "ringdist/tests/testing/hex.h"

namespace ringdist {
namespace {

// What one call of a method of TermWriter writes, in hexadecimal.
template <typename Write>
std::string Written(Write write) {
  StringWriter bytes;
  TermWriter writer(bytes);
  write(writer);
  return absl::BytesToHexString(bytes.view());
}

std::string Integer(int64_t value) {
  return Written([&](TermWriter& w) { w.WriteInteger(value); });
}
std::string Unsigned(uint64_t value) {
  return Written([&](TermWriter& w) { w.WriteUnsigned(value); });
}

// Reads a term and writes it again.
std::string Copied(absl::string_view hex, AtomTable atoms) {
  const std::string bytes = FromHex(hex);
  TermReader reader(bytes, atoms);
  const TermView term = reader.ReadTerm();
  EXPECT_TRUE(reader.ok()) << reader.status();
  return Written([&](TermWriter& w) { w.WriteTerm(term); });
}

// The bytes are those of kGoldenTerms, which a real node wrote.
TEST(TermWriter, WritesIntegersAsANodeDoes) {
  EXPECT_EQ(Integer(0), "6100");
  EXPECT_EQ(Integer(255), "61ff");
  EXPECT_EQ(Integer(256), "6200000100");
  EXPECT_EQ(Integer(-1), "62ffffffff");
  EXPECT_EQ(Integer(2147483647), "627fffffff");
  EXPECT_EQ(Integer(2147483648), "6e040000000080");
  EXPECT_EQ(Integer(-2147483648LL), "6280000000");
  EXPECT_EQ(Integer(-2147483649LL), "6e040101000080");
  EXPECT_EQ(Integer(std::numeric_limits<int64_t>::max()),
            "6e0800ffffffffffffff7f");
  EXPECT_EQ(Integer(std::numeric_limits<int64_t>::min()),
            "6e08010000000000000080");
  EXPECT_EQ(Unsigned(0), "6100");
  EXPECT_EQ(Unsigned(2147483648), "6e040000000080");
  EXPECT_EQ(Unsigned(std::numeric_limits<uint64_t>::max()),
            "6e0800ffffffffffffffff");
}

TEST(TermWriter, WhatItWritesOfIntegersIsReadAgain) {
  for (int bit = 0; bit < 64; ++bit) {
    for (const uint64_t delta : {uint64_t{0}, uint64_t{1}, ~uint64_t{0}}) {
      const uint64_t value = (uint64_t{1} << bit) + delta;
      const auto signed_value = static_cast<int64_t>(value);
      const std::string as_signed = FromHex(Integer(signed_value));
      EXPECT_EQ(TermReader(as_signed).ReadInt64(), signed_value);
      const std::string as_unsigned = FromHex(Unsigned(value));
      EXPECT_EQ(TermReader(as_unsigned).ReadUint64(), value);
    }
  }
}

TEST(TermWriter, WritesNumbersOfAnySize) {
  BigInteger big;
  const std::string magnitude = FromHex("000000000000000001");
  big.magnitude = magnitude;
  EXPECT_EQ(Written([&](TermWriter& w) { w.WriteBigInteger(big); }),
            "6e0900000000000000000001");
  big.negative = true;
  const std::string large(256, '\1');
  big.magnitude = large;
  EXPECT_EQ(Written([&](TermWriter& w) { w.WriteBigInteger(big); }),
            "6f0000010001" + absl::BytesToHexString(large));
}

TEST(TermWriter, WritesFloats) {
  EXPECT_EQ(Written([](TermWriter& w) { w.WriteFloat(1.5); }),
            "463ff8000000000000");
}

TEST(TermWriter, WritesAtoms) {
  EXPECT_EQ(Written([](TermWriter& w) { w.WriteAtom("ok"); }), "77026f6b");
  EXPECT_EQ(Written([](TermWriter& w) { w.WriteAtom(""); }), "7700");
  EXPECT_EQ(
      Written([](TermWriter& w) { w.WriteAtom(AtomView::Latin1("h\xe9")); }),
      "770368c3a9");
  std::string long_atom;
  for (int i = 0; i < 128; ++i) long_atom += "\xc3\xa9";
  EXPECT_EQ(Written([&](TermWriter& w) { w.WriteAtom(long_atom); }),
            "760100" + absl::BytesToHexString(long_atom));
}

TEST(TermWriter, WritesContainers) {
  EXPECT_EQ(Written([](TermWriter& w) {
              w.WriteTupleHeader(3);
              w.WriteAtom("a");
              w.WriteListHeader(1);
              w.WriteInteger(1);
              w.WriteNil();
              w.WriteMapHeader(1);
              w.WriteBinary("xyz");
              w.WriteListHeader(0);
              w.WriteNil();
            }),
            "6803"
            "770161"
            "6c00000001"
            "6101"
            "6a"
            "7400000001"
            "6d0000000378797a"
            "6a");
  EXPECT_EQ(Written([](TermWriter& w) { w.WriteTupleHeader(0); }), "6800");
  EXPECT_EQ(Written([](TermWriter& w) { w.WriteTupleHeader(255); }), "68ff");
  EXPECT_EQ(Written([](TermWriter& w) { w.WriteTupleHeader(256); }),
            "6900000100");
}

TEST(TermWriter, WritesStringsAsLists) {
  EXPECT_EQ(Written([](TermWriter& w) { w.WriteString(""); }), "6a");
  EXPECT_EQ(Written([](TermWriter& w) { w.WriteString("abc"); }),
            "6b0003616263");
  const std::string longest(65535, 'x');
  EXPECT_EQ(
      Written([&](TermWriter& w) { w.WriteString(longest); }).substr(0, 8),
      "6bffff78");
  const std::string too_long(65536, '\xff');
  const std::string list =
      FromHex(Written([&](TermWriter& w) { w.WriteString(too_long); }));
  EXPECT_EQ(list.size(), 5 + 2 * 65536 + 1u);
  TermReader reader(list);
  const TermView term = reader.ReadTerm();
  EXPECT_TRUE(reader.ok() && reader.AtEnd());
  EXPECT_EQ(term.size(), 65536u);
  EXPECT_EQ(term.elements().Tail().type(), TermType::kNil);
}

TEST(TermWriter, WritesIdentifiersOfTheNewestGeneration) {
  EXPECT_EQ(Written([](TermWriter& w) { w.WritePid(Pid("a@h", 5, 1, 9)); }),
            "58770361406800000005"
            "00000001"
            "00000009");
  EXPECT_EQ(Written([](TermWriter& w) {
              w.WriteReference(Reference("a@h", 9, {1, 2, 3}));
            }),
            "5a00037703614068000000090000000100000002"
            "00000003");
  // As a node does, V4_PORT_EXT only where the id needs it.
  EXPECT_EQ(
      Written([](TermWriter& w) { w.WritePort(Port("a@h", 0xfffffff, 9)); }),
      "5977036140680fffffff00000009");
  EXPECT_EQ(
      Written([](TermWriter& w) { w.WritePort(Port("a@h", 0x10000000, 9)); }),
      "787703614068000000001000000000000009");
}

TEST(TermWriter, CopiesTermsByteForByte) {
  for (const GoldenTerm& golden : kGoldenTerms) {
    if (golden.hex.substr(0, 10) == "6c00000000") continue;  // See below.
    EXPECT_EQ(Copied(golden.hex, AtomTable()), golden.hex) << golden.erlang;
  }
  EXPECT_EQ(Copied("6c000000006a", AtomTable()), "6a");
}

TEST(TermWriter, CopyingResolvesCacheReferences) {
  const std::vector<absl::string_view> atoms = {"ok", "a@h"};
  // {ok, #{Pid => Ref}, [Port | fun ok:ok/1], <<"R">>}
  EXPECT_EQ(Copied("6804"
                   "5200"
                   "7400000001"
                   "5852010000000500000001"
                   "00000009"
                   "5a00015201"
                   "0000000900000007"
                   "6c00000001"
                   "59520100000007"
                   "00000009"
                   "71520052006101"
                   "6d0000000152",
                   atoms),
            "6804"
            "77026f6b"
            "7400000001"
            "5877036140680000000500000001"
            "00000009"
            "5a00017703614068"
            "0000000900000007"
            "6c00000001"
            "59770361406800000007"
            "00000009"
            "7177026f6b77026f6b6101"
            "6d0000000152");
}

TEST(TermWriter, CopyingCorrectsTheSizeOfClosures) {
  const std::vector<absl::string_view> atoms = {"ok", "a@h"};
  // A closure with one free variable, which is a closure with none, twice.
  const std::string uniq(32, '7');
  const std::string fixed = "01" + uniq + "0000002a";
  const std::string pid =
      "5852010000000500000001"
      "00000009";
  const std::string inner =
      "7000000035" + fixed + "00000000" + "5200" + "61006200000001" + pid;
  const std::string outer =
      "7000000068" + fixed + "00000001" + "5200" + "61006101" + pid + inner;
  const std::string new_pid =
      "5877036140680000000500000001"
      "00000009";
  const std::string new_inner = "700000003a" + fixed + "00000000" + "77026f6b" +
                                "61006200000001" + new_pid;
  const std::string new_outer = "7000000072" + fixed + "00000001" + "77026f6b" +
                                "61006101" + new_pid + new_inner;
  EXPECT_EQ(Copied("6802" + outer + inner, atoms),
            "6802" + new_outer + new_inner);
}

TEST(TermWriter, CopyingWithATableLeavesWhatNeedsNone) {
  const std::vector<absl::string_view> atoms = {"ok"};
  for (const GoldenTerm& golden : kGoldenTerms) {
    const std::string copy = FromHex(Copied(golden.hex, atoms));
    TermReader reader(copy);
    const TermView term = reader.ReadTerm();
    EXPECT_TRUE(reader.ok() && reader.AtEnd()) << golden.erlang;
    EXPECT_EQ(term.type(), golden.type) << golden.erlang;
  }
}

TEST(TermWriterDeathTest, ChecksWhatNoTermCanHold) {
  StringWriter bytes;
  TermWriter writer(bytes);
  EXPECT_DEATH(writer.WriteAtom(std::string(256, 'a')), "check failed");
  EXPECT_DEATH(writer.WriteAtom("\xff"), "check failed");
  EXPECT_DEATH(writer.WriteFloat(std::nan("")), "check failed");
  EXPECT_DEATH(writer.WriteReference(ReferenceView()), "check failed");
  EXPECT_DEATH(writer.WriteTerm(TermView()), "check failed");
}

TEST(TermWriter, WithAnAtomCacheAtomsAreReferences) {
  AtomCacheOut atoms;
  StringWriter bytes;
  TermWriter writer(bytes, &atoms);
  writer.WriteAtom("a");
  writer.WritePid(Pid("p@h", 5, 1, 9));
  writer.WriteAtom(AtomView::Latin1("p@h"));
  writer.WriteInteger(1);
  EXPECT_EQ(absl::BytesToHexString(bytes.view()),
            "5200"
            "585201000000050000000100000009"
            "5201"
            "6101");
}

}  // namespace
}  // namespace ringdist
