#include "ringdist/proto/term_reader.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/tests/proto/golden_terms.h"
#include "ringdist/tests/testing/hex.h"

namespace ringdist {
namespace {

using ::testing::HasSubstr;

// Whether `bytes` are one whole term and nothing else.
bool IsTerm(absl::string_view bytes, AtomTable atoms = {},
            TermLimits limits = {}) {
  TermReader reader(bytes, atoms, limits);
  reader.ReadTerm();
  return reader.ok() && reader.AtEnd();
}

std::string ErrorOf(absl::string_view bytes, TermLimits limits = {}) {
  TermReader reader(bytes, AtomTable(), limits);
  EXPECT_TRUE(reader.ReadTerm().empty());
  return std::string(reader.status().message());
}

std::string Repeat(absl::string_view text, size_t times) {
  std::string all;
  for (size_t i = 0; i < times; ++i) absl::StrAppend(&all, text);
  return all;
}

// [[...[]...]]
std::string DeepList(size_t depth) {
  return Repeat(FromHex("6c00000001"), depth) + Repeat("j", depth + 1);
}

// {a, {a, ...{}...}}: each in the last place of the one around it.
std::string DeepTuple(size_t depth) {
  return Repeat(FromHex("6802770161"), depth) + FromHex("6800");
}

TEST(TermReader, FindsTheEndOfEveryKindOfTerm) {
  for (const GoldenTerm& golden : kGoldenTerms) {
    SCOPED_TRACE(golden.erlang);
    const std::string bytes = FromHex(golden.hex);
    const std::string followed = bytes + "rest";
    TermReader reader(followed);
    const TermView term = reader.ReadTerm();
    ASSERT_TRUE(reader.ok()) << reader.status();
    EXPECT_EQ(reader.Rest(), "rest");
    EXPECT_EQ(term.type(), golden.type);
    // All of it, but for lists without elements before their tails.
    EXPECT_EQ(term.bytes().data() + term.bytes().size(),
              followed.data() + bytes.size());
  }
}

TEST(TermReader, RefusesEveryTruncation) {
  for (const GoldenTerm& golden : kGoldenTerms) {
    const std::string bytes = FromHex(golden.hex);
    for (size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(IsTerm(absl::string_view(bytes).substr(0, size)))
          << golden.erlang << " cut to " << size;
    }
  }
}

TEST(TermReader, RefusesBytesThatBeginNoTerm) {
  std::string bytes(64, '\0');
  for (int tag = 0; tag < 256; ++tag) {
    bytes[0] = static_cast<char>(tag);
    TermReader reader(bytes);
    const bool known = reader.PeekType() != TermType::kNone;
    // 64 zero bytes are an empty one of every type but these: no float has this
    // text, references have a word, and what names a node needs an atom.
    const bool needs_more =
        tag == 'c' || tag == 'r' || tag == 'Z' || tag == 'R' || tag == 'e' ||
        tag == 'f' || tag == 'g' || tag == 'X' || tag == 'Y' || tag == 'x' ||
        tag == 'p' || tag == 'q' || tag == 'l';
    reader.ReadTerm();
    EXPECT_EQ(reader.ok(), known && !needs_more) << tag << reader.status();
  }
}

TEST(TermReader, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(ErrorOf(""), "the bytes end at 0, where a term was expected");
  EXPECT_EQ(ErrorOf(FromHex("6802")),
            "at byte 0: SMALL_TUPLE_EXT (104): more elements than there are "
            "bytes");
  EXPECT_EQ(ErrorOf(FromHex("62000000")),
            "at byte 0: INTEGER_EXT (98): the bytes end inside it");
  EXPECT_EQ(ErrorOf(FromHex("7900")),
            "at byte 0: LOCAL_EXT (121): only the node that made it can read "
            "it");
  EXPECT_EQ(ErrorOf(FromHex("50000000ff")),
            "at byte 0: a compressed term (80): compressed terms are not part "
            "of the distribution protocol");
  EXPECT_EQ(ErrorOf(FromHex("00")),
            "at byte 0: an unknown tag (0): no term begins with this byte");
  EXPECT_THAT(ErrorOf(FromHex("5200")), HasSubstr("no distribution header"));
}

TEST(TermReader, SaysWhatWasExpected) {
  const std::string bytes = FromHex(
      "68026101"
      "6a");
  TermReader reader(bytes);
  EXPECT_EQ(reader.ReadTupleHeader(), 2u);
  EXPECT_EQ(reader.ReadInt64(), 1);
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.ReadPid(), PidView());
  EXPECT_EQ(reader.status().message(),
            "at byte 4: expected a pid, found NIL_EXT (106)");
  reader.ReadAtom();  // Too late: the first error stays.
  reader.Fail("something else");
  EXPECT_THAT(reader.status().message(), HasSubstr("expected a pid"));
  EXPECT_EQ(reader.PeekType(), TermType::kNone);
}

TEST(TermReader, SaysWhereTheBytesEnd) {
  const std::string bytes = FromHex("6801");
  TermReader reader(bytes);
  reader.ReadTupleHeader();
  reader.ReadAtom();
  EXPECT_EQ(reader.status().message(),
            "the bytes end at 2, where an atom was expected");
}

TEST(TermReader, ADecoderCanFailWhatItRead) {
  const std::string bytes = FromHex("6100");
  TermReader reader(bytes);
  reader.ReadUint64();
  reader.Fail("an id that is not 0");
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.status().message(),
            "at byte 0: expected an id that is not 0, found SMALL_INTEGER_EXT "
            "(97)");
}

TEST(TermReader, TakesTheVersionByteAndNoOther) {
  const std::string bytes = FromHex("8361018261");
  TermReader reader(bytes);
  reader.ReadVersion();
  EXPECT_EQ(reader.ReadInt64(), 1);
  EXPECT_TRUE(reader.ok());
  reader.ReadVersion();
  EXPECT_THAT(reader.status().message(),
              HasSubstr("expected the version byte 131"));
}

TEST(TermReader, ReadsIntegersThatFit) {
  struct {
    absl::string_view hex;
    bool fits_signed, fits_unsigned;
    uint64_t value;
  } const kCases[] = {
      {"6100", true, true, 0},
      {"61ff", true, true, 255},
      {"627fffffff", true, true, 0x7fffffff},
      {"62ffffffff", true, false, ~uint64_t{0}},
      {"6280000000", true, false, 0xffffffff80000000},
      {"6e0800ffffffffffffff7f", true, true, 0x7fffffffffffffff},
      {"6e08000000000000000080", false, true, 0x8000000000000000},
      {"6e08010000000000000080", true, false, 0x8000000000000000},
      {"6e08010100000000000080", false, false, 0},
      {"6e0800ffffffffffffffff", false, true, ~uint64_t{0}},
      {"6e0900000000000000000001", false, false, 0},
      {"6e0900050000000000000000", true, true, 5},  // Zeros on top.
      {"6e0000", true, true, 0},
      {"6e0001", true, true, 0},  // Minus zero.
      {"6f000000020080ff", true, true, 0xff80},
      {"6a", false, false, 0},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.hex);
    const std::string bytes = FromHex(c.hex);
    TermReader as_signed(bytes);
    TermReader as_unsigned(bytes);
    const int64_t signed_value = as_signed.ReadInt64();
    const uint64_t unsigned_value = as_unsigned.ReadUint64();
    EXPECT_EQ(as_signed.ok(), c.fits_signed);
    EXPECT_EQ(as_unsigned.ok(), c.fits_unsigned);
    EXPECT_EQ(static_cast<uint64_t>(signed_value), c.fits_signed ? c.value : 0);
    EXPECT_EQ(unsigned_value, c.fits_unsigned ? c.value : 0);
    TermReader any(bytes);
    const TermView term = any.ReadTerm();
    EXPECT_EQ(term.AsInt64().has_value(), c.fits_signed);
    EXPECT_EQ(term.AsInt64().value_or(0), signed_value);
    EXPECT_EQ(term.AsUint64().has_value(), c.fits_unsigned);
    EXPECT_EQ(term.AsUint64().value_or(0), unsigned_value);
  }
}

TEST(TermReader, ReadsTupleHeadersOfBothSizes) {
  const std::string small = FromHex(
      "6801"
      "6a");
  EXPECT_EQ(TermReader(small).ReadTupleHeader(), 1u);
  const std::string large = FromHex(
      "6900000001"
      "6a");
  EXPECT_EQ(TermReader(large).ReadTupleHeader(), 1u);
  const std::string hostile = FromHex(
      "69ffffffff"
      "6a");
  TermReader reader(hostile);
  EXPECT_EQ(reader.ReadTupleHeader(), 0u);
  EXPECT_FALSE(reader.ok());
  const std::string list = FromHex("6a");
  EXPECT_EQ(TermReader(list).ReadTupleHeader(), 0u);
}

TEST(TermReader, ReadsListsElementByElement) {
  // [1, [] | x]
  const std::string bytes = FromHex(
      "6c00000002"
      "6101"
      "6a"
      "770178");
  TermReader reader(bytes);
  EXPECT_EQ(reader.ReadListHeader(), 2u);
  EXPECT_EQ(reader.ReadInt64(), 1);
  EXPECT_EQ(reader.ReadListHeader(), 0u);
  EXPECT_EQ(reader.ReadAtom(), "x");
  EXPECT_TRUE(reader.ok() && reader.AtEnd());
  TermReader proper(absl::string_view(bytes).substr(7));
  proper.ReadNil();
  EXPECT_TRUE(proper.ok());
  proper.ReadNil();
  EXPECT_EQ(proper.status().message(),
            "at byte 1: expected [], found SMALL_ATOM_UTF8_EXT (119)");
}

TEST(TermReader, ReadsAListWithoutElementsAsItsTail) {
  const std::string empty = FromHex(
      "6c00000000"
      "6c00000000"
      "6a");
  TermReader reader(empty);
  EXPECT_EQ(reader.ReadListHeader(), 0u);
  EXPECT_TRUE(reader.ok() && reader.AtEnd());
  const std::string other = FromHex(
      "6c00000000"
      "6101");
  TermReader no_list(other);
  EXPECT_EQ(no_list.ReadListHeader(), 0u);
  EXPECT_EQ(no_list.status().message(),
            "at byte 5: expected a list, found SMALL_INTEGER_EXT (97)");
}

TEST(TermReader, ReadsStringsWhole) {
  const std::string bytes = FromHex("6b0003616263");
  TermReader reader(bytes);
  EXPECT_TRUE(reader.NextIsString());
  EXPECT_EQ(reader.ReadString(), "abc");
  EXPECT_FALSE(reader.NextIsString());
  EXPECT_TRUE(reader.ok() && reader.AtEnd());
  TermReader list(bytes);
  list.ReadListHeader();
  EXPECT_FALSE(list.ok());
  EXPECT_EQ(TermReader("j").ReadString(), "");
}

TEST(TermReader, ReadsMapHeaders) {
  const std::string bytes = FromHex(
      "7400000001"
      "6101"
      "6a");
  TermReader reader(bytes);
  EXPECT_EQ(reader.ReadMapHeader(), 1u);
  EXPECT_EQ(reader.ReadInt64(), 1);
  reader.ReadNil();
  EXPECT_TRUE(reader.ok() && reader.AtEnd());
  TermReader list(absl::string_view(bytes).substr(7));
  EXPECT_EQ(list.ReadMapHeader(), 0u);
  EXPECT_THAT(list.status().message(), HasSubstr("expected a map"));
}

TEST(TermReader, RefusesHeadersOfMoreThanTheBytes) {
  const std::string two_bytes = "jj";
  for (const absl::string_view claim : {"00000003", "ffffffff"}) {
    const std::string list = FromHex(absl::StrCat("6c", claim)) + two_bytes;
    TermReader list_reader(list);
    EXPECT_EQ(list_reader.ReadListHeader(), 0u);
    EXPECT_FALSE(list_reader.ok());
  }
  for (const absl::string_view claim : {"00000002", "80000000", "ffffffff"}) {
    const std::string map = FromHex(absl::StrCat("74", claim)) + two_bytes;
    TermReader map_reader(map);
    EXPECT_EQ(map_reader.ReadMapHeader(), 0u);
    EXPECT_FALSE(map_reader.ok());
  }
}

TEST(TermReader, ReadsFloatsOfBothTags) {
  const std::string bytes = FromHex(
      "463ff8000000000000"
      "63312e3530303030303030303030303030303030303030652b30300000000000"
      "6101");
  TermReader reader(bytes);
  EXPECT_EQ(reader.ReadFloat(), 1.5);
  EXPECT_EQ(reader.ReadFloat(), 1.5);
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.ReadFloat(), 0);
  EXPECT_THAT(reader.status().message(), HasSubstr("expected a float"));
}

TEST(TermReader, ReadsBinariesOfWholeBytes) {
  const std::string bytes = FromHex(
      "6d0000000378797a"
      "4d000000010805"
      "4d0000000000"
      "4d0000000103a0");
  TermReader reader(bytes);
  EXPECT_EQ(reader.ReadBinary(), "xyz");
  EXPECT_EQ(reader.ReadBinary(), "\5");
  EXPECT_EQ(reader.ReadBinary(), "");
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.ReadBinary(), "");
  EXPECT_EQ(reader.status().message(),
            "at byte 21: expected a binary, found BIT_BINARY_EXT (77)");
}

TEST(TermReader, ReadsPortsOfEveryTag) {
  for (absl::string_view hex :
       {"78770161000000000000000500000003", "597701610000000500000003",
        "667701610000000503"}) {
    const std::string bytes = FromHex(hex);
    TermReader reader(bytes);
    EXPECT_EQ(reader.ReadPort(), Port("a", 5, 3)) << hex;
    EXPECT_TRUE(reader.ok() && reader.AtEnd()) << hex;
  }
  TermReader cut("x");
  EXPECT_EQ(cut.ReadPort(), PortView());
  EXPECT_FALSE(cut.ok());
}

TEST(TermReader, ReadsAtomsOfEveryTag) {
  for (absl::string_view hex :
       {"77026f6b", "7600026f6b", "73026f6b", "6400026f6b"}) {
    const std::string bytes = FromHex(hex);
    TermReader reader(bytes);
    EXPECT_EQ(reader.ReadAtom(), "ok") << hex;
    EXPECT_TRUE(reader.ok()) << hex;
  }
}

TEST(TermReader, AtomsHaveAtMost255Characters) {
  const std::string c255 = Repeat("\xc3\xa9", 255);
  EXPECT_TRUE(IsTerm(FromHex("7601fe") + c255));
  EXPECT_FALSE(IsTerm(FromHex("760200") + c255 + "\xc3\xa9"));
  EXPECT_TRUE(IsTerm(FromHex("6400ff") + std::string(255, '\xe9')));
  EXPECT_FALSE(IsTerm(FromHex("640100") + std::string(256, '\xe9')));
  EXPECT_FALSE(
      IsTerm(FromHex("7702ed"
                     "a0")));
}

TEST(TermReader, ResolvesCacheReferences) {
  const std::vector<absl::string_view> atoms = {"ok", "srv@localhost"};
  const std::string bytes = FromHex(
      "6803"
      "5200"
      "5201"
      "77026f6b");
  TermReader reader(bytes, atoms);
  reader.ReadTupleHeader();
  EXPECT_EQ(reader.ReadAtom(), "ok");
  EXPECT_EQ(reader.ReadAtom(), "srv@localhost");
  EXPECT_EQ(reader.ReadAtom(), "ok");
  EXPECT_TRUE(reader.ok());
  const std::string pid = FromHex(
      "58"
      "5201"
      "000000050000000000000009");
  EXPECT_EQ(TermReader(pid, atoms).ReadPid(), Pid("srv@localhost", 5, 0, 9));
}

TEST(TermReader, RefusesCacheReferencesBeyondTheTable) {
  const std::vector<absl::string_view> atoms = {"ok", "srv@localhost"};
  EXPECT_TRUE(IsTerm(FromHex("5201"), atoms));
  EXPECT_FALSE(IsTerm(FromHex("5202"), atoms));
  EXPECT_FALSE(IsTerm(FromHex("5200"), AtomTable()));
  EXPECT_FALSE(IsTerm(FromHex("58"
                              "5202"
                              "000000050000000000000009"),
                      atoms));
}

TEST(TermReader, RefusesReferencesOfNoneOrTooManyWords) {
  const std::string node = FromHex("770161");
  for (uint32_t words = 0; words <= 6; ++words) {
    const std::string count = {'\0', static_cast<char>(words)};
    const std::string ids = Repeat(absl::string_view("\0\0\1\1", 4), words);
    const bool fine = words >= 1 && words <= 5;
    EXPECT_EQ(IsTerm(absl::StrCat("Z", count, node, "cccc", ids)), fine)
        << words;
    EXPECT_EQ(IsTerm(absl::StrCat("r", count, node, "\3", ids)), fine) << words;
  }
}

TEST(TermReader, RefusesOldIdentifiersOutOfRange) {
  const std::string node = FromHex("770161");
  const std::string id = FromHex("0003ffff");
  const std::string two_words = FromHex("0002");
  for (const int creation : {0, 3, 4, 255}) {
    const bool fine = creation <= 3;
    const std::string one_byte(1, static_cast<char>(creation));
    EXPECT_EQ(IsTerm(absl::StrCat("g", node, id, id, one_byte)), fine);
    EXPECT_EQ(IsTerm(absl::StrCat("f", node, id, one_byte)), fine);
    EXPECT_EQ(IsTerm(absl::StrCat("e", node, id, one_byte)), fine);
    EXPECT_EQ(IsTerm(absl::StrCat("r", two_words, node, one_byte, id, id)),
              fine);
  }
  // The first word of an old reference has 18 bits, all others have 32.
  const std::string large = FromHex("00040000");
  EXPECT_TRUE(IsTerm(absl::StrCat("g", node, large, large, "\1")));
  EXPECT_TRUE(IsTerm(absl::StrCat("f", node, large, "\1")));
  EXPECT_TRUE(IsTerm(absl::StrCat("r", two_words, node, "\1", id, large)));
  EXPECT_FALSE(IsTerm(absl::StrCat("r", two_words, node, "\1", large, id)));
  EXPECT_FALSE(IsTerm(absl::StrCat("e", node, large, "\1")));
  EXPECT_TRUE(IsTerm(absl::StrCat("Z", two_words, node, "cccc", large, id)));
}

TEST(TermReader, RefusesFloatsThatErlangDoesNotHave) {
  EXPECT_FALSE(IsTerm(FromHex("467ff0000000000000")));  // Infinity.
  EXPECT_FALSE(IsTerm(FromHex("46fff0000000000000")));
  EXPECT_FALSE(IsTerm(FromHex("467ff8000000000000")));  // Not a number.
  EXPECT_TRUE(IsTerm(FromHex("467fefffffffffffff")));
  const std::string zeros(31, '\0');
  EXPECT_FALSE(IsTerm("c" + zeros));
  EXPECT_FALSE(IsTerm("cinf" + zeros.substr(3)));
  EXPECT_FALSE(IsTerm("c1.5x" + zeros.substr(4)));
  EXPECT_TRUE(IsTerm("c-1.5e3" + zeros.substr(6)));
}

TEST(TermReader, RefusesBitstringsOfImpossibleSize) {
  EXPECT_TRUE(
      IsTerm(FromHex("4d0000000101"
                     "80")));
  EXPECT_TRUE(
      IsTerm(FromHex("4d0000000108"
                     "80")));
  EXPECT_FALSE(
      IsTerm(FromHex("4d0000000109"
                     "80")));
  EXPECT_FALSE(
      IsTerm(FromHex("4d0000000100"
                     "80")));
  EXPECT_FALSE(IsTerm(FromHex("4d0000000001")));
}

TEST(TermReader, RefusesClaimsBeyondTheBytes) {
  for (absl::string_view hex :
       {"6cffffffff", "69ffffffff", "74ffffffff", "6dffffffff", "6fffffffff00",
        "4dffffffff08", "6bffff", "76ffff"}) {
    EXPECT_FALSE(IsTerm(FromHex(hex))) << hex;
    EXPECT_FALSE(IsTerm(FromHex(hex) + std::string(100, 'j'))) << hex;
  }
  // Each claim fits, but not all of them.
  EXPECT_FALSE(IsTerm(Repeat(FromHex("6c00000008"), 8)));
}

TEST(TermReader, RefusesClosuresOfMoreVariablesThanBytes) {
  const auto closure = [](absl::string_view free_variables) {
    return FromHex(absl::StrCat("700000002a01", std::string(32, '0'),
                                "0000002a", free_variables, "770161", "6100",
                                "6100", "58770161000000010000000000000001"));
  };
  EXPECT_TRUE(IsTerm(closure("00000000")));
  EXPECT_TRUE(IsTerm(closure("00000002") + "jj"));
  EXPECT_FALSE(IsTerm(closure("00000003") + "jj"));
  EXPECT_FALSE(IsTerm(closure("ffffffff") + std::string(100, 'j')));
}

TEST(TermReader, TakesAnyDepthWithoutALimit) {
  EXPECT_TRUE(IsTerm(DeepList(100000)));
  EXPECT_TRUE(IsTerm(DeepTuple(100000)));
  EXPECT_FALSE(IsTerm(DeepList(100000) + "j"));
  std::string cut = DeepList(100000);
  cut.pop_back();
  EXPECT_FALSE(IsTerm(cut));
}

TEST(TermReader, RefusesWhatIsDeeperThanTheLimit) {
  for (const uint64_t depth :
       {uint64_t{1}, uint64_t{2}, uint64_t{17}, TermLimits::kMaxDepth}) {
    TermLimits limits;
    limits.max_depth = depth;
    ASSERT_TRUE(limits.Validate().ok());
    EXPECT_TRUE(IsTerm(DeepList(depth), {}, limits)) << depth;
    EXPECT_FALSE(IsTerm(DeepList(depth + 1), {}, limits)) << depth;
    EXPECT_TRUE(IsTerm(DeepTuple(depth), {}, limits)) << depth;
    EXPECT_FALSE(IsTerm(DeepTuple(depth + 1), {}, limits)) << depth;
    EXPECT_THAT(ErrorOf(DeepList(100000), limits), HasSubstr("deeper"));
  }
  TermLimits flat;
  flat.max_depth = 0;
  EXPECT_TRUE(IsTerm(FromHex("6a"), {}, flat));
  EXPECT_TRUE(IsTerm(FromHex("6800"), {}, flat));
  EXPECT_FALSE(IsTerm(FromHex("68016a"), {}, flat));
}

TEST(TermReader, DepthDoesNotAddUpBesideEachOther) {
  TermLimits limits;
  limits.max_depth = 2;
  // [[a], [a], {}, [a]]
  const std::string one = FromHex(
      "6c00000001"
      "770161"
      "6a");
  EXPECT_TRUE(
      IsTerm(FromHex("6c00000004") + one + one + FromHex("6800") + one + "j",
             {}, limits));
}

TEST(TermReader, RefusesMoreTermsThanTheLimit) {
  const std::string list = FromHex(
      "6c00000003"
      "610161026103"
      "6a");
  TermLimits limits;
  limits.max_terms = 5;  // The list, three elements, the tail.
  EXPECT_TRUE(IsTerm(list, {}, limits));
  limits.max_terms = 4;
  EXPECT_FALSE(IsTerm(list, {}, limits));
  EXPECT_THAT(ErrorOf(list, limits), HasSubstr("more terms than the limit"));
}

TEST(TermReader, RefusesMoreBytesThanTheLimit) {
  const std::string tuple = FromHex(
      "6802"
      "6101"
      "6102");
  TermLimits limits;
  limits.max_bytes = tuple.size();
  EXPECT_TRUE(IsTerm(tuple, {}, limits));
  // The limit is on a term, not on what follows.
  TermReader reader(tuple, {}, limits);
  reader.ReadTerm();
  EXPECT_TRUE(reader.ok());
  limits.max_bytes = tuple.size() - 1;
  EXPECT_FALSE(IsTerm(tuple, {}, limits));
  EXPECT_THAT(ErrorOf(tuple, limits), HasSubstr("longer than the limit"));
}

TEST(TermLimits, NamesTheFieldThatIsTooLarge) {
  TermLimits limits;
  EXPECT_TRUE(limits.Validate().ok());
  limits.max_depth = TermLimits::kMaxDepth;
  EXPECT_TRUE(limits.Validate().ok());
  limits.max_depth = TermLimits::kMaxDepth + 1;
  EXPECT_THAT(limits.Validate().message(), HasSubstr("max_depth"));
}

}  // namespace
}  // namespace ringdist
