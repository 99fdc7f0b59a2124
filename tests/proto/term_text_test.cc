#include "ringdist/proto/term_text.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/atom_view.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/term_reader.h"
#include "ringdist/proto/term_writer.h"
#include "ringdist/tests/proto/golden_terms.h"
#include "ringdist/tests/testing/hex.h"

namespace ringdist {
namespace {

using ::testing::MatchesRegex;
using ::testing::StartsWith;

std::string Repeat(absl::string_view text, size_t times) {
  std::string all;
  for (size_t i = 0; i < times; ++i) absl::StrAppend(&all, text);
  return all;
}

// What `bytes`, one valid term, are as text.
std::string TextOf(absl::string_view bytes, AtomTable atoms = {}) {
  TermReader reader(bytes, atoms);
  const TermView term = reader.ReadTerm();
  EXPECT_TRUE(reader.ok()) << reader.status();
  EXPECT_TRUE(reader.AtEnd());
  return ToText(term);
}

// What `text` is as a term, in hex; or the error.
std::string Parsed(absl::string_view text) {
  const absl::StatusOr<Term> term = ParseTerm(text);
  if (!term.ok()) return std::string(term.status().message());
  TermReader reader(term->bytes());
  reader.ReadTerm();
  EXPECT_TRUE(reader.ok() && reader.AtEnd()) << text;
  return absl::BytesToHexString(term->bytes());
}

// The text of the term that `text` is.
std::string Reprinted(absl::string_view text) {
  const absl::StatusOr<Term> term = ParseTerm(text);
  if (!term.ok()) return std::string(term.status().message());
  return ToText(*term);
}

// Whether `bytes`, one valid term, come back from their text as the same term.
bool ComesBack(absl::string_view bytes) {
  TermReader reader(bytes);
  const Term term = reader.ReadTerm();
  const absl::StatusOr<Term> parsed = ParseTerm(ToText(term));
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  return parsed.ok() && *parsed == term;
}

struct Case {
  absl::string_view text;
  absl::string_view hex;
};

// The text is what is printed, the bytes are what is parsed.
constexpr Case kBothWays[] = {
    {"0", "6100"},
    {"-1", "62ffffffff"},
    {"255", "61ff"},
    {"256", "6200000100"},
    {"-2147483648", "6280000000"},
    {"2147483648", "6e040000000080"},
    {"9223372036854775807", "6e0800ffffffffffffff7f"},
    {"-9223372036854775808", "6e08010000000000000080"},
    {"18446744073709551616", "6e0900000000000000000001"},
    {"-18446744073709551616", "6e0901000000000000000001"},
    {"1.5", "463ff8000000000000"},
    {"-0.0", "468000000000000000"},
    {"ok", "77026f6b"},
    {"snake_Case@1", "770c736e616b655f436173654031"},
    {"h\u00e9", "770368c3a9"},
    {"\u00e9", "7702c3a9"},
    {"'\u00c9'", "7702c389"},
    {"'\u4f60'", "7703e4bda0"},
    {"''", "7700"},
    {"'An atom'", "7707416e2061746f6d"},
    {"'1'", "770131"},
    {"'_'", "77015f"},
    {"'it\\'s \"\\\\'", "77076974277320225c"},
    {"'\\n\\t\\e\\d\\000\\200'", "77070a091b7f00c280"},
    {"'end'", "7703656e64"},
    {"'maybe'", "77056d61796265"},
    {"ending", "7706656e64696e67"},
    {"{}", "6800"},
    {"{a}",
     "680177"
     "0161"},
    {"{a,{1,[]}}",
     "6802770161"
     "6802"
     "6101"
     "6a"},
    {"[]", "6a"},
    {"[a,b]",
     "6c00000002"
     "770161"
     "770162"
     "6a"},
    {"[a|b]",
     "6c00000001"
     "770161"
     "770162"},
    {"[[[]]]",
     "6c00000001"
     "6c00000001"
     "6a"
     "6a"
     "6a"},
    {"[a|{}]",
     "6c00000001"
     "770161"
     "6800"},
    {"\"abc\"", "6b0003616263"},
    {"\"\\\"\\\\\\n'\"", "6b0004225c0a27"},
    {"\"\u00e9\"", "6b0001e9"},
    {"\"\u4f60!\"",
     "6c00000002"
     "6200004f60"
     "6121"
     "6a"},
    {"<<>>", "6d00000000"},
    {"<<\"abc\\n\">>", "6d000000046162630a"},
    {"<<\"t\u00ebxt\"/utf8>>", "6d0000000574c3ab7874"},
    {"<<1,2,3>>", "6d00000003010203"},
    {"<<233>>", "6d00000001e9"},
    {"<<237,160,128>>", "6d00000003eda080"},
    {"<<5:3>>", "4d0000000103a0"},
    {"<<97,98,1:1>>", "4d0000000301616280"},
    {"#{}", "7400000000"},
    {"#{a => 1,b => #{}}",
     "7400000002"
     "7701616101"
     "770162"
     "7400000000"},
    {"#{1 => x,1.0 => y}",
     "7400000002"
     "6101770178"
     "463ff0000000000000770179"},
    {"fun lists:map/2", "7177056c6973747377036d61706102"},
    {"fun 'A b':'end'/0",
     "717703412062"
     "7703656e64"
     "6100"},
    {"#Pid<srv@localhost.5.0.3286369086>",
     "58770d737276406c6f63616c686f7374"
     "00000005"
     "00000000"
     "c3e2033e"},
    {"#Pid<srv@127.0.0.1.5.1.2>",
     "58770d737276403132372e302e302e31"
     "00000005"
     "00000001"
     "00000002"},
    {"#Pid<'a b@h'.5.1.2>",
     "587705612062"
     "4068"
     "00000005"
     "00000001"
     "00000002"},
    {"#Pid<''.5.1.2>",
     "587700"
     "00000005"
     "00000001"
     "00000002"},
    {"#Port<a@h.7.9>",
     "597703614068"
     "00000007"
     "00000009"},
    {"#Port<a@h.1099511627776.9>",
     "787703614068"
     "0000010000000000"
     "00000009"},
    {"#Ref<a@h.1.2.3.9>",
     "5a0003"
     "7703614068"
     "00000009"
     "000000010000000200000003"},
    {"#Ref<'a@10.0.0.1'.1.9>",
     "5a0001"
     "770a614031302e302e302e31"
     "00000009"
     "00000001"},
    {"#Ref<a@10.0.0.b.1.9>",
     "5a0001"
     "770a614031302e302e302e62"
     "00000009"
     "00000001"},
    {"{'$gen_call',{#Pid<a@h.1.0.2>,[alias|#Ref<a@h.1.2.3.4.5.6>]},stop}",
     "6803"
     "77092467656e5f63616c6c"
     "6802"
     "587703614068"
     "00000001"
     "00000000"
     "00000002"
     "6c00000001"
     "7705616c696173"
     "5a0005"
     "7703614068"
     "00000006"
     "0000000100000002000000030000000400000005"
     "770473746f70"},
};

TEST(TermText, IsPrintedAndParsed) {
  for (const Case& expected : kBothWays) {
    EXPECT_EQ(TextOf(FromHex(expected.hex)), expected.text);
    EXPECT_EQ(Parsed(expected.text), expected.hex) << expected.text;
  }
}

TEST(TermText, EveryGoldenTermComesBack) {
  for (const GoldenTerm& golden : kGoldenTerms) {
    SCOPED_TRACE(golden.erlang);
    const std::string bytes = FromHex(golden.hex);
    if (absl::StartsWith(TextOf(bytes), "#Fun<")) continue;
    EXPECT_TRUE(ComesBack(bytes));
  }
}

// Terms that do not come back as the bytes that they were.
TEST(TermText, IsThatOfTheTermWhicheverTagsItWasSentWith) {
  // STRING_EXT and LIST_EXT, and mixed.
  EXPECT_EQ(TextOf(FromHex("6b00020102")), "[1,2]");
  EXPECT_EQ(TextOf(FromHex("6b0000")), "[]");
  EXPECT_EQ(TextOf(FromHex("6c00000002616161626a")), "\"ab\"");
  EXPECT_EQ(TextOf(FromHex("6c0000000161616b000162")), "\"ab\"");
  EXPECT_EQ(TextOf(FromHex("6c0000000161616b000101")), "[97,1]");
  EXPECT_EQ(TextOf(FromHex("6c0000000161616b0000")), "\"a\"");
  EXPECT_EQ(TextOf(FromHex("6c0000000161016b0000")), "[1]");
  EXPECT_EQ(TextOf(FromHex("6c0000000161616c00000001620000006277"
                           "0163")),
            "[97,98|c]");
  EXPECT_EQ(TextOf(FromHex("6c00000001"
                           "6e010061"
                           "6a")),
            "\"a\"");
  EXPECT_EQ(TextOf(FromHex("6c000000006c000000006107")), "7");
  EXPECT_EQ(TextOf(FromHex("6c0000000161016c00000000770162")), "[1|b]");
  EXPECT_EQ(TextOf(FromHex("6c000000006b000101")), "[1]");
  EXPECT_EQ(TextOf(FromHex("6c000000016c0000000061616a")), "\"a\"");
  // Other integers, tuples, bitstrings and atoms.
  EXPECT_EQ(TextOf(FromHex("6f000000010107")), "-7");
  EXPECT_EQ(TextOf(FromHex("6e0001")), "0");
  EXPECT_EQ(TextOf(FromHex("69000000016101")), "{1}");
  EXPECT_EQ(TextOf(FromHex("4d000000010861")), "<<\"a\">>");
  EXPECT_EQ(TextOf(FromHex("4d0000000000")), "<<>>");
  EXPECT_EQ(TextOf(FromHex("4d0000000103bf")), "<<5:3>>");
  EXPECT_EQ(TextOf(FromHex("730268e9")), "h\u00e9");
  const std::vector<absl::string_view> table = {"ok", "a b"};
  EXPECT_EQ(TextOf(FromHex("680252005201"), table), "{ok,'a b'}");
  EXPECT_EQ(TextOf(FromHex("715200520161"
                           "02"),
                   table),
            "fun ok:'a b'/2");
  EXPECT_EQ(ToText(TermView()), "");
}

TEST(TermText, OfAClosureTellsWhatErlangTells) {
  for (const GoldenTerm& golden : kGoldenTerms) {
    if (golden.erlang != "fun(Y) -> X + Y end") continue;
    const std::string tuple = absl::StrCat(FromHex("6802"), FromHex(golden.hex),
                                           FromHex("7701") + "x");
    EXPECT_EQ(TextOf(tuple), "{#Fun<erl_eval.42.3316493>,x}");
  }
  EXPECT_EQ(
      Parsed("[#Fun<erl_eval.42.3316493>]"),
      "line 1, column 2: expected a term other than a closure, found #Fun");
}

TEST(TermText, WhatIsNotPrintableIsNoString) {
  EXPECT_EQ(TextOf(FromHex("6b0007080a0b0c0d091b")),
            "\"\\b\\n\\v\\f\\r\\t\\e\"");
  EXPECT_EQ(TextOf(FromHex("6c00000002616162000000a06a")), "\"a\u00a0\"");
  for (const absl::string_view no_character :
       {"6101", "617f", "619f", "62ffffffff", "620000d800", "620000fffe",
        "6200110000", "6e040161000000", "6e05006100000001", "6a", "770161",
        "464058400000000000"}) {
    const std::string list =
        absl::StrCat(FromHex("6c000000026161"), FromHex(no_character), "j");
    EXPECT_THAT(TextOf(list), StartsWith("[97,")) << no_character;
    EXPECT_TRUE(ComesBack(list)) << no_character;
  }
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text = {'x', static_cast<char>(byte)};
    EXPECT_TRUE(ComesBack(FromHex("6b0002") + text)) << byte;
    EXPECT_TRUE(ComesBack(FromHex("6d00000002") + text)) << byte;
    EXPECT_TRUE(ComesBack(FromHex("7302") + text)) << byte;
  }
}

TEST(TermText, FloatsAreTheShortestTextThatReadsTheSame) {
  // As io:format("~tw") of OTP 25.2.3 prints them.
  for (const absl::string_view text : {"0.0",
                                       "1.0",
                                       "0.1",
                                       "100.0",
                                       "1.0e3",
                                       "0.001",
                                       "0.0001",
                                       "1.0e-5",
                                       "1.2e-4",
                                       "0.0012345",
                                       "123.456",
                                       "1234567.0",
                                       "1.234567e10",
                                       "1.23e12",
                                       "9007199254740991.0",
                                       "9.007199254740992e15",
                                       "4503599627370496.0",
                                       "1.0e22",
                                       "1.2345678901234568e17",
                                       "5.0e-324",
                                       "2.225073858507201e-308",
                                       "2.2250738585072014e-308",
                                       "1.7976931348623157e308"}) {
    EXPECT_EQ(Reprinted(text), text);
    EXPECT_EQ(Reprinted(absl::StrCat("-", text)), absl::StrCat("-", text));
  }
  std::mt19937_64 random(1);
  for (int i = 0; i < 10000; ++i) {
    const uint64_t bits = random();
    if (!std::isfinite(std::bit_cast<double>(bits))) continue;
    const std::string term =
        absl::StrCat("F", absl::HexStringToBytes(
                              absl::StrCat(absl::Hex(bits, absl::kZeroPad16))));
    EXPECT_EQ(ParseTerm(TextOf(term))->bytes(), term);
  }
}

TEST(TermText, IntegersOfAnySizeComeBack) {
  for (size_t zeros = 1; zeros <= 2400; zeros += zeros < 60 ? 1 : 97) {
    const std::string text = absl::StrCat("1", Repeat("0", zeros));
    EXPECT_EQ(Reprinted(text), text);
    EXPECT_EQ(Reprinted(absl::StrCat("-", text)), absl::StrCat("-", text));
  }
  for (const size_t size : {9, 255, 256, 1023, 1024, 1025, 65536}) {
    for (const char last : {'\x01', '\x7f', '\xff'}) {
      StringWriter bytes;
      const std::string magnitude =
          absl::StrCat(std::string(size - 1, '\x5a'), std::string(1, last));
      TermWriter(bytes).WriteBigInteger({last == '\x7f', magnitude});
      const std::string text = TextOf(bytes.view());
      EXPECT_EQ(absl::StrContains(text, "16#"), size > 1024);
      EXPECT_EQ(ParseTerm(text)->bytes(), bytes.view()) << text;
    }
  }
}

TEST(TermText, CutAnywhereGivesASensibleError) {
  std::string text = "[";
  for (const Case& one : kBothWays) absl::StrAppend(&text, one.text, ",\n");
  absl::StrAppend(&text, "\"\\x{41}\\^a\\101\",<<\"a\"/utf8,2:7>>,-16#ff]");
  ASSERT_TRUE(ParseTerm(text).ok());
  for (size_t size = 0; size < text.size(); ++size) {
    const absl::StatusOr<Term> term =
        ParseTerm(absl::string_view(text).substr(0, size));
    ASSERT_FALSE(term.ok());
    EXPECT_THAT(std::string(term.status().message()),
                MatchesRegex("line [0-9]+, column [0-9]+: expected .+, found "
                             "(the end of the text|.*)"));
  }
}

TEST(TermText, NestingHasNoLimit) {
  constexpr size_t kDepth = 50000;
  const struct {
    absl::string_view before;
    absl::string_view inside;
    absl::string_view after;
  } cases[] = {
      {"[", "[]", "]"},
      {"{", "{}", "}"},
      {"[a,", "b", ",c]"},
      {"#{a => ", "1", "}"},
      {"#{a => 1,b => ", "1", ",c => d}"},
      {"#{[[{x,y}]] => {[", "1", "]}}"},
  };
  for (const auto& nested : cases) {
    const std::string text =
        absl::StrCat(Repeat(nested.before, kDepth), nested.inside,
                     Repeat(nested.after, kDepth));
    EXPECT_TRUE(Reprinted(text) == text) << nested.before;
  }
  // Each the tail of the one before; never deep.
  EXPECT_EQ(
      Reprinted(absl::StrCat(Repeat("[a|", kDepth), "b", Repeat("]", kDepth))),
      absl::StrCat("[a", Repeat(",a", kDepth - 1), "|b]"));
  EXPECT_EQ(
      TextOf(absl::StrCat(Repeat(FromHex("6c000000016161"), kDepth), "j")),
      absl::StrCat("\"", Repeat("a", kDepth), "\""));
  EXPECT_EQ(
      TextOf(absl::StrCat(Repeat(FromHex("6c000000016101"), kDepth), "j")),
      absl::StrCat("[1", Repeat(",1", kDepth - 1), "]"));
  EXPECT_EQ(TextOf(absl::StrCat(Repeat(FromHex("6c00000000"), kDepth), "j")),
            "[]");
}

TEST(ToText, IsCutToTheSizeGiven) {
  const absl::StatusOr<Term> term = ParseTerm(
      "[\"ab\u4f60cd\",<<\"\u00e9\u00e9\"/utf8>>,'\u4f60\u4f60',1.5,<<1,2,3>>,"
      "#{a => [b|c]},1234567890123456789012,{[1,2,3],\"x\"}]");
  ASSERT_TRUE(term.ok()) << term.status();
  const std::string text = ToText(*term);
  for (size_t max_bytes = 0; max_bytes < text.size(); ++max_bytes) {
    const std::string cut = ToText(*term, max_bytes);
    if (max_bytes < 3) {
      EXPECT_EQ(cut, std::string(max_bytes, '.'));
      continue;
    }
    // Up to three bytes less, if a character would have been cut in two.
    EXPECT_LE(cut.size(), max_bytes);
    EXPECT_GE(cut.size() + 2, max_bytes);
    EXPECT_EQ(cut, absl::StrCat(text.substr(0, cut.size() - 3), "..."));
    EXPECT_TRUE(IsAtomText(cut));
  }
  EXPECT_EQ(ToText(*term, text.size()), text);
  EXPECT_EQ(ToText(*term, text.size() + 1), text);
}

// However long it is, and of whatever kind.
TEST(ToText, CutShortCostsNoMoreThanWhatIsLeft) {
  constexpr size_t kSize = size_t{1} << 20;
  const std::string size = FromHex("00100000");
  const std::string bytes(kSize, 'a');
  for (const std::string& term :
       {absl::StrCat("m", size, bytes), absl::StrCat("o", size, "\1", bytes),
        absl::StrCat("M", size, "\3", bytes),
        absl::StrCat("k", FromHex("ffff"), bytes.substr(0, 65535)),
        absl::StrCat("l", size, Repeat("aa", kSize), "j"),
        absl::StrCat("i", size, Repeat("j", kSize)),
        absl::StrCat(Repeat(FromHex("6c000000016101"), kSize), "j")}) {
    const TermView view = TermView::Trusted(term, AtomTable());
    // Going over all of it each time would take minutes.
    for (int i = 0; i < 4000; ++i) ASSERT_EQ(ToText(view, 50).size(), 50u);
  }
}

}  // namespace
}  // namespace ringdist
