#include "ringdist/proto/iolist.h"

#include <optional>
#include <string>

#include "gtest/gtest.h"
#include "ringdist/proto/term.h"
#include "ringdist/proto/term_text.h"
#include "ringdist/tests/testing/hex.h"

namespace ringdist {
namespace {

std::optional<std::string> Flatten(const Term& term) {
  std::string bytes = "before ";
  if (AppendIolist(term, bytes)) return bytes.substr(7);
  EXPECT_EQ(bytes, "before ");
  return std::nullopt;
}

std::optional<std::string> Flatten(absl::string_view text) {
  const absl::StatusOr<Term> term = ParseTerm(text);
  EXPECT_TRUE(term.ok()) << term.status();
  return Flatten(term.value_or(Term()));
}

std::optional<std::string> FlattenHex(absl::string_view hex) {
  return Flatten(Term::Trusted(FromHex(hex)));
}

// As iolist_to_binary/1 in OTP 25.2.3.
TEST(Iolist, IsFlattened) {
  EXPECT_EQ(Flatten("<<>>"), "");
  EXPECT_EQ(Flatten("<<\"abc\">>"), "abc");
  EXPECT_EQ(Flatten("[]"), "");
  EXPECT_EQ(Flatten("\"abc\""), "abc");
  EXPECT_EQ(Flatten("[$a,\"bc\",[[<<\"d\">>],$e],[]|<<\"f\">>]"), "abcdef");
  EXPECT_EQ(Flatten("[[$a|<<\"b\">>],$c]"), "abc");
  EXPECT_EQ(Flatten("[0,255,256.0]"), std::nullopt);
}

TEST(Iolist, IsNothingElse) {
  EXPECT_EQ(Flatten("65"), std::nullopt);
  EXPECT_EQ(Flatten("a"), std::nullopt);
  EXPECT_EQ(Flatten("[$a,b]"), std::nullopt);
  EXPECT_EQ(Flatten("[$a|65]"), std::nullopt);
  EXPECT_EQ(Flatten("[[$a|65],$c]"), std::nullopt);
  EXPECT_EQ(Flatten("[-1]"), std::nullopt);
  EXPECT_EQ(Flatten("[256]"), std::nullopt);
  EXPECT_EQ(Flatten("[123456789012345678901]"), std::nullopt);
  EXPECT_EQ(Flatten("[<<1:1>>]"), std::nullopt);
  EXPECT_EQ(Flatten("{}"), std::nullopt);
  EXPECT_EQ(Flatten(Term()), std::nullopt);
}

TEST(Iolist, IsTheSameHoweverItIsSent) {
  EXPECT_EQ(FlattenHex("6b000361"
                       "6263"),
            "abc");
  // INTEGER_EXT and SMALL_BIG_EXT, and a STRING_EXT as a tail.
  EXPECT_EQ(FlattenHex("6c000000026200000061"
                       "6e010062"
                       "6b000163"),
            "abc");
  // A list without elements is its tail, a bitstring of whole bytes a binary.
  EXPECT_EQ(FlattenHex("6c00000001"
                       "6c000000006161"
                       "4d000000010862"),
            "ab");
  EXPECT_EQ(FlattenHex("6c000000006a"), "");
}

TEST(Iolist, OfAnyDepthIsReadInOnePass) {
  constexpr int kDepth = 1000000;
  const std::string header = FromHex("6c00000002");
  std::string bytes;
  for (int i = 0; i < kDepth; ++i) bytes += header;
  bytes += "j";
  for (int i = 0; i < kDepth; ++i) bytes += FromHex("61786a");
  EXPECT_EQ(Flatten(Term::Trusted(bytes)), std::string(kDepth, 'x'));
}

std::optional<std::string> Characters(absl::string_view text) {
  const absl::StatusOr<Term> term = ParseTerm(text);
  EXPECT_TRUE(term.ok()) << term.status();
  std::string utf8 = "before ";
  if (AppendChardata(*term, utf8)) return utf8.substr(7);
  EXPECT_EQ(utf8, "before ");
  return std::nullopt;
}

// As unicode:characters_to_binary/1 in OTP 25.2.3.
TEST(Chardata, BecomesUtf8) {
  EXPECT_EQ(Characters("[]"), "");
  EXPECT_EQ(Characters("\"abc\""), "abc");
  EXPECT_EQ(Characters("[228]"), "\xC3\xA4");
  EXPECT_EQ(Characters("[955,[8364|<<195,164>>]]"),
            "\xCE\xBB\xE2\x82\xAC\xC3\xA4");
  EXPECT_EQ(Characters("[16#10FFFF]"), "\xF4\x8F\xBF\xBF");
  EXPECT_EQ(Characters("[16#110000]"), std::nullopt);
  EXPECT_EQ(Characters("[16#D800]"), std::nullopt);
  EXPECT_EQ(Characters("[-1]"), std::nullopt);
  EXPECT_EQ(Characters("<<228>>"), std::nullopt);
  EXPECT_EQ(Characters("[a]"), std::nullopt);
  EXPECT_EQ(Characters("<<97:7>>"), std::nullopt);
}

}  // namespace
}  // namespace ringdist
